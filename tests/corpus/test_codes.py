"""Code systems and codes as people, addresses and files write them."""

from __future__ import annotations

import pytest

from procsearch.corpus.codes import Found, guess, in_file_name, in_line, in_url, is_label, procedure_id, system_named

NOTHING = Found(None, None)


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
        ("https://x.example/code/cpt4/50040-nephrostomy-nephrotomy-with-drainage", Found("CPT4", "50040")),
        ("https://x.example/code/hcpcs/a0021/", Found("HCPCS", "A0021")),
        ("/codes/icd-10-pcs/0tj54zz", Found("ICD10PCS", "0TJ54ZZ")),
        ("/code/icd9proc/55.01-nephrotomy", Found("ICD9Proc", "55.01")),
        ("/code/icd9proc/5501-nephrotomy", Found("ICD9Proc", "55.01")),
        ("/cpt-codes/36904", Found("CPT4", "36904")),
        ("/lookup?system=cpt&code=0101T", Found("CPT4", "0101T")),
        ("/articles/cpt-36904-thrombectomy", Found("CPT4", "36904")),
        ("/news/2024/12345-story", NOTHING),
        ("/locations/90210", NOTHING),
        ("http://[broken", NOTHING),
        ("", NOTHING),
    ],
)
def test_addresses(url: str, found: Found) -> None:
    assert in_url(url) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("pages/36904.html", Found("CPT4", "36904")),
        ("cpt4-36904.html", Found("CPT4", "36904")),
        ("hcpcs_A0021.txt", Found("HCPCS", "A0021")),
        ("hcpcs_a0021.txt", Found("HCPCS", "A0021")),
        ("scrape.zip!pages/icd10pcs-0TJ54ZZ.html", Found("ICD10PCS", "0TJ54ZZ")),
        ("icd9proc-55.01.html", Found("ICD9Proc", "55.01")),
        ("36904-thrombectomy.html.txt", Found("CPT4", "36904")),
        ("D0120.html", Found("CDT", "D0120")),
        ("page17.html", NOTHING),
        ("2024-01-02.html", NOTHING),
        ("crawl.jsonl#17", NOTHING),
        ("surgery.html", NOTHING),
        ("", NOTHING),
    ],
)
def test_file_names(source: str, found: Found) -> None:
    assert in_file_name(source) == found


@pytest.mark.parametrize(
    ("line", "system", "found"),
    [
        ("CPT 36904", None, Found("CPT4", "36904")),
        ("CPT® Code: 36904", None, Found("CPT4", "36904")),
        ("36904 (CPT4)", None, Found("CPT4", "36904")),
        ("Code: A0021", None, Found("HCPCS", "A0021")),
        ("Procedure code 36904", "CPT4", Found("CPT4", "36904")),
        ("36904", "CPT4", Found("CPT4", "36904")),
        ("36904", None, NOTHING),
        ("ICD-10-PCS: 0TJ54ZZ", None, Found("ICD10PCS", "0TJ54ZZ")),
        ("ICD-10-PCS: SURGERY", None, NOTHING),
        ("Call 36904 now", "CPT4", NOTHING),
        ("CPT 36904 and CPT 36905", None, NOTHING),
    ],
)
def test_lines(line: str, system: str | None, found: Found) -> None:
    assert in_line(line, system) == found


def test_labels() -> None:
    assert is_label("CPT4 code") == "CPT4"
    assert is_label("HCPCS Code:") == "HCPCS"
    assert is_label("The CPT4 code is old") is None


def test_forms_that_tell_the_system() -> None:
    assert guess("36904") == Found("CPT4", "36904")
    assert guess("a0021") == Found("HCPCS", "A0021")
    assert guess("0TJ54ZI") == NOTHING  # no I in ICD-10-PCS
    assert guess("1985") == NOTHING


def test_ids() -> None:
    assert procedure_id("HCPCS", "a0021", "x") == "hcpcs:A0021"
    assert procedure_id("CPT4", None, "x") == procedure_id(None, None, "x")
    assert procedure_id(None, None, "x") != procedure_id(None, None, "y")
