"""The examples of embedding run as they stand."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from procsearch import reindex
from tests.contract.running import html
from tests.places import ROOT, SAMPLES

PAYLOAD = "<script>alert('kidney')</script> & stone"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("examples")
    (place / "one.jsonl").write_text(json.dumps({"_id": "h/1", "title": "Hostile", "text": f"kidneyish {PAYLOAD}"}))
    assert not reindex([SAMPLES / "pages", place / "one.jsonl"], place / "index").failed
    return place / "index"


class TestTheScript:
    def test_answers(self, tmp_path: Path) -> None:
        (tmp_path / "a.html").write_text(html("Blasting", "Breaks a kidney stone."))
        (tmp_path / "b.html").write_text(html("Rest", "Lie down."))
        ran = self.run(tmp_path, "kidney stones")
        assert ran.returncode == 0
        lines = ran.stdout.splitlines()
        assert lines[0] == "1 of 2 procedures"
        assert lines[2].startswith("Blasting (page:")
        assert lines[3] == "  purpose: Breaks a *kidney* *stone*."

    def test_refuses_kindly(self, tmp_path: Path) -> None:
        assert "the range is not closed" in self.run(tmp_path, "risks:[a TO").stderr
        assert "usage" in self.run(tmp_path).stderr

    @staticmethod
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "examples" / "script.py"), *map(str, arguments)]
        environment = {"PYTHONPATH": str(ROOT)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


class TestFlask:
    @pytest.fixture
    def client(self, index: Path):  # type: ignore[no-untyped-def]
        pytest.importorskip("flask", reason="Flask is not installed")
        return load("flask_app").create_app(str(index)).test_client()

    def test_finds_and_marks(self, client) -> None:  # type: ignore[no-untyped-def]
        assert client.get("/").status_code == 200
        shown = client.get("/", query_string={"q": "kidney stone blasting"}).text
        assert "Shock Wave Lithotripsy" in shown
        assert "<mark>stone</mark>" in shown

    def test_shows_nothing_of_a_page_as_markup(self, client) -> None:  # type: ignore[no-untyped-def]
        shown = client.get("/", query_string={"q": f"kidneyish {PAYLOAD}"}).text
        assert "Hostile" in shown
        assert "<script>" not in shown

    def test_tells_errors(self, client) -> None:  # type: ignore[no-untyped-def]
        answer = client.get("/", query_string={"q": "risks:[a TO"})
        assert answer.status_code == 400
        assert "at character 7" in answer.text
        assert client.get("/procedures/cpt4:0").status_code == 404
        assert client.get("/procedures/h/1").json["name"] == "Hostile"


class TestFastAPI:
    @pytest.fixture
    def client(self, index: Path):  # type: ignore[no-untyped-def]
        pytest.importorskip("fastapi", reason="FastAPI is not installed")
        testing = pytest.importorskip("fastapi.testclient", reason="the test client needs httpx", exc_type=Exception)
        return testing.TestClient(load("fastapi_app").create_app(str(index)))

    def test_finds(self, client) -> None:  # type: ignore[no-untyped-def]
        found = client.get("/search", params={"q": "G0121", "system": "hcpcs"}).json()
        assert found["hits"][0]["id"] == "hcpcs:G0121"
        assert found["facets"] == {"system": {"HCPCS": found["total"]}}
        assert client.get("/suggest", params={"q": "colono"}).json()

    def test_tells_errors(self, client) -> None:  # type: ignore[no-untyped-def]
        assert client.get("/search", params={"q": "risks:[a TO"}).status_code == 400
        assert client.get("/procedures/cpt4:0").status_code == 404
        assert client.get("/procedures/h/1").json()["name"] == "Hostile"
        assert client.get("/search", params={"q": "x", "limit": 1000}).status_code == 422
