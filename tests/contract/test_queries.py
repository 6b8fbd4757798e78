"""What the contract says of queries."""

from __future__ import annotations

from pathlib import Path

import pytest

import procsearch

from .running import write_pages


@pytest.fixture(scope="module")
def index(samples: Path) -> procsearch.Index:
    return procsearch.open_index(samples)


@pytest.mark.parametrize(
    "query",
    ["G0121", "g0121", "HCPCS G0121", "hcpcs g0121", "hcpcs:G0121", "HCPCS:g0121", "hcpcs-G0121", "HCPCS code G0121",
     "code:G0121", "code:g0121", '"G0121"', "G0121?", "  G0121 ", "what is G0121", "(G0121)", "#G0121"],
)  # fmt: skip
def test_a_code_in_any_common_form_puts_its_page_first(index: procsearch.Index, query: str) -> None:
    assert index.search(query, limit=1).hits[0].id == "hcpcs:G0121"


@pytest.mark.parametrize(
    "query",
    ["0TY00Z0", "0ty00z0", "ICD10PCS 0TY00Z0", "ICD-10-PCS 0TY00Z0", "icd10pcs:0TY00Z0", "icd-10-pcs:0ty00z0",
     "ICD 10 PCS 0TY00Z0", "ICD-10-PCS code 0TY00Z0"],
)  # fmt: skip
def test_so_does_one_of_a_system_with_several_spellings(index: procsearch.Index, query: str) -> None:
    assert index.search(query, limit=1).hits[0].id == "icd10pcs:0TY00Z0"


@pytest.mark.parametrize("query", ["what is a colonoscopy?", "colonoscopy?"])
def test_a_question_mark_at_the_end_is_text_with_a_note(index: procsearch.Index, query: str) -> None:
    asked, plain = index.search(query), index.search(query.rstrip("?"))
    assert [hit.id for hit in asked.hits] == [hit.id for hit in plain.hits]
    assert any("question mark" in note for note in asked.notes)


def test_an_unknown_word_before_a_colon_is_text_with_a_note(index: procsearch.Index) -> None:
    results = index.search("virtual:colonoscopy")
    assert any("Colonoscopy" in hit.name for hit in results.hits)
    assert any('"virtual:" is no field' in note for note in results.notes)
    assert any('"https:" is no field' in note for note in index.search("https://example.org/colonoscopy").notes)


def test_text_in_other_is_searched(tmp_path: Path) -> None:
    page = "<h1>Clot</h1><h2>Purpose</h2><p>Out.</p><h2>Parking at the clinic</h2><p>Level zebra.</p>"
    pages = write_pages(tmp_path / "pages", a="one", b="two")
    (pages / "c.html").write_text(page)
    procsearch.reindex(pages, tmp_path / "x")
    (hit,) = procsearch.open_index(tmp_path / "x").search("zebra").hits
    assert (hit.section, hit.name) == ("other", "Clot")
    assert "zebra" in hit.snippet
