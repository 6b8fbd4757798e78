"""Indexes for tests: a few pages, written as JSON Lines and indexed as a user would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from procsearch.indexer.reindex import reindex
from procsearch.search.index import Index, open_index


def page(name: str, *, code: str | None = None, system: str | None = None, **sections: str) -> dict[str, Any]:
    """A procedure as JSON: its name, and the text of each kind of section."""
    return {
        "system": system,
        "code": code,
        "name": name,
        "sections": [{"kind": kind, "heading": kind, "text": text} for kind, text in sections.items()],
    }


def build(folder: Path, pages: Mapping[str, dict[str, Any]], vocabulary: str | None = None) -> Index:
    """An index of ``pages`` by id, with a vocabulary of one's own if given."""
    records = folder / "pages.jsonl"
    records.write_text("".join(json.dumps({"id": id, **record}) + "\n" for id, record in pages.items()))
    reindex([records], folder / "index")
    own = None
    if vocabulary is not None:
        own = folder / "own.txt"
        own.write_text(vocabulary)
    return open_index(folder / "index", vocabulary=own)


def found(index: Index, query: str) -> list[str]:
    """The ids of the hits, best first."""
    return [hit.id for hit in index.search(query).hits]
