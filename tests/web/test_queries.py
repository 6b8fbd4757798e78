"""Queries run in the loop while they are quick, and beside it where they are not."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from starlette.testclient import TestClient

from procsearch.search import web
from procsearch.search.deadline import check_deadline
from procsearch.search.scaleout.index import ClusterIndex
from procsearch.search.suggestions import Suggestion
from procsearch.search.web.errors import RequestError
from procsearch.search.web.queries import AT_ONCE, Queries
from procsearch.search.web.settings import Settings


async def run_quick_ones(queries: Queries) -> list[int]:
    return [await queries.run(threading.get_ident) for _ in range(100)]


def long_query(threads: list[int]) -> str:
    """A search of several steps that together take long."""
    threads.append(threading.get_ident())
    for _ in range(4):
        time.sleep(AT_ONCE)
        check_deadline()
    return "found"


def test_quick_queries_come_to_run_in_the_loop() -> None:
    here = threading.get_ident()
    ran = asyncio.run(run_quick_ones(Queries(Settings(), waits=False)))
    assert ran[0] != here
    assert ran[-1] == here


def test_queries_that_wait_for_another_machine_never_do() -> None:
    assert threading.get_ident() not in asyncio.run(run_quick_ones(Queries(Settings(), waits=True)))


def test_over_a_cluster_no_query_runs_in_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[str] = set()

    def suggest(prefix: str, *, limit: int) -> list[Suggestion]:
        threads.add(threading.current_thread().name)
        return []

    index = ClusterIndex.__new__(ClusterIndex)  # asks no cluster for anything
    monkeypatch.setattr(index, "suggest", suggest)
    with TestClient(web.app(index)) as client:
        for _ in range(50):
            assert client.get("/api/suggest?q=a").json() == []
    assert {name.partition("_")[0] for name in threads} == {"procsearch-query"}


def test_a_long_query_goes_on_in_a_thread() -> None:
    async def run() -> str:
        queries = Queries(Settings(), waits=False)
        await run_quick_ones(queries)
        return await queries.run(lambda: long_query(threads))

    threads: list[int] = []
    assert asyncio.run(run()) == "found"
    assert threads[0] == threading.get_ident() != threads[1]


def test_after_queries_that_took_long_none_holds_the_loop_up() -> None:
    def busy() -> None:
        until = time.thread_time() + 10 * AT_ONCE
        while time.thread_time() < until:
            pass

    async def run() -> int:
        queries = Queries(Settings(), waits=False)
        await run_quick_ones(queries)
        await queries.run(busy)
        return await queries.run(threading.get_ident)

    assert asyncio.run(run()) != threading.get_ident()


def test_a_query_past_its_time_ends() -> None:
    async def run() -> None:
        queries = Queries(Settings(query_seconds=2 * AT_ONCE), waits=False)
        await run_quick_ones(queries)
        with pytest.raises(RequestError, match=r"0\.01 s"):
            await queries.run(lambda: long_query([]))
        until = time.monotonic() + 10
        while queries.running and time.monotonic() < until:
            await asyncio.sleep(0.001)
        assert queries.running == 0

    asyncio.run(run())
