"""Whoosh as it comes: its default codec, MultifieldParser with OrGroup, BM25F, field boosts in the schema."""

from __future__ import annotations

import warnings
from importlib.metadata import version
from pathlib import Path

from ..pagefile import read_pages
from . import Engine, Searcher
from .fields import BOOSTS, FIELDS, text_fields

with warnings.catch_warnings():
    warnings.simplefilter("ignore", SyntaxWarning)
    from whoosh import fields, scoring
    from whoosh import index as whoosh_index
    from whoosh.analysis import StemmingAnalyzer
    from whoosh.qparser import MultifieldParser, OrGroup


class StockWhoosh(Engine):
    """Whoosh without anything of ours."""

    title = "Whoosh, stock"
    largest = 10_000

    def settings(self) -> dict[str, str]:
        return {
            "version": version("Whoosh"),
            "stored": "all fields",
            "positions": "all fields",
            "tokenizer": "StemmingAnalyzer",
            "boosts": "field_boost in the schema",
            "writer": "one process, limitmb=512",
        }

    def build(self, pages: Path, index: Path) -> None:
        analyzer = StemmingAnalyzer(cachesize=-1)
        schema = fields.Schema(
            id=fields.ID(stored=True),
            **{field: fields.TEXT(analyzer, stored=True, field_boost=boost) for field, boost in BOOSTS.items()},
        )
        writer = whoosh_index.create_in(str(index), schema).writer(limitmb=512)
        for page in read_pages(pages):
            writer.add_document(id=page["id"], **text_fields(page))
        writer.commit()

    def open(self, index: Path) -> Searcher:
        return _Open(whoosh_index.open_dir(str(index)))


class _Open(Searcher):
    def __init__(self, index: whoosh_index.Index) -> None:
        self._index = index
        self._searcher = index.searcher(weighting=scoring.BM25F())
        self._parser = MultifieldParser(list(FIELDS), index.schema, group=OrGroup)

    def search(self, query: str, k: int) -> list[str]:
        return [hit["id"] for hit in self._searcher.search(self._parser.parse(query), limit=k)]

    def for_thread(self) -> Searcher:
        return _Open(self._index)
