"""Queries of every kind of malice: each is an answer or a QueryError that knows the place."""

from __future__ import annotations

import time

import pytest

import procsearch
from benchmarks.hostile_queries import random_queries
from procsearch.search.index import BOUNDS, Index
from tests.places import SAMPLES

from .support import dose, seeded

SLOWEST = 20.0  # seconds: a search that takes no more has not hung, however busy the machine is


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("queries") / "index"
    procsearch.reindex([SAMPLES / "pages"], folder)
    return procsearch.open_index(folder)


def test_any_string_is_answered_or_refused_at_a_place_in_it(index: Index) -> None:
    seed = seeded().randrange(2**32)
    words = [term for term in index.view().snapshot.segments[0].terms() if len(term) > 1][::3]
    answered = refused = 0
    for query in random_queries(seed, words, dose(100_000, 1_000_000)):
        started = time.monotonic()
        try:
            results = index.search(query, limit=1)
            assert results.total >= len(results.hits)
            if answered % 50 == 0:
                results.to_json()
            answered += 1
        except procsearch.QueryError as error:
            assert error.query == query
            assert 0 <= error.position <= len(query)
            assert error.reason
            refused += 1
        except Exception as failure:
            failure.add_note(f"the query is {query!r}")
            raise
        assert time.monotonic() - started < SLOWEST, query
    print(f"{answered} answered, {refused} refused")
    assert min(answered, refused) > 0


HUGE = {
    "a word of a megabyte": "x" * 10**6,
    "quotation marks": '"' * 90_000,
    "parentheses": "(" * 987,
    "an impossible distance": "graft~99",
    "an impossible slop": '"graft vein"~99',
    "words": "vein " * 65,
    "nested": "(" * 21 + "vein" + ")" * 21,
}


@pytest.mark.parametrize("name", HUGE)
def test_what_takes_other_parsers_seconds_is_refused(index: Index, name: str) -> None:
    with pytest.raises(procsearch.QueryError) as refusal:
        index.search(HUGE[name])
    assert 0 <= refusal.value.position <= min(len(HUGE[name]), BOUNDS.characters)
