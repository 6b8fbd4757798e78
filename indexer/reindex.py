"""Re-indexing: bringing an index in step with its pages, in one commit."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..corpus.errors import DamagedIndex, ProcsearchError
from ..corpus.pages import STDIN, Failed, Limits, Page, Unchanged, find_pages
from .preparation import Outcome, Task, parser_number
from .snapshot import Snapshot
from .storage import Storage
from .workers import outcomes
from .writer import DEFAULT_MEMORY, IndexWriter, PageRef

MAX_REMOVED_SHARE = 0.2
"""More than this share of an index is not removed without being allowed to: a folder may be unmounted."""


@dataclass(frozen=True, slots=True)
class FailedPage:
    """A page that could not be read or parsed, and why."""

    page: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What re-indexing did, counted in pages; ``documents`` are those in the index afterwards."""

    added: int
    changed: int
    unchanged: int
    removed: int
    documents: int
    seconds: float
    failed: tuple[FailedPage, ...] = ()
    warnings: tuple[str, ...] = ()

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


def reindex(
    pages: Iterable[str | os.PathLike[str]],
    index: str | os.PathLike[str],
    *,
    jobs: int = 1,
    dry_run: bool = False,
    allow_removals: bool = False,
    headings: Mapping[str, str] | None = None,
    limits: Limits = Limits(),  # noqa: B008 - immutable
    memory: int = DEFAULT_MEMORY,
    wait: bool = True,
    approve: Callable[[Snapshot], None] = lambda snapshot: None,
    progress: Progress | None = None,
) -> Report:
    """Bring the index in the folder ``index`` in step with ``pages``: files, folders, archives, or ``-``.

    Pages that are as they were are recognised, without parsing; changed ones are replaced, and pages gone from a folder,
    archive or file that is named are removed. All is committed in one step, and what was there stays searchable until
    then. ``jobs`` is the number of processes that parse (1: this one). ``headings`` maps a site's own wordings to section
    kinds, ``memory`` bounds in bytes what is gathered at a time, ``wait`` waits for another writer. ``approve`` is shown
    the index to be and may refuse it by raising; with ``dry_run`` nothing is changed. A damaged index is made anew.
    """
    started = time.perf_counter()
    progress = progress or Progress()
    storage = Storage(Path(index))
    named = [os.fspath(page) for page in pages]
    repair = False
    while True:
        writer = IndexWriter(
            storage,
            memory=memory,
            repair=repair,
            wait=wait,
            waiting=lambda holder: progress.message(f"waiting for {holder}, which is writing to {storage.path}"),
            announce=progress.message,
        )
        try:
            with writer:
                run = _Run(writer, named, parser_number(headings), progress)
                run.read_pages(limits, jobs, headings)
                run.remove_vanished(allow_removals)
                if not dry_run:
                    run.commit(approve)
                return run.report(time.perf_counter() - started)
        except DamagedIndex as damage:
            if repair or STDIN in named:  # standard input cannot be read a second time
                raise
            progress.message(str(damage))
            repair = True


