"""The engines side by side, each behind the same few methods."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib import import_module
from pathlib import Path
from typing import ClassVar


class Searcher(ABC):
    """An open index."""

    @abstractmethod
    def search(self, query: str, k: int) -> list[str]:
        """The ids of the best ``k`` pages for a query of plain words, any of which may match."""

    def for_thread(self) -> Searcher:
        """A searcher for one more thread: this one, unless the engine wants its own in every thread."""
        return self


class Engine(ABC):
    """A way to build an index from a JSON Lines file of pages, and to open it."""

    title: ClassVar[str]
    largest: ClassVar[int | None] = None
    """The most pages it is asked to index; None for any number."""

    @abstractmethod
    def settings(self) -> dict[str, str]:
        """Version and settings that matter, for the report."""

    def load_writer(self) -> None:  # noqa: B027 - most engines have nothing more to import
        """Import what only building needs, before the clock of the build starts."""

    @abstractmethod
    def build(self, pages: Path, index: Path) -> None:
        """Write the index of all ``pages`` into the folder ``index``, and return when it is as it will stay."""

    @abstractmethod
    def open(self, index: Path) -> Searcher:
        """Open the index."""


ENGINES = {
    "procsearch": "ours:Procsearch",
    "tantivy": "tantivy_py:Tantivy",
    "tantivy-fast-id": "tantivy_py:TantivyFastId",
    "fts5": "sqlite_fts5:Fts5",
    "bm25s": "bm25s_numba:Bm25s",
    "whoosh": "whoosh_stock:StockWhoosh",
}
"""Name of each engine and where its class is; imported only when asked for, in a process of its own."""


def engine(name: str) -> Engine:
    """The engine of this name; ImportError where its library is not installed."""
    module, class_name = ENGINES[name].split(":")
    found: Engine = getattr(import_module(f"{__name__}.{module}"), class_name)()
    return found
