"""Verifying an index: every byte of every file, and that what the files say fits together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..corpus.errors import DamagedIndex
from .manifest import read_manifest
from .postings import code_counts, fits, ungap, unpack
from .segment import LIVE, Segment, field_sums
from .storage import Storage
from .vectors import open_vectors


def check(storage: Storage) -> list[str]:
    """What is wrong with the index, in words, an entry a file; empty where all is well. NoIndex where there is none."""
    try:
        manifest = read_manifest(storage)
    except DamagedIndex as error:
        return [str(error)]
    wrong = []
    for record in manifest.segments:
        try:
            segment = Segment(storage, record)
            wrong += [f"{record.file.name}: {problem}" for problem in problems(segment)]
            for vectors in open_vectors(storage, manifest.semantic, [segment]):
                if vectors is not None:
                    vectors.verify()
        except DamagedIndex as error:
            wrong.append(str(error))
    return wrong


def problems(segment: Segment) -> list[str]:
    """What of a segment does not fit together, in words. DamagedIndex where bytes are not what was written."""
    segment.file.verify_all()
    if segment.state_file is not None:
        segment.state_file.verify_all()
    try:
        return _problems(segment)
    except (ValueError, IndexError, ArithmeticError, MemoryError) as error:
        raise DamagedIndex(segment.name, f"its arrays do not fit together: {error}") from error


def _problems(segment: Segment) -> list[str]:
    wrong = []
    terms = segment.terms()
    if any(first >= second for first, second in pairwise(terms)):
        wrong.append("its dictionary is not in order")
    if any(terms[number] != term for term, number in segment.all_stem_terms()):
        wrong.append("its stems are not those of its dictionary")
    file = segment.file
    starts, gap_offsets, position_offsets = segment.offsets()
    counts = code_counts(file["codes"].all())
    if not fits(starts, gap_offsets) or int(starts[-1]) != len(counts):
        return [*wrong, "its postings do not fit together"]
    pages = ungap(unpack(file["gaps"].all(), gap_offsets, starts), starts)
    if len(pages) and int(pages.max()) >= segment.pages:
        wrong.append("a posting points to a page that is not there")
    tokens = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))[starts]
    if not fits(tokens, position_offsets):
        return [*wrong, "its positions do not fit together"]
    unpack(file["positions"].all(), position_offsets, tokens)
    live = segment.states == LIVE
    record = segment.record
    if (int(np.count_nonzero(live)), *field_sums(segment.length_bytes[live])) != (
        record.live, record.lengths, record.filled
    ):  # fmt: skip
        wrong.append("its statistics do not fit its pages")
    for page in range(segment.pages):
        segment.procedure(page)
    return wrong
