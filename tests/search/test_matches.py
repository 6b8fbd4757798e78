"""Matches are shared between queries: no arithmetic over them may write to them, but for what says so."""

from __future__ import annotations

import numpy as np
import pytest

from procsearch.search import matches
from procsearch.search.matches import Matches, all_of, any_of, best_of, lift, within

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
        within(first, np.arange(COUNT) < 6),
        first.scaled(2.0),
        first.constant(1.0),
    ):
        assert len(result)
    assert np.array_equal(first.scores, before[0])
    assert np.array_equal(second.scores, before[1])


@pytest.mark.parametrize("make", [sparse, dense])
@pytest.mark.parametrize("at_a_time", [7, COUNT])
def test_pages_with_all_are_lifted(make: type, at_a_time: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matches, "AT_A_TIME", at_a_time)
    first, second = make(1, 5, 9), make(5, 9, 40)
    found = any_of([first, second], COUNT)
    before, others = found.dense(COUNT).copy(), (first.scores.copy(), second.scores.copy())
    lift(found, [first, second], 3.0)
    gained = found.dense(COUNT) - before
    assert np.flatnonzero(gained > 2.9).tolist() == [5, 9]
    assert np.flatnonzero(gained > 0).tolist() == [5, 9]
    assert np.array_equal(first.scores, others[0])
    assert np.array_equal(second.scores, others[1])


def test_the_best_part_counts_in_either_form() -> None:
    parts = [sparse(1, 5, 9), sparse(5, 9, 40), sparse(9)]
    few, many = best_of(parts, 0.5, 1000), best_of(parts, 0.5, COUNT)
    assert few.pages is not None
    assert many.pages is None
    assert few.dense(1000)[:COUNT] == pytest.approx(many.scores, rel=1e-6)
    each = np.array([part.dense(COUNT) for part in parts])
    assert many.scores == pytest.approx(each.max(axis=0) + 0.5 * (each.sum(axis=0) - each.max(axis=0)), rel=1e-6)
