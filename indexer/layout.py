"""The dictionary and the postings of a segment, laid out from several sources a range of terms at a time.

The sources are batches of pages on their way in, or segments that become one; memory does not grow with them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np

from . import postings
from .analysis import has_digit, stems
from .arrays import Array, Spool, narrow
from .columns import sorted_lines, sorted_strings
from .storage import Storage

Arrays = dict[str, Array | Spool | Iterator[Array]]

Dictionary = dict[str, Array]

Beside = Callable[[Callable[[Sequence[bytes]], Dictionary], Sequence[bytes]], Callable[[], Dictionary]]
"""Has a function called with an argument while other things are done; the result is that of what it gives."""

_BREAK = re.compile(r"[\t\n]")
"""What the name of a code system may hold, and no word; it would end a line of the dictionary of stems."""

_SPANNED = {"codes": np.uint16, "gaps": np.uint8, "positions": np.uint8}
"""The arrays that a term has a part of, in the order of its offsets."""


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


def lay_out(
    storage: Storage, terms: Sequence[bytes], sources: Sequence[Source], chunk: int, beside: Beside = partial
) -> Arrays:
    """The arrays of ``terms``, which are sorted, and of the postings of ``sources``; terms without any are left out.

    About ``chunk`` postings are held in memory at a time.
    """
    of_all = beside(dictionary, terms)
    with ExitStack() as undone:
        spools: dict[str, Spool] = {}
        for name, dtype in _SPANNED.items():
            spools[name] = Spool(storage, dtype)
            undone.callback(spools[name].close)
        present, spans = _spool(spools, terms, sources, chunk)
        words = of_all() if len(present) == len(terms) else dictionary(present)
        arrays: Arrays = {**words, "spans": spans, **spools}
        undone.pop_all()  # from here on they belong to whoever writes them
        return arrays


def _spool(
    spools: dict[str, Spool], terms: Sequence[bytes], sources: Sequence[Source], chunk: int
) -> tuple[list[bytes], Array]:
    """Fill ``spools``, and give the terms that have postings and their spans in the spools."""
    offsets: list[Array] = []
    present: list[bytes] = []
    for start, stop in _term_ranges(sources, len(terms), chunk):
        parts = []
        for source in sources:
            low, high = np.searchsorted(source.ranks, (start, stop)).tolist()
            if low < high:
                parts.append(source.postings(low, high))
        if not parts:
            continue
        ranks, arrays = _join(parts)
        present += [terms[rank] for rank in ranks]
        offsets.append(np.array([starts[:-1] + spools[name].count for name, (starts, _) in arrays.items()]))
        for name, (_, part) in arrays.items():
            spools[name].append(part)
    offsets.append(np.array([[spools[name].count] for name in _SPANNED]))
    return present, spans(np.concatenate(offsets, axis=1))


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


def _join(parts: list[Postings]) -> tuple[list[int], dict[str, tuple[Array, Array]]]:
    """The ranks of the terms that ``parts`` have, and their arrays; a term's postings stand in the order of the parts.

    Before each array stands where in it each term begins, and where the last one ends.
    """
    ranks, counts, occurrences, pages, codes, positions = map(np.concatenate, zip(*parts, strict=True))
    if not counts.all():  # some terms stand on pages only that are left out
        some = counts.nonzero()[0]
        ranks, counts, occurrences = ranks.take(some), counts.take(some), occurrences.take(some)
    if len(parts) > 1:
        order = ranks.argsort(kind="stable")  # of the terms of parts, each with its postings beside one another
        at, counts = _moved(counts, order)
        pages, codes = pages.take(at), codes.take(at)
        at, occurrences = _moved(occurrences, order)
        positions, ranks = positions.take(at), ranks.take(order)
    first = np.flatnonzero(np.diff(ranks, prepend=-1))
    starts, position_starts = _starts(counts, first), _starts(occurrences, first)
    packed, gap_offsets = postings.pack(postings.gaps(pages, starts), starts)
    packed_positions, position_offsets = postings.pack(positions, position_starts)
    return ranks[first].tolist(), {
        "codes": (starts, codes),
        "gaps": (gap_offsets, packed),
        "positions": (position_offsets, packed_positions),
    }


def spans(offsets: Array) -> Array:
    """The array in which the offsets of a term (three rows: into codes, gaps and positions) lie side by side."""
    return narrow(offsets.T.ravel())


def _moved(counts: Array, order: Array) -> tuple[Array, Array]:
    """Where to take things from that lie beside one another, so many each, to have them in ``order``; how many then."""
    starts = np.cumsum(counts, dtype=np.int64) - counts
    counts = counts.take(order)
    return ranges(starts.take(order), counts), counts


def _starts(counts: Array, first: Array) -> Array:
    """Where the things begin of each ``first`` of some that have so many, and where the last one's end."""
    ends = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=ends[1:])
    starts: Array = ends.take(np.append(first, len(counts)))
    return starts


def ranges(starts: Array, counts: Array) -> Array:
    """The numbers from each of ``starts`` on, as many as its count (at least one), one range after the other."""
    starts, ends = starts.astype(np.int64), np.cumsum(counts, dtype=np.int64)
    steps = np.ones(int(ends[-1]) if len(ends) else 0, np.int64)
    steps[:1] = starts[:1]
    steps[ends[:-1]] = starts[1:] - starts[:-1] - counts[:-1] + 1
    return np.cumsum(steps, out=steps)


def dictionary(terms: Sequence[bytes]) -> Dictionary:
    """The sorted ``terms`` and, for every stem that is not its own only term, its terms and their numbers."""
    texts = list(map(bytes.decode, terms))
    numbers = [
        number for number, text in enumerate(texts) if text.isalpha() or not (has_digit(text) or _BREAK.search(text))
    ]
    words = [texts[number] for number in numbers]
    stemmed = stems(words)
    shared: dict[str, list[str]] = {stem: [] for word, stem in zip(words, stemmed, strict=True) if stem != word}
    for number, word, stem in zip(numbers, words, stemmed, strict=True):
        if stem in shared:
            shared[stem].append(f"{word}\t{number}")
    lines = sorted((stem.encode(), "\t".join(said).encode()) for stem, said in shared.items())
    return {**sorted_strings("term", terms), **sorted_lines("stem", lines)}
