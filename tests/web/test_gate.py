"""Token, headers, errors nobody foresaw, and what never reaches a log."""

from __future__ import annotations

import base64
import logging
from typing import Any

import pytest
from starlette.testclient import TestClient

import procsearch
from procsearch.search import web

PATHS = ("/", "/?q=kidney", "/help", "/procedures/icd10pcs:05CD3ZZ", "/api/search?q=kidney", "/metrics",
         "/openapi.json", "/nothing", "/static/page.css", "/api/nothing")  # fmt: skip


@pytest.mark.parametrize("path", [*PATHS, "/healthz"])
def test_every_answer_has_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert "access-control-allow-origin" not in headers
    if "q=" in path:
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", PATHS)
def test_a_token_opens_everything_and_nothing_opens_without(index: procsearch.Index, path: str) -> None:
    client = TestClient(web.app(index, web.Settings(token="sésame")))
    assert client.get(path).status_code == 401
    for wrong in (b"Bearer wrong", b"Bearer ", b"Basic !", b"Basic " + base64.b64encode(b"no colon"), b"Bearer s\xff"):
        answer = client.get(path, headers={b"Authorization": wrong})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic")
    bearer = {b"Authorization": "Bearer sésame".encode()}
    basic = {b"Authorization": b"Basic " + base64.b64encode("anybody:sésame".encode())}
    assert client.get(path, headers=bearer).status_code == client.get(path, headers=basic).status_code != 401


def test_health_needs_no_token(index: procsearch.Index) -> None:
    assert TestClient(web.app(index, web.Settings(token="sesame"))).get("/healthz").status_code == 200


class BrokenIndex:
    """An index with a mistake in it, or a damaged one."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        def fail(*arguments: Any, **options: Any) -> Any:
            raise self._error

        return fail


def broken(error: Exception) -> TestClient:
    index: Any = BrokenIndex(error)
    return TestClient(web.app(index), raise_server_exceptions=False)


def test_an_error_nobody_foresaw_is_told_without_what_was_asked(caplog: pytest.LogCaptureFixture) -> None:
    client = broken(KeyError("canary4711"))
    with caplog.at_level(logging.DEBUG):
        answer = client.get("/api/search?q=canary4711")
        page = client.get("/?q=canary4711")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert page.status_code == 500
    assert page.headers["content-security-policy"]
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(("procsearch", "uvicorn"))]
    assert "KeyError" in ours[0]
    assert "test_gate.py" in ours[0]
    assert not any("canary" in message for message in ours)


@pytest.mark.parametrize(
    "error", [procsearch.DamagedIndex("/secret/place", "torn"), procsearch.NoIndex("no index at /secret/place")]
)
def test_an_index_that_cannot_be_read_is_told_without_its_place(error: Exception) -> None:
    client = broken(error)
    for path in ("/api/search?q=kidney", "/?q=kidney", "/healthz"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert "secret" not in answer.text
    assert "procsearch_index_readable 0" in client.get("/metrics").text
