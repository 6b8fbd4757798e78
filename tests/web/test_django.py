"""The Django example runs as it stands."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import procsearch

pytest.importorskip("django", reason="django is not installed")

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "django_app.py"


@pytest.fixture
def client(index_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("PROCSEARCH_INDEX", str(index_path))
    spec = importlib.util.spec_from_file_location("django_app", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "django_app", module)
    spec.loader.exec_module(module)
    return TestClient(module.application)


def test_the_django_example(client: TestClient, index: procsearch.Index) -> None:
    found = client.get("/search", params={"q": "kidney", "system": ["HCPCS"]}).json()
    assert found["total"] == index.search("kidney", filters={"system": "HCPCS"}).total > 0
    assert client.get("/search", params={"q": "clot AND OR graft"}).status_code == 400
    assert client.post("/search").status_code == 405
    page = client.get("/find/?q=kidney")
    assert page.status_code == 200
    assert 'href="/find/procedures/' in page.text
    assert client.get("/find/api/search?q=kidney").json()["total"] == index.search("kidney").total
    redirected = client.get("/find", follow_redirects=False)
    assert redirected.headers["location"] == "/find/"
    assert client.get("/nothing").status_code == 404
