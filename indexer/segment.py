"""One immutable segment, read: its dictionary, pages and which of its pages still count, and its postings."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..corpus.errors import DamagedIndex
from ..corpus.procedure import Procedure
from . import postings
from .arrays import ArrayFile
from .columns import whole_source
from .fields import FIELDS
from .files import SegmentRecord
from .page import PageFacts
from .posting_lists import Codes, Documents, PostingLists, believing
from .shapes import check_shapes
from .storage import Storage, damaged_if_missing
from .stored import Unpacker, decoded
from .strings import SortedLines, SortedStrings, Strings

_SOUGHT = (
    "term_signposts_offsets", "term_signposts_data", "term_offsets", "term_data",
    "stem_signposts_offsets", "stem_signposts_data", "stem_offsets", "stem_data",
    "id_offsets", "id_data", "spans", "gaps", "codes", "positions",
)  # fmt: skip
"""The arrays that searches read, those first of which each search reads a little here and there."""

_REMEMBERED = 20_000  # terms and pages whose numbers and ids are kept at hand

LIVE, SHADOWED, DELETED = 0, 1, 2
"""What became of a page: it is found; another page has its id and won; it is gone or was replaced."""


class Segment(PostingLists):
    """A segment as one commit sees it."""

    def __init__(self, storage: Storage, record: SegmentRecord) -> None:
        name = record.file.name
        file = ArrayFile(name, damaged_if_missing(storage, name), record.file.size, record.file.checksum)
        super().__init__(file, record.pages)
        self.record = record
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
        check_shapes(file, self.state_file, self.pages, len(self._terms))

    def bring_in(self, most: int) -> int:
        """Read what searches look for, each array that fits in what is left of ``most`` bytes; gives what is left."""
        for name in _SOUGHT:
            column = self.file[name]
            if column.nbytes <= most:
                most -= column.all().nbytes
        return most

    # The dictionary

    @property
    def term_count(self) -> int:
        """How many terms the dictionary holds."""
        return len(self._terms)

    @believing
    def term(self, number: int) -> str:
        """The term of that number."""
        term = self._terms[number].decode()
        self._remember(term, number)
        return term

    @believing
    def terms(self, start: int = 0, stop: int | None = None) -> list[str]:
        """The terms numbered ``start`` to ``stop``, in byte order."""
        return [term.decode() for term in self._terms.all(start, stop)]

    @believing
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

    @believing
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

    # The lengths of fields

    @cached_property
    def length_bytes(self) -> npt.NDArray[np.uint8]:
        """The length bytes of all fields (columns) of all pages (rows)."""
        return self.file["lengths"].all().reshape(self.pages, len(FIELDS))

    @believing
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

    @believing
    def _read_ids(self, pages: list[int]) -> list[str]:
        return [id.decode() for id in self._ids.several(pages)]

    @believing
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
    @believing
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

    @believing
    def source(self, page: int) -> str:
        """The source of a page."""
        return whole_source(self._sources[page], self.container(page))

    @believing
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

    @believing
    def container(self, page: int) -> str:
        """The file on disk that a page comes from."""
        return self.containers[int(self._container_numbers[page])]

    @believing
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
    @believing
    def system_names(self) -> list[str]:
        """The code systems of its pages; ``file["systems"]`` says which page has which."""
        names = [name.decode() for name in Strings(self.file, "system").all()]
        if int(self.file["systems"].all().max(initial=0)) >= max(len(names), 1):
            raise DamagedIndex(self.name, "a page is of a code system that is not there")
        return names


def _numbered(said: str) -> dict[str, int]:
    """The terms with their numbers that the line of a stem tells; ValueError where it tells no such."""
    parts = said.split("\t")
    return dict(zip(parts[::2], map(int, parts[1::2]), strict=True))


def field_sums(length_bytes: npt.NDArray[np.uint8]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The words and the number of pages that have the field, for each field of rows of length bytes."""
    lengths = postings.LENGTHS[length_bytes].sum(axis=0)
    filled = np.count_nonzero(length_bytes, axis=0)
    return tuple(map(int, lengths)), tuple(map(int, filled))
