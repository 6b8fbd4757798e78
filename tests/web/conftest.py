"""An index of the sample pages and of a few hostile ones, and a client of the service over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra web is not installed")

from starlette.testclient import TestClient

import procsearch
from procsearch.search import web
from tests.web.hostile import index_samples_and_hostile


@pytest.fixture(scope="session")
def index_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return index_samples_and_hostile(tmp_path_factory.mktemp("web"))


@pytest.fixture(scope="session")
def index(index_path: Path) -> procsearch.Index:
    return procsearch.open_index(index_path)


@pytest.fixture
def client(index: procsearch.Index) -> Iterator[TestClient]:
    with TestClient(web.app(index), raise_server_exceptions=False) as client:
        yield client
