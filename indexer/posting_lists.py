"""The postings of a segment, read: where a term's lie, its documents and codes, and the positions of its words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from itertools import accumulate, repeat
from typing import Any, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from ..corpus.errors import DamagedIndex
from . import postings
from .arrays import ArrayFile

Documents = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint16]

Span = Sequence[int]
"""Where a term's codes, gaps and positions begin in their arrays, and in the same order where they end."""

Of = ParamSpec("Of")
Got = TypeVar("Got")

MAX_POSITION = 1 << 24
"""Every position of a word in a field is below this."""

_WIDTHS: dict[float, np.dtype[Any]] = {width: np.dtype(f"<u{width}") for width in (1, 2, 4)}
"""The types of the gaps and positions of a term, by the bytes that each takes."""

_OFFSETS = 3  # of a term in the array of spans


def believing(method: Callable[Of, Got]) -> Callable[Of, Got]:
    """Turn what goes wrong over content that its checksums vouch for, and no writer wrote, into DamagedIndex."""

    @wraps(method)
    def read(*arguments: Of.args, **named: Of.kwargs) -> Got:
        try:
            return method(*arguments, **named)
        except (ValueError, IndexError, OverflowError) as error:
            segment = arguments[0]
            assert isinstance(segment, PostingLists)
            raise DamagedIndex(segment.name, f"its {method.__name__} cannot be read") from error

    return read


