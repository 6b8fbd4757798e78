"""Queries of every kind of malice: each is an answer or a QueryError that knows the place."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest

import procsearch
from benchmarks.hostile_queries import random_queries
from procsearch.search.index import BOUNDS
from tests.places import SAMPLES

from .support import dose, seeded

PROCESSES = 2  # a seed means the same on every machine
SLOWEST = 20.0  # seconds: a search that takes no more has not hung, however busy the machine is


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("queries") / "index"
    procsearch.reindex([SAMPLES / "pages"], folder)
    return folder


def ask(folder: Path, count: int, seed: int) -> tuple[int, int]:
    """Ask ``count`` random strings; how many were answered and how many refused."""
    index = procsearch.open_index(folder)
    words = [term for term in index.view().snapshot.segments[0].terms() if len(term) > 1][::3]
    answered = refused = 0
    for query in random_queries(seed, words, count):
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
    return answered, refused


def test_any_string_is_answered_or_refused_at_a_place_in_it(folder: Path) -> None:
    seed, count = seeded().randrange(2**32), dose(100_000, 1_000_000) // PROCESSES
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as processes:
        asked = list(processes.map(partial(ask, folder, count), range(seed, seed + PROCESSES)))
    answered, refused = map(sum, zip(*asked, strict=True))
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
def test_what_takes_other_parsers_seconds_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(procsearch.QueryError) as refusal:
        procsearch.open_index(folder).search(HUGE[name])
    assert 0 <= refusal.value.position <= min(len(HUGE[name]), BOUNDS.characters)
