"""What can be wrong with a cluster is an error that says what to do, and never holds a credential."""

from __future__ import annotations

import logging
import socket
import time
import traceback
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from procsearch import Bounds, EngineError, NoIndex, ProcsearchError, QueryError, open_index, reindex
from procsearch.indexer.scaleout import cluster as client
from procsearch.indexer.scaleout import state
from procsearch.indexer.scaleout.address import read_address, read_credentials
from procsearch.indexer.scaleout.cluster import Cluster
from procsearch.search.scaleout import index as reader

from .conftest import SAMPLES
from .stub import WELL, empty_index, refusing, serving

CANARY = "canary-7f3a9"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "PASSWORD", "API_KEY", "CA"):
        monkeypatch.delenv(f"PROCSEARCH_OPENSEARCH_{name}", raising=False)
    monkeypatch.setattr(reader, "_PATIENCE", 0.3)


@pytest.mark.parametrize(
    ("status", "kind", "reason", "told"),
    [
        (401, "security_exception", "missing authentication", "PROCSEARCH_OPENSEARCH_USER"),
        (403, "security_exception", "no permissions for [indices:data/read]", "needs a role"),
        (403, "cluster_block_exception", "blocked by: [FORBIDDEN/12/index read-only (api)]", "make room"),
        (429, "cluster_block_exception", "index [p] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage "
         "watermark, index has read-only-allow-delete block]", "make room"),
        (429, "circuit_breaking_exception", "Data too large", "turns work away"),
        (503, "master_not_discovered_exception", "no cluster manager", "the cluster is red"),
        (503, "search_phase_execution_exception", "all shards failed", "the cluster is red"),
        (400, "mapper_parsing_exception", "failed to parse field [live]", "not one that procsearch made"),
        (500, "null_pointer_exception", "oops", "oops"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_do(status: int, kind: str, reason: str, told: str) -> None:
    with serving(refusing(status, kind, reason)) as address, pytest.raises(EngineError) as raised:
        open_index(address)
    assert told in str(raised.value)
    assert address.partition("?")[0] in str(raised.value)


@pytest.mark.parametrize(
    "version",
    [
        {"version": {"number": "1.3.0", "distribution": "opensearch"}},
        {"version": {"number": "8.11.0"}},
        {"version": {}},
        {"tagline": "It works!"},
        ["what?"],
    ],
)
def test_an_unknown_version(version: Any) -> None:
    with serving(lambda method, path: (200, version)) as address, pytest.raises(EngineError, match="unknown version"):
        open_index(address)


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [(404, {"detail": "what?"}, "unknown version"), (302, "what?", "no cluster"), (401, "who?", "no cluster")],
)
def test_a_server_of_another_kind(status: int, body: Any, told: str) -> None:
    with serving(lambda method, path: (status, body)) as address:
        for act in (open_index, lambda where: reindex([], where)):
            with pytest.raises(EngineError, match=told):
                act(address)


def test_credentials_that_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCSEARCH_OPENSEARCH_USER", "somebody")
    monkeypatch.setenv("PROCSEARCH_OPENSEARCH_PASSWORD", CANARY)
    refused = refusing(401, "security_exception", "unable to authenticate")
    with serving(refused) as address, pytest.raises(EngineError, match="refuses the user and password, or API key"):
        open_index(address)


def test_a_cluster_that_is_down() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = time.monotonic()
    with pytest.raises(EngineError, match="no host answers; check that the cluster runs"):
        open_index(f"opensearch://127.0.0.1:{port}/procedures")
    assert time.monotonic() - started < 20


def test_a_cluster_that_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "REQUEST_SECONDS", 0.2)
    with serving(lambda method, path: (200, WELL), seconds=1) as address:
        with pytest.raises(EngineError, match="no answer in time"):
            open_index(address)
        with pytest.raises(EngineError, match="no answer in time"):
            reindex([], address)


def test_what_speaks_no_json_and_what_speaks_no_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "REQUEST_SECONDS", 0.5)
    with serving(lambda method, path: (200, "hello")) as address, pytest.raises(EngineError):
        open_index(address)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        deaf.settimeout(0.1)
        port = deaf.getsockname()[1]
        with pytest.raises(EngineError):
            open_index(f"opensearch+https://127.0.0.1:{port}/procedures")


