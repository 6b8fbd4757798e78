"""Procedures as the index stores them: a JSON array without names of keys, compressed against common phrases."""

from __future__ import annotations

import json
import zlib
from functools import cache
from pathlib import Path

from ..corpus.procedure import SECTION_KINDS, Procedure, Section, SimilarCode

_KIND_NUMBERS = {kind: number for number, kind in enumerate(SECTION_KINDS)}
_WINDOW = -13  # 8 KiB, more than most pages; negative for a raw stream, as checksums vouch for it already


_MOST_BYTES = 1 << 27  # several times what the largest page can hold


@cache
def _phrases() -> bytes:
    """What such pages have in common; ``benchmarks/stored_phrases.py`` made it of the sample pages."""
    return (Path(__file__).parent / "stored_phrases.txt").read_bytes()


@cache
def _primed_packer() -> zlib._Compress:
    return zlib.compressobj(4, zlib.DEFLATED, _WINDOW, 7, zdict=_phrases())


def pack_procedure(procedure: Procedure) -> bytes:
    """``procedure`` compressed, without its id and source."""
    data = json.dumps(
        [
            procedure.system,
            procedure.code,
            procedure.descriptor,
            procedure.name,
            procedure.common_names,
            procedure.medical_terms,
            [(_KIND_NUMBERS[section.kind], section.heading, section.text) for section in procedure.sections],
            [(similar.system, similar.code, similar.descriptor, similar.url) for similar in procedure.similar_codes],
            procedure.warnings,
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )
    packer = _primed_packer().copy()
    # A lone surrogate has no UTF-8; parsing removes them, an embedding app's own procedures may hold one.
    return packer.compress(data.encode("utf-8", "replace")) + packer.flush()


def unpack_procedure(stored: bytes, id: str, source: str) -> Procedure:
    """The procedure with this ``id`` and ``source`` that :func:`pack_procedure` packed."""
    unpacker = zlib.decompressobj(_WINDOW, zdict=_phrases())
    unpacked = unpacker.decompress(stored, _MOST_BYTES)
    if unpacker.unconsumed_tail:
        raise ValueError(f"a procedure of more than {_MOST_BYTES} bytes")
    data = json.loads(unpacked)
    system, code, descriptor, name, common_names, medical_terms, sections, similar_codes, warnings = data
    return Procedure(
        id=id,
        system=system,
        code=code,
        descriptor=descriptor,
        name=name,
        common_names=tuple(common_names),
        medical_terms=tuple(medical_terms),
        sections=tuple([Section(SECTION_KINDS[kind], heading, text) for kind, heading, text in sections]),
        similar_codes=tuple([SimilarCode(*similar) for similar in similar_codes]),
        source=source,
        warnings=tuple(warnings),
    )
