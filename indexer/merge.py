"""Several segments into one, a range of terms at a time, so that memory does not grow with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from . import postings
from .arrays import Array, Spool, Strings, narrow
from .batch import PageColumns, dictionary, position_arrays, term_arrays
from .segment import DELETED, Segment
from .storage import Storage


def merged(storage: Storage, segments: Sequence[Segment], states: Sequence[Array], chunk: int) -> tuple[
    dict[str, Array | Spool | Iterator[Array]], Array
]:  # fmt: skip
    """The arrays of one segment with all pages of ``segments`` that are not DELETED in ``states``, and their states.

    About ``chunk`` postings are held in memory at a time.
    """
    keep = [state != DELETED for state in states]
    arrays = {**_merge_terms(storage, segments, keep, chunk), **_merge_pages(segments, keep)}
    return arrays, np.concatenate([state[kept] for state, kept in zip(states, keep, strict=True)])


class _TermPart:
    """The postings of a range of one segment's terms, with the numbers of terms and pages in the merged segment."""

    def __init__(self, segment: Segment, ranks: Array, terms: tuple[int, int], *, keep: Array, first_page: int) -> None:
        start, stop = terms
        offsets = segment.file["posting_offsets"].slice(start, stop + 1).astype(np.int64)
        gap_offsets = segment.file["gap_offsets"].slice(start, stop + 1).astype(np.int64)
        position_offsets = segment.file["position_offsets"].slice(start, stop + 1).astype(np.int64)
        starts = offsets - offsets[0]
        gaps = segment.file["gaps"].slice(int(gap_offsets[0]), int(gap_offsets[-1]))
        pages = postings.ungap(postings.unpack(gaps, gap_offsets - gap_offsets[0], starts), starts)
        codes = segment.file["codes"].slice(int(offsets[0]), int(offsets[-1]))
        counts = postings.code_counts(codes).astype(np.int64)
        token_starts = np.concatenate(([0], np.cumsum(counts)))[starts]
        packed = segment.file["positions"].slice(int(position_offsets[0]), int(position_offsets[-1]))
        positions = postings.unpack(packed, position_offsets - position_offsets[0], token_starts)
        kept = keep[pages]
        new_pages = np.cumsum(keep) - 1 + first_page
        self.terms = np.repeat(ranks[start:stop], np.diff(starts))[kept]
        self.pages = new_pages[pages[kept]].astype(np.uint32)
        self.codes = codes[kept]
        self.counts = counts[kept]
        self.positions = positions[np.repeat(kept, counts)]


def _merge_terms(storage: Storage, segments: Sequence[Segment], keep: list[Array], chunk: int) -> dict[
    str, Array | Spool | Iterator[Array]
]:  # fmt: skip
    vocabularies = [Strings(segment.file, "term").all() for segment in segments]
    union = sorted(set().union(*vocabularies))
    rank_of = {term: rank for rank, term in enumerate(union)}
    ranks = [np.array([rank_of[term] for term in vocabulary], np.int64) for vocabulary in vocabularies]
    first_pages = np.concatenate(([0], np.cumsum([int(kept.sum()) for kept in keep])))

    dtypes = {"gaps": np.uint8, "codes": np.uint16, "positions": np.uint8}
    spools = {name: Spool(storage, dtype) for name, dtype in dtypes.items()}
    offsets: dict[str, list[Array]] = {"posting_offsets": [], "gap_offsets": [], "position_offsets": []}
    terms: list[bytes] = []
    for start, stop in _term_ranges(segments, ranks, len(union), chunk):
        parts = []
        for segment, rank, kept, first in zip(segments, ranks, keep, first_pages, strict=False):
            low, high = np.searchsorted(rank, (start, stop)).tolist()
            if low < high:
                parts.append(_TermPart(segment, rank, (low, high), keep=kept, first_page=int(first)))
        present, arrays = _join(parts)
        terms += [union[rank] for rank in present]
        for name, before in (("posting_offsets", "codes"), ("gap_offsets", "gaps"), ("position_offsets", "positions")):
            bytes_or_items = arrays[name].astype(np.int64)
            offsets[name].append(bytes_or_items[:-1] + spools[before].count)
        for name, spool in spools.items():
            spool.append(arrays[name])
    ends = {"posting_offsets": "codes", "gap_offsets": "gaps", "position_offsets": "positions"}
    return {
        **dictionary(terms),
        **{name: narrow(np.concatenate([*parts_, [spools[ends[name]].count]])) for name, parts_ in offsets.items()},
        **spools,
    }


