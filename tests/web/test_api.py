"""The JSON half: what it gives is what the command line gives, and what it refuses it refuses clearly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

import procsearch


def command(index_path: Path, *arguments: str) -> object:
    run = subprocess.run(
        [sys.executable, "-m", "procsearch", *arguments, "--index", str(index_path), "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(run.stdout)


@pytest.mark.parametrize(
    ("address", "arguments"),
    [
        (
            "/api/search?q=kidney+stone&limit=3&offset=1&filter=system=HCPCS&filter=system=ICD10PCS&facet=system",
            "search|kidney stone|-n|3|--offset|1|--filter|system=HCPCS|--filter|system=ICD10PCS|--facet|system",
        ),
        ("/api/procedures/icd10pcs:05CD3ZZ", "show|icd10pcs:05CD3ZZ"),
        ("/api/suggest?q=thr", "suggest|thr"),
        ("/api/similar/icd10pcs:05CD3ZZ?limit=2", "similar|icd10pcs:05CD3ZZ|-n|2"),
    ],
)
def test_gives_what_the_command_line_prints(client: TestClient, index_path: Path, address: str, arguments: str) -> None:
    ours, theirs = client.get(address).json(), command(index_path, *arguments.split("|"))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        assert ours.pop("took", 0) >= 0
        theirs.pop("took", 0)
    assert ours == theirs
    assert ours


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/api/search", 400, "bad_parameter"),
        ("/api/search?q=a&q=b", 400, "bad_parameter"),
        ("/api/search?q=a&limit=ten", 400, "bad_parameter"),
        ("/api/search?q=a&limit=-1", 400, "bad_parameter"),
        ("/api/search?q=a&limit=%D9%A3", 400, "bad_parameter"),
        ("/api/search?q=a&limt=3", 400, "bad_parameter"),
        ("/api/search?q=a&filter=CPT4", 400, "bad_parameter"),
        ("/api/search?q=a&filter=colour=red", 400, "bad_query"),
        ("/api/search?q=a&facet=colour", 400, "bad_query"),
        ("/api/search?q=clot+AND+OR+graft", 400, "bad_query"),
        ("/api/procedures/cpt4:00000", 404, "unknown_id"),
        ("/api/similar/cpt4:00000", 404, "unknown_id"),
        ("/api/procedures/", 404, "unknown_id"),
        ("/api/nothing", 404, "not_found"),
        ("/api/suggest", 400, "bad_parameter"),
        ("/api/suggest?q=a&limit=1000", 400, "bad_parameter"),
        ("/api/similar/icd10pcs:05CD3ZZ?limit=0", 400, "bad_parameter"),
    ],
)
def test_refuses_with_a_status_a_code_and_a_message(client: TestClient, address: str, status: int, code: str) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["message"]


def test_a_query_error_tells_where(client: TestClient, index: procsearch.Index) -> None:
    query = "clot AND OR graft"
    with pytest.raises(procsearch.QueryError) as raised:
        index.search(query)
    assert client.get("/api/search", params={"q": query}).json()["error"]["position"] == raised.value.position


def test_only_reads(client: TestClient) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = client.request(method, "/api/search?q=kidney")
        assert answer.status_code == 405
        assert answer.json()["error"]["code"] == "method_not_allowed"
        assert answer.headers["allow"] == "GET, HEAD"
    head = client.head("/api/search?q=kidney")
    assert (head.status_code, head.content) == (200, b"")


def test_an_id_may_hold_anything(client: TestClient) -> None:
    id = "web:<b>'\"/../?#"
    assert client.get(f"/api/procedures/{quote(id, safe=':')}").json()["id"] == id


def test_health_tells_the_state_of_the_index(client: TestClient, index: procsearch.Index) -> None:
    assert client.get("/healthz").json() == {
        "status": "ok", "documents": len(index), "generation": index.stats()["generation"],
        "version": procsearch.__version__,
    }  # fmt: skip


def test_metrics_count_requests_and_their_time(client: TestClient) -> None:
    for _ in range(3):
        client.get("/api/search?q=kidney")
    client.get("/api/search")
    client.get("/nowhere")
    text = client.get("/metrics").text
    assert 'procsearch_requests_total{route="/api/search",status="200"} 3' in text
    assert 'procsearch_requests_total{route="/api/search",status="400"} 1' in text
    assert 'procsearch_requests_total{route="none",status="404"} 1' in text
    assert 'procsearch_request_seconds_count{route="/api/search"} 4' in text
    assert 'procsearch_request_seconds_bucket{route="/api/search",le="+Inf"} 4' in text
    assert "procsearch_documents " in text
    for line in text.splitlines():
        assert line.startswith("# ") or len(line.rsplit(" ", 1)) == 2


def test_hostile_text_is_only_text(client: TestClient) -> None:
    answer = client.get("/api/search", params={"q": "hostilium"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert b"\x1b" not in answer.content
    assert "<script>" in answer.json()["hits"][0]["name"]
