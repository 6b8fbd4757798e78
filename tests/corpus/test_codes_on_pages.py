"""Where pages say their codes and those of similar procedures, in the many ways there are."""

from __future__ import annotations

import pytest

from procsearch import parse_page

REST = "<h2>Purpose</h2><p>The clot is removed.</p>"
OWN = "<h1>Graft</h1><p>CPT4 36904</p>" + REST


@pytest.mark.parametrize(
    ("said", "system", "code"),
    [
        ("<h2>Code</h2><p>36904</p>", "CPT4", "36904"),
        ("<h2>Code</h2><p>not known before</p><p>36904</p>", "CPT4", "36904"),
        ("<h2>Code: CPT 36904</h2>", "CPT4", "36904"),
        ("<h2>Code: HCPCS</h2><p>G0121</p>", "HCPCS", "G0121"),
        ("<p>Code: 36904</p>", "CPT4", "36904"),
        ("<h2>Code: none yet</h2>", None, None),
    ],
)
def test_the_code_of_a_page(said: str, system: str | None, code: str | None) -> None:
    procedure = parse_page(f"<h1>Graft</h1>{said}{REST}")
    assert (procedure.system, procedure.code) == (system, code)
    assert procedure.sections[-1].text == "The clot is removed."


def test_a_code_section_at_the_end_of_a_page() -> None:
    procedure = parse_page(f"<h1>Graft</h1>{REST}<h2>Code: CPT 36904</h2>")
    assert (procedure.system, procedure.code) == ("CPT4", "36904")


@pytest.mark.parametrize("source", ["55.01.html", "55.01.html.gz", "pages/5501.txt"])
def test_a_label_tells_the_system_of_the_code_in_the_file_name(source: str) -> None:
    assert parse_page(f"<h1>Graft</h1><p>ICD9Proc code</p>{REST}", source).id == "icd9proc:55.01"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ('{"@type":"MedicalProcedure","code":{"codeValue":"36904","codingSystem":"CPT"}}', "36904"),
        ('[{"@type":"MedicalProcedure","code":{"codeValue":"36904"}}, 5, {"codeValue":5}]', "36904"),
        ('{"@type":"Person","code":{"codeValue":"36904"}}', None),
        ('{"codeValue":', None),
        ("[" * 100_000, None),
    ],
)
def test_json_ld(data: str, code: str | None) -> None:
    page = f"<meta name=x><link rel=icon href=/i><script type='application/ld+json'>{data}</script><h1>Graft</h1>{REST}"
    procedure = parse_page(page, "a.html")
    assert (procedure.name, procedure.code) == ("Graft", code)


def similar(listed: str) -> list[tuple[str | None, str | None, str]]:
    procedure = parse_page(f"{OWN}<h2>Similar codes</h2>{listed}")
    return [(found.system, found.code, found.descriptor) for found in procedure.similar_codes]


BALLOON, STENT = ("CPT4", "36905", "Balloon"), ("CPT4", "36906", "Stent")


@pytest.mark.parametrize(
    "listed",
    [
        "<ul><li>36905 Balloon<li>36906 Stent</ul>",
        "<ul><li><a href='/cpt4/36905'>36905</a><li>Balloon<li>36906<li>Stent</ul>",
        "<p><a href='/cpt4/36905'>36905 Balloon</a>, <a href='/cpt4/36906'>36906 Stent</a></p>",
        "<ul><li>Balloon (CPT 36905)<li>Stent (36906)</ul>",
        "<ul><li>Balloon 36905<li>Stent CPT code: 36906</ul>",
        "<ul><li>36905 (CPT): Balloon<li>36906 [CPT] Stent</ul>",
        "<ul><li>36905 CPT, Balloon<li>36906 CPT | Stent</ul>",
        "<ul><li>36905 (Balloon<li>36906 Stent)</ul>",
        "<ul><li>36905 [Balloon<li>36906 (Stent)</ul>",
        "<ul><li>36905 Balloon<li>36906 Stent<li>2 in total</ul>",
        "<ul><li><a href='/cpt4/36905'>Balloon</a><li><a href='/cpt4/36906'>Stent</a><li><a href=/legal>Legal</a></ul>",
    ],
)
def test_similar_codes_in_any_order(listed: str) -> None:
    assert similar(listed) == [BALLOON, STENT]
