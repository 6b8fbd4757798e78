"""An index of the sample pages and of a few hostile ones, and a client of the service over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra web is not installed")

from starlette.testclient import TestClient

import procsearch
from procsearch.search import web
from tests.web.hostile import write_hostile

SAMPLES = Path(__file__).resolve().parents[2] / "corpus" / "samples" / "pages"


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
