"""Codes as coders type them: the page with the code comes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from procsearch.corpus.errors import UnknownId
from procsearch.search.index import Index

from .built import build, found, page

PAGES = {
    f"{system.lower()}:{code}": page(name, code=code, system=system, summary=text)
    for system, code, name, text in [
        ("CPT4", "36901", "Dialysis circuit imaging", "Pictures."),
        ("CPT4", "36904", "Clot removal", "Clears a clot."),
        ("CPT4", "36905", "Clot removal with balloon", "Like 36904 36904 36904, with a balloon. Code 36904."),
        ("CPT4", "36910", "Other", "See 36904."),
        ("HCPCS", "X7777", "Chair", "A chair."),
        ("ICD10PCS", "0016070", "Bypass of ventricle", "Drains fluid."),
    ]
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return build(tmp_path_factory.mktemp("codes"), PAGES)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("36904", "cpt4:36904"), ("CPT 36904", "cpt4:36904"), ("cpt4:36904", "cpt4:36904"),
        ("CPT4 36904", "cpt4:36904"), ("CPT4-36904", "cpt4:36904"), ("code 36904", "cpt4:36904"),
        ("36904-59", "cpt4:36904"), ("36904 clot", "cpt4:36904"), ("clot removal 36904", "cpt4:36904"),
        ("code:36904", "cpt4:36904"), ("x7777", "hcpcs:X7777"), ("X7777", "hcpcs:X7777"),
        ("HCPCS X7777", "hcpcs:X7777"),
        ("hcpcs:x7777", "hcpcs:X7777"), ("0016070", "icd10pcs:0016070"), ("icd10pcs:0016070", "icd10pcs:0016070"),
        ("ICD-10-PCS 0016070", "icd10pcs:0016070"),
    ],
)  # fmt: skip
def test_the_exact_page_is_first(index: Index, query: str, first: str) -> None:
    hit = index.search(query).hits[0]
    assert (hit.id, hit.match) == (first, "exact")


def test_ranges_and_truncated_codes(index: Index) -> None:
    assert set(found(index, "code:36901-36909")) == {"cpt4:36901", "cpt4:36904", "cpt4:36905"}
    assert set(found(index, "cpt4:36901-36904")) == {"cpt4:36901", "cpt4:36904"}
    assert {"cpt4:36901", "cpt4:36904", "cpt4:36905"} <= set(found(index, "3690*"))
    assert set(found(index, "code:3690*")) == {"cpt4:36901", "cpt4:36904", "cpt4:36905"}
    assert found(index, "cpt4:x7777") == []


def test_a_range_needs_no_field(index: Index) -> None:
    assert set(found(index, "36901-36909")) == {"cpt4:36901", "cpt4:36904", "cpt4:36905"}
    assert found(index, "36909-36901") == []
    assert found(index, "1-2") == []


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("HCPCS X7777", ["hcpcs:X7777"]),
        ("hcpcs x7777 balloon", ["hcpcs:X7777", "cpt4:36905"]),
        ("HCPCS X9999", []),
        ("cpt4 hcpcs x7777", ["cpt4:36901", "cpt4:36904", "cpt4:36905", "cpt4:36910", "hcpcs:X7777"]),
    ],
)
def test_a_system_before_a_code_finds_no_other_pages_of_it(index: Index, query: str, ids: list[str]) -> None:
    assert sorted(found(index, query)) == sorted(ids)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("X-7777", "hcpcs:X7777"), ("OO16O7O", "icd10pcs:0016070"), ("001607", "icd10pcs:0016070"),
        ("hcpcs:x777", "hcpcs:X7777"), ("x 7777", "hcpcs:X7777"),
    ],
)  # fmt: skip
def test_a_code_that_was_likely_meant_is_told_not_searched_for(index: Index, typed: str, meant: str) -> None:
    results = index.search(typed)
    assert (results.total, results.corrected, results.notes[-1:]) == (0, None, (f"codes like it: {meant}",))
    with pytest.raises(UnknownId, match=f"did you mean {meant}") as caught:
        index.get(typed)
    assert caught.value.near == (meant,)


def test_ids_need_their_system_and_the_error_says_so(index: Index) -> None:
    with pytest.raises(UnknownId, match="did you mean cpt4:36904"):
        index.get("36904")
    with pytest.raises(UnknownId, match=r"^no procedure 'chair' in the index$"):
        index.similar("chair")


def test_a_system_before_a_word(index: Index) -> None:
    assert set(found(index, "cpt4:clot")) == {"cpt4:36904", "cpt4:36905"}
    assert found(index, "hcpcs:clot") == []


@pytest.mark.parametrize("query", ["36906", "x7778", "0016071", "369041"])
def test_tokens_with_digits_are_never_corrected_stemmed_or_expanded(index: Index, query: str) -> None:
    results = index.search(query)
    assert (results.total, results.corrected) == (0, None)


def test_a_code_is_no_part_of_another(tmp_path: Path) -> None:
    index = build(tmp_path, {"a": page("Vitamin B12"), "b": page("Vitamin B1"), "c": page("Vitamin B12s")})
    assert found(index, "b12") == ["a"]
