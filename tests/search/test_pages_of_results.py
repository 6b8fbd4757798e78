"""Pages of results: together they are the whole ranking, and what is counted is what is there."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procsearch.corpus.errors import QueryError
from procsearch.corpus.procedure import Procedure
from procsearch.indexer.fields import ALL
from procsearch.search.expansion import Expander
from procsearch.search.index import Index, open_index
from procsearch.search.matches import at_least_as_good
from procsearch.search.results import Hit
from tests.indexer.histories import Commit, apply, grow, make_procedure

from .slow import field_tokens

QUERIES = (
    "clot",
    "clot graft",
    "vein AND the",
    "name:vein",
    "*:*",
    '"clot vein"~3',
    "zebra",
    "c* NOT graft",
    "risks:[a TO d]",
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """700 pages in several segments, many of them alike, so that scores tie."""
    folder = tmp_path_factory.mktemp("ties")
    random = Random(5)
    pages = []
    for number in range(700):
        seed = random.choice((1, 2, 3, 4, 5, number))
        pages.append(replace(make_procedure(seed), id=f"{random.random():.9f}", source=f"{number}.html"))
    apply(folder, Commit(put=tuple(pages[:450])))
    apply(folder, Commit(put=tuple(pages[450:]), removed=("7.html", "77.html")))
    return open_index(folder)


def ranking(index: Index, query: str, **options: object) -> list[tuple[str, float]]:
    results = index.search(query, limit=1000, **options)  # type: ignore[arg-type]
    return [(hit.id, hit.score) for hit in results.hits]


class TestPages:
    @pytest.mark.parametrize("query", QUERIES)
    def test_the_whole_ranking_is_by_score_then_id(self, index: Index, query: str) -> None:
        found = ranking(index, query)
        assert found == sorted(found, key=lambda hit: (-hit[1], hit[0]))
        assert len({id for id, _ in found}) == len(found) > 0

    @settings(max_examples=25, deadline=None)
    @given(st.sampled_from(QUERIES), st.integers(1, 40), st.integers(0, 720))
    def test_any_page_is_that_part_of_the_ranking(self, index: Index, query: str, limit: int, offset: int) -> None:
        whole = ranking(index, query)
        results = index.search(query, limit=limit, offset=offset)
        assert [(hit.id, hit.score) for hit in results.hits] == whole[offset : offset + limit]
        assert results.total == len(whole)

    @pytest.mark.parametrize("query", QUERIES)
    @pytest.mark.parametrize("size", [7, 100])
    def test_pages_put_together_are_the_whole(self, index: Index, query: str, size: int) -> None:
        whole = ranking(index, query)
        parts = [index.search(query, limit=size, offset=offset).hits for offset in range(0, len(whole), size)][:200]
        assert [(hit.id, hit.score) for hits in parts for hit in hits] == whole[: 200 * size]

    def test_no_hits_may_be_asked_for(self, index: Index) -> None:
        results = index.search("clot", limit=0)
        assert results.hits == ()
        assert results.total == len(ranking(index, "clot"))

    def test_pages_end_somewhere(self, index: Index) -> None:
        with pytest.raises(QueryError):
            index.search("clot", limit=10, offset=991)

    @settings(max_examples=30, deadline=None)
    @given(st.integers(0, 2**32), st.integers(1, 1000), st.integers(1, 30), st.integers(1, 50))
    def test_the_best_are_among_the_candidates(self, seed: int, count: int, wanted: int, levels: int) -> None:
        scores = np.random.default_rng(seed).integers(0, levels, count).astype(np.float32)
        found = at_least_as_good(scores, wanted)
        assert (scores[found] > 0).all()
        best = np.sort(scores[scores > 0])[::-1][:wanted]
        if len(best):
            assert set(np.flatnonzero(scores >= best[-1]).tolist()) <= set(found.tolist())


class TestFiltersAndFacets:
    @settings(max_examples=25, deadline=None)
    @given(
        st.sampled_from(QUERIES),
        st.dictionaries(
            st.sampled_from(("system", "code", "risks", "name", "similar_codes")),
            st.sampled_from(("HCPCS", "cdt", "A0021", "36904", "clot", "the", "absent"))
            | st.lists(st.sampled_from(("HCPCS", "ICD-10-PCS", "A0021", "clot")), min_size=1, max_size=3),
            max_size=2,
        ),
    )
    def test_filters_keep_what_holds_a_value_of_each_field(
        self, index: Index, query: str, filters: dict[str, str | list[str]]
    ) -> None:
        def holds(page: Procedure) -> bool:
            tokens = field_tokens(page)
            return all(
                any(
                    value.lower() in tokens.get(name, ()) for value in ([values] if isinstance(values, str) else values)
                )
                for name, values in filters.items()
            )

        expected = [(id, score) for id, score in ranking(index, query) if holds(index.get(id))]
        assert ranking(index, query, filters=filters) == expected
        assert index.search(query, limit=3, filters=filters).total == len(expected)

    @pytest.mark.parametrize("query", QUERIES)
    @pytest.mark.parametrize("filters", [{}, {"code": "A0021"}])
    def test_facets_count_all_matches(self, index: Index, query: str, filters: dict[str, str]) -> None:
        results = index.search(query, limit=1000, filters=filters, facets=("system",))
        counts = Counter(hit.system for hit in results.hits if hit.system)
        assert dict(index.search(query, limit=1, filters=filters, facets=("system",)).facets["system"]) == counts
        assert list(results.facets["system"].values()) == sorted(counts.values(), reverse=True)

    def test_an_unknown_field_or_facet_is_refused(self, index: Index) -> None:
        with pytest.raises(QueryError, match="colour"):
            index.search("clot", filters={"colour": "red"})

    def test_a_value_that_no_page_has_is_told(self, index: Index) -> None:
        results = index.search("clot", filters={"system": "CPT9", "code": "Z9999"})
        systems = ", ".join(sorted(index.stats()["systems"].keys() - {"none"}))
        assert (results.total, results.notes) == (
            0, (f"no page has system=CPT9; there is {systems}", "no page has code=Z9999"),
        )  # fmt: skip
        with pytest.raises(QueryError, match="colour"):
            index.search("clot", facets=("colour",))


def test_an_index_of_nothing_answers_with_nothing(tmp_path: Path) -> None:
    apply(tmp_path, Commit())
    index = open_index(tmp_path)
    for query in QUERIES:
        results = index.search(query, facets=("system",), filters={"code": "x"})
        assert (results.total, results.hits, dict(results.facets["system"])) == (0, (), {})
    assert len(index) == 0
    assert list(index.procedures()) == []


def test_a_commit_is_seen_by_the_next_search(tmp_path: Path) -> None:
    page = make_procedure(1)
    apply(tmp_path, Commit(put=(replace(page, id="one", name="clot", source="a"),)))
    index = open_index(tmp_path)
    before: tuple[Hit, ...] = index.search("clot").hits
    apply(tmp_path, Commit(put=(replace(page, id="two", name="clot", source="b"),), removed=("a",), compact=True))
    assert [hit.id for hit in index.search("clot").hits] == ["two"]
    assert before[0].procedure.id == "one"  # a hit is still read from the commit it was found in


def test_patterns_stand_for_the_most_frequent_terms() -> None:
    words = [f"word{'abcdefgh'[n % 8]}{'abcdefgh'[n // 8]}" for n in range(64)]
    pages = [Procedure(id=str(n), name=" ".join(words[: n + 1]), source=f"{n}.html") for n in range(64)]
    with tempfile.TemporaryDirectory() as folder:
        expander = Expander(
            grow(Path(folder), [Commit(put=tuple(pages[:30])), Commit(put=tuple(pages[30:]))]), limit=10
        )
        assert expander.wildcard(ALL, "word*")[:2] == (tuple(words[:10]), True)
        assert expander.wildcard(ALL, "*h")[:2] == (tuple(words[56:]), False)
        assert expander.wildcard("name", "word*")[:2] == (tuple(words[:10]), True)
        assert expander.wildcard("risks", "word*")[:2] == ((), False)
        near = [word for word in words if word[4] == "a" or word[5] == "a"]
        assert expander.fuzzy(ALL, "wordaa", 1, 4)[:2] == (tuple(near[:10]), True)
