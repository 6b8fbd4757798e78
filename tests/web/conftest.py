"""An index of the sample pages and of a few hostile ones, and a client of the service over it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra web is not installed")

from starlette.testclient import TestClient

import procsearch
from procsearch.search import web

SAMPLES = Path(__file__).resolve().parents[2] / "corpus" / "samples" / "pages"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\x1b[31m\u202e"


def write_hostile(path: Path) -> Path:
    """Pages with markup and control characters in every field."""
    hostile = {
        "id": "web:<b>'\"/../?#", "system": "<i>X</i>", "code": "H<1>", "descriptor": f"Hostilium {HOSTILE}",
        "name": f"Hostilium {HOSTILE}", "common_names": [HOSTILE], "medical_terms": [HOSTILE],
        "sections": [{"kind": "summary", "heading": HOSTILE, "text": f"hostilium {HOSTILE}\n{HOSTILE}"}],
        "similar_codes": [{"system": HOSTILE, "code": HOSTILE, "descriptor": HOSTILE, "url": "javascript:alert(1)"}],
        "source": "javascript:alert(1)", "warnings": [],
    }  # fmt: skip
    path.write_text(json.dumps(hostile) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def index_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web")
    procsearch.reindex([SAMPLES, write_hostile(folder / "hostile.jsonl")], folder / "index")
    return folder / "index"


@pytest.fixture(scope="session")
def index(index_path: Path) -> procsearch.Index:
    return procsearch.open_index(index_path)


@pytest.fixture
def client(index: procsearch.Index) -> Iterator[TestClient]:
    with TestClient(web.app(index), raise_server_exceptions=False) as client:
        yield client
