"""A cluster to test on: the hosts in PROCSEARCH_TEST_CLUSTER, as ``127.0.0.1:9411,127.0.0.1:9412``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest

from procsearch import open_index, reindex
from procsearch.indexer.scaleout.address import read_address
from procsearch.indexer.scaleout.cluster import Cluster
from procsearch.search.index import Index

SAMPLES = Path(__file__).resolve().parents[2] / "corpus" / "samples"


@pytest.fixture(scope="session")
def hosts() -> str:
    """The hosts of the cluster."""
    found = os.environ.get("PROCSEARCH_TEST_CLUSTER", "").replace("http://", "").replace(" ", ",")
    if not found:
        pytest.skip("PROCSEARCH_TEST_CLUSTER names no cluster")
    return found


@pytest.fixture(scope="module")
def place(hosts: str) -> Iterator[Callable[[], str]]:
    """Gives an address where there is no index yet.

    The indexes of a module go when it ends: a node that comes back must not copy them all once more.
    """
    prefix, numbers = f"test-{uuid4().hex[:8]}", count()
    yield lambda: f"opensearch://{hosts}/{prefix}-{next(numbers)}?shards=3&replicas=1"
    remover = Cluster(read_address(f"opensearch://{hosts}/any"))
    remover.request("DELETE", f"/{prefix}*", doing="cleaning up", missing={})


@pytest.fixture(scope="module")
def both(place: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Index, Index]:
    """The sample pages in an index in a folder and in one on the cluster."""
    folder, address = tmp_path_factory.mktemp("samples"), place()
    for index in (folder, address):
        assert not reindex(SAMPLES / "pages", index).failed
    return open_index(folder), open_index(address)
