"""The dictionary and the postings of a segment, laid out from several sources a range of terms at a time.

The sources are batches of pages on their way in, or segments that become one; memory does not grow with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import accumulate
from typing import NamedTuple, Protocol

import numpy as np

from . import postings
from .analysis import stems
from .arrays import Array, Spool, narrow, pack_strings
from .storage import Storage

Arrays = dict[str, Array | Spool | Iterator[Array]]

_OFFSETS = {"posting_offsets": "codes", "gap_offsets": "gaps", "position_offsets": "positions"}
"""The arrays of offsets and what they point into."""


class Postings(NamedTuple):
    """Postings of a range of terms, in the order of terms: of each its term's rank, its page in the segment to be and
    its code, and the positions of all their occurrences.
    """

    ranks: Array
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
        ranks, arrays = _join(parts)
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


def _join(parts: list[Postings]) -> tuple[list[int], dict[str, Array]]:
    """The ranks of the terms present and their arrays, with offsets that count from the range's own start."""
    ranks, pages, codes, positions = map(np.concatenate, zip(*parts, strict=True))
    # Pages ascend within each part, and from part to part: sorting by rank and place keeps them in order.
    key = ranks.astype(np.int64) << 32
    key |= np.arange(len(key))
    key.sort()
    order = key & 0xFFFFFFFF
    key >>= 32
    new = np.ones(len(key) + 1, bool)
    np.not_equal(key[1:], key[:-1], out=new[1:-1])
    starts = np.flatnonzero(new)
    counts = postings.code_counts(codes).astype(np.int64)
    before = np.cumsum(counts) - counts
    counts = counts[order]
    ends = np.cumsum(counts)
    # The positions of a posting stay together: each moves as far as its posting does.
    positions = positions[np.repeat(before[order] - ends + counts, counts) + np.arange(len(positions))]
    packed, gap_offsets = postings.pack(postings.gaps(pages[order].astype(np.uint32), starts), starts)
    packed_positions, position_offsets = postings.pack(positions, np.concatenate(([0], ends))[starts])
    return key[starts[:-1]].tolist(), {
        "posting_offsets": starts,
        "gap_offsets": gap_offsets,
        "position_offsets": position_offsets,
        "gaps": packed,
        "codes": codes[order],
        "positions": packed_positions,
    }


def dictionary(terms: list[bytes]) -> dict[str, Array]:
    """The sorted ``terms`` and, for every stem that is not its own only term, the numbers of its terms."""
    data, offsets = pack_strings(terms)
    members: dict[str, list[int]] = {}
    texts = [term.decode() for term in terms]
    for number, stem in enumerate(stems(texts)):
        members.setdefault(stem, []).append(number)
    shared = sorted(
        (stem.encode(), numbers) for stem, numbers in members.items() if len(numbers) > 1 or texts[numbers[0]] != stem
    )
    stem_data, stem_offsets = pack_strings(stem for stem, _ in shared)
    ends = list(accumulate((len(numbers) for _, numbers in shared), initial=0))
    return {
        "term_data": data,
        "term_offsets": offsets,
        "stem_data": stem_data,
        "stem_offsets": stem_offsets,
        "stem_ends": np.array(ends, np.uint32),
        "stem_terms": np.array([number for _, numbers in shared for number in numbers], np.uint32),
    }
