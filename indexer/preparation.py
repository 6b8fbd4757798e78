"""From a raw page to what the index needs of it, in this process or in workers."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import NamedTuple

from ..corpus.errors import PageError
from ..corpus.found import Page
from ..corpus.records import PARSER_VERSION, parse
from .page import IndexablePages, PageAnalyser, PageFacts


class Task(NamedTuple):
    """A page to prepare; ``known`` is the digest of the page as it was indexed, None where it was not."""

    page: Page
    known: bytes | None


class Outcome(NamedTuple):
    """What became of a page: ready for the index, refused for a ``reason``, or neither because it is unchanged."""

    ready: bool = False
    reason: str | None = None
    warnings: tuple[str, ...] = ()


class Prepared(NamedTuple):
    """The outcome of each of some tasks, and the pages that are ready for the index, in the same order."""

    outcomes: list[Outcome]
    pages: IndexablePages


def parser_number(headings: Mapping[str, str] | None) -> int:
    """A number that changes with whatever makes the same page parse to something else."""
    told = "\n".join(f"{wording}={kind}" for wording, kind in sorted((headings or {}).items()))
    return zlib.crc32(f"{PARSER_VERSION}\n{told}".encode("utf-8", "surrogateescape"))


class Preparer:
    """Reads, recognises, parses and analyses pages, some at a time."""

    def __init__(self, headings: Mapping[str, str] | None) -> None:
        self._headings = headings
        self._parser = parser_number(headings)
        self._analyser = PageAnalyser()

    def prepare(self, tasks: Iterable[Task], phrases: bytes) -> Prepared:
        """Prepare pages, packed against ``phrases``. Never raises for what is wrong with a page."""
        self._analyser.phrases = phrases
        return Prepared([self._prepare(task) for task in tasks], self._analyser.pages())

    def _prepare(self, task: Task) -> Outcome:
        page = task.page
        try:
            digest = _digest(page.read(), page)
            if digest == task.known:
                return Outcome()
            procedure = parse(page, self._headings)
            facts = PageFacts(page.container, page.size, page.mtime_ns, digest, self._parser)
            self._analyser.add(procedure, facts)
        except PageError as error:
            return Outcome(reason=error.reason)
        except Exception as error:  # one bad page is one bad page, whatever it does to the analysis
            return Outcome(reason=f"cannot be analysed: {type(error).__name__}: {error}")
        return Outcome(ready=True, warnings=procedure.warnings)


def _digest(data: bytes, page: Page) -> bytes:
    digest = sha256(data)  # without a copy of the page, which may be large
    told = "\0".join(["", page.url or "", page.content_type or "", page.id or ""])
    digest.update(told.encode("utf-8", "surrogateescape"))
    return digest.digest()[:16]
