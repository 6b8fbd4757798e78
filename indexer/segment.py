"""One immutable segment, read: its dictionary, postings, pages and which of its pages still count."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from itertools import accumulate, repeat
from typing import Any, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from ..corpus.errors import DamagedIndex
from ..corpus.procedure import Procedure
from . import postings
from .arrays import ArrayFile, SortedLines, SortedStrings, Strings
from .columns import whole_source
from .fields import FIELDS
from .files import SegmentRecord
from .page import PageFacts
from .shapes import check_shapes
from .storage import Storage, damaged_if_missing
from .stored import Unpacker, decoded

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

_REMEMBERED = 20_000  # terms and pages whose numbers and ids are kept at hand

LIVE, SHADOWED, DELETED = 0, 1, 2
"""What became of a page: it is found; another page has its id and won; it is gone or was replaced."""


def _believing(method: Callable[Of, Got]) -> Callable[Of, Got]:
    """Turn what goes wrong over content that its checksums vouch for, and no writer wrote, into DamagedIndex."""

    @wraps(method)
    def read(*arguments: Of.args, **named: Of.kwargs) -> Got:
        try:
            return method(*arguments, **named)
        except (ValueError, IndexError, OverflowError) as error:
            segment = arguments[0]
            assert isinstance(segment, Segment)
            raise DamagedIndex(segment.name, f"its {method.__name__} cannot be read") from error

    return read


class Segment:
    """A segment as one commit sees it."""

    def __init__(self, storage: Storage, record: SegmentRecord) -> None:
        self.record = record
        self.name = record.file.name
        self.pages = record.pages
        file = ArrayFile(self.name, damaged_if_missing(storage, self.name), record.file.size, record.file.checksum)
        self.file = file
        self.state_file: ArrayFile | None = None
        if record.state is not None:
            state = record.state
            self.state_file = ArrayFile(state.name, damaged_if_missing(storage, state.name), state.size, state.checksum)
        self._terms = SortedStrings(file, "term")
        self._stems = SortedLines(file, "stem")
        self._ids = Strings(file, "id")
        self._stored = Strings(file, "stored")
        self._numbers: dict[str, int | None] = {}
        self._inflections: dict[str, Mapping[str, int]] = {}
        self._known_ids: dict[int, str] = {}
        self._sources = Strings(file, "source")
        self._codes = file["codes"]
        self._gaps = file["gaps"]
        self._positions = file["positions"]
        self._spans = file["spans"]
        check_shapes(file, self.state_file, self.pages, len(self._terms))

    # The dictionary

    @property
    def term_count(self) -> int:
        """How many terms the dictionary holds."""
        return len(self._terms)

    @_believing
    def term(self, number: int) -> str:
        """The term of that number."""
        term = self._terms[number].decode()
        self._remember(term, number)
        return term

    @_believing
    def terms(self, start: int = 0, stop: int | None = None) -> list[str]:
        """The terms numbered ``start`` to ``stop``, in byte order."""
        return [term.decode() for term in self._terms.all(start, stop)]

    @_believing
    def term_bytes(self, start: int, stop: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
        """The UTF-8 of the terms numbered ``start`` to ``stop``, end to end, and where each begins, and the end."""
        data, offsets = self._terms.packed(start, stop)
        if np.diff(offsets).min(initial=1) < 1:
            raise ValueError("an empty term")
        return data, offsets

    def term_number(self, term: str) -> int | None:
        """The number of ``term``, or None where the segment does not hold it."""
        if term in self._numbers:
            return self._numbers[term]
        number = self._terms.place(term.encode("utf-8", "replace"))
        self._remember(term, number)
        return number

    def _remember(self, term: str, number: int | None) -> None:
        if len(self._numbers) > _REMEMBERED:
            self._numbers.clear()
        self._numbers[term] = number

    def first_term(self, at_least: str) -> int:
        """The number of the first term that is ``at_least`` or after it in byte order."""
        return self._terms.find(at_least.encode("utf-8", "replace"))

    def prefix_range(self, prefix: str) -> tuple[int, int]:
        """The numbers [start, stop) of the terms that begin with ``prefix``."""
        return self._terms.beginning_with(prefix.encode("utf-8", "replace"))

    def term_range(
        self, start: str | None, end: str | None, start_excluded: bool, end_excluded: bool
    ) -> tuple[int, int]:
        """The numbers [first, stop) of the terms from ``start`` to ``end``; None is an open end."""
        first = self.first_term(start) if start else 0
        if start and start_excluded and self.term_number(start) == first:
            first += 1
        stop = self.term_count if end is None else self.first_term(end)
        if end and not end_excluded and self.term_number(end) == stop:
            stop += 1
        return first, max(first, stop)

    def stem_terms(self, stem: str) -> Mapping[str, int]:
        """All terms whose stem is ``stem``, in byte order, with their numbers."""
        found = self._inflections.get(stem)
        if found is None:
            found = self._read_stem(stem)
            if len(self._inflections) > _REMEMBERED:
                self._inflections.clear()
            self._inflections[stem] = found
        return found

    @_believing
    def _read_stem(self, stem: str) -> dict[str, int]:
        said = self._stems.find(stem.encode("utf-8", "replace"))
        if said is None:
            number = self.term_number(stem)
            return {} if number is None else {stem: number}
        found = _numbered(said)
        if len(self._numbers) > _REMEMBERED:
            self._numbers.clear()
        self._numbers.update(found)
        return found

    def all_stem_terms(self) -> Iterator[tuple[str, int]]:
        """The terms of all stems but those that are their only own, with their numbers; ValueError where it is none."""
        for said in self._stems.all():
            yield from _numbered(said).items()

    # Postings

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
        stop = self.term_count if stop is None else stop
        return self._spans.slice(start * _OFFSETS, stop * _OFFSETS + 1)[::_OFFSETS].astype(np.int64)

    def offsets(self, start: int = 0, stop: int | None = None) -> npt.NDArray[np.int64]:
        """Where codes, gaps and positions (three rows) begin of the terms numbered ``start`` to ``stop``, and end."""
        stop = self.term_count if stop is None else stop
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

    @_believing
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

    @_believing
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

    @cached_property
    def length_bytes(self) -> npt.NDArray[np.uint8]:
        """The length bytes of all fields (columns) of all pages (rows)."""
        return self.file["lengths"].all().reshape(self.pages, len(FIELDS))

    @_believing
    def lengths_of(self, pages: Documents, fields: Codes) -> npt.NDArray[np.uint8]:
        """The length byte of each of ``fields`` of each of ``pages``."""
        return self.file["lengths"].take(pages * len(FIELDS) + fields)

    # Pages

    @cached_property
    def states(self) -> npt.NDArray[np.uint8]:
        """LIVE, SHADOWED or DELETED for each page."""
        if self.state_file is None:
            return np.zeros(self.pages, np.uint8)
        states: npt.NDArray[np.uint8] = self.state_file["states"].all()
        return states

    @property
    def all_live(self) -> bool:
        """Whether every page counts."""
        return self.record.live == self.pages

    @cached_property
    def live(self) -> npt.NDArray[np.bool_]:
        """Which pages are found."""
        live: npt.NDArray[np.bool_] = self.states == LIVE
        return live

    def id(self, page: int) -> str:
        """The id of a page."""
        return self.ids_of((page,))[0]

    def ids_of(self, pages: Sequence[int]) -> list[str]:
        """The id of each of some pages."""
        known = self._known_ids
        missing = [page for page in pages if page not in known]
        if missing:
            if len(known) > _REMEMBERED:
                known = self._known_ids = {page: known[page] for page in pages if page in known}
            missing = sorted(set(missing))
            known.update(zip(missing, self._read_ids(missing), strict=True))
        return [known[page] for page in pages]

    @_believing
    def _read_ids(self, pages: list[int]) -> list[str]:
        return [id.decode() for id in self._ids.several(pages)]

    @_believing
    def ids(self) -> list[str]:
        """The ids of all pages."""
        return [id.decode() for id in self._ids.all()]

    def pages_of_id(self, id: str) -> Iterator[int]:
        """The pages with this id, whatever became of them."""
        wanted = id.encode("utf-8", "replace")
        order = self.file["id_order"]
        low, high = 0, self.pages
        while low < high:
            middle = (low + high) // 2
            if self._ids[order[middle]] < wanted:
                low = middle + 1
            else:
                high = middle
        while low < self.pages and self._ids[order[low]] == wanted:
            yield order[low]
            low += 1

    @property
    def pages_by_id(self) -> npt.NDArray[np.uint32]:
        """All pages in the order of ids."""
        order: npt.NDArray[np.uint32] = self.file["id_order"].all()
        return order

    @cached_property
    @_believing
    def id_ranks(self) -> npt.NDArray[np.int64]:
        """The place of each page among all in the order of ids."""
        ranks = np.zeros(self.pages, np.int64)
        ranks[self.pages_by_id] = np.arange(self.pages)
        return ranks

    @cached_property
    def phrases(self) -> bytes:
        """What the procedures of its pages have in common, which they are packed against."""
        return self.file["phrases"].all().tobytes()

    @cached_property
    def _unpacker(self) -> Unpacker:
        return Unpacker(self.phrases)

    def procedure(self, page: int) -> Procedure:
        """The procedure of a page."""
        try:
            return decoded(self._unpacker.unpack(self._stored[page]), self.id(page), self.source(page))
        except DamagedIndex:
            raise
        except Exception as error:
            raise DamagedIndex(self.name, f"page {page} cannot be unpacked") from error

    @_believing
    def source(self, page: int) -> str:
        """The source of a page."""
        return whole_source(self._sources[page], self.container(page))

    @_believing
    def sources(self) -> list[str]:
        """The sources of all pages."""
        names = self.containers
        containers = [names[number] for number in self._container_numbers.tolist()]
        return list(map(whole_source, self._sources.all(), containers))

    def facts(self, page: int) -> PageFacts:
        """How the page is recognised."""
        return PageFacts(
            self.container(page),
            int(self.sizes[page]),
            int(self.mtimes[page]),
            self.digest(page),
            int(self.parsers[page]),
        )

    def digest(self, page: int) -> bytes:
        """What identifies the content of a page."""
        return self.file["digests"].bytes(16 * page, 16 * page + 16)

    @cached_property
    def sizes(self) -> npt.NDArray[np.int64]:
        """The size of the file that each page is in, as it was when the page was last seen."""
        return (self.state_file or self.file)["sizes"].all()

    @cached_property
    def mtimes(self) -> npt.NDArray[np.int64]:
        """The time of modification, likewise, in nanoseconds."""
        return (self.state_file or self.file)["mtimes"].all()

    @cached_property
    def parsers(self) -> npt.NDArray[np.uint32]:
        """The number of the parser that each page was parsed by."""
        parsers: npt.NDArray[np.uint32] = self.file["parsers"].all()
        return parsers

    @cached_property
    def _container_numbers(self) -> npt.NDArray[np.uint32]:
        numbers: npt.NDArray[np.uint32] = self.file["containers"].all()
        return numbers

    @_believing
    def container(self, page: int) -> str:
        """The file on disk that a page comes from."""
        return self.containers[int(self._container_numbers[page])]

    @_believing
    def pages_under(self, roots: Iterable[str]) -> npt.NDArray[np.int64]:
        """The pages from the files ``roots`` and from those in the folders ``roots``; ``.`` stands for any file."""
        names = self.containers
        chosen = np.zeros(len(names), bool)
        for root in roots:
            folder = root.rstrip("/") + "/"
            chosen[bisect_left(names, folder) : bisect_left(names, folder[:-1] + "0")] = True  # 0 comes after /
            chosen[bisect_left(names, root) : bisect_right(names, root)] = True
            if root == ".":
                chosen[:] = True
        return np.flatnonzero(chosen[self._container_numbers])

    @cached_property
    def containers(self) -> list[str]:
        """The files on disk that its pages come from, sorted; ``file["containers"]`` has the number of each page's."""
        return [name.decode("utf-8", "surrogateescape") for name in Strings(self.file, "container").all()]

    @cached_property
    @_believing
    def system_names(self) -> list[str]:
        """The code systems of its pages; ``file["systems"]`` says which page has which."""
        names = [name.decode() for name in Strings(self.file, "system").all()]
        if int(self.file["systems"].all().max(initial=0)) >= max(len(names), 1):
            raise DamagedIndex(self.name, "a page is of a code system that is not there")
        return names


