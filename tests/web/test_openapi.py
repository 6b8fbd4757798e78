"""The OpenAPI document is true: schemathesis asks what it describes and holds every answer against it."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from starlette.testclient import TestClient

import procsearch
from procsearch.search import web

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

from hypothesis import HealthCheck, given, settings

CHECKS = schemathesis.checks.CHECKS
PATHS = ("/api/search", "/api/procedures/{id}", "/api/suggest", "/api/similar/{id}", "/healthz")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_as_described(index: procsearch.Index, path: str) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", web.app(index))
    assert sorted(schema) == sorted(PATHS)

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=schema[path]["GET"].as_strategy())
    def check(case: Any) -> None:
        # What a query may be is more than a schema can say, and so is that offset and limit have one bound together.
        excluded = [CHECKS.get_one("positive_data_acceptance")] if path == "/api/search" else []
        case.call_and_validate(excluded_checks=excluded)

    check()


def test_it_tells_the_path_it_is_mounted_at_and_whether_a_token_is_asked_for(index: procsearch.Index) -> None:
    settings = web.Settings(token="sesame", max_hits=7)
    with TestClient(web.app(index, settings), root_path="/find") as client:
        document = client.get("/find/openapi.json", headers={"Authorization": "Bearer sesame"}).json()
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "/find"}]
    assert document["security"] == [{"token": []}]
    limits = [p for p in document["paths"]["/api/search"]["get"]["parameters"] if p["name"] == "limit"]
    assert limits[0]["schema"]["maximum"] == 7
