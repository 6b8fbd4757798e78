"""Postings are read some at a time, of words in phrases only some, parts of clinical words once: none of it shows."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from procsearch.search import occurrences, phrases, scratch
from procsearch.search.index import open_index

from .built import build, page

WORDS = "graft grafts grafted leg legs suture valve valves vein veins artery arteries".split()
QUERIES = (
    '"keystone graft"', '"leg graft keystone"~9',  # first, while nothing is known of the common words
    "graft", "graft leg vein", "[graft TO suture]", "v*", "*e*", "risks:v*", "risks:graft steps:[leg TO vein]",
    "grafd~", "leg AND [a TO m]", "NOT v*", '"graft leg"', '"suture valve"~3', 'graft AND NOT "leg vein"',
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred pages of few words: all but one of the words stand on many of them."""
    chance = Random(3)

    def text() -> str:
        words = chance.choices(WORDS, k=chance.randrange(1, 12))
        return " ".join([*words, "keystone", "graft"] if chance.random() < 0.03 else words)

    pages = {f"p{number}": page(text(), risks=text(), steps=text()) for number in range(200)}
    folder = tmp_path_factory.mktemp("parts")
    build(folder, pages)
    return folder / "index"


def answers(folder: Path) -> list[Any]:
    index = open_index(folder)
    found = []
    for query in QUERIES:
        results = index.search(query, limit=300, facets=["section"])
        found.append((query, results.total, [(hit.id, hit.score) for hit in results.hits], results.facets))
    return found


@pytest.mark.parametrize("at_a_time", [1, 2, 7, 200, 1000])
def test_how_many_at_a_time_does_not_show(folder: Path, monkeypatch: pytest.MonkeyPatch, at_a_time: int) -> None:
    at_once = answers(folder)
    monkeypatch.setattr(scratch, "AT_A_TIME", at_a_time)
    for module in (occurrences, phrases):
        monkeypatch.setattr(module, "SCRATCH", scratch.Scratch())
    assert answers(folder) == [
        (query, total, [(id, pytest.approx(score, rel=1e-5)) for id, score in hits], facets)
        for query, total, hits, facets in at_once
    ]


def test_a_part_that_another_word_had_already_does_not_show(tmp_path: Path) -> None:
    done, organs = ("removal", "removals", "repair", "incision"), ("kidney", "kidneys", "colon", "stomach")
    named = [f"{one} of the {organ}" for one in done for organ in organs]
    pages = {f"p{at}": page(name, risks=named[-at]) for at, name in enumerate(named)}
    build(tmp_path, pages)
    kept = open_index(tmp_path / "index")
    for query in ("nephrectomy", "colectomy", "nephrotomy", "gastrectomy nephrorrhaphy", "colotomy"):
        hits = kept.search(query, limit=99).hits
        assert hits
        assert [(hit.id, hit.score) for hit in hits] == [
            (hit.id, pytest.approx(hit.score, rel=1e-6))
            for hit in open_index(tmp_path / "index").search(query, limit=99).hits
        ]
