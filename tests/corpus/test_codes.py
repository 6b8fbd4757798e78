"""Code systems and codes as people, addresses and files write them."""

from __future__ import annotations

import pytest

from procsearch.corpus.codes import NO_CODE, FoundCode, guess, in_file_name, in_line, in_url, system_of_label
from procsearch.corpus.systems import procedure_id, system_named


@pytest.mark.parametrize(
    ("spelling", "system"),
    [
        ("CPT", "CPT4"), ("cpt4", "CPT4"), ("CPT-4", "CPT4"), ("CPT® code", "CPT4"), ("cpt-codes", "CPT4"),
        ("HCPCS", "HCPCS"), ("HCPCS Level II", "HCPCS"), ("ICD-10-PCS", "ICD10PCS"), ("icd10pcs", "ICD10PCS"),
        ("ICD-9-Proc", "ICD9Proc"), ("icd9proc", "ICD9Proc"), ("ICD-10-CM", "ICD10CM"), ("CDT", "CDT"),
        ("SNOMED CT", "SNOMEDCT"), ("procedure", None), ("", None),
    ],
)  # fmt: skip
def test_spellings(spelling: str, system: str | None) -> None:
    assert system_named(spelling) == system


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://x.example/code/cpt4/50040-nephrostomy-nephrotomy-with-drainage", FoundCode("CPT4", "50040")),
        ("https://x.example/code/hcpcs/a0021/", FoundCode("HCPCS", "A0021")),
        ("/codes/icd-10-pcs/0tj54zz", FoundCode("ICD10PCS", "0TJ54ZZ")),
        ("/code/icd9proc/55.01-nephrotomy", FoundCode("ICD9Proc", "55.01")),
        ("/code/icd9proc/5501-nephrotomy", FoundCode("ICD9Proc", "55.01")),
        ("/cpt-codes/36904", FoundCode("CPT4", "36904")),
        ("/lookup?system=cpt&code=0101T", FoundCode("CPT4", "0101T")),
        ("/articles/cpt-36904-thrombectomy", FoundCode("CPT4", "36904")),
        ("/news/2024/12345-story", NO_CODE),
        ("/locations/90210", NO_CODE),
        ("http://[broken", NO_CODE),
        ("", NO_CODE),
    ],
)
def test_addresses(url: str, found: FoundCode) -> None:
    assert in_url(url) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("pages/36904.html", FoundCode("CPT4", "36904")),
        ("cpt4-36904.html", FoundCode("CPT4", "36904")),
        ("hcpcs_A0021.txt", FoundCode("HCPCS", "A0021")),
        ("hcpcs_a0021.txt", FoundCode("HCPCS", "A0021")),
        ("scrape.zip!pages/icd10pcs-0TJ54ZZ.html", FoundCode("ICD10PCS", "0TJ54ZZ")),
        ("icd9proc-55.01.html", FoundCode("ICD9Proc", "55.01")),
        ("36904-thrombectomy.html.txt", FoundCode("CPT4", "36904")),
        ("D0120.html", FoundCode("CDT", "D0120")),
        ("page17.html", NO_CODE),
        ("2024-01-02.html", NO_CODE),
        ("crawl.jsonl#17", NO_CODE),
        ("surgery.html", NO_CODE),
        ("", NO_CODE),
    ],
)
def test_file_names(source: str, found: FoundCode) -> None:
    assert in_file_name(source) == found


@pytest.mark.parametrize(
    ("line", "system", "found"),
    [
        ("CPT 36904", None, FoundCode("CPT4", "36904")),
        ("CPT® Code: 36904", None, FoundCode("CPT4", "36904")),
        ("36904 (CPT4)", None, FoundCode("CPT4", "36904")),
        ("Code: A0021", None, FoundCode("HCPCS", "A0021")),
        ("Procedure code 36904", "CPT4", FoundCode("CPT4", "36904")),
        ("36904", "CPT4", FoundCode("CPT4", "36904")),
        ("36904", None, NO_CODE),
        ("ICD-10-PCS: 0TJ54ZZ", None, FoundCode("ICD10PCS", "0TJ54ZZ")),
        ("ICD-10-PCS: SURGERY", None, NO_CODE),
        ("Call 36904 now", "CPT4", NO_CODE),
        ("CPT 36904 and CPT 36905", None, NO_CODE),
    ],
)
def test_lines(line: str, system: str | None, found: FoundCode) -> None:
    assert in_line(line, system) == found


def test_labels() -> None:
    assert system_of_label("CPT4 code") == "CPT4"
    assert system_of_label("HCPCS Code:") == "HCPCS"
    assert system_of_label("The CPT4 code is old") is None


def test_forms_that_tell_the_system() -> None:
    assert guess("36904") == FoundCode("CPT4", "36904")
    assert guess("a0021") == FoundCode("HCPCS", "A0021")
    assert guess("0TJ54ZI") == NO_CODE  # no I in ICD-10-PCS
    assert guess("1985") == NO_CODE


def test_ids() -> None:
    assert procedure_id("HCPCS", "a0021", "x") == "hcpcs:A0021"
    assert procedure_id("CPT4", None, "x") == procedure_id(None, None, "x")
    assert procedure_id(None, None, "x") != procedure_id(None, None, "y")
