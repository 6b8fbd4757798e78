"""Pages are counted by the sections that the words stand in, be these many or few, as reading each page counts them."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from procsearch.search.index import Index

from .built import build, page

KINDS = ("risks", "steps", "recovery")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Index, dict[str, dict[str, str]]]:
    """A hundred pages; each section of each has ``graft`` or not, and one in fifty ``suture``."""
    chance = Random(6)
    texts = {
        f"p{number}": {
            kind: " ".join(["leg", *["graft"] * chance.randrange(3), *["suture"] * (chance.random() < 0.02)])
            for kind in KINDS
        }
        for number in range(100)
    }
    return build(tmp_path_factory.mktemp("facets"), {id: page(id, **text) for id, text in texts.items()}), texts


@pytest.mark.parametrize(
    "query", ["suture", "graft", "suture graft leg", "suture AND graft", "risks:graft steps:suture", "*u* *r*"]
)
def test_sections_are_counted(built: tuple[Index, dict[str, dict[str, str]]], query: str) -> None:
    index, texts = built
    asked = {
        "risks:graft steps:suture": lambda kind, word: (kind, word) in {("risks", "graft"), ("steps", "suture")},
        "*u* *r*": lambda kind, word: "u" in word or "r" in word,
    }.get(query, lambda kind, word: word in query.split())
    results = index.search(query, facets=["section"], limit=1000)
    having: dict[str, set[str]] = {
        kind: {hit.id for hit in results.hits if any(asked(kind, word) for word in texts[hit.id][kind].split())}
        for kind in KINDS
    }
    expected = Counter({kind: len(ids) for kind, ids in having.items() if ids})
    assert results.facets["section"] == expected
    for kind, ids in having.items():
        found = index.search(query, filters={"section": kind}, limit=1000)
        assert {hit.id for hit in found.hits} == ids
