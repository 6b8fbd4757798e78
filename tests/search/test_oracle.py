"""Four ways to answer a query agree: ours, Whoosh's over our codec, Whoosh's over its own, and a plain slow one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procsearch.corpus.errors import QueryError
from procsearch.indexer.codec import whoosh_reader
from procsearch.indexer.fields import ALL, BOOSTS, FIELD_NUMBERS
from procsearch.indexer.snapshot import Snapshot
from procsearch.search import matches, weighing
from procsearch.search.cache import BoundedCache
from procsearch.search.evaluator import Evaluator
from procsearch.search.expansion import Expander
from procsearch.search.language import trees as q
from tests.indexer.histories import VOCABULARY, Commit, grow, histories, live_after, make_procedure

from .random_queries import parts, queries
from .slow import SlowSearch
from .stock import Regex, Searcher, stock_searcher, whoosh_ids

PRECISION = 1e-6


def evaluator(snapshot: Snapshot, boosts: dict[str, float] | None = None) -> Evaluator:
    return Evaluator(snapshot, {**BOOSTS, **(boosts or {})}, Expander(snapshot), BoundedCache(2**20))


def scores(snapshot: Snapshot, evaluator: Evaluator, query: Any) -> dict[str, float]:
    pages, found = evaluator.evaluate(query).sparse()
    ids = [snapshot.id(page) for page in pages.tolist()]
    assert len(set(ids)) == len(ids)
    return dict(zip(ids, found.tolist(), strict=True))


@settings(max_examples=15, deadline=None)
@given(histories(), st.lists(queries, min_size=20, max_size=40))
def test_ids_are_those_that_whoosh_finds(history: list[Commit], asked: list[Any]) -> None:
    live = live_after(history)
    with tempfile.TemporaryDirectory() as folder:
        snapshot = grow(Path(folder), history)
        ours = evaluator(snapshot)
        over_ours, stock = Searcher(whoosh_reader(snapshot)), stock_searcher(live)
        for query in asked:
            found = scores(snapshot, ours, query).keys()
            assert found == whoosh_ids(over_ours, query), query
            assert found == whoosh_ids(stock, query), query


@settings(max_examples=30, deadline=None)
@given(
    histories(most_pages=25),
    st.lists(queries, min_size=20, max_size=40),
    st.dictionaries(st.sampled_from(sorted(FIELD_NUMBERS)), st.sampled_from((0.0, 0.5, 3.0)), max_size=3),
)
def test_scores_are_those_of_the_paper(history: list[Commit], asked: list[Any], boosts: dict[str, float]) -> None:
    slow = SlowSearch(live_after(history), {**BOOSTS, **boosts})
    with tempfile.TemporaryDirectory() as folder:
        snapshot = grow(Path(folder), history)
        ours = evaluator(snapshot, boosts)
        for query in asked:
            assert scores(snapshot, ours, query) == pytest.approx(slow.search(query), rel=PRECISION, abs=0), query


@settings(max_examples=20, deadline=None)
@given(
    histories(most_pages=25),
    st.lists(queries, min_size=20, max_size=40),
    st.sampled_from([
        (weighing, {"_FEW_PAGES": 0}),
        (weighing, {"_FEW_PAGES": 0, "_SORTED_SHARE": 0}),
        (weighing, {"PLACES": 1}),
        (matches, {"_DENSE_SHARE": 1}),
    ]),
)  # fmt: skip
def test_how_words_are_added_up_does_not_show(
    history: list[Commit], asked: list[Any], changed: tuple[ModuleType, dict[str, int]]
) -> None:
    module, limits = changed
    slow = SlowSearch(live_after(history))
    with tempfile.TemporaryDirectory() as folder, patch.multiple(module, **limits):
        snapshot = grow(Path(folder), history)
        ours = evaluator(snapshot)
        for query in asked:
            assert scores(snapshot, ours, query) == pytest.approx(slow.search(query), rel=PRECISION, abs=0), query


@settings(max_examples=30, deadline=None)
@given(histories(most_pages=25), st.lists(parts, min_size=20, max_size=40))
def test_words_by_their_parts_are_weighed_field_by_field(history: list[Commit], asked: list[Any]) -> None:
    slow = SlowSearch(live_after(history))
    with tempfile.TemporaryDirectory() as folder:
        snapshot = grow(Path(folder), history)
        for query in asked:
            found = scores(snapshot, evaluator(snapshot), query)
            assert found == pytest.approx(slow.search(query), rel=PRECISION, abs=0), query


phrases = st.builds(
    q.Phrase,
    st.sampled_from((ALL, ALL, "steps", "risks", "common_names")),
    st.lists(st.sampled_from(VOCABULARY[:6]), min_size=2, max_size=3),
    slop=st.integers(1, 4),
)


@settings(max_examples=30, deadline=None)
@given(histories(most_pages=15), st.lists(phrases, min_size=20, max_size=40))
def test_phrases_stand_where_they_stand(history: list[Commit], asked: list[Any]) -> None:
    slow = SlowSearch(live_after(history))
    with tempfile.TemporaryDirectory() as folder:
        snapshot = grow(Path(folder), history)
        ours = evaluator(snapshot)
        for query in asked:
            assert scores(snapshot, ours, query) == pytest.approx(slow.search(query), rel=PRECISION, abs=0), query


@settings(max_examples=15, deadline=None)
@given(histories(), st.lists(queries, min_size=20, max_size=30))
def test_how_an_index_came_about_does_not_show(history: list[Commit], asked: list[Any]) -> None:
    at_once = [Commit(put=tuple(live_after(history).values()))]
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        grown, built = grow(Path(first), history), grow(Path(second), at_once)
        for query in asked:
            found = scores(grown, evaluator(grown), query)
            assert found == pytest.approx(scores(built, evaluator(built), query), rel=PRECISION, abs=0), query


@pytest.mark.parametrize(
    "query", [q.Or([q.Term(ALL, "clot"), q.Term(ALL, "vein")], minmatch=2), Regex(ALL, "c.*"), q.Or([Regex(ALL, "c")])]
)
def test_any_other_node_is_refused_by_name(tmp_path: Path, query: Any) -> None:
    with pytest.raises(QueryError, match=r"Or with minmatch|Regex"):
        evaluator(grow(tmp_path, [Commit()])).evaluate(query)


def test_nothing_matches_the_empty_query(tmp_path: Path) -> None:
    assert len(evaluator(grow(tmp_path, [Commit(put=(make_procedure(1),))])).evaluate(q.NullQuery)) == 0
