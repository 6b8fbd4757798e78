"""Procedures as the index stores them: a JSON array without names of keys, compressed against common phrases.

Some pages are kept once beside them all (:func:`common_phrases`) for what the others have in common with them, so that
one page can be read alone and yet is packed almost as tightly as all of them together.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from ..corpus.procedure import SECTION_KINDS, Procedure, Section, SimilarCode

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_KIND_NUMBERS = {kind: number for number, kind in enumerate(SECTION_KINDS)}
_LEVEL = 3
_WINDOW_BITS = 27  # the most memory that reading a forged page may take: several times what the largest page can hold
_PHRASES_BYTES = 64_000
_PHRASES_SHARE = 1 / 8  # of the procedures that they are chosen from, at most
_TABLES_BYTES = 1000  # room for what Zstandard puts before them: how often which bytes come
_SAMPLE_BYTES = 1 << 20
_LONG_SAMPLE = 1 << 14


@cache
def _usual_phrases() -> bytes:
    """What such pages usually have in common; ``benchmarks/stored_phrases.py`` made it of the sample pages."""
    return (Path(__file__).parent / "stored_phrases.txt").read_bytes()


def common_phrases(unpacked: Iterable[bytes]) -> bytes:
    """Some of these procedures from all over them, as phrases for :class:`Packer` and :class:`Unpacker`.

    Whole ones serve as well as a selection of what comes most often, which takes far longer to make. Empty
    where there are too few. The same procedures give the same phrases. Of many procedures only the first are looked at.
    """
    samples, size = [], 0
    for sample in unpacked:
        samples.append(sample[:_LONG_SAMPLE])
        size += len(samples[-1])
        if size > _SAMPLE_BYTES:
            break
    wanted = min(_PHRASES_BYTES, int(size * _PHRASES_SHARE))
    try:
        chosen = zstd.ZstdDict(b"".join(samples[:: size // wanted])[:wanted], is_raw=True)
        return zstd.finalize_dict(chosen, samples, wanted + _TABLES_BYTES, _LEVEL).dict_content
    except (zstd.ZstdError, ValueError, ZeroDivisionError):
        return b""


def _dictionary(phrases: bytes) -> zstd.ZstdDict:
    return zstd.ZstdDict(phrases) if phrases else zstd.ZstdDict(_usual_phrases(), is_raw=True)


class Packer:
    """Packs procedures against ``phrases``, or against what is usual where these are empty."""

    def __init__(self, phrases: bytes = b"") -> None:
        self.phrases = phrases
        options: dict[int, int] = {
            zstd.CompressionParameter.compression_level: _LEVEL,
            zstd.CompressionParameter.dict_id_flag: 0,  # the segment knows its phrases
        }
        self._compressor = zstd.ZstdCompressor(options=options, zstd_dict=_dictionary(phrases).as_digested_dict)

    def pack(self, unpacked: bytes) -> bytes:
        """One procedure, as :func:`encoded` gave it."""
        return self._compressor.compress(unpacked, zstd.ZstdCompressor.FLUSH_FRAME)


class Unpacker:
    """Unpacks what a :class:`Packer` with the same ``phrases`` packed."""

    def __init__(self, phrases: bytes = b"") -> None:
        self._dictionary = _dictionary(phrases)

    def unpack(self, packed: bytes) -> bytes:
        """One procedure, for :func:`decoded`; ValueError or ZstdError where that cannot be."""
        options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _WINDOW_BITS}
        unpacker = zstd.ZstdDecompressor(zstd_dict=self._dictionary, options=options)
        unpacked = unpacker.decompress(packed, 1 << _WINDOW_BITS)
        if not unpacker.eof or unpacker.unused_data:
            raise ValueError(f"not one procedure of at most {1 << _WINDOW_BITS} bytes")
        return unpacked


def encoded(procedure: Procedure) -> bytes:
    """``procedure`` without its id and source, as bytes to be packed."""
    data = [
        procedure.system,
        procedure.code,
        procedure.descriptor,
        procedure.name,
        procedure.common_names,
        procedure.medical_terms,
        [(_KIND_NUMBERS[section.kind], section.heading, section.text) for section in procedure.sections],
        [(similar.system, similar.code, similar.descriptor, similar.url) for similar in procedure.similar_codes],
        procedure.warnings,
    ]
    try:
        return orjson.dumps(data)
    except TypeError:
        # A lone surrogate has no UTF-8; parsing removes them, an embedding app's own procedures may hold one.
        return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def decoded(unpacked: bytes, id: str, source: str) -> Procedure:
    """The procedure with this ``id`` and ``source`` that :func:`encoded` gave; ValueError where it gave no such."""
    data: list[Any] = orjson.loads(unpacked)
    system, code, descriptor, name, common_names, medical_terms, sections, similar_codes, warnings = data
    procedure = Procedure(
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
    if not _of_texts(procedure):
        raise ValueError("not a procedure")
    return procedure


def _of_texts(procedure: Procedure) -> bool:
    """Whether the parts of a procedure are of the types they should be."""
    texts = [procedure.descriptor, procedure.name, *procedure.common_names, *procedure.medical_terms]
    texts += procedure.warnings
    for section in procedure.sections:
        texts += section.heading, section.text
    perhaps: list[str | None] = [procedure.system, procedure.code]
    for similar in procedure.similar_codes:
        texts.append(similar.descriptor)
        perhaps += similar.system, similar.code, similar.url
    return all(type(text) is str for text in texts) and all(text is None or type(text) is str for text in perhaps)


def unpack_procedure(packed: bytes, id: str, source: str) -> Procedure:
    """The procedure with this ``id`` and ``source`` that was packed against what is usual."""
    return decoded(Unpacker().unpack(packed), id, source)
