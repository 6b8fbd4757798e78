"""Names: pages, sources, ids, kinds of section and the fields of a procedure."""

from __future__ import annotations

import json
import shutil
import tarfile
import zipfile
from importlib.metadata import entry_points, metadata
from pathlib import Path

import pytest

import procsearch
from procsearch.corpus.procedure import SECTION_KINDS

from .running import html, run, write_pages

PAGE = """<html><head><link rel="canonical" href="https://codes.example/code/hcpcs/g0121-screening-colonoscopy"></head>
<body><p>Search all medical codes</p><p>HCPCS code</p><h1>Colonoscopy</h1>
<h2>Summary</h2><p>A look at the bowel.</p>
<h2>Procedure Description</h2><ol><li>Sedation</li><li>The scope goes in</li></ol>
<h2>Risks and Complications</h2><ul><li>Bleeding</li><li>Perforation</li></ul>
<h2>Patient Experience</h2><p>Sleepy.</p><h2>Parking at the clinic</h2><p>Level zebra.</p></body></html>"""


def sources_of(*pages: object, at: Path) -> list[str]:
    ran = run("parse", *pages, "--json", at=at)
    assert ran.code == 0, ran.err
    return [procedure["source"] for procedure in ran.json_lines]


class TestNames:
    def test_distribution_import_and_command_are_procsearch(self) -> None:
        assert metadata("procsearch")["Name"] == "procsearch"
        (command,) = entry_points(group="console_scripts", name="procsearch")
        assert command.value == "procsearch.cli:main"

    def test_section_kinds_in_page_order(self) -> None:
        expected = (
            "summary purpose indications preparation steps duration setting personnel risks benefits recovery "
            "alternatives experience other"
        )
        assert expected.split() == list(SECTION_KINDS)

    @pytest.mark.parametrize(
        "field",
        "summary purpose indications preparation steps duration setting personnel risks benefits recovery alternatives "
        "experience name common_names medical_terms code system descriptor".split(),
    )
    def test_fields_of_a_query(self, samples: Path, field: str) -> None:
        results = procsearch.open_index(samples).search(f"{field}:*")
        assert results.total > 0
        assert results.notes == ()


class TestSections:
    def test_headings_give_kinds_and_the_rest_is_other(self) -> None:
        procedure = procsearch.parse_page(PAGE)
        assert [(section.kind, section.heading) for section in procedure.sections] == [
            ("summary", "Summary"), ("steps", "Procedure Description"), ("risks", "Risks and Complications"),
            ("experience", "Patient Experience"), ("other", "Parking at the clinic"),
        ]  # fmt: skip

    def test_text_has_a_line_for_each_item_without_bullets(self) -> None:
        texts = {section.kind: section.text for section in procsearch.parse_page(PAGE).sections}
        assert texts["steps"] == "Sedation\nThe scope goes in"
        assert texts["risks"] == "Bleeding\nPerforation"

    def test_furniture_belongs_to_no_section(self) -> None:
        told = json.dumps(procsearch.parse_page(PAGE).to_json())
        assert "Search all medical codes" not in told
        assert "HCPCS code" not in told

    def test_a_procedure_as_json(self) -> None:
        told = procsearch.parse_page(PAGE, source="colon.html").to_json()
        assert list(told) == [
            "id", "system", "code", "descriptor", "name", "common_names", "medical_terms", "sections", "similar_codes",
            "source", "warnings",
        ]  # fmt: skip
        assert (told["id"], told["system"], told["code"]) == ("hcpcs:G0121", "HCPCS", "G0121")
        assert told["name"] == "Colonoscopy"
        assert all(list(section) == ["kind", "heading", "text"] for section in told["sections"])

    def test_similar_codes_carry_system_code_descriptor_and_url(self) -> None:
        link = '<a href="/code/hcpcs/g0105-high-risk">Screening of people at high risk</a>'
        (similar,) = procsearch.parse_page(PAGE + f"<h2>Similar Codes</h2><ul><li>{link}</li></ul>").to_json()[
            "similar_codes"
        ]
        assert list(similar) == ["system", "code", "descriptor", "url"]
        assert (similar["system"], similar["code"]) == ("HCPCS", "G0105")

    def test_a_procedure_is_immutable(self) -> None:
        procedure = procsearch.parse_page(PAGE)
        with pytest.raises(AttributeError):
            procedure.name = "other"  # type: ignore[misc]

    def test_code_is_null_where_none_is_known(self) -> None:
        assert procsearch.parse_page(html("Rest", "Lie down."), source="rest.html").to_json()["code"] is None


