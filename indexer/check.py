"""Verifying an index: every byte of every file, and that what the files say fits together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..corpus.errors import DamagedIndex
from .manifest import read_manifest
from .postings import code_counts, ungap, unpack
from .segment import LIVE, Segment, field_sums
from .storage import Storage


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
            segment.file.verify_all()
            if segment.state_file is not None:
                segment.state_file.verify_all()
            wrong += [f"{segment.name}: {problem}" for problem in _problems(segment)]
        except DamagedIndex as error:
            wrong.append(str(error))
    return wrong


def _problems(segment: Segment) -> list[str]:
    problems = []
    terms = segment.terms()
    if any(first >= second for first, second in pairwise(terms)):
        problems.append("its dictionary is not in order")
    starts = segment.file["posting_offsets"].all().astype(np.int64)
    gap_offsets = segment.file["gap_offsets"].all().astype(np.int64)
    pages = ungap(unpack(segment.file["gaps"].all(), gap_offsets, starts), starts)
    if len(pages) and int(pages.max()) >= segment.pages:
        problems.append("a posting points to a page that is not there")
    counts = code_counts(segment.file["codes"].all())
    tokens = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))[starts]
    unpack(segment.file["positions"].all(), segment.file["position_offsets"].all().astype(np.int64), tokens)
    live = segment.states == LIVE
    record = segment.record
    if (int(np.count_nonzero(live)), *field_sums(segment.length_bytes[live])) != (
        record.live, record.lengths, record.filled
    ):  # fmt: skip
        problems.append("its statistics do not fit its pages")
    for page in range(segment.pages):
        segment.procedure(page)
    return problems