class _Run:
    """One run of re-indexing over an open writer."""

    def __init__(self, writer: IndexWriter, named: list[str], parser: int, progress: Progress) -> None:
        self._writer = writer
        self._named = named
        self._parser = parser
        self._progress = progress
        self._known: dict[str, PageRef] = {}
        self._files: dict[str, list[PageRef]] = {}
        for source, ref in writer.pages():
            self._known[source] = ref
            self._files.setdefault(ref.container, []).append(ref)
        self._before = len(self._known)
        self._kept: set[str] = set()  # files whose pages are not looked for one by one
        self._met: set[str] = set()  # sources of pages found
        self._added = self._changed = self._unchanged = self._removed = 0
        self._failed: list[FailedPage] = []
        self._warnings: list[str] = []

    def read_pages(self, limits: Limits, jobs: int, headings: Mapping[str, str] | None) -> None:
        """Go through all pages and hand the writer those that are new or changed."""
        self._progress.stage("reading pages")
        for task, outcome in outcomes(self._tasks(limits), jobs, headings):
            self._settle(task.page, outcome)
            self._progress.page(task.page.container)
        if self._unchanged > MAX_REMOVED_SHARE * self._before:
            # A run that vouches for much of the index makes sure of its files too.
            self._writer.verify()

    def _tasks(self, limits: Limits) -> Iterator[Task]:
        """The pages that are not plainly unchanged; the others are counted on the way."""
        for found in find_pages(self._named, limits=limits, unchanged=self._is_unchanged):
            if isinstance(found, Page):
                self._met.add(found.source)
                ref = self._known.get(found.source)
                same_parser = ref is not None and ref.facts.parser == self._parser
                yield Task(found, ref.facts.digest if ref is not None and same_parser else None)
            elif isinstance(found, Unchanged):
                self._kept.add(found.container)
                self._unchanged += len(self._files[found.container])
                self._progress.page(found.container)
            else:
                self._fail(found)

    def _is_unchanged(self, container: str, size: int, mtime_ns: int) -> bool:
        refs = self._files.get(container)
        return refs is not None and all(ref.is_in(size, mtime_ns, self._parser) for ref in refs)

    def _settle(self, page: Page, outcome: Outcome) -> None:
        ref = self._known.get(page.source)
        if outcome.reason is not None:
            self._failed.append(FailedPage(page.source, outcome.reason))
            self._distrust(page.container)
        elif outcome.ready is not None:
            if ref is None:
                self._added += 1
            else:
                self._changed += 1
                self._writer.remove(ref)
                del self._known[page.source]
            self._writer.add(outcome.ready)
            self._warnings += [f"{page.source}: {warning}" for warning in outcome.warnings]
        elif ref is not None:
            self._unchanged += 1
            self._writer.seen(ref, page.size, page.mtime_ns)

    def _fail(self, failed: Failed) -> None:
        self._failed.append(FailedPage(failed.source, failed.reason))
        # What it held is kept: a broken archive or an unreadable folder is no word of its pages being gone.
        self._kept.add(failed.container)
        self._distrust(failed.container)

    def _distrust(self, container: str) -> None:
        """Have a file with a page that failed read again by the next run, though it may not change."""
        for ref in self._files.get(container, ()):
            if ref.source in self._known:
                self._writer.seen(ref, 0, -1)

    def remove_vanished(self, allowed: bool) -> None:
        """Remove the pages of the named folders, archives and files that were not found again."""
        roots = [os.path.normpath(name) for name in self._named if name != STDIN]
        kept_folders = tuple(os.path.normpath(kept) + os.sep for kept in self._kept)
        vanished = [
            ref
            for container, refs in self._files.items()
            if container not in self._kept and _is_under(container, roots) and not container.startswith(kept_folders)
            for ref in refs
            if ref.source in self._known and ref.source not in self._met
        ]
        if len(vanished) > MAX_REMOVED_SHARE * self._before and not allowed:
            raise ProcsearchError(
                f"{len(vanished)} of {self._before} pages are gone; nothing was changed. "
                "If they are really gone, allow removals (--allow-removals)"
            )
        for ref in vanished:
            self._writer.remove(ref)
        self._removed = len(vanished)

    def commit(self, approve: Callable[[Snapshot], None]) -> None:
        """Make it all durable, if there is anything to be."""
        if not self._writer.has_changes:
            return
        self._progress.stage("writing the index")
        for shadowing in self._writer.commit(approve=approve):
            self._warnings.append(f"{shadowing.loser}: {shadowing.winner} has the same id {shadowing.id} and wins")

    def report(self, seconds: float) -> Report:
        """What was done."""
        return Report(
            self._added, self._changed, self._unchanged, self._removed, self._writer.live_pages(), seconds,
            tuple(self._failed), tuple(self._warnings),
        )  # fmt: skip


def _is_under(container: str, roots: list[str]) -> bool:
    path = os.path.normpath(container)
    return any(root in (path, ".") or path.startswith(root.rstrip(os.sep) + os.sep) for root in roots)
