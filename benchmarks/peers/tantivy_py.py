"""tantivy through its Python binding, two writer threads.

Two ways to name a hit: ``tantivy`` reads the stored id of the document, as the binding's own tutorial does;
``tantivy-fast-id`` keeps page numbers in a fast column beside a list of ids in memory, the quickest the binding allows.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import tantivy

from ..pagefile import read_pages
from . import Engine, Searcher
from .fields import BOOSTS, FIELDS, text_fields

_HEAP = 512 * 1024 * 1024
_THREADS = 2


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("number", fast=True)
    for field in FIELDS:
        builder.add_text_field(field, stored=True, tokenizer_name="en_stem", index_option="position")
    return builder.build()


class Tantivy(Engine):
    """tantivy, ids from the document store."""

    title = "tantivy-py"

    def settings(self) -> dict[str, str]:
        return {
            "version": version("tantivy"),
            "threads": str(_THREADS),
            "heap": f"{_HEAP >> 20} MB",
            "stored": "all fields",
            "positions": "all fields",
            "tokenizer": "en_stem",
            "boosts": "parse_query(field_boosts=...)",
            "count": "no (count=False)",
        }

    def build(self, pages: Path, index: Path) -> None:
        writer = tantivy.Index(_schema(), path=str(index)).writer(heap_size=_HEAP, num_threads=_THREADS)
        ids = []
        for number, page in enumerate(read_pages(pages)):
            writer.add_document(tantivy.Document(id=page["id"], number=number, **text_fields(page)))
            ids.append(page["id"])
        writer.commit()
        writer.wait_merging_threads()
        (index / "ids.json").write_text(json.dumps(ids), encoding="utf-8")

    def open(self, index: Path) -> Searcher:
        return _Open(index)


class _Open(Searcher):
    def __init__(self, index: Path) -> None:
        self.index = tantivy.Index.open(str(index))
        self.fields = list(FIELDS)

    def search(self, query: str, k: int) -> list[str]:
        parsed = self.index.parse_query(query, self.fields, field_boosts=BOOSTS)
        searcher = self.index.searcher()
        hits = searcher.search(parsed, k, count=False).hits
        return [searcher.doc(address)["id"][0] for _, address in hits]


class TantivyFastId(Tantivy):
    """tantivy, ids by page number from a fast column."""

    title = "tantivy-py (ids in memory)"

    def open(self, index: Path) -> Searcher:
        return _OpenFastId(index)


class _OpenFastId(_Open):
    def __init__(self, index: Path) -> None:
        super().__init__(index)
        self.ids: list[str] = json.loads((index / "ids.json").read_text(encoding="utf-8"))

    def search(self, query: str, k: int) -> list[str]:
        parsed = self.index.parse_query(query, self.fields, field_boosts=BOOSTS)
        searcher = self.index.searcher()
        hits = searcher.search(parsed, k, count=False).hits
        numbers = searcher.fast_field_values("number", [address for _, address in hits])
        return [self.ids[int(number)] for number in numbers if number is not None]
