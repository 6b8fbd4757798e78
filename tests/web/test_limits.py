"""Every limit is a setting, and past it there is a clear error."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import pytest
from starlette.testclient import TestClient

import procsearch
from procsearch.cli import group
from procsearch.search import web


def client_of(index: procsearch.Index, **limits: Any) -> TestClient:
    return TestClient(web.app(index, web.Settings(**limits)))


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_request_size(index: procsearch.Index) -> None:
    client = client_of(index, max_request_bytes=1000)
    assert client.get("/api/suggest", params={"q": "x" * 800}).status_code == 200
    assert refusal(client.get("/api/suggest", params={"q": "x" * 1000})) == (414, "address_too_long")
    assert refusal(client.get("/api/suggest?q=x", headers={"X-Long": "x" * 1000})) == (431, "headers_too_large")
    too_large = client.request("GET", "/api/suggest?q=x", content=b"x" * 1001)
    assert refusal(too_large) == (413, "request_too_large")
    chunked = client.request("GET", "/api/suggest?q=x", content=iter([b"x"]))
    assert refusal(chunked) == (411, "length_required")
    assert client.request("GET", "/api/suggest?q=x", content=b"x" * 999).status_code == 200


def test_query_length(index: procsearch.Index) -> None:
    client = client_of(index, max_query_characters=10)
    assert client.get("/api/search", params={"q": "kidneystóñ"}).status_code == 200
    assert refusal(client.get("/api/search", params={"q": "kidney stone"})) == (400, "bad_query")
    assert refusal(client.get("/api/suggest", params={"q": "kidney stone"})) == (400, "bad_query")
    refused = client.get("/", params={"q": "kidney stone"})
    assert refused.status_code == 400
    assert 'maxlength="10"' in refused.text  # the page does not let type what is refused


def test_page_depth_and_size(index: procsearch.Index) -> None:
    client = client_of(index, max_depth=20, max_hits=5)
    assert client.get("/api/search?q=*:*&limit=5&offset=15").json()["hits"]
    assert refusal(client.get("/api/search?q=*:*&limit=5&offset=16")) == (400, "bad_parameter")
    assert refusal(client.get("/api/search?q=*:*&limit=6")) == (400, "bad_parameter")
    assert 'rel="next"' not in client.get("/?q=*:*&offset=10").text


def test_the_command_has_the_same_defaults() -> None:
    limits = {name: value for name, value in asdict(web.Settings()).items() if value is not None and name != "threads"}
    options = {option.name: option.default for option in group.commands["serve"].params}
    assert {name: options[name] for name in limits} == limits


class SlowIndex:
    """A real index whose searches wait until they are let go."""

    def __init__(self, index: procsearch.Index) -> None:
        self._index = index
        self.begun = threading.Semaphore(0)
        self.let_go = threading.Event()

    def search(self, *arguments: Any, **options: Any) -> Any:
        self.begun.release()
        assert self.let_go.wait(20)
        return self._index.search(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)


@pytest.fixture
def slow(index: procsearch.Index) -> Iterator[Any]:
    slow = SlowIndex(index)
    yield slow
    slow.let_go.set()


def test_time_of_a_query(slow: Any) -> None:
    with client_of(slow, query_seconds=0.05, threads=1) as client:
        answer = client.get("/api/search?q=kidney")
        assert refusal(answer) == (503, "too_slow")
        assert "0.05 s" in answer.json()["error"]["message"]
        assert client.get("/?q=kidney").status_code == 503
        assert client.get("/healthz").status_code == 200
        slow.let_go.set()
        answers = [client.get("/api/search?q=kidney").status_code for _ in range(20)]
        assert answers[-1] == 200


def test_concurrent_queries(slow: Any) -> None:
    with client_of(slow, concurrent_queries=2, threads=2) as client, ThreadPoolExecutor(2) as pool:
        running = [pool.submit(client.get, "/api/search?q=kidney") for _ in range(2)]
        for _ in running:
            assert slow.begun.acquire(timeout=10)
        refused = client.get("/api/search?q=kidney")
        assert refusal(refused) == (503, "busy")
        assert refused.headers["retry-after"] == "1"
        assert client.get("/healthz").status_code == 200
        assert "procsearch_queries_running 2" in client.get("/metrics").text
        slow.let_go.set()
        assert [answer.result().status_code for answer in running] == [200, 200]
        assert client.get("/api/search?q=kidney").status_code == 200
