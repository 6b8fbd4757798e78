"""Snippets mark every word that answers the query and no other, read as plainly as can be."""

from __future__ import annotations

import pytest

import procsearch
from procsearch.corpus.procedure import Procedure, Section
from procsearch.indexer.analysis import word_spans
from procsearch.search.asked import AskedWord
from procsearch.search.finding import Finder
from procsearch.search.index import Index
from procsearch.search.snippets import SNIPPET_CHARACTERS, make_snippet
from tests.places import SAMPLES

QUERIES = (
    "kidney", "kidney stone bleeding", "dialysis clot graft", "infect*", "an?ioplasty surgery", "risks:bleeding fever",
    "cataract~", '"blood pressure"', "code:G0100-G0400 screening", "bleeding AND NOT fever",
)  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    place = tmp_path_factory.mktemp("snippets")
    procsearch.reindex([SAMPLES / "pages"], place)
    return procsearch.open_index(place)


@pytest.mark.parametrize("query", QUERIES)
def test_marks_are_the_words_that_answer(index: Index, query: str) -> None:
    from procsearch.indexer.fields import BOOSTS

    asked = index._ask(index.view(), query, BOOSTS).words
    results = index.search(query, limit=50)
    assert results.hits
    for hit in results.hits:
        answering = [word for word in asked if word.stands_in(hit.section or "descriptor")]
        in_phrases = {part for word in answering for term, _ in word.phrases for part in term.split()}
        for term, start, end in word_spans(hit.snippet):
            answers = any(word.tier_of(term) for word in answering)
            if (start, end) in hit.marks:
                assert answers or any(term.startswith(part[:3]) for part in in_phrases), term
            else:
                assert not answers, term
        assert len(hit.snippet) <= SNIPPET_CHARACTERS


def asked_for(term: str) -> AskedWord:
    tiers = {term: "exact"}
    return AskedWord(None, "all", term, tiers.get, frozenset(tiers))


@pytest.mark.parametrize(
    "text", ["Über CLOT’s edge", "a clot.", "CLOT", "x" * 300 + " clot", "one\nclot\nthree", "Clôt"]
)
def test_a_word_is_found_however_it_is_written(text: str) -> None:
    page = Procedure("p:1", sections=(Section("summary", "", "nothing of it"), Section("risks", "", text)))
    snippet = make_snippet(page, Finder([asked_for("clot")]), [1.0])
    assert snippet.section == "risks"
    ((start, end),) = snippet.marks
    assert snippet.text[start:end].lower().replace("ô", "o") == "clot"


@pytest.mark.parametrize("text", ["clotted", "aclot", "clot5", "5.clot5", "xclotx clots"])
def test_a_part_of_a_word_is_not_the_word(text: str) -> None:
    page = Procedure("p:1", sections=(Section("summary", "", "first"), Section("risks", "", text)))
    assert make_snippet(page, Finder([asked_for("clot")]), [1.0]).marks == ()


def test_a_word_longer_than_terms_are_is_found_by_its_beginning() -> None:
    long = "pneumono" * 12
    page = Procedure("p:1", sections=(Section("risks", "", f"of {long} fame"),))
    snippet = make_snippet(page, Finder([asked_for(long[:64])]), [1.0])
    assert snippet.marks == ((3, 3 + len(long)),)


@pytest.mark.parametrize("between", [" ", "\n"])
@pytest.mark.parametrize(
    "asked",
    [
        asked_for("kidney"),
        AskedWord(None, "all", "renal calculus", {}.get, frozenset(), phrases=(("kidney stone", "synonym"),)),
        AskedWord(None, "all", "k", lambda term: "prefix" if term[0] == "k" else None, beginning="k"),
        AskedWord(None, "all", "k to l", lambda term: "exact" if "k" <= term < "l" else None),
    ],
    ids=["word", "phrase", "prefix", "range"],
)
def test_a_page_that_is_nothing_but_what_was_asked_for_keeps_no_one_waiting(between: str, asked: AskedWord) -> None:
    """Each place of a word takes the same time however many there are: else this would take an hour."""
    page = Procedure("p:1", sections=(Section("risks", "", between.join(["kidney stone"] * 300_000)),))
    snippet = make_snippet(page, Finder([asked]), [1.0])
    assert snippet.section == "risks"
    assert {snippet.text[start:end] for start, end in snippet.marks} <= {"kidney", "stone"}
    assert len(snippet.marks) >= 15
    assert snippet.text.startswith("kidney stone")