def test_no_index_there() -> None:
    missing = refusing(404, "index_not_found_exception", "no such index [procedures]")
    with serving(missing) as address, pytest.raises(NoIndex, match="procsearch index --index"):
        open_index(address)


@pytest.mark.parametrize("secret", ["password", "api key"])
def test_credentials_are_never_shown(
    secret: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not even where the server repeats what it was sent."""
    if secret == "password":
        monkeypatch.setenv("PROCSEARCH_OPENSEARCH_USER", "somebody")
        monkeypatch.setenv("PROCSEARCH_OPENSEARCH_PASSWORD", CANARY)
        sent = b64encode(f"somebody:{CANARY}".encode()).decode()
    else:
        monkeypatch.setenv("PROCSEARCH_OPENSEARCH_API_KEY", CANARY)
        sent = CANARY
    assert CANARY not in repr(read_credentials())
    seen = []
    with caplog.at_level(logging.DEBUG):
        for status in (400, 401, 403, 429, 500, 503):
            repeating = refusing(status, "some_exception", f"status {status}")
            with serving(repeating) as address, pytest.raises(ProcsearchError) as raised:
                open_index(address)
            seen += traceback.format_exception(raised.value)
    echo = refusing(500, "some_exception", "you sent {authorization}")
    with serving(echo) as address, pytest.raises(ProcsearchError, match=r"you sent (Basic|ApiKey) …") as raised:
        open_index(address)
    shown = "\n".join([*seen, *traceback.format_exception(raised.value)]) + "".join(capfd.readouterr())
    assert "status 500" in shown
    for text in (
        shown,
        "\n".join(record.getMessage() for record in caplog.records if "you sent" not in record.getMessage()),
    ):
        assert CANARY not in text
        assert sent not in text


def test_an_address_with_a_password_is_refused_without_repeating_it() -> None:
    for address in (
        f"opensearch://somebody:{CANARY}@host:9200/procedures", f"opensearch://{CANARY}@host",
        f"opensearch:/somebody:{CANARY}@host/a", f"https://somebody:{CANARY}@host:9200/procedures",
    ):  # fmt: skip
        with pytest.raises(ProcsearchError, match="PROCSEARCH_OPENSEARCH_USER") as raised:
            open_index(address)
        assert CANARY not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        "opensearch://", "opensearch://host:9200", "opensearch://host:9200/", "opensearch://host:9200/Upper",
        "opensearch://host:9200/a/b", "opensearch://ho st/a", "opensearch://host:9200/a?shards=x",
        "opensearch://host:9200/a?size=3", "opensearch://host:port/a", "opensearch:///a", "opensearch://host:99999/a",
        "opensearch://host:9200/a?shards=0", "opensearch://host:9200/a?replicas=1000000000000",
        "opensearch:/host:9200/a", "OpenSearch://host:9200/a", "http://host:9200/a", "https://host/a",
    ],
)  # fmt: skip
def test_an_address_that_is_none(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for act in (open_index, lambda where: reindex(SAMPLES / "pages", where)):
        with pytest.raises(ProcsearchError, match=r"write (opensearch://)?host:9200|no name|no setting") as raised:
            act(address)
        assert raised.value.exit_code == 2
    assert not list(tmp_path.iterdir())


def test_credentials_that_are_half(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PROCSEARCH_OPENSEARCH_USER", "somebody")
    with pytest.raises(ProcsearchError, match="together"):
        open_index("opensearch://127.0.0.1:1/procedures")
    monkeypatch.delenv("PROCSEARCH_OPENSEARCH_USER")
    monkeypatch.setenv("PROCSEARCH_OPENSEARCH_CA", str(tmp_path / "missing.pem"))
    with pytest.raises(EngineError, match="PROCSEARCH_OPENSEARCH_CA"):
        open_index("opensearch+https://127.0.0.1:1/procedures")


# On the cluster itself


def test_an_index_that_is_read_only(place: Callable[[], str]) -> None:
    address = place()
    reindex(SAMPLES / "pages" / "text", address)
    cluster = Cluster(read_address(address))
    block = {"index.blocks.read_only_allow_delete": True}
    cluster.request("PUT", f"/{cluster.address.name}/_settings", block, doing="testing")
    with pytest.raises(EngineError, match=r"read-only.*make room"):
        reindex(SAMPLES / "pages" / "html", address)
    assert open_index(address).search("the").total
    block = {"index.blocks.read_only_allow_delete": None}  # type: ignore[dict-item]  # None takes a setting back
    cluster.request("PUT", f"/{cluster.address.name}/_settings", block, doing="testing")
    assert reindex(SAMPLES / "pages" / "html", address).added


def test_an_index_of_somebody_else(place: Callable[[], str]) -> None:
    address = place()
    cluster = Cluster(read_address(address))
    cluster.request("PUT", f"/{cluster.address.name}", {}, doing="testing")
    for act in (open_index, lambda where: reindex([], where)):
        with pytest.raises(EngineError, match="choose another name"):
            act(address)
    other = place()
    taken = f"{read_address(other).name}-000001"
    cluster.request("PUT", f"/{taken}", {"aliases": {read_address(other).name: {}}}, doing="testing")
    for act in (open_index, lambda where: reindex([], where)):
        with pytest.raises(EngineError, match="not one that this version of procsearch made"):
            act(other)


def test_a_mapping_that_was_changed(place: Callable[[], str]) -> None:
    address = place()
    reindex(SAMPLES / "pages" / "text", address)
    cluster = Cluster(read_address(address))
    body = {"size": 0, "aggs": {"x": {"terms": {"field": "words.name"}}}}
    with pytest.raises(EngineError, match="not one that procsearch made, or was changed"):
        cluster.search(cluster.address.name, body, doing="testing")


def test_a_page_whose_shard_is_away() -> None:
    away = {"type": "no_shard_available_action_exception", "reason": "No shard available for [x]"}
    known = state.State("procedures-000001", state.versions()).told()

    def answer(method: str, path: str) -> tuple[int, Any]:
        if path == "/":
            return 200, WELL
        if path.endswith("_mget"):
            return 200, {"docs": [{"_id": "page a", "error": {**away, "root_cause": [away]}}]}
        return 200, {"procedures-000001": {"mappings": {"_meta": {"procsearch": known}}}}

    with serving(answer) as address, pytest.raises(EngineError, match=r"reading a page at .* bring its nodes back"):
        open_index(address).get("a")


def test_a_node_lost_on_the_way_is_asked_around() -> None:
    lost = refusing(500, "node_disconnected_exception", "[n1] disconnected")
    asked: list[str] = []

    def answer(method: str, path: str) -> tuple[int, Any]:
        asked.append(path)
        return lost(method, path) if asked.count(path) == 1 else (200, WELL)

    with serving(answer) as address:
        cluster = client.Cluster(read_address(address))
        assert cluster.request("GET", "/_cluster/health", doing="looking") == WELL
    assert asked.count("/_cluster/health") == 2


def test_what_a_search_refuses_for_its_cost_is_not_explained_either() -> None:
    with serving(empty_index) as address:
        index = open_index(address, bounds=Bounds(all_expansions=-1))
        for ask in (index.search, lambda query: index.explain(query, "cpt4:36904")):
            with pytest.raises(QueryError, match="may stand for"):
                ask("thr?mb")