class PostingLists:
    """The postings of ``pages`` documents, term by term; ``name`` is that of the file they are in."""

    def __init__(self, file: ArrayFile, pages: int) -> None:
        self.name = file.name
        self.pages = pages
        self._codes = file["codes"]
        self._gaps = file["gaps"]
        self._positions = file["positions"]
        self._spans = file["spans"]

    def frequency(self, number: int) -> int:
        """How many postings the term has: about the number of its documents."""
        return self.frequencies_of((number,))[0]

    def frequencies_of(self, numbers: Sequence[int]) -> list[int]:
        """How many postings each of some terms has."""
        return counts_of(self.spans_of(numbers))

    def postings_between(self, start: int, stop: int) -> int:
        """How many postings the terms numbered ``start`` to ``stop`` have together."""
        return self._spans[stop * _OFFSETS] - self._spans[start * _OFFSETS]

    def posting_offsets(self, start: int = 0, stop: int | None = None) -> npt.NDArray[np.int64]:
        """Where the postings begin of the terms numbered ``start`` to ``stop``, and where those of the last end."""
        stop = len(self._spans) // _OFFSETS - 1 if stop is None else stop
        return self._spans.slice(start * _OFFSETS, stop * _OFFSETS + 1)[::_OFFSETS].astype(np.int64)

    def offsets(self, start: int = 0, stop: int | None = None) -> npt.NDArray[np.int64]:
        """Where codes, gaps and positions (three rows) begin of the terms numbered ``start`` to ``stop``, and end."""
        stop = len(self._spans) // _OFFSETS - 1 if stop is None else stop
        rows = self._spans.slice(start * _OFFSETS, (stop + 1) * _OFFSETS).reshape(-1, _OFFSETS)
        return rows.T.astype(np.int64, order="C")

    def spans_of(self, numbers: Sequence[int]) -> Sequence[Span]:
        """Where the postings of each of some terms lie."""
        return self._spans.runs([number * _OFFSETS for number in numbers], 2 * _OFFSETS)

    def postings(self, number: int) -> tuple[Documents, Codes]:
        """The postings of a term: ascending documents, several times where several fields match, and their codes."""
        return self.postings_of(self.spans_of((number,)))

    def postings_of(self, spans: Sequence[Span]) -> tuple[Documents, Codes]:
        """The postings of some terms (at least one), one term after the other."""
        return self.documents_of(spans), self.codes_of(spans)

    def codes_of(self, spans: Sequence[Span], room: npt.NDArray[Any] | None = None) -> npt.NDArray[Any]:
        """The codes of the postings of some terms (at least one), written to ``room`` where it is given."""
        codes = self._each_codes(spans)
        if room is not None:
            return np.concatenate(codes, out=room[: sum(map(len, codes))])
        return codes[0] if len(codes) == 1 else np.concatenate(codes)

    def documents_of(
        self,
        spans: Sequence[Span],
        room: Documents | None = None,
        shifts: Sequence[int] | None = None,
        after: int = 0,
    ) -> Documents:
        """The documents of the postings of some terms (at least one), to those of each its one of ``shifts`` added.

        They are written to ``room`` where it is given. Those of the first term count on from the document ``after``.
        """
        gaps = self._each_gaps(spans)
        starts = list(accumulate(map(len, gaps), initial=0))
        total = starts.pop()
        documents = np.empty(total, np.int64) if room is None else room[:total]
        np.concatenate(gaps, out=documents)
        # All gaps are added up in one go, so the first of a term has to lead from the last document of the one before.
        sums: list[int] = np.add.reduceat(documents, starts).tolist()
        sums[0] += after
        if max(sums) >= self.pages:
            raise DamagedIndex(self.name, "the postings of its terms point outside its pages")
        before = -after
        numbers = documents.data  # of which one takes a fifth of the time
        for start, shift, last in zip(starts, shifts or repeat(0), sums, strict=False):
            numbers[start] += shift - before
            before = shift + last
        return np.add.accumulate(documents, out=documents)

    def _each_codes(self, spans: Sequence[Span]) -> list[Codes]:
        """The codes of the postings of each of some terms."""
        starts, _, _, stops, _, _ = zip(*spans, strict=True)
        return self._codes.slices(starts, stops)

    def _each_gaps(self, spans: Sequence[Span]) -> list[npt.NDArray[np.unsignedinteger[Any]]]:
        """The gaps of the postings of each of some terms."""
        starts, firsts, _, stops, ends, _ = zip(*spans, strict=True)
        gaps = self._gaps.slices(firsts, ends)
        try:
            return [
                own if len(own) == stop - start > 0 else own.view(_WIDTHS[len(own) / (stop - start)])
                for own, start, stop in zip(gaps, starts, stops, strict=True)
            ]
        except (KeyError, ZeroDivisionError):
            raise DamagedIndex(self.name, "the postings of its terms do not fit together") from None

    def portions(self, spans: Sequence[Span], counts: Sequence[int], room: int) -> Iterator[Portion]:
        """The postings of terms with so many each, as many of them at a time as there is ``room`` for."""
        for some in _by_room(counts, room):
            if counts[some.start] <= room:
                yield Portion(self, some, spans[some])
                continue
            last = 0
            for part in self._parts_of(spans[some.start], room):
                portion = Portion(self, some, (part,), last)
                yield portion
                last = portion.last

    def _parts_of(self, span: Span, room: int) -> Iterator[Span]:
        """The spans of a term's postings, ``room`` of them at a time; in each its positions are those of all."""
        start, gap_start, position, stop, gap_stop, end = span
        width = (gap_stop - gap_start) // (stop - start)
        for at in range(start, stop, room):
            gaps = gap_start + (at - start) * width
            if at + room < stop:
                yield at, gaps, position, at + room, gaps + room * width, end
            else:
                yield at, gaps, position, stop, gap_stop, end

    @believing
    def range_postings(self, start: int, stop: int, room: Documents | None = None) -> tuple[Documents, Codes]:
        """The postings of the terms numbered ``start`` to ``stop`` (at least one), one term after the other.

        Their documents are written to ``room`` where it is given.
        """
        offsets, gap_offsets, _ = self.offsets(start, stop)
        starts = offsets - offsets[0]
        if not postings.fits(offsets, gap_offsets):
            raise DamagedIndex(self.name, "the postings of its terms do not fit together")
        gaps = self._gaps.slice(int(gap_offsets[0]), int(gap_offsets[-1]))
        found = postings.ungap(postings.unpack(gaps, gap_offsets - gap_offsets[0], starts), starts)
        if found.max() >= self.pages:
            raise DamagedIndex(self.name, "the postings of its terms point outside its pages")
        documents = np.empty(len(found), np.int64) if room is None else room[: len(found)]
        documents[:] = found
        return documents, self._codes.slice(int(offsets[0]), int(offsets[-1]))

    def range_parts(self, start: int, stop: int, room: Documents) -> Iterator[tuple[Documents, Codes]]:
        """The postings of the terms numbered ``start`` to ``stop``, as many at a time as there is room for.

        The next ones take the place of the last.
        """
        ends = self.posting_offsets(start, stop)
        first = 0
        while first < stop - start:
            after = int(np.searchsorted(ends, ends[first] + len(room), side="right")) - 1
            if after > first:
                yield self.range_postings(start + first, start + after, room)
                first = after
            else:
                spans = self.spans_of((start + first,))
                for portion in self.portions(spans, counts_of(spans), len(room)):
                    yield portion.documents(room), portion.codes()
                first += 1

    @believing
    def frequencies(self, numbers: npt.NDArray[np.int64], field: int | None = None) -> npt.NDArray[np.int64]:
        """How many postings each of the terms of ascending ``numbers`` has, in one field or in all."""
        if not len(numbers):
            return numbers
        first, last = int(numbers[0]), int(numbers[-1])
        offsets = self.posting_offsets(first, last + 1)
        starts, counts = offsets[numbers - first], np.diff(offsets)[numbers - first]
        if counts.min() < 1:
            raise ValueError("a term without postings")
        if field is None:
            return counts
        ends = np.cumsum(counts)
        places = np.arange(ends[-1]) + np.repeat(starts - offsets[0] - ends + counts, counts)
        fields = self._codes.slice(int(offsets[0]), int(offsets[-1]))[places] >> postings.FIELD_SHIFT
        return np.add.reduceat((fields == field).astype(np.int64), ends - counts)

    def positions(self, span: Span, occurrences: int) -> npt.NDArray[np.unsignedinteger[Any]]:
        """The positions of a term's ``occurrences``, as many as its codes say, in the order of :meth:`postings`."""
        _, _, low, _, _, high = span
        width = (high - low) / occurrences if occurrences > 0 else 0
        if width not in _WIDTHS:
            raise DamagedIndex(self.name, "the positions of its terms do not fit together")
        found: npt.NDArray[np.unsignedinteger[Any]] = self._positions.slice(low, high).view(_WIDTHS[width])
        if width == 4 and found.max() >= MAX_POSITION:
            raise DamagedIndex(self.name, "the positions of its terms lie outside any page")
        return found


