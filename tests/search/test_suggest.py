"""Completions as one types."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procsearch.search.index import Index

from .built import build, page


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return build(tmp_path_factory.mktemp("suggest"), {
        "hcpcs:G0121": page("Screening colonoscopy", code="G0121", system="HCPCS", summary="Looks at the colon."),
        "hcpcs:G0104": page("Flexible sigmoidoscopy", code="G0104", system="HCPCS"),
        "ton": page("Tonsillectomy", recovery="Soft food."),
    })  # fmt: skip


def test_names_terms_and_codes(index: Index) -> None:
    found = index.suggest("colo")
    assert found[0].text == "Screening colonoscopy"
    assert {suggestion.kind for suggestion in found} == {"name", "term"}
    codes = index.suggest("g01")
    assert [(suggestion.text, suggestion.kind) for suggestion in codes] == [("G0104", "code"), ("G0121", "code")]


@pytest.mark.parametrize("typed", ["colonsc", "cololn", "colonoz", "colno", "screening colnos", "screning colono"])
def test_one_slip_after_the_third_letter_is_forgiven(index: Index, typed: str) -> None:
    assert "Screening colonoscopy" in [suggestion.text for suggestion in index.suggest(typed)]


def test_a_name_that_begins_as_typed_comes_first(tmp_path: Path) -> None:
    others = {f"v{number}": page(f"Valve repair {number}", summary="virtual " * 9) for number in range(30)}
    index = build(tmp_path, {**others, "y": page("Repair of vervain"), "z": page("Repair of a vesicle")})
    assert index.suggest("Repair of ve")[0].text == "Repair of vervain"
    assert index.suggest("Repair of a ve")[0].text == "Repair of a vesicle"


def test_a_rare_word_is_completed_beside_others(tmp_path: Path) -> None:
    frequent = {f"p{number}": page("Clinic", summary=f"pa{chr(97 + number)}x " * 3) for number in range(26)}
    index = build(tmp_path, {**frequent, "rare": page("Ward pqrs")})
    assert [found.text for found in index.suggest("ward p") if found.kind == "name"] == ["Ward pqrs"]


@pytest.mark.parametrize("typed", ["xolo", "g0131", "", " ", "tonxyz"])
def test_nothing_is_forced(index: Index, typed: str) -> None:
    assert index.suggest(typed) == []


@given(st.text(max_size=30), st.integers(-1, 20))
def test_anything_may_be_typed(index: Index, typed: str, limit: int) -> None:
    assert len(index.suggest(typed, limit=limit)) <= max(limit, 0)