@dataclass(slots=True)
class Portion:
    """Postings of a segment: those of ``terms`` among the ones asked for, which lie in ``spans``, or a part of one's.

    The documents of a part count on from ``last``, which becomes its own last one once they are read.
    """

    segment: Segment
    terms: slice
    spans: Sequence[Span]
    last: int = 0

    def codes(self, room: npt.NDArray[Any] | None = None) -> npt.NDArray[Any]:
        """Their codes: see :meth:`Segment.codes_of`."""
        return self.segment.codes_of(self.spans, room)

    def documents(self, room: Documents, shifts: Sequence[int] | None = None) -> Documents:
        """Their documents: see :meth:`Segment.documents_of`."""
        found = self.segment.documents_of(self.spans, room, shifts, self.last)
        self.last = int(found[-1]) - (shifts[-1] if shifts else 0)
        return found


def _numbered(said: str) -> dict[str, int]:
    """The terms with their numbers that the line of a stem tells; ValueError where it tells no such."""
    parts = said.split("\t")
    return dict(zip(parts[::2], map(int, parts[1::2]), strict=True))


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


def field_sums(length_bytes: npt.NDArray[np.uint8]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The words and the number of pages that have the field, for each field of rows of length bytes."""
    lengths = postings.LENGTHS[length_bytes].sum(axis=0)
    filled = np.count_nonzero(length_bytes, axis=0)
    return tuple(map(int, lengths)), tuple(map(int, filled))
