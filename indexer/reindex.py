"""Re-indexing: bringing an index in step with its pages, in one commit."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from ..corpus.errors import DamagedIndex, ProcsearchError
from ..corpus.pages import STDIN, Failed, Limits, Page, Unchanged, find_pages
from ..corpus.walk import path_as_text
from .manifest import MANIFEST
from .page import IndexablePages, PageFacts
from .preparation import Outcome, Task, parser_number
from .scaleout.address import is_address
from .snapshot import Snapshot
from .storage import LOCK_NAME, Storage
from .workers import Workers
from .writer import DEFAULT_MEMORY, IndexWriter, Shadowing

MAX_REMOVED_SHARE = 0.2
"""More than this share of an index is not removed without being allowed to: a folder may be unmounted."""


@dataclass(frozen=True, slots=True)
class FailedPage:
    """A page that could not be read or parsed, and why."""

    page: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What re-indexing did, counted in pages; ``documents`` are those in the index afterwards.

    ``warnings`` tells which pages share an id, ``oddities`` what was odd about the pages that were parsed.
    """

    added: int
    changed: int
    unchanged: int
    removed: int
    documents: int
    seconds: float
    failed: tuple[FailedPage, ...] = ()
    warnings: tuple[str, ...] = ()
    oddities: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The report as the JSON object of the command line."""
        return {
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "removed": self.removed,
            "documents": self.documents,
            "seconds": round(self.seconds, 3),
            "failed": [{"page": failed.page, "reason": failed.reason} for failed in self.failed],
        }


class Progress:
    """Told how re-indexing goes on; this one keeps silent."""

    def stage(self, name: str) -> None:
        """A new stage begins."""

    def page(self, container: str) -> None:
        """A page, or the pages of an unchanged file, have been dealt with; ``container`` is the file."""

    def message(self, text: str) -> None:
        """Something the user should know."""


def _approve(snapshot: Snapshot) -> None:
    """Any index will do."""


def reindex(
    pages: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    index: str | os.PathLike[str],
    *,
    jobs: int = 1,
    dry_run: bool = False,
    allow_removals: bool = False,
    headings: Mapping[str, str] | None = None,
    limits: Limits = Limits(),  # noqa: B008 - immutable
    memory: int = DEFAULT_MEMORY,
    wait: bool = True,
    approve: Callable[[Snapshot], None] | None = None,
    shard: tuple[int, int] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Bring the index in the folder ``index`` in step with ``pages``: files, folders, archives and ``-``, or one.

    Pages that are as they were are recognised, without parsing: by size and time of modification of their file where
    these are the same, else by a hash of their content. Changed ones are replaced, and pages gone from a folder,
    archive or file that is named are removed; one that cannot be read now keeps the version that it had. All is
    committed in one step, and what was there stays searchable until then. ``jobs`` is the number of processes that
    parse (1: this one). ``headings`` maps a site's own wordings to section kinds, ``memory`` bounds in bytes what is
    gathered at a time, ``wait`` waits for another writer. ``approve`` is shown the index to be and may refuse it by
    raising; with ``dry_run`` nothing is changed. A damaged index is made anew.

    ``index`` may be the address of a cluster, ``opensearch://host:9200/name``. There pages are found as they are
    written. ``shard`` (3, 16) then takes a stable sixteenth of the pages, so that sixteen processes on any machines can
    share the work; a run without it, of the same ``pages`` or of none, finishes the index.
    """
    named = [os.fspath(page) for page in ([pages] if isinstance(pages, (str, os.PathLike)) else pages)]
    order = _Order(named, jobs, dry_run, allow_removals, headings, limits, approve or _approve, progress or Progress())
    if is_address(index):
        if approve is not None:
            raise ProcsearchError("an index on a cluster cannot be guarded: its pages are found as they are written")
        return _reindex_cluster(str(index), order, shard)
    if shard is not None:
        raise ProcsearchError("an index in a folder has one writer; only one on a cluster is written in shards")
    return _reindex_folder(Path(index), order, memory, wait)


