"""Code systems are filtered by in any spelling that pages have for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from procsearch.search.index import Index

from .built import build, page


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder: Path = tmp_path_factory.mktemp("filters")
    systems = {"a": "ICD10PCS", "b": "HCPCS", "c": "Ours"}
    return build(folder, {id: page(id, system=system, risks="bleeding") for id, system in systems.items()})


@pytest.mark.parametrize(
    ("asked", "found"),
    [("ICD10PCS", {"a"}), ("icd-10-pcs", {"a"}), ("ICD-10-PCS codes", {"a"}), (["hcpcs", "ours"], {"b", "c"})],
)
def test_a_system_is_found_in_any_spelling(index: Index, asked: str | list[str], found: set[str]) -> None:
    assert {hit.id for hit in index.search("bleeding", filters={"system": asked}).hits} == found


def test_a_system_that_no_page_has_is_told_with_those_there_are(index: Index) -> None:
    results = index.search("bleeding", filters={"system": "CPT"})
    assert (results.total, results.notes) == (0, ("no page has system=CPT; there is HCPCS, ICD10PCS, Ours",))
