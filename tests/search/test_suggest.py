"""Completions as one types."""

from __future__ import annotations

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


@pytest.mark.parametrize("typed", ["xolo", "g0131", "", " ", "tonxyz"])
def test_nothing_is_forced(index: Index, typed: str) -> None:
    assert index.suggest(typed) == []


@given(st.text(max_size=30), st.integers(-1, 20))
def test_anything_may_be_typed(index: Index, typed: str, limit: int) -> None:
    assert len(index.suggest(typed, limit=limit)) <= max(limit, 0)
