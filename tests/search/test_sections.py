"""Questions find their section: over the sample pages, and on words that only look like questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from procsearch.indexer.reindex import reindex
from procsearch.search.evaluation import read_queries
from procsearch.search.index import Index, open_index
from tests.places import SAMPLES

from .built import build, page

SECTIONS = {
    "summary": "A tube with a camera looks at the bowel.",
    "purpose": "Find polyps early.",
    "indications": "Blood in the stool.",
    "preparation": "Clear liquids the day ahead.\nA laxative drink.",
    "steps": "The tube is moved up.",
    "duration": "Half an hour.",
    "setting": "An endoscopy unit.",
    "personnel": "Gastroenterologist",
    "risks": "A small hole.\nHeavy bleeding.",
    "benefits": "Fewer deaths.",
    "recovery": "Gas for a day.\nNo machines until tomorrow.",
    "alternatives": "Stool tests.",
    "experience": "Most people sleep through it.",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("sections")
    return build(folder, {"colonoscopy": page("Colonoscopy", **SECTIONS), "rehab": page("Recovery room care")})


@pytest.mark.parametrize(
    ("query", "section"),
    [
        ("colonoscopy dangers", "risks"), ("is a colonoscopy safe", "risks"),
        ("what can go wrong in a colonoscopy", "risks"),
        ("how much time does a colonoscopy need", "duration"), ("colonoscopy duration", "duration"),
        ("how should I prepare for a colonoscopy", "preparation"), ("the day before my colonoscopy", "preparation"),
        ("when can I work after a colonoscopy", "recovery"), ("colonoscopy aftercare", "recovery"),
        ("which doctor does colonoscopy", "personnel"), ("who carries out a colonoscopy", "personnel"),
        ("who needs a colonoscopy", "indications"), ("why have a colonoscopy", "purpose"),
        ("where is a colonoscopy done", "setting"), ("advantages of colonoscopy", "benefits"),
        ("anything instead of a colonoscopy", "alternatives"), ("does a colonoscopy hurt", "experience"),
        ("how is a colonoscopy done", "steps"), ("what is a colonoscopy?", "summary"),
    ],
)  # fmt: skip
def test_words_that_name_a_section_lead_there(index: Index, query: str, section: str) -> None:
    hit = index.search(query).hits[0]
    assert (hit.id, hit.section) == ("colonoscopy", section)
    assert hit.snippet == SECTIONS[section].replace("\n", " · ")


def test_words_of_a_name_ask_for_no_section(index: Index) -> None:
    assert index.search("recovery room care").hits[0].id == "rehab"


def test_what_a_section_says_counts_too(index: Index) -> None:
    assert index.search("colonoscopy bleeding").hits[0].section == "risks"
    assert index.search("colonoscopy laxative").hits[0].section == "preparation"


def test_the_questions_over_the_sample_pages(tmp_path: Path) -> None:
    reindex([SAMPLES / "pages"], tmp_path / "index")
    index = open_index(tmp_path / "index")
    questions = read_queries(SAMPLES / "questions.jsonl")
    lines = (SAMPLES / "questions.tsv").read_text().splitlines()[1:]
    right_pages = right_sections = 0
    for line in lines:
        query, id, section = line.split("\t")
        hit = index.search(questions[query], limit=1).hits[0]
        right_pages += hit.id == id
        right_sections += hit.id == id and hit.section == section
    assert right_pages >= 0.9 * len(lines)
    assert right_sections >= 0.9 * right_pages