class TestSources:
    def test_path_as_named_joined_with_the_path_inside(self, tmp_path: Path) -> None:
        write_pages(tmp_path / "pages" / "sub", a="one")
        assert sources_of("pages", at=tmp_path) == ["pages/sub/a.html"]
        assert sources_of("pages/sub/a.html", at=tmp_path) == ["pages/sub/a.html"]
        assert sources_of(tmp_path / "pages", at=tmp_path) == [f"{tmp_path}/pages/sub/a.html"]

    def test_members_of_archives(self, tmp_path: Path) -> None:
        write_pages(tmp_path / "pages", a="one")
        with zipfile.ZipFile(tmp_path / "scrape.zip", "w") as archive:
            archive.write(tmp_path / "pages" / "a.html", "a.html")
        with tarfile.open(tmp_path / "scrape.tar.gz", "w:gz") as tar:
            tar.add(tmp_path / "pages" / "a.html", "a.html")
        assert sources_of("scrape.zip", "scrape.tar.gz", at=tmp_path) == ["scrape.tar.gz!a.html", "scrape.zip!a.html"]

    def test_records_are_numbered_and_crawled_pages_have_their_url(self, tmp_path: Path) -> None:
        records = [{"_id": "1", "title": "A", "text": "a"}, {"url": "https://e.org/x", "html": html("B", "b")}]
        (tmp_path / "crawl.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        assert sources_of("crawl.jsonl", at=tmp_path) == ["crawl.jsonl#1", "https://e.org/x"]


class TestIds:
    @pytest.mark.parametrize("key", ["id", "_id"])
    def test_a_record_keeps_its_own(self, tmp_path: Path, key: str) -> None:
        record = {key: "Mine 7", "name": "Colonoscopy", "system": "HCPCS", "code": "G0121"}
        (tmp_path / "one.jsonl").write_text(json.dumps(record))
        assert [found["id"] for found in run("parse", "one.jsonl", "--json", at=tmp_path).json_lines] == ["Mine 7"]

    def test_a_crawled_page_keeps_its_own(self, tmp_path: Path) -> None:
        (tmp_path / "one.jsonl").write_text(json.dumps({"id": "mine", "url": "https://e.org/x", "html": PAGE}))
        assert [found["id"] for found in run("parse", "one.jsonl", "--json", at=tmp_path).json_lines] == ["mine"]

    def test_system_and_code_in_upper_case(self) -> None:
        assert procsearch.parse_page(PAGE).id == "hcpcs:G0121"
        assert procsearch.parse_page(html("Clot", "Out."), source="cpt4_36904.html").id == "cpt4:36904"

    def test_the_address_comes_before_the_file_name(self) -> None:
        assert procsearch.parse_page(PAGE, source="hcpcs_G0105.html").id == "hcpcs:G0121"

    def test_without_a_code_it_is_made_of_the_source_and_stays(self, tmp_path: Path) -> None:
        write_pages(tmp_path / "pages", rest="Lie down.", walk="Walk.")
        run("index", "pages", "--index", "one", at=tmp_path)
        first = [found["id"] for found in run("export", "--index", "one", at=tmp_path).json_lines]
        shutil.rmtree(tmp_path / "one")
        write_pages(tmp_path / "pages", rest="Lie down for long.")
        run("index", "pages", "--index", "two", at=tmp_path)
        second = [found["id"] for found in run("export", "--index", "two", at=tmp_path).json_lines]
        assert first == second
        assert len(set(first)) == 2
        assert all(id.startswith("page:") for id in first)

    def test_of_two_pages_the_last_in_path_order_wins_with_a_warning(self, tmp_path: Path) -> None:
        for name in ("b", "a", "c"):
            (tmp_path / f"{name}.html").write_text(PAGE.replace("A look at the bowel", f"Version {name}"))
        ran = run("index", "c.html", "b.html", "a.html", "--index", "x", at=tmp_path)
        assert ran.code == 0
        assert "a.html" in ran.err
        assert "b.html" in ran.err
        assert "c.html has the same id hcpcs:G0121 and wins" in ran.err
        shown = run("show", "hcpcs:G0121", "--index", "x", "--json", at=tmp_path).json
        assert shown["source"] == "c.html"
        assert run("stats", "--index", "x", "--json", at=tmp_path).json["documents"] == 1

    def test_when_the_winner_goes_the_other_is_found_again(self, tmp_path: Path) -> None:
        pages = tmp_path / "pages"
        pages.mkdir()
        for name in "abcdef":
            (pages / f"{name}.html").write_text(PAGE if name in "ab" else html(name, "filler"))
        run("index", "pages", "--index", "x", at=tmp_path)
        (pages / "b.html").unlink()
        run("index", "pages", "--index", "x", at=tmp_path)
        shown = run("show", "hcpcs:G0121", "--index", "x", "--json", at=tmp_path).json
        assert shown["source"] == "pages/a.html"