@dataclass(frozen=True, slots=True)
class _Order:
    """What a run is asked to do, wherever the index is."""

    named: list[str]
    jobs: int
    dry_run: bool
    allow_removals: bool
    headings: Mapping[str, str] | None
    limits: Limits
    approve: Callable[[Snapshot], None]
    progress: Progress
    started: float = field(default_factory=time.perf_counter)


def _reindex_folder(index: Path, order: _Order, memory: int, wait: bool) -> Report:
    own = _paths_of(index, order.named)
    repair = False
    with _storage(index, order.dry_run) as storage:
        while True:
            try:
                with (
                    Workers(order.jobs, order.headings) as workers,
                    IndexWriter(
                        storage,
                        memory=memory,
                        repair=repair,
                        wait=wait,
                        waiting=lambda holder: order.progress.message(
                            f"waiting for {holder}, which is writing to {index}"
                        ),
                        announce=order.progress.message,
                        beside=workers.beside,
                    ) as writer,
                ):
                    return _Run(writer, workers, order, own=own).report()
            except DamagedIndex as damage:
                if repair or STDIN in order.named:  # standard input cannot be read a second time
                    raise
                order.progress.message(str(damage))
                repair = True


def _reindex_cluster(address: str, order: _Order, shard: tuple[int, int] | None) -> Report:
    from .scaleout.writer import ClusterWriter, part_of_pages

    part = part_of_pages(shard)
    with (
        Workers(order.jobs, order.headings) as workers,
        ClusterWriter(address, part=part, dry_run=order.dry_run, announce=order.progress.message) as writer,
    ):
        return _Run(writer, workers, order, mine=part.holds if part else None).report()


@contextmanager
def _storage(index: Path, dry_run: bool) -> Iterator[Storage]:
    """The folder of the index; where there is none yet, a dry run makes do with a temporary one."""
    if dry_run and not (index / MANIFEST).exists():
        with TemporaryDirectory(prefix="procsearch-") as folder:
            yield Storage(folder)
    else:
        yield Storage(index)


class _Ref(Protocol):
    """A page that is in the index."""

    @property
    def source(self) -> str: ...
    @property
    def container(self) -> str: ...
    @property
    def facts(self) -> PageFacts: ...
    def is_in(self, size: int, mtime_ns: int, parser: int) -> bool: ...


class _Writer(Protocol):
    """What a run asks of a writer, be it to a folder or to a cluster."""

    @property
    def has_changes(self) -> bool: ...
    @property
    def phrases(self) -> bytes: ...
    @property
    def refusal(self) -> str: ...
    def pages(self, roots: Iterable[str]) -> Iterator[tuple[str, Any]]: ...
    def page_count(self) -> int: ...
    def has_other_parser(self, parser: int) -> bool: ...
    def live_pages(self) -> int: ...
    def verify(self) -> None: ...
    def add(self, pages: IndexablePages) -> None: ...
    def remove(self, page: Any) -> None: ...
    def seen(self, page: Any, size: int, mtime_ns: int) -> None: ...
    def commit(self, *, approve: Callable[[Snapshot], None]) -> list[Shadowing]: ...


