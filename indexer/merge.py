"""Several segments into one."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat

import numpy as np

from . import postings
from .arrays import Array
from .columns import PageColumns
from .layout import Arrays, Postings, lay_out
from .packing import MergedPages
from .segment import DELETED, Segment
from .storage import Storage
from .strings import Strings


def merged(
    storage: Storage, segments: Sequence[Segment], rows: Sequence[Mapping[str, Array]], chunk: int
) -> tuple[Arrays, Array]:
    """The arrays of one segment with all pages of ``segments`` that are not DELETED, and their states.

    ``rows`` has the ``states`` of each segment's pages, and the ``sizes`` and ``mtimes`` of the files they are in.
    About ``chunk`` postings are held in memory at a time.
    """
    keep = [row["states"] != DELETED for row in rows]
    arrays = {**_merge_postings(storage, segments, keep, chunk), **_merge_pages(segments, rows, keep)}
    return arrays, np.concatenate([row["states"][kept] for row, kept in zip(rows, keep, strict=True)])


def _merge_postings(storage: Storage, segments: Sequence[Segment], keep: Sequence[Array], chunk: int) -> Arrays:
    terms, ranks = _merge_terms(segments)
    first_pages = np.cumsum([0, *(int(np.count_nonzero(kept)) for kept in keep)])
    sources = list(map(_SegmentSource, segments, ranks, keep, first_pages[:-1].tolist()))
    return lay_out(storage, terms, sources, chunk)


def _merge_terms(segments: Sequence[Segment]) -> tuple[list[bytes], list[Array]]:
    """The terms of all segments in order, and the rank among them of each term of each segment."""
    terms: list[bytes] = []
    ranks = [array("I") for _ in segments]
    for term, number in heapq.merge(*(zip(_terms(segment), repeat(number)) for number, segment in enumerate(segments))):
        if not terms or terms[-1] != term:
            terms.append(term)
        ranks[number].append(len(terms) - 1)
    return terms, [np.array(found, np.int64) for found in ranks]


def _terms(segment: Segment) -> Iterator[bytes]:
    """The terms of a segment, a few thousand of them in memory."""
    strings = Strings(segment.file, "term")
    for start in range(0, len(strings), 4096):
        yield from strings.all(start, min(start + 4096, len(strings)))


class _SegmentSource:
    """A segment as a source of postings: those of the pages that are kept."""

    def __init__(self, segment: Segment, ranks: Array, keep: Array, first_page: int) -> None:
        self.ranks = ranks
        self._segment = segment
        self._file = segment.file
        self._keep = keep
        self._new_pages = np.cumsum(keep) - 1 + first_page

    def counts(self) -> Array:
        """How many postings each term has, those of pages not kept among them."""
        return np.diff(self._segment.posting_offsets())

    def postings(self, start: int, stop: int) -> Postings:
        """The postings of the terms from ``start`` to ``stop``."""
        offsets, gap_offsets, position_offsets = self._segment.offsets(start, stop)
        starts = offsets - offsets[0]
        gaps = self._file["gaps"].slice(int(gap_offsets[0]), int(gap_offsets[-1]))
        pages = postings.ungap(postings.unpack(gaps, gap_offsets - gap_offsets[0], starts), starts)
        codes = self._file["codes"].slice(int(offsets[0]), int(offsets[-1]))
        counts = postings.code_counts(codes)
        token_starts = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))[starts]
        packed = self._file["positions"].slice(int(position_offsets[0]), int(position_offsets[-1]))
        positions = postings.unpack(packed, position_offsets - position_offsets[0], token_starts)
        kept = self._keep[pages]
        kept_before = np.concatenate(([0], np.cumsum(kept)))
        occurrences_before = np.concatenate(([0], np.cumsum(np.where(kept, counts, 0), dtype=np.int64)))
        found = Postings(
            self.ranks[start:stop],
            np.diff(kept_before[starts]),
            np.diff(occurrences_before[starts]),
            self._new_pages[pages[kept]],
            codes[kept],
            positions[np.repeat(kept, counts)],
        )
        self._file.let_go()
        return found


def _merge_pages(segments: Sequence[Segment], rows: Sequence[Mapping[str, Array]], keep: list[Array]) -> Arrays:
    columns = PageColumns([], [], [], [], [], [], [], [])
    sizes, mtimes, parsers = [], [], []
    for segment, row, kept in zip(segments, rows, keep, strict=True):
        file, pages = segment.file, np.flatnonzero(kept).tolist()
        ids, sources = Strings(file, "id").all(), Strings(file, "source").all()
        columns.ids += [ids[page] for page in pages]
        columns.sources += [sources[page] for page in pages]
        columns.systems += [segment.system_names[number] for number in file["systems"].all()[kept].tolist()]
        columns.containers += [segment.containers[number] for number in file["containers"].all()[kept].tolist()]
        columns.digests.append(file["digests"].all().reshape(-1, 16)[kept].tobytes())
        sizes.append(row["sizes"][kept])
        mtimes.append(row["mtimes"][kept])
        parsers.append(file["parsers"].all()[kept])
    columns.sizes, columns.mtimes, columns.parsers = map(np.concatenate, (sizes, mtimes, parsers))
    return {
        **MergedPages(segments, keep).arrays(),
        **columns.arrays(),
        "lengths": np.concatenate([s.length_bytes[kept].ravel() for s, kept in zip(segments, keep, strict=True)]),
    }
