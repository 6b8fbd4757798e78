"""Whoosh's own reader over our segments: what it says is what is in the pages."""

from __future__ import annotations

import pickle
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from procsearch.indexer.analysis import LINE, words
from procsearch.indexer.codec import whoosh_reader
from procsearch.indexer.fields import ALL, BOOSTS, FIELD_NUMBERS, schema
from procsearch.indexer.snapshot import open_snapshot
from procsearch.indexer.storage import Storage
from procsearch.search.language import trees as q
from tests.search.slow import SlowSearch
from tests.search.stock import Searcher

from .histories import Commit, grow, histories, live_after, make_procedure

FIELDS = (*FIELD_NUMBERS, ALL)


def field_words(tokens: dict[str, list[str]], field: str) -> list[str]:
    names = [name for name in BOOSTS if BOOSTS[name] > 0] if field == ALL else [field]
    return [token for name in names for token in tokens.get(name, ()) if token != LINE]


@pytest.fixture
def pickles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Makes unpickling fail."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("something was unpickled")

    monkeypatch.setattr(pickle, "loads", refuse)
    monkeypatch.setattr(pickle, "load", refuse)
    monkeypatch.setattr("whoosh.formats.loads", refuse)
    yield


@settings(max_examples=25, deadline=None)
@given(histories())
def test_terms_and_pages_are_those_of_the_pages(history: list[Commit]) -> None:
    pages = live_after(history)
    tokens = SlowSearch(pages).tokens
    with tempfile.TemporaryDirectory() as folder:
        reader = whoosh_reader(grow(Path(folder), [*history, Commit(compact=True)]))
        live = [number for number in range(reader.doc_count_all()) if not reader.is_deleted(number)]
        ids = {number: reader.stored_fields(number)["id"] for number in live}
        assert sorted(ids.values()) == sorted(pages)
        assert reader.doc_count() == len(live)
        if reader.has_deletions():  # shadowed pages, whose terms Whoosh counts too
            return
        for field in FIELDS:
            expected = {id: Counter(field_words(tokens[id], field)) for id in pages}
            total = sum(expected.values(), Counter[str]())
            assert [term.decode() for term in reader.lexicon(field)] == sorted(total, key=str.encode) if live else True
            for term, count in total.items():
                assert reader.frequency(field, term) == count
                assert reader.doc_frequency(field, term) == sum(term in counts for counts in expected.values())
                matcher = reader.postings(field, term)
                found = {ids[number]: len(places) for number, places in positions(matcher)}
                assert found == {id: counts[term] for id, counts in expected.items() if counts[term]}
            lengths = {number: reader.doc_field_length(number, field) for number in live}
            assert reader.field_length(field) == sum(lengths.values())
            assert reader.max_field_length(field) == max(lengths.values(), default=0)


def positions(matcher: Any) -> Iterator[tuple[int, list[int]]]:
    while matcher.is_active():
        found = matcher.value_as("positions")
        assert found == sorted(set(found))
        assert matcher.weight() == len(found)
        yield matcher.id(), found
        matcher.next()


@settings(max_examples=15, deadline=None)
@given(histories())
def test_whooshs_ranked_search_runs_and_finds_what_its_unranked_one_does(history: list[Commit]) -> None:
    asked = [
        q.Or([q.Term(ALL, "clot"), q.Term("name", "vein"), q.Phrase(ALL, ["clot", "vein"], slop=3)]),
        q.And([q.Prefix(ALL, "c"), q.FuzzyTerm(ALL, "grift")]),
        q.AndMaybe(q.Wildcard(ALL, "*t*"), q.Term("code", "a0021")),
        q.DisjunctionMax([q.Term("risks", "graft"), q.TermRange(ALL, "a", "d")]),
    ]
    with tempfile.TemporaryDirectory() as folder, Searcher(whoosh_reader(grow(Path(folder), history))) as searcher:
        for query in asked:
            every = set(searcher.docs_for_query(query))
            hits = searcher.search(query, limit=None)
            assert {hit.docnum for hit in hits} == every
            best = searcher.search(query, limit=3)
            assert [hit.score for hit in best] == pytest.approx([hit.score for hit in hits][:3])


def test_an_empty_index_has_a_reader_too(tmp_path: Path) -> None:
    reader = whoosh_reader(grow(tmp_path, [Commit()]))
    assert reader.doc_count() == 0
    assert list(Searcher(reader).docs_for_query(q.Term(ALL, "clot"))) == []


def test_stored_fields_are_those_of_the_procedure(tmp_path: Path) -> None:
    page = make_procedure(7)
    (stored,) = whoosh_reader(grow(tmp_path, [Commit(put=(page,))])).all_stored_fields()
    assert stored["id"] == page.id
    for name, tokens in SlowSearch({page.id: page}).tokens[page.id].items():
        assert words(stored[name]) == tokens or stored[name].split("\n") == tokens


@pytest.mark.usefixtures("pickles")
def test_nothing_is_unpickled(tmp_path: Path) -> None:
    grow(tmp_path, [Commit(put=tuple(make_procedure(seed) for seed in range(4)))])
    with Searcher(whoosh_reader(open_snapshot(Storage(tmp_path)))) as searcher:
        phrase = q.Phrase(ALL, ["clot", "vein"], slop=4)
        assert [hit["id"] for hit in searcher.search(q.Or([q.Every(), phrase]), limit=1)]


def test_whooshs_analyzer_places_words_as_the_index_does() -> None:
    text = "Clot's  veins\n\n50.4 mg, Ménière"
    for field in ("risks", ALL):
        tokens = schema()[field].analyzer(text, positions=True)
        expected = [(word, place) for place, word in enumerate(words(text)) if word != LINE]
        assert [(token.text, token.pos) for token in tokens] == expected
