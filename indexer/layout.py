"""The dictionary and the postings of a segment, laid out from several sources a range of terms at a time.

The sources are batches of pages on their way in, or segments that become one; memory does not grow with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import repeat
from typing import NamedTuple, Protocol

import numpy as np

from . import postings
from .analysis import has_digit, stems
from .arrays import Array, Spool, narrow
from .columns import sorted_strings
from .storage import Storage

Arrays = dict[str, Array | Spool | Iterator[Array]]

_OFFSETS = {"posting_offsets": "codes", "gap_offsets": "gaps", "position_offsets": "positions"}
"""The arrays of offsets and what they point into."""


class Postings(NamedTuple):
    """Postings of a range of terms, in the order of terms.

    Of each term its rank, how many postings it has and how many occurrences; of each posting its page in the segment to
    be and its code; and the positions of all their occurrences.
    """

    ranks: Array
    counts: Array
    occurrences: Array
    pages: Array
    codes: Array
    positions: Array


class Source(Protocol):
    """Something that has postings; its pages come after those of the sources before it."""

    ranks: Array
    """The ranks of its terms among those of all sources, ascending."""

    def counts(self) -> Array:
        """How many postings each of its terms has."""

    def postings(self, start: int, stop: int) -> Postings:
        """The postings of its terms from ``start`` to ``stop``, at least one."""


def lay_out(storage: Storage, terms: Sequence[bytes], sources: Sequence[Source], chunk: int) -> Arrays:
    """The arrays of ``terms``, which are sorted, and of the postings of ``sources``; terms without any are left out.

    About ``chunk`` postings are held in memory at a time.
    """
    dtypes = {"gaps": np.uint8, "codes": np.uint16, "positions": np.uint8}
    with ExitStack() as undone:
        spools: dict[str, Spool] = {}
        for name, dtype in dtypes.items():
            spools[name] = Spool(storage, dtype)
            undone.callback(spools[name].close)
        present, offsets = _spool(spools, terms, sources, chunk)
        arrays: Arrays = {**dictionary(present), **offsets, **spools}
        undone.pop_all()  # from here on they belong to whoever writes them
        return arrays


def _spool(
    spools: dict[str, Spool], terms: Sequence[bytes], sources: Sequence[Source], chunk: int
) -> tuple[list[bytes], dict[str, Array]]:
    """Fill ``spools``, and give the terms that have postings and the arrays of offsets into the spools."""
    offsets: dict[str, list[Array]] = {name: [] for name in _OFFSETS}
    present: list[bytes] = []
    for start, stop in _term_ranges(sources, len(terms), chunk):
        parts = []
        for source in sources:
            low, high = np.searchsorted(source.ranks, (start, stop)).tolist()
            if low < high:
                parts.append(source.postings(low, high))
        if not parts:
            continue
        ranks, arrays = _join(parts, start, stop)
        present += [terms[rank] for rank in ranks]
        for name, into in _OFFSETS.items():
            offsets[name].append(arrays[name][:-1] + spools[into].count)
        for name, spool in spools.items():
            spool.append(arrays[name])
    ended = {name: [*parts, np.array([spools[_OFFSETS[name]].count])] for name, parts in offsets.items()}
    return present, {name: narrow(np.concatenate(parts).astype(np.int64)) for name, parts in ended.items()}


def _term_ranges(sources: Sequence[Source], terms: int, chunk: int) -> Iterator[tuple[int, int]]:
    """Ranges of terms with about ``chunk`` postings each."""
    counts = np.zeros(terms, np.int64)
    for source in sources:
        counts[source.ranks] += source.counts()
    ends = np.cumsum(counts)
    start = 0
    while start < terms:
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + chunk, side="right")))
        yield start, stop
        start = stop


def _join(parts: list[Postings], start: int, stop: int) -> tuple[list[int], dict[str, Array]]:
    """The ranks of the terms present, of those from ``start`` to ``stop``, and their arrays.

    Offsets count from the range's own start.
    """
    posting_starts, of_postings = _places([(part.ranks - start, part.counts) for part in parts], stop - start)
    position_starts, of_positions = _places([(part.ranks - start, part.occurrences) for part in parts], stop - start)
    pages = np.empty(posting_starts[-1], np.uint32)
    codes = np.empty(posting_starts[-1], np.uint16)
    positions = np.empty(position_starts[-1], np.result_type(*(part.positions for part in parts)))
    for part, at_postings, at_positions in zip(parts, of_postings, of_positions, strict=True):
        places = at_postings()
        pages[places] = part.pages
        codes[places] = part.codes
        positions[at_positions()] = part.positions
    present = np.flatnonzero(np.diff(posting_starts))
    ends = np.append(present, stop - start)
    starts, position_starts = posting_starts[ends], position_starts[ends]
    packed, gap_offsets = postings.pack(postings.gaps(pages, starts), starts)
    packed_positions, position_offsets = postings.pack(positions, position_starts)
    return (present + start).tolist(), {
        "posting_offsets": starts,
        "gap_offsets": gap_offsets,
        "position_offsets": position_offsets,
        "gaps": packed,
        "codes": codes,
        "positions": packed_positions,
    }


def _places(parts: list[tuple[Array, Array]], terms: int) -> tuple[Array, list[Callable[[], Array]]]:
    """Where the things of each term begin, and where each part's things go, asked for when they are needed.

    A part has a rank for each of its terms, and how many things of that term it has. A term's things stand in the order
    of the parts.
    """
    ends = np.zeros(terms + 1, np.int64)
    for ranks, counts in parts:
        ends[ranks + 1] += counts
    np.cumsum(ends, out=ends)
    free = ends[:-1].copy()
    found: list[Callable[[], Array]] = []
    for ranks, counts in parts:
        found.append(partial(ranges, free[ranks], counts))
        free[ranks] += counts
    return ends, found


def ranges(starts: Array, counts: Array) -> Array:
    """The numbers from each of ``starts`` on, as many as its count, one range after the other."""
    ends = np.cumsum(counts, dtype=np.int64)
    found = np.repeat(starts - ends + counts, counts)
    found += np.arange(len(found))
    return found


def dictionary(terms: list[bytes]) -> dict[str, Array]:
    """The sorted ``terms`` and, for every stem that is not its own only term, the numbers of its terms."""
    texts = list(map(bytes.decode, terms))
    numbers = [number for number, text in enumerate(texts) if text.isalpha() or not has_digit(text)]
    words = [texts[number] for number in numbers]
    stemmed = stems(words)
    shared = sorted({stem for word, stem in zip(words, stemmed, strict=True) if stem != word})
    place = dict(zip(shared, range(len(shared)), strict=True))
    places = np.fromiter(map(place.get, stemmed, repeat(-1)), np.int32, len(stemmed))
    order = places.argsort(kind="stable")
    ends = places[order].searchsorted(np.arange(len(shared) + 1, dtype=np.int32))
    return {
        **sorted_strings("term", terms),
        **sorted_strings("stem", list(map(str.encode, shared))),
        "stem_ends": (ends - ends[0]).astype(np.uint32),
        "stem_terms": np.array(numbers, np.uint32)[order[ends[0] :]],
    }
