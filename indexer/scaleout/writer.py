"""The writer to an index on a cluster: what the writer of a folder does, for re-indexing to drive.

Pages become visible as they are written, not in one step. A page that is written twice, by a run that is repeated or by
two parts that run at once, is there once: every write says which version of the document it replaces.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

from ...corpus.errors import EngineError
from ..page import IndexablePage, IndexablePages
from ..writer import Shadowing, path_order
from . import dictionary, state
from .address import read_address, wrong
from .cluster import BULK_SECONDS, Cluster, Item
from .documents import (
    FACTS,
    LIVE,
    PARTS,
    WHOLE,
    ClusterPage,
    document,
    json_path,
    key_of,
    number_of,
    read_page,
    shadow,
    shadow_key,
)

_AT_ONCE = 250  # documents in a request
_PATIENCE = 20  # times that a page is tried which others write too


@dataclass(frozen=True, slots=True)
class Part:
    """The ``number``-th (from 1) of ``of`` parts of all pages, by a hash of their source."""

    number: int
    of: int

    @property
    def _numbers(self) -> range:
        """The numbers of pages (see PARTS) that the part is made of."""
        return range((self.number - 1) * PARTS // self.of, self.number * PARTS // self.of)

    @property
    def query(self) -> dict[str, Any]:
        """The query for the pages of the part."""
        return {"range": {"part": {"gte": self._numbers.start, "lt": self._numbers.stop}}}

    def holds(self, source: str) -> bool:
        """Whether the page of this source is in the part."""
        return number_of(source) in self._numbers


def part_of_pages(shard: tuple[int, int] | None) -> Part | None:
    """The part (3, 16) of the pages; ProcsearchError where there is no such part."""
    if shard is None:
        return None
    number, of = shard
    if not 1 <= number <= of <= PARTS:
        raise wrong(f"there is no part {number} of {of}; the first of sixteen is 1 of 16, the last 16 of 16")
    return Part(number, of)


class ClusterWriter:
    """Changes an index on a cluster. Use it as a context manager, as the writer of a folder.

    With a ``part`` only pages of that part are looked at, and the index is not finished; with ``dry_run`` nothing is
    written. ``announce`` is told where an index of another version is indexed anew.
    """

    def __init__(
        self,
        address: str,
        *,
        part: Part | None = None,
        dry_run: bool = False,
        announce: Callable[[str], None] = lambda message: None,
    ) -> None:
        self._cluster = Cluster(read_address(address))
        self._part = part
        self._dry_run = dry_run
        self._announce = announce
        self._removed: dict[str, ClusterPage] = {}  # by source
        self._written: set[str] = set()  # sources
        self._aside: set[str] = set()  # sources of those that lost their id
        self._seen: list[tuple[ClusterPage, int, int]] = []
        self._planned = 0
        self._changed = False
        self._shadowings: list[Shadowing] = []

    def __enter__(self) -> ClusterWriter:
        if self._dry_run:
            found = state.indexes(self._cluster)
            self._state = found.searched or state.State("", state.versions())
        else:
            self._state, older = state.target(self._cluster)
            self._refresh()
            if older is not None:
                self._take_over(older)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held."""

    def _refresh(self) -> None:
        path = f"/{self._state.index}/_refresh"
        self._cluster.request("POST", path, doing="making the pages visible", seconds=BULK_SECONDS)

    def _take_over(self, older: state.State) -> None:
        """Index anew what an index of another version holds, but for what has been taken over before."""
        self._announce("the index was made by another version; indexing its pages anew")
        for pages in _some(self._scan(older.index, self._all(), WHOLE)):
            found = self._get(key for page in pages for key in (key_of(page.id), shadow_key(page.source)))
            taken = {page.source for page in found.values()}
            self._write([page.as_indexable() for page in pages if page.source not in taken])
        self._refresh()

    # What is there

    def _all(self) -> dict[str, Any]:
        """The query for all pages of the part, shadowed ones too."""
        return self._part.query if self._part else {"exists": {"field": "parser"}}

    def _scan(self, index: str, query: Any, source: list[str]) -> Iterator[ClusterPage]:
        if index:
            yield from map(read_page, self._cluster.scan(index, query, source, doing="reading the index"))

    def _get(self, keys: Iterable[str], source: list[str] = FACTS) -> dict[str, ClusterPage]:
        """The pages there are of the documents ``keys``."""
        wanted = list(keys)
        if not wanted or not self._state.index:
            return {}
        there = self._cluster.documents(
            self._state.index, wanted, source, doing="reading the index", seconds=BULK_SECONDS
        )
        return {found["_id"]: read_page(found) for found in there}

    def pages(self, roots: Iterable[str] = (".",)) -> Iterator[tuple[str, ClusterPage]]:
        """The source and place of every page there from the files or folders ``roots``, shadowed ones too."""
        wanted = [json_path(root) for root in roots]
        query = self._all()
        if "." not in wanted:
            folders = [{"prefix": {"container": root.rstrip("/") + "/"}} for root in wanted]
            inside = [{"terms": {"container": wanted}}, *folders]
            query = {"bool": {"filter": [query, {"bool": {"should": inside, "minimum_should_match": 1}}]}}
        for page in self._scan(self._state.index, query, FACTS):
            yield page.source, page

    def page_count(self) -> int:
        """How many pages are there, shadowed ones too."""
        return self._count(self._all())

    def has_other_parser(self, parser: int) -> bool:
        """Whether a page there was parsed by another parser than ``parser``."""
        others = {"bool": {"filter": [self._all()], "must_not": [{"term": {"parser": parser}}]}}
        return self._count(others) > 0

    def live_pages(self) -> int:
        """How many pages of the part can be found, or could be after a dry run."""
        found = self._count({"bool": {"filter": [LIVE, self._all()]}})
        return found + self._planned - len(self._removed)

    def _count(self, query: Any) -> int:
        if not self._state.index:
            return 0
        return self._cluster.count(self._state.index, query, doing="counting the pages")

    def verify(self) -> None:
        """The cluster verifies its own files."""

    @property
    def has_changes(self) -> bool:
        """Whether a commit may have anything to do; it finds out itself."""
        return True

    @property
    def phrases(self) -> bytes:
        """What pages are to be packed against: what is usual, since each must be read alone."""
        return b""

    @property
    def refusal(self) -> str:
        """What is left of a run that is refused before its commit."""
        return "what was found is indexed, nothing was removed"

    # Changes

    def add(self, pages: IndexablePages) -> None:
        """Write pages. A page with the same id that comes after one in path order wins over it."""
        for some in _some(pages.pages):
            self._write(some)

    def remove(self, page: ClusterPage) -> None:
        """Remove a page that was there, at the commit; a page that it shadowed is found again."""
        self._removed[page.source] = page

    def seen(self, page: ClusterPage, size: int, mtime_ns: int) -> None:
        """Note that a page is unchanged in a file that now has this size and time of modification."""
        self._seen.append((page, size, mtime_ns))

    def _note_seen(self) -> None:
        for some in _some(self._seen):
            found = self._get((page.key for page, _, _ in some), WHOLE)
            self._write(
                [
                    there.as_indexable(there.facts._replace(size=size, mtime_ns=mtime_ns))
                    for page, size, mtime_ns in some
                    if (there := found.get(page.key)) and there.source == page.source
                ]
            )
        self._seen.clear()

    def _write(self, pages: Iterable[IndexablePage]) -> None:
        """Write pages, each under its id or, where another page has won that, aside."""
        waiting = list({page.source: page for page in pages}.values())
        if self._dry_run or not waiting:
            self._planned += len(waiting)
            return
        self._changed = True
        self._written.update(page.source for page in waiting)
        for _ in range(_PATIENCE):
            waiting = self._try(waiting)
            if not waiting:
                return
        raise EngineError(f"writing to {self._cluster.address}: others write the same pages all the time")

    def _try(self, pages: list[IndexablePage]) -> list[IndexablePage]:
        """Write what nobody else is writing, and give the rest."""
        by_key: defaultdict[str, list[IndexablePage]] = defaultdict(list)
        for page in pages:
            by_key[key_of(page.id)].append(page)
        there = self._get(by_key)
        settled = {key: self._winner(rivals, there.get(key)) for key, rivals in by_key.items()}
        items = [
            Item("index", key, document(winner), there[key].seq_no, there[key].primary_term)
            if key in there
            else Item("create", key, document(winner))
            for key, (winner, _) in settled.items()
            if isinstance(winner, IndexablePage)
        ]
        outcomes = self._cluster.bulk(self._state.index, items, doing="writing pages")
        late = {item.id for item, outcome in zip(items, outcomes, strict=True) if outcome["status"] == 409}
        # Only now is it certain who has lost. A page that is nowhere, should this process end here, is found again as
        # new by the next run.
        aside = []
        for winner, losers in (found for key, found in settled.items() if key not in late):
            self._aside.discard(winner.source)
            self._aside.update(loser.source for loser in losers)
            self._shadowings += [Shadowing(loser.id, winner.source, loser.source) for loser in losers]
            aside += [Item("index", shadow_key(loser.source), shadow(loser)) for loser in losers]
        self._cluster.bulk(self._state.index, aside, doing="writing pages")
        return [page for key in late for page in by_key[key]]

    def _winner(
        self, rivals: list[IndexablePage], there: ClusterPage | None
    ) -> tuple[IndexablePage | ClusterPage, list[IndexablePage]]:
        """Of pages of one id and the one that is ``there``, the last in path order, and those to put aside."""
        ordered = sorted(rivals, key=lambda page: path_order(page.source))
        if there is None or there.source in {page.source for page in rivals} or there.source in self._removed:
            return ordered[-1], ordered[:-1]
        if path_order(there.source) > path_order(ordered[-1].source):
            return there, ordered
        (older,) = self._get([there.key], WHOLE).values() or (there,)
        return ordered[-1], [older.as_indexable(), *ordered[:-1]]

    def commit(self, *, approve: Callable[..., None]) -> list[Shadowing]:
        """Delete what is to be removed and, unless a part was written only, finish the index.

        Gives the pages that lost their id to another. ``approve`` is not asked: pages are visible already.
        """
        gone = self._removed.keys() - self._written
        self._delete()
        self._note_seen()
        if self._part is None:
            self._finish()
        else:
            self._refresh()
        return [s for s in dict.fromkeys(self._shadowings) if s.winner not in gone and s.loser not in gone]

    def _delete(self) -> None:
        """Delete the pages removed, and let those that they shadowed be found again."""
        for some in _some(self._removed.values()):
            self._changed = True
            there = self._get(key_of(page.id) for page in some)
            items = [
                Item("delete", found.key, None, found.seq_no, found.primary_term)
                for page in some
                if (found := there.get(key_of(page.id))) and found.source == page.source and found.facts == page.facts
            ]
            items += [
                Item("delete", shadow_key(page.source))
                for page in some
                if page.source not in self._aside or page.source not in self._written
            ]
            self._cluster.bulk(self._state.index, items, doing="removing pages")
            self._refresh()
            self._let_found_again([page.id for page in some])
        self._removed.clear()

    def _let_found_again(self, ids: list[str]) -> None:
        """Give each id that no page has now to the last in path order of those put aside."""
        query = {"bool": {"filter": [{"terms": {"id": ids}}], "must_not": [LIVE]}}
        aside: defaultdict[str, list[ClusterPage]] = defaultdict(list)
        for page in self._scan(self._state.index, query, WHOLE):
            aside[page.id].append(page)
        there = self._get(key_of(id) for id in aside)
        for id, pages in aside.items():
            if key_of(id) not in there:
                heir = max(pages, key=lambda page: path_order(page.source))
                self._write([heir.as_indexable()])
                self._cluster.bulk(self._state.index, [Item("delete", heir.key)], doing="removing pages")
        if aside:
            self._refresh()

    def _finish(self) -> None:
        """Count the index, keep its dictionary, and let it be the one that is searched."""
        self._refresh()
        if self._changed or self._state.writes != self._writes():
            new, data = dictionary.count(self._cluster, self._state)
            dictionary.put(self._cluster, new, data)
            state.tell(self._cluster, new)
            with suppress(EngineError):  # it takes a little room, no more
                dictionary.forget(self._cluster, self._state)
            self._refresh()
            self._state = replace(new, writes=self._writes())
            state.tell(self._cluster, self._state)
        state.search_this(self._cluster, self._state)

    def _writes(self) -> int:
        """How many writes there have been to the index."""
        answer = self._cluster.request(
            "GET", f"/{self._state.index}/_stats", doing="finishing the index", params={"level": "shards"}
        )
        shards = answer["indices"][self._state.index]["shards"].values()
        return sum(max(copy["seq_no"]["max_seq_no"] for copy in copies) for copies in shards)


def _some(pages: Iterable[Any]) -> Iterator[list[Any]]:
    """The pages a few at a time."""
    some: list[Any] = []
    for page in pages:
        some.append(page)
        if len(some) == _AT_ONCE:
            yield some
            some = []
    if some:
        yield some