class _Run:
    """One run of re-indexing over an open writer, for which ``workers`` prepare pages.

    What begins with one of ``own`` is the index's; ``mine`` tells which sources the run deals with, None for all.
    """

    def __init__(
        self,
        writer: _Writer,
        workers: Workers,
        order: _Order,
        *,
        own: tuple[str, ...] = (),
        mine: Callable[[str], bool] | None = None,
    ) -> None:
        self._writer = writer
        self._workers = workers
        self._order = order
        self._own = own
        self._mine = mine
        self._parser = parser_number(order.headings)
        self._progress = order.progress
        self._known: dict[str, _Ref] = {}
        self._files: dict[str, list[_Ref]] = {}
        # As the files are written in the index, and as they would be without detours.
        roots = {str(PurePath(name)) for name in order.named} | {os.path.normpath(name) for name in order.named}
        for source, ref in writer.pages(roots):
            self._known[source] = ref
            self._files.setdefault(ref.container, []).append(ref)
        self._before = writer.page_count()
        self._indexes: dict[str, bool] = {}  # folders, and whether they are indexes
        self._left_alone: set[str] = set()  # files that were not opened
        self._met: set[str] = set()  # sources of pages found
        self._failing: dict[str, set[str]] = {}  # what failed in each file or folder
        self._held: IndexablePages | None = None
        self._recognised: list[tuple[_Ref, Page]] = []
        self._added = self._changed = self._unchanged = self._removed = 0
        self._failed: list[FailedPage] = []
        self._warnings: list[str] = []
        self._oddities: list[str] = []

    def report(self) -> Report:
        """Do all that is asked for, and tell what it was."""
        self._read_pages()
        if self._mine is None:
            self._remove_vanished()
            if self._order.named and not (self._met or self._left_alone or self._failed):
                self._warnings.append(f"no pages found in {', '.join(map(path_as_text, self._order.named))}")
        if not self._order.dry_run:
            self._commit()
        return Report(
            self._added, self._changed, self._unchanged, self._removed, self._writer.live_pages(),
            time.perf_counter() - self._order.started,
            tuple(self._failed), tuple(self._warnings), tuple(self._oddities),
        )  # fmt: skip

    def _read_pages(self) -> None:
        """Go through all pages and hand the writer those that are new or changed."""
        if self._writer.has_other_parser(self._parser):
            self._progress.message("pages parsed by another version, or with other headings, are parsed anew")
        self._progress.stage("reading pages")
        for tasks, found in self._workers.prepared(self._tasks(), lambda: self._writer.phrases):
            for task, outcome in zip(tasks, found.outcomes, strict=True):
                self._settle(task.page, outcome)
                self._progress.page(task.page.container)
            self._add(found.pages)
        self._add(None)
        self._note_files()
        if self._unchanged > MAX_REMOVED_SHARE * self._before:
            # A run that vouches for much of the index makes sure of its files too.
            self._writer.verify()

    def _tasks(self) -> Iterator[Task]:
        """The pages that are not plainly unchanged; the others are counted on the way."""
        every = find_pages(self._order.named, limits=self._order.limits, unchanged=self._is_unchanged)
        for container, those in groupby(every, attrgetter("container")):
            if not self._is_of_an_index(container):
                yield from self._tasks_of(those)

    def _tasks_of(self, those: Iterable[Page | Unchanged | Failed]) -> Iterator[Task]:
        """The same for what was found in one file."""
        for found in those:
            if self._mine and not isinstance(found, Unchanged) and not self._mine(found.source):
                continue
            if isinstance(found, Page):
                self._met.add(found.source)
                ref = self._known.get(found.source)
                same_parser = ref is not None and ref.facts.parser == self._parser
                yield Task(found, ref.facts.digest if ref is not None and same_parser else None)
            elif isinstance(found, Unchanged):
                self._left_alone.add(found.container)
                self._unchanged += len(self._files[found.container])
                self._progress.page(found.container)
            else:
                self._fail(found)

    def _is_of_an_index(self, container: str) -> bool:
        """Whether a file found belongs to the index, or to another one that lies among the pages."""
        folder = os.path.dirname(container)  # noqa: PTH120 - 100,000 times
        if folder not in self._indexes:
            inside = Path(folder)
            self._indexes[folder] = (inside / MANIFEST).is_file() and (inside / LOCK_NAME).is_file()
        return container != STDIN and (self._indexes[folder] or container.startswith(self._own))

    def _is_unchanged(self, container: str, size: int, mtime_ns: int) -> bool:
        refs = self._files.get(container)
        return refs is not None and all(ref.is_in(size, mtime_ns, self._parser) for ref in refs)

    def _settle(self, page: Page, outcome: Outcome) -> None:
        ref = self._known.get(page.source)
        if outcome.reason is not None:
            self._fail(Failed(page.source, outcome.reason, page.container))
        elif outcome.ready:
            if ref is None:
                self._added += 1
            else:
                self._changed += 1
                self._writer.remove(ref)
                del self._known[page.source]
            self._oddities += [f"{page.source}: {warning}" for warning in outcome.warnings]
        elif ref is not None:
            self._unchanged += 1
            self._recognised.append((ref, page))

    def _fail(self, failed: Failed) -> None:
        self._failed.append(FailedPage(failed.source, failed.reason))
        self._failing.setdefault(failed.container, set()).add(failed.source)

    def _add(self, pages: IndexablePages | None) -> None:
        """Hand pages to the writer when the next ones come: by then it is known whether others of their file failed.

        A file with a page that failed must be read again by the next run, though it may not change.
        """
        held, self._held = self._held, pages
        if held is not None and held.pages:
            self._writer.add(held._replace(pages=[
                page._replace(facts=page.facts._replace(size=0, mtime_ns=-1))
                if page.facts.container in self._failing else page
                for page in held.pages
            ]))  # fmt: skip

    def _note_files(self) -> None:
        """Note the files that can be left alone by the next run, and those that cannot because a page failed."""
        for ref, page in self._recognised:
            if page.container not in self._failing:
                self._writer.seen(ref, page.size, page.mtime_ns)
        for container in self._failing:
            for ref in self._files.get(container, ()):
                if ref.source in self._known and ref.facts.mtime_ns != -1:
                    self._writer.seen(ref, 0, -1)

    def _remove_vanished(self) -> None:
        """Remove the pages of the named folders, archives and files that were not found again."""
        roots = [os.path.normpath(name) for name in self._order.named if name not in (STDIN, "")]
        unread = tuple(os.path.normpath(failing) + os.sep for failing in self._failing)  # folders, some of them
        vanished = [
            ref
            for container, refs in self._files.items()
            if container not in self._left_alone and _is_under(container, roots) and not container.startswith(unread)
            for ref in refs
            if ref.source in self._known and ref.source not in self._met and not self._may_have_failed(ref)
        ]
        if len(vanished) > MAX_REMOVED_SHARE * self._before and not self._order.allow_removals:
            raise ProcsearchError(
                f"{len(vanished)} of {self._before} pages are gone; {self._writer.refusal}. "
                "If they are really gone, allow removals (--allow-removals)"
            )
        for ref in vanished:
            self._writer.remove(ref)
        self._removed = len(vanished)

    def _may_have_failed(self, ref: _Ref) -> bool:
        """Whether a page was not found because it, its archive or its record cannot be read: then it is not gone."""
        failing = self._failing.get(ref.container)
        if not failing:
            return False
        # Which record held the page of an address cannot be told once the record is broken.
        return "://" in ref.source or not failing.isdisjoint(
            (ref.source, ref.source.rpartition("#")[0], path_as_text(ref.container))
        )

    def _commit(self) -> None:
        """Make it all durable, if there is anything to be."""
        if not self._writer.has_changes:
            return
        self._progress.stage("writing the index")
        for shadowing in self._writer.commit(approve=self._order.approve):
            self._warnings.append(f"{shadowing.loser}: {shadowing.winner} has the same id {shadowing.id} and wins")


def _paths_of(index: Path, named: list[str]) -> tuple[str, ...]:
    """How the paths of the index's own files begin when they are found in the folders named: they are no pages."""
    own = os.path.realpath(index)
    found = []
    for name in named:
        inside = os.path.relpath(own, os.path.realpath(name))
        if name != STDIN and not inside.startswith(os.pardir):
            found.append(os.path.normpath(f"{name or os.curdir}/{inside}") + os.sep)
    return tuple(found)


def _is_under(container: str, roots: list[str]) -> bool:
    path = os.path.normpath(container)
    is_here = container != STDIN and not path.startswith((os.sep, os.pardir))
    return any(
        (is_here if root == "." else root == path) or path.startswith(root.rstrip(os.sep) + os.sep) for root in roots
    )
