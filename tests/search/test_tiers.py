"""Tiers: exact before stem before synonym before corrected, and pages with every word first."""

from __future__ import annotations

from pathlib import Path

import pytest

from procsearch.search.words import TIERS

from .built import build, found, page

FILLER = "The team explains each step and answers what is asked."


@pytest.mark.parametrize(
    ("query", "texts", "tiers"),
    [
        ("transplant", ["A transplant.", "Transplants.", "A grafting."], ["exact", "stem", "synonym"]),
        ("kidney", ["The kidney.", "The kidneys.", "The renal."], ["exact", "stem", "synonym"]),
        ("nephrectomy", ["A nephrectomy.", "Nephrectomies."], ["exact", "stem"]),
        ("pacemaker", ["The pacemaker.", "Two pacemakers."], ["exact", "stem"]),
        ("tumor", ["A tumor.", "Tumors.", "A tumour."], ["exact", "stem", "synonym"]),
    ],
)
def test_a_looser_match_never_comes_before_a_tighter_one(
    tmp_path: Path, query: str, texts: list[str], tiers: list[str]
) -> None:
    # Ids the other way round, so that a tie would show.
    pages = {chr(122 - place): page("Care", summary=f"{text} {FILLER}") for place, text in enumerate(texts)}
    index = build(tmp_path, {**pages, "0": page("Care", summary=FILLER)})
    hits = index.search(query).hits
    assert [hit.id for hit in hits] == list(pages)
    assert [hit.match for hit in hits] == tiers
    assert all(tier in TIERS for tier in tiers)


def test_a_misspelt_word_finds_what_was_meant(tmp_path: Path) -> None:
    index = build(tmp_path, {"a": page("Colonoscopy"), "b": page("Cystoscopy")})
    results = index.search("colonoscpy")
    assert results.corrected == "colonoscopy"
    assert [hit.id for hit in results.hits] == ["a"]
    assert results.hits[0].match == "corrected"


def test_the_term_as_written_comes_before_its_synonyms(tmp_path: Path) -> None:
    index = build(tmp_path, {
        "z": page("Care", summary=f"A heart attack. {FILLER}"),
        "a": page("Care", summary=f"A myocardial infarction. {FILLER}"),
    })  # fmt: skip
    assert found(index, "heart attack") == ["z", "a"]
    assert [hit.match for hit in index.search("heart attack").hits] == ["exact", "synonym"]


@pytest.mark.parametrize("query", ["clot graft", "clot graft arm", "clot graft arm nurse"])
def test_pages_with_every_word_come_before_pages_with_one_of_them_often(tmp_path: Path, query: str) -> None:
    words = query.split()
    often = {f"often-{word}": page(" ".join([word] * 9), summary=f"{word} {word}. " * 9) for word in words}
    index = build(tmp_path, {**often, "all": page("Care", alternatives=f"{' and '.join(words)}. {FILLER}")})
    assert found(index, query)[0] == "all"


def test_in_long_queries_words_side_by_side_count_more(tmp_path: Path) -> None:
    index = build(tmp_path, {
        "a": page("Care", summary="Narrow passage in the breathing tube; soft throat tissue is swollen."),
        "z": page("Care", summary="Narrow breathing passage in the tube; throat soft tissue is swollen."),
    })  # fmt: skip
    assert found(index, "narrow breathing passage swollen soft tissue throat") == ["z", "a"]
    assert {word.word for word in index.explain("narrow breathing passage swollen soft tissue throat", "z").words} >= {
        "narrow breathing",
        "soft tissue",
    }


def test_in_plain_words_one_that_is_repeated_counts_more(tmp_path: Path) -> None:
    index = build(tmp_path, {"a": page("Care", summary="The artery."), "z": page("Care", summary="The vein.")})
    ids = [hit.id for hit in index.search("vein or artery? the vein", plain=True).hits]
    assert ids == ["z", "a"]


def test_explanations_add_up_and_say_why(tmp_path: Path) -> None:
    index = build(tmp_path, {
        "a": page("Kidney transplant", risks="A clot in the graft."),
        "b": page("Renal grafting"),
        "c": page("Colonoscopy"),
    })  # fmt: skip
    for query in ("kidney transplant", "nephrectomy clot", "renal transplants graft", '"kidney transplant" NOT colon'):
        for hit in index.search(query).hits:
            explanation = index.explain(query, hit.id)
            assert sum(word.score for word in explanation.words) == pytest.approx(hit.score, rel=1e-4)
    assert index.explain("kidney transplant", "a").why() == ()
    assert any("kidney" in reason for reason in index.explain("kidney transplant", "b").why())
    missing = index.explain("kidney transplant", "c")
    assert missing.rank is None
    assert missing.why()[0] == "it is not among the hits"
    assert any("transplant" in reason for reason in missing.why())
