"""A first look: the sample pages, indexed into a temporary place, and a few searches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..indexer.reindex import reindex
from .index import open_index
from .printing import Printer

QUERIES = (
    "kidney stone blasting",
    "what to eat before gallbladder surgery",
    "risks:bleeding AND recovery:driving",
    "colonscopy",
    "G0121",
)
"""Lay words, a question, the query language, a misspelling and a code."""


def demonstrate(print_json: Callable[[Any], None] | None, printer: Printer) -> None:
    """Show it, as one JSON document through ``print_json`` or to people through ``printer``."""
    samples = Path(__file__).resolve().parent.parent / "corpus" / "samples" / "pages"
    with TemporaryDirectory(prefix="procsearch-demo-") as folder:
        report = reindex([samples], folder)
        index = open_index(folder)
        if print_json is not None:
            searches = [index.search(query, limit=3).to_json() for query in QUERIES]
            print_json({"index": report.to_json(), "searches": searches})
            return
        printer.line(f"{report.documents} sample pages indexed in {report.seconds:.1f} s")
        for query in QUERIES:
            printer.line()
            printer.line(("> procsearch search ", "dim"), (f'"{query}"', "bold"))
            printer.results(index.search(query, limit=3))
