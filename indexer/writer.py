"""The writer: pages into segments, one durable commit at a time."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from ..corpus.errors import DamagedIndex, EngineError, NoIndex
from .arrays import write_arrays
from .batch import Batch
from .check import problems
from .files import FileRecord, SegmentRecord
from .layout import Beside
from .manifest import Manifest, Versions, read_manifest
from .memory import keep_freed_memory
from .merge import merged
from .page import IndexablePages, PageAnalyser, PageFacts
from .segment import DELETED, LIVE, SHADOWED, Segment, field_sums
from .snapshot import Snapshot
from .storage import Storage, sweep
from .vectors import KeptVectors, quantised

DEFAULT_MEMORY = 512 * 2**20
_CHUNK = 1 << 19  # postings laid out at a time; with more their arrays are new memory each time
_PAGES_ANEW = 128  # analysed at a time
_TIER = 8  # so many segments of about one size become one
_MANY_IDS = 1000  # more are gone through in order instead of being looked up


@dataclass(slots=True, eq=False)
class _Member:
    """A segment of the commit being made, with the states its pages will have."""

    segment: Segment
    states: np.ndarray[Any, np.dtype[np.uint8]]
    new: bool
    changed: bool = False  # whether the states are
    seen: dict[int, tuple[int, int]] = field(default_factory=dict)  # page -> size and time of its file

    @property
    def differs(self) -> bool:
        return self.changed or bool(self.seen)

    def set(self, page: int, state: int) -> None:
        if self.states[page] != state:
            if not self.changed:
                self.states = self.states.copy()
                self.changed = True
            self.states[page] = state

    def arrays(self) -> dict[str, Any]:
        """The arrays of the segment's state file."""
        sizes, mtimes = self.segment.sizes.copy(), self.segment.mtimes.copy()
        for page, (size, mtime) in self.seen.items():
            sizes[page], mtimes[page] = size, mtime
        return {"states": self.states, "sizes": sizes, "mtimes": mtimes}


@dataclass(frozen=True, slots=True)
class Shadowing:
    """Two pages with one id: ``winner`` is found, ``loser`` is kept aside. Both are sources."""

    id: str
    winner: str
    loser: str


@dataclass(frozen=True, slots=True)
class PageRef:
    """Where a page of the index stands: a segment of the writer and a page in it."""

    member: _Member = field(repr=False)
    page: int

    @property
    def segment(self) -> Segment:
        """The segment that holds it."""
        return self.member.segment

    @property
    def source(self) -> str:
        """Its source."""
        return self.segment.source(self.page)

    @property
    def container(self) -> str:
        """The file on disk that it is in."""
        return self.segment.container(self.page)

    @property
    def facts(self) -> PageFacts:
        """How it is recognised."""
        return self.segment.facts(self.page)

    def is_in(self, size: int, mtime_ns: int, parser: int) -> bool:
        """Whether it was parsed by ``parser`` from a file that had this size and time of modification."""
        segment, page = self.segment, self.page
        return bool(
            segment.mtimes[page] == mtime_ns and segment.sizes[page] == size and segment.parsers[page] == parser
        )


