"""Merging: the arrays of many small segments become those of one large one."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from itertools import chain, pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from procsearch.corpus.procedure import Procedure
from procsearch.indexer.arrays import write_arrays
from procsearch.indexer.batch import Batch
from procsearch.indexer.files import FileRecord, SegmentRecord
from procsearch.indexer.layout import Arrays
from procsearch.indexer.merge import merged
from procsearch.indexer.page import PageFacts
from procsearch.indexer.segment import DELETED, Segment
from procsearch.indexer.storage import Storage

from .histories import indexable, procedures

groups = st.lists(st.lists(procedures, min_size=1, max_size=6), min_size=1, max_size=5)


def arrays_of(storage: Storage, pages: list[Procedure], chunk: int) -> Arrays:
    batch = Batch(storage)
    for page in pages:
        number = int(page.source.removesuffix(".html"))
        batch.add(indexable(page, PageFacts(f"{page.id}.zip", len(page.name), number, bytes([number % 7]) * 16, 3)))
    return batch.arrays(chunk)


def segment_of(storage: Storage, name: str, pages: list[Procedure], chunk: int = 10**6) -> Segment:
    size, checksum = write_arrays(storage, name, arrays_of(storage, pages, chunk))
    return Segment(storage, SegmentRecord(FileRecord(name, size, checksum), None, len(pages), len(pages), (), ()))


@settings(max_examples=30, deadline=None)
@given(groups, st.integers(0, 2**30), st.sampled_from((1, 7, 10**6)))
def test_merging_gives_what_one_flush_gives(pages: list[list[Procedure]], deleting: int, chunk: int) -> None:
    every = [replace(page, source=f"{number}.html") for number, page in enumerate(chain.from_iterable(pages))]
    bounds = np.cumsum([0, *map(len, pages)]).tolist()
    states = [DELETED if deleting >> number & 1 else deleting % 2 for number in range(len(every))]
    kept = [page for page, state in zip(every, states, strict=True) if state != DELETED]
    with tempfile.TemporaryDirectory() as folder:
        storage = Storage(folder)
        ranges = list(pairwise(bounds))
        segments = [segment_of(storage, f"{low}.segment", every[low:high], chunk) for low, high in ranges]
        rows = [
            {"states": np.array(states[low:high], np.uint8), "sizes": segment.sizes, "mtimes": segment.mtimes}
            for segment, (low, high) in zip(segments, ranges, strict=True)
        ]
        arrays, new_states = merged(storage, segments, rows, chunk)
        size, checksum = write_arrays(storage, "merged", arrays)
        record = SegmentRecord(FileRecord("merged", size, checksum), None, len(kept), len(kept), (), ())
        found = Segment(storage, record)
        assert new_states.tolist() == [state for state in states if state != DELETED]
        flushed = segment_of(storage, "flushed", kept)
        for name in flushed.file.names():
            assert found.file[name].all().tolist() == flushed.file[name].all().tolist(), name
        for page, procedure in enumerate(kept):
            assert found.procedure(page) == procedure
