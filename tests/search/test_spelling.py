"""Spelling: what was meant comes from the index's own words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procsearch.search import correction
from procsearch.search.index import Index, open_index
from procsearch.search.spelling import distances, slips

from .built import build, page

NAMES = (
    "Colonoscopy Nephrectomy Tonsillectomy Pneumonia Psychosis Hemorrhoid Diarrhea Ophthalmoscopy Thyroid Cataract "
    "Pacemaker Anesthesia Surgery Physical Catheter Rheumatism Esophagus Phimosis Kidney"
).split()


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return build(tmp_path_factory.mktemp("spelling"), {name: page(name) for name in NAMES})


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("colonoscpy", "colonoscopy"), ("colonoskopy", "colonoscopy"), ("nefrectomy", "nephrectomy"),
        ("tonsilectomy", "tonsillectomy"), ("numonia", "pneumonia"), ("sychosis", "psychosis"),
        ("hemoroid", "hemorrhoid"), ("diarhea", "diarrhea"), ("thyriod", "thyroid"), ("catarct", "cataract"),
        ("surgury", "surgery"), ("fisical", "physical"), ("kateter", "catheter"), ("rumatism", "rheumatism"),
        ("esofagus", "esophagus"),
    ],
)  # fmt: skip
def test_slips_that_are_often_made(index: Index, typed: str, meant: str) -> None:
    results = index.search(typed)
    assert results.corrected == meant
    assert results.hits[0].name.lower() == meant


def test_only_the_misspelt_word_is_changed(index: Index) -> None:
    assert index.search("Kidney and thyriod, please").corrected == "Kidney and thyroid, please"


@pytest.mark.parametrize("typed", ["kdn", "colonoscopy", "colonoscopies", "k1dney", "x", "nephropexy", "zzzzzzzzz"])
def test_what_is_no_slip_is_left(index: Index, typed: str) -> None:
    assert index.search(typed).corrected is None


def test_a_rare_slip_on_a_page_does_not_hide_the_word(tmp_path: Path) -> None:
    pages = {str(number): page("Stroke ward") for number in range(150)}
    index = build(tmp_path, {**pages, "slip": page("Stoke ward")})
    results = index.search("stoke")
    assert results.corrected == "stroke"
    assert results.hits[0].id == "slip"
    assert results.total == 151


def test_a_short_word_is_not_taken_for_one_that_hardly_a_page_of_many_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {str(number): page("Ambulance service and stroke ward") for number in range(20)}
    index = build(tmp_path, {**pages, "brace": page("Scottish rite brace")})
    assert index.search("ambulance rike").corrected == "ambulance rite"
    monkeypatch.setattr(correction, "_PAGES_FOR_RARE", 10)
    index = open_index(tmp_path / "index")
    assert index.search("ambulance rike").corrected is None
    assert index.search("stoke").corrected == "stroke"
    assert index.search("scotish").corrected == "scottish"


@given(st.text("abcehpst", max_size=9), st.text("abcehpst", max_size=9))
def test_slips_cost_no_more_than_edits(one: str, other: str) -> None:
    (cost,) = slips(one, [other])
    assert cost == pytest.approx(slips(other, [one])[0])
    assert (cost == 0) == (one == other)
    if one and other:
        (edits,) = distances(one, [other], 20)
        assert cost <= edits
