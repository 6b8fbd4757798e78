"""A search on a cluster has the deadline that one in a folder has, whatever the cluster does meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Timer
from typing import Any

import pytest

from procsearch import Index, SearchTimeout, open_index

from .stub import empty_index, serving


class Slow:
    """An empty index on a cluster that holds back requests whose path ends in ``held``, until it is let ``go``."""

    def __init__(self) -> None:
        self.held = "nothing"
        self.go = Event()
        self.asked: list[str] = []

    def __call__(self, method: str, path: str) -> tuple[int, Any]:
        self.asked.append(path)
        if path.endswith(self.held):
            self.go.wait(60)
        return empty_index(method, path)


@contextmanager
def opened(cluster: Slow) -> Iterator[Index]:
    with serving(cluster) as address:
        yield open_index(address)
        cluster.go.set()


def test_a_search_in_time_is_answered() -> None:
    with opened(Slow()) as index:
        assert index.search("clot", timeout=60).total == 0


def test_a_cluster_that_does_not_answer_is_not_waited_for() -> None:
    cluster = Slow()
    with opened(cluster) as index:
        cluster.held = "_search"
        with pytest.raises(SearchTimeout, match=r"longer than 0\.2 s"):
            index.search("clot", timeout=0.2)


def test_a_search_whose_time_is_up_asks_nothing() -> None:
    cluster = Slow()
    with opened(cluster) as index:
        with pytest.raises(SearchTimeout):
            index.search("clot", timeout=1e-9)
        assert not any(path.endswith("_search") for path in cluster.asked)


def test_the_time_that_looking_for_a_newer_commit_takes_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Slow()
    with opened(cluster) as index:
        monkeypatch.setattr("procsearch.search.scaleout.index._FRESH", -1.0)
        cluster.held = "_mapping"
        Timer(0.3, cluster.go.set).start()
        with pytest.raises(SearchTimeout):
            index.search("clot", timeout=0.2)
