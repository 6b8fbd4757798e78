"""procsearch through its public face."""

from __future__ import annotations

from pathlib import Path

import procsearch
from procsearch import open_index

from . import Engine, Searcher


def index_folder(folder: Path, index: Path, jobs: int) -> None:
    """Index a folder of HTML files, parsing them in ``jobs`` processes."""
    procsearch.reindex([str(folder)], str(index), jobs=jobs)


class Procsearch(Engine):
    """The engine of this repository."""

    title = "procsearch"

    def settings(self) -> dict[str, str]:
        return {"stored": "whole procedure", "positions": "yes", "fields": "all, BM25F"}

    def load_writer(self) -> None:
        _ = procsearch.reindex

    def build(self, pages: Path, index: Path) -> None:
        procsearch.reindex([str(pages)], str(index), jobs=2)

    def open(self, index: Path) -> Searcher:
        return _Open(index)


class _Open(Searcher):
    def __init__(self, index: Path) -> None:
        self._index = open_index(str(index))

    def search(self, query: str, k: int) -> list[str]:
        return [hit.id for hit in self._index.search(query, limit=k).hits]
