"""The sample pages are parsed to what their authors wrote, and the judgements on them name pages that exist."""

from __future__ import annotations

import csv
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from procsearch.corpus.pages import Page, find_pages
from procsearch.corpus.procedure import Procedure
from procsearch.corpus.records import parse
from tests.places import SAMPLES

EXPECTED = [
    json.loads(line)
    for line in Path(__file__).with_name("samples_expected.jsonl").read_text(encoding="utf-8").splitlines()
]


@cache
def parsed() -> dict[str, Procedure]:
    """Every sample page by its source as seen from the samples' folder."""
    procedures = {}
    for page in find_pages([str(SAMPLES / "pages")]):
        assert isinstance(page, Page), page
        procedures[page.source.removeprefix(f"{SAMPLES}/")] = parse(page)
    return procedures


def beir(name: str) -> dict[str, str]:
    lines = (SAMPLES / name).read_text(encoding="utf-8").splitlines()
    return {record["_id"]: record["text"] for record in map(json.loads, lines)}


def table(name: str) -> list[dict[str, str]]:
    with (SAMPLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture(params=EXPECTED, ids=lambda page: page["source"].rsplit("/", 1)[-1])
def expected(request: pytest.FixtureRequest) -> dict[str, Any]:
    page: dict[str, Any] = request.param
    return page


@pytest.fixture
def procedure(expected: dict[str, Any]) -> Procedure:
    return parsed()[expected["source"]]


class TestPages:
    """Each page, whatever shape a site or scraper gave it, is read as what its author wrote."""

    def test_there_are_as_many_as_expected(self) -> None:
        assert sorted(parsed()) == sorted(page["source"] for page in EXPECTED)
        assert len(EXPECTED) >= 66

    def test_identity(self, expected: dict[str, Any], procedure: Procedure) -> None:
        assert (procedure.system, procedure.code) == (expected["system"], expected["code"])
        if expected["id"] == "page:":
            assert procedure.id.startswith("page:")
        else:
            assert procedure.id == expected["id"]

    def test_names(self, expected: dict[str, Any], procedure: Procedure) -> None:
        assert procedure.name == expected["name"]
        assert list(procedure.common_names) == expected["common_names"]
        assert list(procedure.medical_terms) == expected["medical_terms"]
        assert procedure.descriptor == expected["descriptor"]

    def test_sections(self, expected: dict[str, Any], procedure: Procedure) -> None:
        found = [(section.kind, section.text.split("\n")) for section in procedure.sections]
        assert found == [(section["kind"], section["text"].split("\n")) for section in expected["sections"]]

    def test_similar_codes(self, expected: dict[str, Any], procedure: Procedure) -> None:
        found = [(similar.system, similar.code, similar.descriptor) for similar in procedure.similar_codes]
        assert found == [(s["system"], s["code"], s["descriptor"]) for s in expected["similar_codes"]]


class TestJudgements:
    """The judged queries and questions name pages and sections that exist."""

    def test_queries(self) -> None:
        queries, qrels = beir("queries.jsonl"), table("qrels.tsv")
        assert len(queries) >= 150
        assert {row["query-id"] for row in qrels if row["score"] == "2"} == set(queries)
        assert {row["query-id"] for row in qrels} == set(queries)
        assert {row["score"] for row in qrels} == {"1", "2"}
        self.assert_judged_once(qrels)

    def test_questions(self) -> None:
        questions, answers = beir("questions.jsonl"), table("questions.tsv")
        assert len(questions) >= 110
        assert {row["query-id"] for row in answers} == set(questions)
        self.assert_judged_once(answers)
        kinds = {page["id"]: {section["kind"] for section in page["sections"]} for page in EXPECTED}
        assert [row for row in answers if row["section"] not in kinds[row["corpus-id"]]] == []

    def assert_judged_once(self, rows: list[dict[str, str]]) -> None:
        ids = {procedure.id for procedure in parsed().values()}
        assert [row for row in rows if row["corpus-id"] not in ids] == []
        assert max(Counter((row["query-id"], row["corpus-id"]) for row in rows).values()) == 1
