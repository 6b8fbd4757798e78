"""Codes as coders type them: the page with the code comes first."""

from __future__ import annotations

from pathlib import Path

import pytest

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
