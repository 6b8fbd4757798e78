"""What parsing made of many pages: the sections found, missing and odd."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..corpus.errors import PageError
from ..corpus.pages import Failed, Limits, Page, find_pages
from ..corpus.procedure import SECTION_KINDS, Procedure
from ..corpus.records import parse
from .printing import Printer, counted


def parsed(pages: Iterable[str], headings: Mapping[str, str] | None, limits: Limits) -> Iterator[Procedure | PageError]:
    """What parsing makes of each page, one after the other."""
    for found in find_pages(pages, limits=limits):
        try:
            if isinstance(found, Failed):
                yield PageError(found.source, found.reason)
            elif isinstance(found, Page):
                yield parse(found, headings)
        except PageError as error:
            yield error


class ParsingReport:
    """Counts over all procedures added."""

    def __init__(self) -> None:
        self._pages = 0
        self._sections: Counter[str] = Counter()
        self._unknown_headings: Counter[str] = Counter()
        self._warnings: Counter[str] = Counter()
        self._without_code = 0

    def add(self, procedure: Procedure) -> None:
        """Count one procedure."""
        self._pages += 1
        self._sections.update({section.kind for section in procedure.sections})
        self._unknown_headings.update(s.heading for s in procedure.sections if s.kind == "other" and s.heading)
        self._warnings.update(procedure.warnings)
        self._without_code += procedure.code is None

    def to_json(self) -> dict[str, Any]:
        """The counts as a JSON object."""
        return {
            "pages": self._pages,
            "without_code": self._without_code,
            "sections": {kind: self._sections[kind] for kind in SECTION_KINDS},
            "unknown_headings": dict(self._unknown_headings.most_common(50)),
            "warnings": dict(self._warnings.most_common(50)),
        }

    def print(self, printer: Printer) -> None:
        """Print the counts for people."""
        report = self.to_json()
        printer.line((f"{counted(self._pages, 'page')}, {self._without_code} without a code", "bold"))
        printer.line()
        printer.table(
            ("section", "found", "missing"),
            [(kind, count, self._pages - count) for kind, count in report["sections"].items()],
        )
        for title, key in (("unknown headings", "unknown_headings"), ("odd", "warnings")):
            if report[key]:
                printer.line()
                printer.table((title, "pages"), report[key].items())
