"""Matches are shared between queries: no arithmetic over them may write to them."""

from __future__ import annotations

import numpy as np
import pytest

from procsearch.search.matches import Matches, all_of, any_of, best_of, lifted, within

COUNT = 64


def sparse(*pages: int) -> Matches:
    return Matches(np.array(pages, np.int64), np.linspace(1, 2, len(pages), dtype=np.float32))


def dense(*pages: int) -> Matches:
    return Matches(None, sparse(*pages).dense(COUNT).copy())


@pytest.mark.parametrize("make", [sparse, dense])
@pytest.mark.parametrize("made", [sparse, dense])
def test_nothing_is_written_to(make: type, made: type) -> None:
    first, second = make(1, 5, 9), made(5, 9, 40)
    before = first.scores.copy(), second.scores.copy()
    both = any_of([first, second], COUNT)
    for result in (
        any_of([first], COUNT),
        both,
        all_of([first, second]),
        best_of([first, second], 0.5, COUNT),
        lifted(both, [first, second], 3.0),
        lifted(first, [first, first], 3.0),
        within(first, np.arange(COUNT) < 6),
        first.scaled(2.0),
        first.constant(1.0),
    ):
        assert len(result)
    assert np.array_equal(first.scores, before[0])
    assert np.array_equal(second.scores, before[1])


@pytest.mark.parametrize("make", [sparse, dense])
def test_pages_with_all_are_lifted(make: type) -> None:
    first, second = make(1, 5, 9), make(5, 9, 40)
    found = any_of([first, second], COUNT)
    gained = lifted(found, [first, second], 3.0).dense(COUNT) - found.dense(COUNT)
    assert np.flatnonzero(gained > 2.9).tolist() == [5, 9]
    assert np.flatnonzero(gained > 0).tolist() == [5, 9]
