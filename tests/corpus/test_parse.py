"""Parsing as a user meets it: the sample text, codes, names, headings, warnings, errors."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procsearch.corpus.errors import PageError, ProcsearchError
from procsearch.corpus.parse import parse_page
from procsearch.corpus.procedure import SECTION_KINDS, Procedure

SOURCE_PAGE = Path(__file__).resolve().parents[2].parent / "shared" / "source-page.txt"

READER_TEXT = """\
Search all medical codes

Transfusion of widgets, any method, including imaging,

HCPCS code

Name of the Procedure:

Widget Transfusion

  • Common Name: Widget drip
  • Medical Term: Transfusio widgetorum

Summary

A widget is given through a vein.

Procedure Description

  1. A vein is found.
  2. The widget is given.

Alternatives

  • Tablets: slower.
  • Waiting.

    Patient Experience

  • During the procedure: little is felt.

Similar Codes"""


def kinds(procedure: Procedure) -> list[str]:
    return [section.kind for section in procedure.sections]


def text_of(procedure: Procedure, kind: str) -> str:
    return "\n".join(section.text for section in procedure.sections if section.kind == kind)


class TestTheSamplePage:
    """The page that the project starts from comes back exactly."""

    @pytest.fixture
    def procedure(self) -> Procedure:
        if not SOURCE_PAGE.exists():
            pytest.skip(f"the sample page is not beside the repository: {SOURCE_PAGE}")
        return parse_page(SOURCE_PAGE.read_bytes(), "pages/36904.txt")

    def test_head(self, procedure: Procedure) -> None:
        assert procedure.id == "cpt4:36904"
        assert (procedure.system, procedure.code) == ("CPT4", "36904")
        assert procedure.descriptor.startswith("Percutaneous transluminal mechanical thrombectomy and/or infusion")
        assert procedure.descriptor.endswith("catheter placement(s),")
        assert procedure.name.endswith("in a Dialysis Circuit")
        assert procedure.common_names == ("Mechanical Thrombectomy for Dialysis",)
        assert procedure.medical_terms == ("Percutaneous Transluminal Mechanical Thrombectomy and Thrombolysis",)
        assert procedure.similar_codes == ()
        assert procedure.warnings == ("the descriptor is cut off",)

    def test_sections_hold_every_line_of_the_page(self, procedure: Procedure) -> None:
        assert kinds(procedure) == list(SECTION_KINDS[:-1])
        lines = SOURCE_PAGE.read_text(encoding="utf-8").split("Summary", 1)[1].splitlines()
        plain = [re.sub(r"^\s*(•|\d\.)?\s*", "", line).strip() for line in lines]
        headings = {section.heading for section in procedure.sections} | {"Similar Codes"}
        expected = [line for line in plain if line and line not in headings]
        assert [line for section in procedure.sections for line in section.text.split("\n")] == expected


def test_reader_text() -> None:
    procedure = parse_page(READER_TEXT)
    assert kinds(procedure) == ["summary", "steps", "alternatives", "experience"]
    assert text_of(procedure, "steps") == "A vein is found.\nThe widget is given."
    assert text_of(procedure, "alternatives") == "Tablets: slower.\nWaiting."
    assert procedure.system == "HCPCS"
    assert procedure.code is None
    assert procedure.id.startswith("page:")
    assert "no code found" in procedure.warnings


def test_the_same_page_has_the_same_id_and_another_page_another() -> None:
    assert parse_page(READER_TEXT, "a.txt").id == parse_page(READER_TEXT, "a.txt").id
    assert parse_page(READER_TEXT, "a.txt").id != parse_page(READER_TEXT, "b.txt").id


CANONICAL = '<link rel="canonical" href="https://x.example/code/cpt4/10001-a">'
META = '<meta name="procedure-code" content="10003">'


@pytest.mark.parametrize(
    ("head", "label", "url", "expected"),
    [
        (CANONICAL, "CPT4 code: 10002", None, "cpt4:10001"),
        ("", "CPT4 code: 10002", "https://x.example/code/cpt4/10005-b", "cpt4:10005"),
        (META, "CPT4 code: 10002", None, "cpt4:10002"),
        (META, "CPT4 code", None, "cpt4:10003"),
        ("", "CPT4 code", None, "cpt4:10004"),
    ],
)
def test_the_code_is_looked_for_in_the_order_of_the_contract(
    head: str, label: str, url: str | None, expected: str
) -> None:
    page = f"<html><head>{head}</head><body><h1>Removal of a widget</h1><p>{label}</p><h2>Summary</h2><p>Text.</p>"
    assert parse_page(page, "10004.html", url=url).id == expected


def test_codes_are_not_made_of_phone_numbers_years_and_zip_codes() -> None:
    page = (
        "<h1>Removal of a widget</h1><p>CPT4 code</p><p>Call 55512 or 555-867-5309.</p><h2>Summary</h2>"
        "<p>Since 2019, in Springfield 90210. CPT 99999 is another code.</p><h2>Setting</h2><p>90210</p>"
    )
    procedure = parse_page(page, "a.html")
    assert (procedure.system, procedure.code) == ("CPT4", None)
    assert text_of(procedure, "setting") == "90210"


def test_similar_codes_carry_system_and_code_from_their_links() -> None:
    page = (
        "<h2>Summary</h2><p>Text.</p><h2>Similar Codes</h2><ul>"
        '<li><a href="/code/hcpcs/a0021-ambulance">Ambulance outside the state</a></li>'
        '<li><a href="https://x.example/code/icd9proc/55.01-nephrotomy">55.01 - Nephrotomy</a></li>'
        "<li>CPT 36905 \u2013 Removal of another widget</li></ul>"
    )
    found = parse_page(page).similar_codes
    assert [(code.system, code.code, code.descriptor) for code in found] == [
        ("HCPCS", "A0021", "Ambulance outside the state"),
        ("ICD9Proc", "55.01", "Nephrotomy"),
        ("CPT4", "36905", "Removal of another widget"),
    ]
    assert found[0].url == "/code/hcpcs/a0021-ambulance"


def test_the_code_may_stand_in_the_title() -> None:
    for title in ("Widget removal (CPT 36904)", "CPT® 36904 - Widget removal"):
        procedure = parse_page(f"<h1>{title}</h1><h2>Risks</h2><p>Few.</p>")
        assert (procedure.id, procedure.name) == ("cpt4:36904", "Widget removal")


def test_a_bold_word_that_begins_a_sentence_heads_nothing() -> None:
    page = "<h2>Summary</h2><p><b>Recovery</b> is quick.</p><p><b>Risks:</b> few.</p>"
    procedure = parse_page(page)
    assert (text_of(procedure, "summary"), text_of(procedure, "risks")) == ("Recovery is quick.", "few.")


def test_stages_head_sections_only_where_the_headings_look_like_them() -> None:
    heads = "".join(f"<p><b>{heading}:</b> Text.</p>" for heading in ("Summary", "Risks", "Setting", "Benefits"))
    stage = "<p><b>Before the procedure:</b> Fast.</p>"
    assert text_of(parse_page(heads + stage), "preparation") == "Fast."
    for page in (
        heads + "<p>Before the procedure: Fast.</p>",
        heads + "<p><b>What to Expect:</b> Little.</p>" + stage,
        "<h2>Summary</h2><p>Text.</p><h2>Risks</h2><p>Text.</p><h2>Setting</h2><p>Home.</p>" + stage,
    ):
        assert "preparation" not in kinds(parse_page(page))
        assert "Before the procedure: Fast." in json.dumps(parse_page(page).to_json())
    both = parse_page(heads + stage + "<p><b>Preparation:</b> Rest.</p>")
    assert text_of(both, "preparation") == "Rest."


def test_a_descriptor_that_is_all_but_the_name_is_kept() -> None:
    page = "Hearing screening\n\nHCPCS code\n\nName of the Procedure: Hearing Screening\n\nSummary\n\nBeeps are played."
    procedure = parse_page(page)
    assert (procedure.name, procedure.descriptor) == ("Hearing Screening", "Hearing screening")
    title_only = parse_page(
        "<h1>Colonoscopy</h1><h2>Procedure Name</h2><p>Colonoscopy</p><h2>Summary</h2><p>A look.</p>"
    )
    assert (title_only.name, title_only.descriptor) == ("Colonoscopy", "")


def test_brackets_of_similar_codes_are_stripped_only_where_they_are_alone_or_around() -> None:
    lines = {
        "S0800 Laser keratomileusis (lasik)": "Laser keratomileusis (lasik)",
        "S0801 (Nephrotomy)": "Nephrotomy",
        "S0802 Removal)": "Removal",
        "S0803 (left) or (right)": "(left) or (right)",
    }
    page = "<h2>Summary</h2><p>Text.</p><h2>Similar Codes</h2>" + "".join(f"<p>{line}</p>" for line in lines)
    assert [code.descriptor for code in parse_page(page).similar_codes] == list(lines.values())


def test_similar_codes_come_from_a_sidebar_too() -> None:
    codes = (
        "<h3>Similar Codes</h3><p>total 1</p><ul><li><a href=/codes/CPT4/10001>10001</a> CPT4 code, imaging</li></ul>"
    )
    page = f"<main><h2>Summary</h2><p>Text.</p><aside>{codes}<h3>Popular</h3><p>Junk.</p></aside></main>"
    procedure = parse_page(page)
    assert [(code.system, code.code, code.descriptor) for code in procedure.similar_codes] == [
        ("CPT4", "10001", "imaging")
    ]
    assert "Junk" not in json.dumps(procedure.to_json())


@pytest.mark.parametrize("setting", ["Home", "Home / clinic", "<a href=/home>Home</a>"])
def test_a_setting_that_is_home_is_no_furniture(setting: str) -> None:
    page = f"<h2>Summary</h2><p>Text.</p><h2>Setting</h2><p>{setting}</p><h2>Risks</h2><p>Few.</p>"
    assert text_of(parse_page(page), "setting") == re.sub("<.*?>", "", setting)


def test_lines_that_only_pre_keeps_apart() -> None:
    page = "<h2>Risks</h2><pre>\n- one\n- <b>two</b><input value=x>\n</pre><p>Three.</p>"
    assert text_of(parse_page(page), "risks") == "one\ntwo\nThree."


def test_related_links_are_dropped_and_remarks_of_like_wording_kept() -> None:
    page = "<h2>Risks</h2><p>See also: the leaflet.</p><p>Few.</p><h3>Related articles</h3><p><a href=/a>A</a></p>"
    assert text_of(parse_page(page), "risks") == "See also: the leaflet.\nFew."


def test_what_fits_no_section_is_kept_as_other() -> None:
    page = "<h1>Widgetry</h1><p>An introduction of sorts.</p><h2>Insurance</h2><p>Paid.</p><h2>Risks</h2><p>None.</p>"
    procedure = parse_page(page)
    assert [(s.kind, s.heading, s.text) for s in procedure.sections] == [
        ("other", "", "An introduction of sorts."),
        ("other", "Insurance", "Paid."),
        ("risks", "Risks", "None."),
    ]


def test_a_heading_beneath_a_section_divides_it() -> None:
    page = "<h2>Risks</h2><h3>Common risks</h3><p>One.</p><h3>In children</h3><p>Two.</p><h2>Setting</h2><p>Home.</p>"
    procedure = parse_page(page)
    assert kinds(procedure) == ["risks", "setting"]
    assert text_of(procedure, "risks") == "Common risks\nOne.\nIn children\nTwo."


def test_two_headings_of_one_kind_are_merged_with_a_warning() -> None:
    procedure = parse_page("<h2>Risks</h2><p>One.</p><h2>Setting</h2><p>Home.</p><h2>Complications</h2><p>Two.</p>")
    assert kinds(procedure) == ["risks", "setting"]
    assert text_of(procedure, "risks") == "One.\nComplications\nTwo."
    assert any("merged" in warning for warning in procedure.warnings)


def test_missing_and_empty_sections_are_told() -> None:
    warnings = " ".join(parse_page("<h2>Risks</h2><h2>Setting</h2><p>Home.</p>").warnings)
    assert "empty section: Risks" in warnings
    assert "missing sections: summary, purpose" in warnings
    assert "no name found" in warnings


def test_a_page_without_headings_keeps_its_text() -> None:
    procedure = parse_page("<p>It is a fine procedure.</p><p>It takes an hour.</p>")
    assert procedure.sections[0].text == "It is a fine procedure.\nIt takes an hour."
    assert "no section headings found" in procedure.warnings


@pytest.mark.parametrize(
    "heading",
    ["RISKS", "Risks:", "3. Risks", "Your risks", "Risks of widget removal", "**Risks**", "Risks & Side Effects",
     "What are the risks?", "R I S K S", "Widget Removal Risks"],
)  # fmt: skip
def test_a_wording_is_known_in_its_variants(heading: str) -> None:
    page = f"<h1>Widget Removal</h1><h2>{heading}</h2><p>Bleeding.</p>"
    assert text_of(parse_page(page), "risks") == "Bleeding."


def test_headings_of_the_user_come_first() -> None:
    page = "<h1>Widgets</h1><h2>Small print</h2><p>Bleeding.</p><h2>Summary</h2><p>Text.</p>"
    assert kinds(parse_page(page)) == ["other", "summary"]
    assert kinds(parse_page(page, headings={"small print": "risks", "Summary": "purpose"})) == ["risks", "purpose"]
    with pytest.raises(ProcsearchError, match="unknown kind"):
        parse_page(page, headings={"small print": "nonsense"})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        ("  \n", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "binary"),
        (b"%PDF-1.7 ...", "binary"),
        (bytes(range(256)) * 20, "binary"),
        ("<html><body><script>x</script></body></html>", "no text"),
        ("<div>" * 5000 + "x", "deep"),
        ("<i>x" * 100_001, "tags"),
        ("<p " + "a=1 " * 3000 + ">x", "attributes"),
    ],
)
def test_a_page_that_cannot_be_parsed_is_named_with_the_reason(data: bytes | str, reason: str) -> None:
    with pytest.raises(PageError, match=reason) as caught:
        parse_page(data, "pages/a.html")
    assert caught.value.page == "pages/a.html"


@pytest.mark.parametrize(
    "page",
    ["<!--" * 50_000 + "<p>x", "[" * 200_000, "# a" + " " * 100_000 + "b",
     "**a " * 50_000, "e" + "\u0301\u0327" * 100_000, "<nav>" * 1500 + "<p>x y",
     "<table><tr><td>x" * 300, "<?xml " * 20_000, "&amp;" * 100_000, "Common names: " + "a, (b " * 20_000,
     '<script type="application/ld+json">' + "[" * 100_000 + "</script><p>x"],
    ids=lambda page: page[:12],
)  # fmt: skip
def test_hostile_pages_are_parsed_or_refused(page: str) -> None:
    for source in ("a.html", "a.txt"):
        try:
            parse_page(page, source)
        except PageError as error:
            assert error.reason


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["a.html", "a.txt", "a.md", "a"]))
def test_any_bytes_give_a_procedure_or_a_page_error(data: bytes, source: str) -> None:
    try:
        procedure = parse_page(data, source)
    except PageError:
        return
    assert Procedure.from_json(procedure.to_json()) == procedure
    procedure.to_json().__repr__().encode()  # no lone surrogates


_MARKUP = st.sampled_from(
    [
        *("<h2>", "</h2>", "<p>", "</p>", "<ul><li>", "</li></ul>", "<b>", "</b>", "<br>", "<dl><dt>", "<dd>", "</dl>"),
        *("<table><tr><th>", "</th><td>", "</td></tr></table>", "<nav>", "</nav>", "<div class='menu'>", "</div>"),
        *("<pre>", "\n", "&nbsp;", "- ", "1. ", "# ", "**", ": ", "a word", "36904"),
        *("Risks", "Summary", "Name of the Procedure:", "CPT4 code", "Similar Codes"),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_MARKUP, max_size=30))
def test_any_markup_gives_a_procedure_or_a_page_error(pieces: list[str]) -> None:
    page = "".join(pieces)
    for source in ("a.html", "a.md"):
        try:
            procedure = parse_page(page, source)
        except PageError:
            continue
        assert all(section.kind in SECTION_KINDS for section in procedure.sections)
        assert all(section.text.strip() and "\n\n" not in section.text for section in procedure.sections)


_HEADING = st.sampled_from(["Risks", "Odd Heading", "Recovery", "Setting"])
_LINE = st.text(st.sampled_from("bcdfgjklmpqvwxyz"), min_size=3, max_size=9).map(lambda word: f"{word} {word[::-1]}x")


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["Risks", "Odd Heading", "Recovery", "Setting"]), st.lists(_LINE, max_size=4)))
)
def test_every_word_of_the_main_content_is_kept(sections: list[tuple[str, list[str]]]) -> None:
    page = "<main><h1>The Name</h1>" + "".join(
        f"<h2>{heading}</h2>" + "".join(f"<p>{line}.</p>" for line in lines) for heading, lines in sections
    )
    found = parse_page(page)
    words = set(re.findall(r"\w+", json.dumps(found.to_json()).replace("\\n", " ")))
    assert {word for _, lines in sections for line in lines for word in line.split()} <= words
    assert "Odd" in words or not any(heading == "Odd Heading" for heading, _ in sections)
