"""The app mounts under any path of another one, and its links stay below that path."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

import procsearch
from procsearch.search import web


def in_starlette(index: procsearch.Index) -> Starlette:
    return Starlette(routes=[Mount("/tools/find", web.app(index))])


def in_fastapi(index: procsearch.Index) -> FastAPI:
    application = FastAPI()

    @application.exception_handler(404)
    async def swallow(request: object, error: object) -> None:
        raise AssertionError("the app answers its own errors")

    application.mount("/tools/find", web.app(index))
    return application


@pytest.mark.parametrize("outer", [in_starlette, in_fastapi])
def test_mounted(outer: object, index: procsearch.Index) -> None:
    assert callable(outer)
    with TestClient(outer(index)) as client:
        for path in ("/", "/?q=kidney", "/procedures/icd10pcs:05CD3ZZ?q=dialysis", "/help", "/nothing"):
            page = client.get(f"/tools/find{path}")
            addresses = re.findall(r'(?:href|src|action|data-suggest)="([^"]*)"', page.text)
            assert addresses
            assert all(address.startswith(("/tools/find/", "#")) for address in addresses)
            assert page.headers["content-security-policy"]
        for path in set(re.findall(r'(?:href|src)="(/tools/find/static/[^"]*)"', page.text)):
            assert client.get(path).status_code == 200
        assert client.get("/tools/find/api/search?q=kidney").json()["total"]
        assert client.get("/tools/find/api/nothing").json()["error"]["code"] == "not_found"
        assert client.post("/tools/find/api/search?q=kidney").status_code == 405
        assert client.get("/tools/find/openapi.json").json()["servers"] == [{"url": "/tools/find"}]
