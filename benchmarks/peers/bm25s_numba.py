"""bm25s with the numba backend its authors recommend for speed: one field, no boosts, no text stored."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import bm25s  # type: ignore[import-untyped]
import Stemmer

from ..pagefile import read_pages
from . import Engine, Searcher
from .fields import text_fields


class Bm25s(Engine):
    """bm25s over all fields run together."""

    title = "bm25s (numba)"
    largest = 100_000

    def settings(self) -> dict[str, str]:
        return {
            "version": version("bm25s"),
            "stored": "nothing but ids",
            "positions": "no",
            "tokenizer": "its own, English stop words and stems",
            "boosts": "none: one field",
            "backend": "numba",
        }

    def build(self, pages: Path, index: Path) -> None:
        ids, texts = [], []
        for page in read_pages(pages):
            ids.append(page["id"])
            texts.append("\n".join(text_fields(page).values()))
        tokens = bm25s.tokenize(texts, stopwords="en", stemmer=Stemmer.Stemmer("english"), show_progress=False)
        retriever = bm25s.BM25(backend="numba")
        retriever.index(tokens, show_progress=False)
        retriever.save(str(index), show_progress=False)
        (index / "ids.json").write_text(json.dumps(ids), encoding="utf-8")

    def open(self, index: Path) -> Searcher:
        return _Open(index)


class _Open(Searcher):
    def __init__(self, index: Path) -> None:
        self._path = index
        self._ids: list[str] = json.loads((index / "ids.json").read_text(encoding="utf-8"))
        self._retriever = bm25s.BM25.load(str(index), mmap=True, show_progress=False)
        self._stemmer = Stemmer.Stemmer("english")

    def search(self, query: str, k: int) -> list[str]:
        tokens = bm25s.tokenize([query], stopwords="en", stemmer=self._stemmer, show_progress=False, return_ids=False)
        found, _ = self._retriever.retrieve(tokens, k=k, show_progress=False)
        return [self._ids[number] for number in found[0]]

    def for_thread(self) -> Searcher:
        return _Open(self._path)