@dataclass(slots=True)
class Portion:
    """Some postings: those of ``terms`` among the ones asked for, which lie in ``spans``, or a part of one's.

    The documents of a part count on from ``last``, which becomes its own last one once they are read.
    """

    lists: PostingLists
    terms: slice
    spans: Sequence[Span]
    last: int = 0

    def codes(self, room: npt.NDArray[Any] | None = None) -> npt.NDArray[Any]:
        """Their codes: see :meth:`PostingLists.codes_of`."""
        return self.lists.codes_of(self.spans, room)

    def documents(self, room: Documents, shifts: Sequence[int] | None = None) -> Documents:
        """Their documents: see :meth:`PostingLists.documents_of`."""
        found = self.lists.documents_of(self.spans, room, shifts, self.last)
        self.last = int(found[-1]) - (shifts[-1] if shifts else 0)
        return found


def counts_of(spans: Sequence[Span]) -> list[int]:
    """How many postings each of the terms has that lie there."""
    return [span[_OFFSETS] - span[0] for span in spans]


def _by_room(counts: Sequence[int], room: int) -> Iterator[slice]:
    """Terms with so many postings each: as many at a time as there is room for, or one."""
    if counts and sum(counts) <= room:
        yield slice(0, len(counts))
        return
    first, held = 0, 0
    for at, count in enumerate(counts):
        if held + count > room and at > first:
            yield slice(first, at)
            first, held = at, 0
        held += count
    if counts:
        yield slice(first, len(counts))