def _term_ranges(segments: Sequence[Segment], ranks: list[Array], terms: int, chunk: int) -> Iterator[tuple[int, int]]:
    """Ranges of terms with about ``chunk`` postings each."""
    counts = np.zeros(terms, np.int64)
    for segment, rank in zip(segments, ranks, strict=True):
        offsets = segment.file["posting_offsets"].all().astype(np.int64)
        counts[rank] += offsets[1:] - offsets[:-1]
    ends = np.cumsum(counts)
    start = 0
    while start < terms:
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + chunk, side="right")))
        yield start, stop
        start = stop


def _join(parts: list[_TermPart]) -> tuple[list[int], dict[str, Array]]:
    """The terms still present and their arrays, with offsets that count from the range's own start."""
    terms = np.concatenate([part.terms for part in parts])
    order = np.argsort(terms, kind="stable")  # pages ascend within each part, and from part to part
    counts = np.concatenate([part.counts for part in parts])
    token_starts = np.cumsum(counts) - counts
    ordered = counts[order]
    within = np.arange(ordered.sum()) - np.repeat(np.cumsum(ordered) - ordered, ordered)
    positions = np.concatenate([part.positions for part in parts])[np.repeat(token_starts[order], ordered) + within]
    terms = terms[order]
    present, starts = np.unique(terms, return_index=True)
    starts = np.append(starts, len(terms))
    pages = np.concatenate([part.pages for part in parts])[order]
    codes = np.concatenate([part.codes for part in parts])[order]
    token_ends = np.concatenate(([0], np.cumsum(ordered)))
    return present.tolist(), {
        **term_arrays(starts, pages, codes),
        **position_arrays(token_ends[starts], positions),
    }


def _merge_pages(segments: Sequence[Segment], keep: list[Array]) -> dict[str, Array | Spool | Iterator[Array]]:
    columns = PageColumns([], [], [], [], [], [], [], [])
    sizes, mtimes, parsers, stored_lengths = [], [], [], []
    for segment, kept in zip(segments, keep, strict=True):
        file, pages = segment.file, np.flatnonzero(kept).tolist()
        ids, sources = Strings(file, "id").all(), Strings(file, "source").all()
        columns.ids += [ids[page] for page in pages]
        columns.sources += [sources[page] for page in pages]
        columns.systems += [segment.system_names[number] for number in file["systems"].all()[kept].tolist()]
        columns.containers += [segment.containers[number] for number in file["containers"].all()[kept].tolist()]
        columns.digests.append(file["digests"].all().reshape(-1, 16)[kept].tobytes())
        sizes.append(segment.sizes[kept])
        mtimes.append(segment.mtimes[kept])
        parsers.append(file["parsers"].all()[kept])
        stored_lengths.append(np.diff(file["stored_offsets"].all().astype(np.int64))[kept])
    columns.sizes, columns.mtimes, columns.parsers = map(np.concatenate, (sizes, mtimes, parsers))
    return {
        "stored_data": _stored_parts(segments, keep),
        "stored_offsets": narrow(np.concatenate(([0], np.cumsum(np.concatenate(stored_lengths))))),
        **columns.arrays(),
        "lengths": np.concatenate([s.length_bytes[kept].ravel() for s, kept in zip(segments, keep, strict=True)]),
    }


def _stored_parts(segments: Sequence[Segment], keep: list[Array]) -> Iterator[Array]:
    """The stored procedures of the kept pages, a few thousand at a time."""
    for segment, kept in zip(segments, keep, strict=True):
        stored = Strings(segment.file, "stored")
        for start in range(0, segment.pages, 4096):
            stop = min(start + 4096, segment.pages)
            blobs = stored.all(start, stop)
            data = b"".join(blob for blob, wanted in zip(blobs, kept[start:stop].tolist(), strict=True) if wanted)
            yield np.frombuffer(data, np.uint8)
