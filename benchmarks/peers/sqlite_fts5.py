"""SQLite FTS5: Porter stems, bm25() with a weight for each column, the text stored in the table."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ..pagefile import read_pages
from . import Engine, Searcher
from .fields import BOOSTS, FIELDS, text_fields

_FILE = "pages.sqlite"


class Fts5(Engine):
    """SQLite's full-text index."""

    title = "SQLite FTS5"
    largest = 100_000

    def settings(self) -> dict[str, str]:
        return {
            "version": sqlite3.sqlite_version,
            "stored": "all fields",
            "positions": "all fields",
            "tokenizer": "porter unicode61",
            "boosts": "bm25() column weights",
            "build": "one transaction, then optimize",
        }

    def build(self, pages: Path, index: Path) -> None:
        database = sqlite3.connect(index / _FILE)
        columns = ", ".join(FIELDS)
        database.execute(f"CREATE VIRTUAL TABLE pages USING fts5(id UNINDEXED, {columns}, tokenize='porter unicode61')")
        weights = ", ".join(str(boost) for boost in (0.0, *BOOSTS.values()))
        database.execute("INSERT INTO pages(pages, rank) VALUES('rank', ?)", [f"bm25({weights})"])
        rows = ((page["id"], *text_fields(page).values()) for page in read_pages(pages))
        with database:
            database.executemany(f"INSERT INTO pages VALUES ({', '.join('?' * (len(FIELDS) + 1))})", rows)
        with database:
            database.execute("INSERT INTO pages(pages) VALUES('optimize')")
        database.close()

    def open(self, index: Path) -> Searcher:
        return _Open(index)


class _Open(Searcher):
    def __init__(self, index: Path) -> None:
        self._path = index
        self._database = sqlite3.connect(f"file:{index / _FILE}?mode=ro", uri=True, check_same_thread=False)
        self._database.execute("PRAGMA mmap_size = 17179869184")

    def search(self, query: str, k: int) -> list[str]:
        words = " OR ".join(f'"{word}"' for word in query.split())
        found = self._database.execute("SELECT id FROM pages WHERE pages MATCH ? ORDER BY rank LIMIT ?", (words, k))
        return [row[0] for row in found]

    def for_thread(self) -> Searcher:
        return _Open(self._path)