class IndexWriter:
    """Changes an index. Use it as a context manager: it holds the lock, and what is not committed is forgotten.

    ``memory`` bounds, in bytes, what pages may take before they are laid out as a segment. ``wait`` and ``waiting``
    are those of :meth:`Storage.lock`. ``announce`` is told where an index of another version is indexed anew. With
    ``repair`` damaged segments are dropped, and told to ``announce``, instead of raising DamagedIndex. ``beside`` may
    have parts of the work done elsewhere.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        memory: int = DEFAULT_MEMORY,
        repair: bool = False,
        wait: bool = True,
        waiting: Callable[[str], None] = lambda holder: None,
        announce: Callable[[str], None] = lambda message: None,
        beside: Beside = partial,
    ) -> None:
        self._announce = announce
        self._beside = beside
        self._storage = storage
        self._memory = memory
        self._chunk = max(min(memory // 256, _CHUNK), 4096)
        self._repair = repair
        self._lock = (wait, waiting)
        self._held = ExitStack()
        self._batch = Batch(storage)
        self._members: list[_Member] = []
        self._freed: set[str] = set()
        self._dropped = False
        self._kept: set[str] = set()
        self._failed = False

    def __enter__(self) -> IndexWriter:
        keep_freed_memory()
        self._storage.make()
        wait, waiting = self._lock
        self._held.enter_context(self._storage.lock(wait=wait, waiting=waiting))
        try:
            self._manifest = self._read_manifest()
            # What a killed process put in place may not be durable yet: what it replaced must not go before it is.
            self._storage.sync()
            self._kept |= self._files(self._manifest)
            sweep(self._storage, self._kept)
            self._next_file = max([self._manifest.next_file, *map(_number, self._storage.names())])
            for record in self._manifest.segments:
                self._open(record)
            self.vectors = KeptVectors(self._storage, self._manifest.semantic)
            if self._repair:
                for name in self.vectors.damaged(member.segment for member in self._members):
                    self._announce(f"{name} is damaged: sentence vectors must be made anew")
            if self._members:
                most = max(self._members, key=lambda member: member.segment.pages)
                self._batch = Batch(self._storage, most.segment.phrases)
            if self._manifest.versions != Versions():
                self._index_anew()
        except BaseException:
            self._held.close()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._batch.close()
        try:
            with suppress(EngineError):  # the next writer sweeps again
                sweep(self._storage, self._kept)
        finally:
            self._held.close()

    def _read_manifest(self) -> Manifest:
        try:
            return read_manifest(self._storage)
        except NoIndex:
            self._storage.sync_entry()
            return Manifest(0, 0)
        except DamagedIndex as damage:
            if not self._repair:
                raise
            self._announce(f"{damage.file} is damaged; all pages must be indexed anew")
            self._kept = set(self._storage.names())  # until there is something better
            return Manifest(0, 0)

    def _open(self, record: SegmentRecord) -> None:
        """Take up a segment of the current commit."""
        try:
            segment = Segment(self._storage, record)
            if self._repair and (wrong := problems(segment)):
                raise DamagedIndex(segment.name, wrong[0])
            self._members.append(_Member(segment, segment.states, new=False))
        except DamagedIndex as damage:
            if not self._repair:
                raise
            self._dropped = True
            self._announce(f"{damage.file} is damaged: its {record.live} pages must be indexed anew")

    @staticmethod
    def _files(manifest: Manifest) -> set[str]:
        return {file.name for file in manifest.files()}

    def _index_anew(self) -> None:
        """Analyse every page again from its stored procedure: the terms there are those of another version."""
        self._announce("the index was made by another version; indexing its pages anew")
        analyser, older = PageAnalyser(self.phrases), self._members
        pages = [
            (member.segment, page) for member in older for page in np.flatnonzero(member.states != DELETED).tolist()
        ]
        for number, (segment, page) in enumerate(pages, 1):
            analyser.add(segment.procedure(page), segment.facts(page))
            if not number % _PAGES_ANEW or number == len(pages):
                self.add(analyser.pages())
        self._members = [member for member in self._members if member.new]
        self._flush()
        states = [member.states for member in older]
        self.vectors.move([m.segment for m in older], states, [member.segment for member in self._members])
        for member in self._members:
            member.new = False

    # What is there

    @property
    def generation(self) -> int:
        """The number of the commit that the changes are made to; 0 for a new index."""
        return self._manifest.generation

    def pages(self, roots: Iterable[str] = (".",)) -> Iterator[tuple[str, PageRef]]:
        """The source and place of every page there from the files or folders ``roots``, shadowed ones too."""
        for member in self._members:
            if not member.new:
                pages = member.segment.pages_under(roots)
                found = pages[member.states[pages] != DELETED].tolist()
                sources = member.segment.sources() if len(found) * 8 > member.segment.pages else None
                for page in found:
                    yield sources[page] if sources else member.segment.source(page), PageRef(member, page)

    def page_count(self) -> int:
        """How many pages are there, shadowed ones too."""
        return sum(int(np.count_nonzero(member.states != DELETED)) for member in self._members if not member.new)

    def has_other_parser(self, parser: int) -> bool:
        """Whether a page there was parsed by another parser than ``parser``."""
        return any(
            bool(np.any(member.segment.parsers[member.states != DELETED] != parser))
            for member in self._members
            if not member.new
        )

    def live_pages(self) -> int:
        """How many pages would be found if the changes so far were committed, but for those of one id."""
        return sum(int(np.count_nonzero(member.states == LIVE)) for member in self._members) + len(self._batch.pages)

    @property
    def phrases(self) -> bytes:
        """What pages had best be packed against before they are added."""
        return self._batch.phrases

    def verify(self) -> None:
        """Verify every byte of the segments there; DamagedIndex names the first that is not what was written."""
        for member in self._members:
            _verify(member.segment)
        self.vectors.verify(member.segment for member in self._members)

    @property
    def has_changes(self) -> bool:
        """Whether a commit would change anything, or there is no index yet."""
        changed = any(member.new or member.differs for member in self._members)
        return bool(self._batch.pages) or changed or self._dropped or self.vectors.changed or not self.generation

    def pages_without_vectors(self) -> list[PageRef]:
        """The pages there that have no sentence vector, shadowed ones too."""
        return [
            PageRef(member, page)
            for member in self._members
            if not member.new
            for page in self.vectors.missing(member.segment, member.states).tolist()
        ]

    @property
    def refusal(self) -> str:
        """What is left of a run that is refused before its commit."""
        return "nothing was changed"

    # Changes

    def add(self, pages: IndexablePages) -> None:
        """Add pages. A page with the same id that comes after one in path order, there or added, wins over it."""
        self._batch.add(pages)
        if self._batch.bytes_held * 2 > self._memory:
            self._flush()

    def remove(self, page: PageRef) -> None:
        """Remove a page that was there; a page that it shadowed is found again."""
        self._freed.add(page.segment.id(page.page))
        page.member.set(page.page, DELETED)

    def seen(self, page: PageRef, size: int, mtime_ns: int) -> None:
        """Note that a page is unchanged in a file that now has this size and time of modification."""
        page.member.seen[page.page] = size, mtime_ns

    def add_vectors(self, pages: Sequence[PageRef], vectors: npt.NDArray[np.float32]) -> None:
        """Add the sentence vectors of pages that were there and had none: a row of length 1 for each."""
        rows: dict[str, list[int]] = defaultdict(list)
        for row, page in enumerate(pages):
            rows[page.segment.name].append(row)
        for chosen in rows.values():
            chosen.sort(key=lambda row: pages[row].page)
            numbers = [pages[row].page for row in chosen]
            self.vectors.add(pages[chosen[0]].segment, quantised(numbers, vectors[chosen]))

    def commit(
        self, *, compact: bool = False, approve: Callable[[Snapshot], None] = lambda snapshot: None
    ) -> list[Shadowing]:
        """Make the changes durable in one step, and give the pages that lost their id to another.

        ``compact`` merges everything into one segment; else segments are merged now and then, by size. ``approve`` is
        shown what the index will be; where it raises, nothing is changed. After a commit that failed this writer makes
        no other.
        """
        if self._failed:
            raise EngineError(f"an earlier commit to {self._storage.path} failed")
        self._failed = True
        self._flush()
        shadowings = self._settle_ids()
        self._merge(compact)
        records = tuple(self._record(member) for member in self._members)
        semantic = self.vectors.record([member.segment for member in self._members], lambda: self._new_name("vectors"))
        manifest = Manifest(self._manifest.generation + 1, self._next_file, Versions(), records, semantic)
        segments = tuple(Segment(self._storage, record) for record in records)
        approve(Snapshot(manifest, segments, None))
        self._kept |= self._files(manifest)  # a failure may leave either of the two
        manifest.write(self._storage)
        self._manifest, self._kept = manifest, self._files(manifest)
        self.vectors = KeptVectors(self._storage, semantic)
        with suppress(EngineError):  # the commit stands; the next writer sweeps again
            sweep(self._storage, self._kept)
        members = zip(segments, self._members, strict=True)
        self._members = [_Member(segment, member.states, new=False) for segment, member in members]
        self._failed = False
        return shadowings

    def _new_name(self, suffix: str) -> str:
        self._next_file += 1
        return f"{self._next_file:08d}.{suffix}"

    def _flush(self) -> None:
        """Write the pages gathered so far as a segment."""
        if self._batch.pages:
            arrays = self._batch.arrays(self._chunk, self._beside)
            self._write_segment(arrays, np.zeros(len(self._batch.pages), np.uint8))
            self._batch = Batch(self._storage, self._batch.phrases)

    def _write_segment(self, arrays: Mapping[str, Any], states: Any) -> None:
        name = self._new_name("segment")
        size, checksum = write_arrays(self._storage, name, arrays)
        record = SegmentRecord(FileRecord(name, size, checksum), None, len(states), len(states), (), ())
        changed = bool(np.any(states != LIVE))
        self._members.append(_Member(Segment(self._storage, record), states, new=True, changed=changed))

    def _settle_ids(self) -> list[Shadowing]:
        """Let the last page in path order have each id that was freed or came with a new page."""
        shadowings = []
        for id, places in self._touched():
            if len(places) == 1:
                member, page = places[0]
                member.set(page, LIVE)
                continue
            ordered = sorted(
                (path_order(member.segment.source(page)), member.new, member.segment.name, page, member)
                for member, page in places
            )
            *losers, (_, _, _, winning_page, winner) = ordered
            winner.set(winning_page, LIVE)
            source = winner.segment.source(winning_page)
            met = {source}
            for *_, page, member in reversed(losers):
                loser = member.segment.source(page)
                # One source twice is a page in two states: the older one is not kept.
                member.set(page, DELETED if loser in met else SHADOWED)
                if loser not in met:
                    met.add(loser)
                    shadowings.append(Shadowing(id, source, loser))
        self._freed.clear()
        return shadowings

    def _touched(self) -> Iterator[tuple[str, list[tuple[_Member, int]]]]:
        """The ids that were freed or came with a new page, each with the pages that have it."""
        new = [member.segment for member in self._members if member.new]
        if len(self._freed) + sum(segment.pages for segment in new) > _MANY_IDS:
            for id, places in groupby(heapq.merge(*map(self._by_id, range(len(self._members)))), itemgetter(0)):
                pages = [(self._members[number], page) for _, number, page in places]
                if any(member.new for member, _ in pages) or id in self._freed:
                    yield id, pages
            return
        for id in self._freed.union(*(segment.ids() for segment in new)):
            pages = [(member, page) for member in self._members for page in member.segment.pages_of_id(id)]
            if pages := [(member, page) for member, page in pages if member.states[page] != DELETED]:
                yield id, pages

    def _by_id(self, number: int) -> Iterator[tuple[str, int, int]]:
        """The ids of the pages of a member, sorted as text is, its number and the pages."""
        member = self._members[number]
        ids, order = member.segment.ids(), member.segment.pages_by_id
        for page in order[member.states[order] != DELETED].tolist():
            yield ids[page], number, page

    def _merge(self, compact: bool) -> None:
        chosen = self._members if compact else self._to_merge()
        rewritten = [member for member in chosen if len(chosen) > 1 or np.any(member.states == DELETED)]
        if not rewritten:
            return
        self._members = [member for member in self._members if member not in rewritten]
        if any(np.any(member.states != DELETED) for member in rewritten):
            segments = [member.segment for member in rewritten]
            try:
                arrays, states = merged(self._storage, segments, [member.arrays() for member in rewritten], self._chunk)
                self._write_segment(arrays, states)
                self.vectors.move(segments, [member.states for member in rewritten], [self._members[-1].segment])
            except (ValueError, IndexError) as error:
                for segment in segments:
                    if wrong := problems(segment):
                        raise DamagedIndex(segment.name, wrong[0]) from error
                raise

    def _to_merge(self) -> list[_Member]:
        """The segments worth rewriting: what one commit spilled, many of about one size, and mostly deleted ones."""
        tiers: dict[int, list[_Member]] = defaultdict(list)
        chosen = [member for member in self._members if member.new]
        if len(chosen) == 1:
            chosen = []
        for member in self._members:
            live = int(np.count_nonzero(member.states != DELETED))
            if live * 2 < member.segment.pages:
                chosen.append(member)
            tiers[int(math.log(max(live, 1), _TIER))].append(member)
        full = [tier for tier, members in tiers.items() if len(members) >= _TIER]
        chosen += [member for tier in tiers if full and tier <= max(full) for member in tiers[tier]]
        return [member for member in self._members if member in chosen]

    def _record(self, member: _Member) -> SegmentRecord:
        """The manifest's record of a segment, after writing the states of its pages if they changed."""
        record = member.segment.record
        if record.lengths and not member.differs:
            return record
        live = member.states == LIVE
        state = record.state
        if member.differs:
            name = self._new_name("state")
            state = FileRecord(name, *write_arrays(self._storage, name, member.arrays()))
        lengths, filled = field_sums(member.segment.length_bytes[live])
        return SegmentRecord(record.file, state, record.pages, int(np.count_nonzero(live)), lengths, filled)


def _verify(segment: Segment) -> None:
    segment.file.verify_all()
    if segment.state_file is not None:
        segment.state_file.verify_all()


def path_order(source: str) -> tuple[str, int, str]:
    """The key by which of two pages with one id the last wins: by path, records of one file by number."""
    path, mark, number = source.rpartition("#")
    return (path, int(number), "") if mark and number.isdecimal() else (source, 0, "")


def _number(name: str) -> int:
    stem = name.partition(".")[0]
    return int(stem) if stem.isdecimal() else 0
