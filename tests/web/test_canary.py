"""What is asked and what pages say appears in no default log, message or temporary file."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.places import ROOT

pytest.importorskip("starlette", reason="the extra web is not installed")

import procsearch
from tests.contract.running import start
from tests.web.served import served

CANARY = "quillwortfinch"

WATCHED = """
import os, sys
from procsearch.cli import main

own, told = os.environ["TMPDIR"], open(sys.argv.pop(1), "a")

def watch(event, given):
    if event in ("os.remove", "shutil.rmtree", "os.rename") and str(given[0]).startswith(own):
        for folder, _, names in os.walk(given[0]):
            for path in [os.path.join(folder, name) for name in names]:
                print(path, open(path, "rb").read(), file=told, flush=True)
        if os.path.isfile(given[0]):
            print(given[0], open(given[0], "rb").read(), file=told, flush=True)

sys.addaudithook(watch)
main()
"""
"""The command, which writes to a file what stands in each temporary file before it goes."""


def contents(folder: Path) -> bytes:
    """Names and bytes of all that lies in a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return b"\n".join(os.fsencode(path) + b"\n" + path.read_bytes() for path in files)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files of every process that the test starts."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def index(tmp_path: Path) -> Path:
    records = [{"_id": f"{CANARY}:{n}", "title": f"Kidney {CANARY} {n}", "text": f"{CANARY} vein"} for n in range(20)]
    (tmp_path / "pages.jsonl").write_text("\n".join(map(json.dumps, records)))
    procsearch.reindex([tmp_path / "pages.jsonl"], tmp_path / "index")
    return tmp_path / "index"


QUERIES = (
    CANARY, f"{CANARY}e", f'"{CANARY} kidney', f"{CANARY} AND OR x", f"risks:[{CANARY} TO", f"{CANARY}: vein",
    f"{CANARY}*", f"{CANARY}~9", f"\x1b]0;{CANARY}\x07", f"{CANARY} " * 200, CANARY * 2000,
    f"\x00{CANARY}", f"{CANARY} \ufffd",
)  # fmt: skip
"""Good, bad and too long ones."""


def paths() -> list[str]:
    asked = [quote(query) for query in QUERIES]
    found = [f"{place}?q={query}" for query in asked for place in ("/api/search", "/", "/api/suggest")]
    found += [
        f"/{place}/{query[:500]}" for query in asked for place in ("procedures", "api/procedures", "api/similar", "x")
    ]
    return [
        *found, f"/procedures/{CANARY}:1?q={CANARY}", f"/api/search?{CANARY}", f"/api/search?q=x&filter={CANARY}",
        f"/api/search?q=x&facet={CANARY}", f"/api/search?q=x&limit={CANARY}", f"/api/search?q=x&filter={CANARY}=1",
        f"/?q=x&offset={CANARY}", f"/api/search?q={CANARY}&q={CANARY}", f"/static/{CANARY}", f"/metrics?{CANARY}",
    ]  # fmt: skip


def ask_all(port: int) -> None:
    """Every path, in a well-formed request or not; on one connection where the service keeps it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for path in paths():
        for method in ("GET", "POST") if path.endswith(CANARY) else ("GET",):
            connection.request(method, path, headers={"User-Agent": CANARY, "Referer": CANARY})
            connection.getresponse().read()
    connection.close()
    for raw in (f"{CANARY} nonsense\r\n\r\n", f"GET /?q={CANARY}", f"GET / HTTP/1.1\r\n{CANARY}\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port)) as connected:
            connected.sendall(raw.encode())
            connected.shutdown(socket.SHUT_WR)
            connected.recv(100)


@pytest.mark.parametrize("workers", [1, 2])
def test_queries_to_a_service(index: Path, temporary: Path, workers: int) -> None:
    process = start("serve", "--index", index, "--port", 0, "--workers", workers, at=index.parent)
    assert process.stdout is not None
    assert process.stderr is not None
    address = b""
    while b"http://" not in address:
        address = process.stderr.readline() or process.stdout.readline()
        assert address, "the service ended"
    ask_all(int(address.decode().rsplit(":", 1)[1].strip().rstrip("/.")))
    while_it_runs = contents(temporary)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    for written in (while_it_runs, out, err, contents(temporary)):
        assert CANARY.encode() not in written


def test_queries_that_take_too_long(index: Path, temporary: Path) -> None:
    with served(index, every_search_takes=0.2, limits={"query_seconds": 0.05}) as running:
        for path in (f"/api/search?q={CANARY}", f"/?q={CANARY}"):
            assert running.get(path)[0] == 503
        while_it_runs = contents(temporary)
        assert CANARY not in running.end()
    assert CANARY.encode() not in while_it_runs + contents(temporary)


def write_bad_pages(folder: Path) -> None:
    """Pages that hold the canary, some good, most refused for one reason or another."""
    good = {"id": "x:1", "name": f"Kidney {CANARY}", "sections": [{"kind": "risks", "heading": "", "text": CANARY}]}
    records = [
        good, {**good, "id": f"{CANARY}:1"}, {"url": "v", "text": f"Kidney\n\n{CANARY}"},
        {**good, "sections": [{"kind": CANARY, "text": CANARY}]}, {**good, "sections": CANARY},
        {**good, CANARY: CANARY}, {**good, "name": [CANARY]}, {**good, "id": 5, "name": CANARY}, {CANARY: CANARY},
        [CANARY], CANARY, {"url": CANARY}, {"url": "u", "html": [CANARY]}, {"_id": CANARY, "title": "", "text": ""},
        {"_id": CANARY, "title": [CANARY], "text": CANARY}, {"_id": [CANARY], "title": CANARY, "text": CANARY},
        {"url": "u", "html": f"<p hidden>{CANARY}" * 3 + "<div>" * 100_000 + CANARY},
    ]  # fmt: skip
    folder.mkdir()
    lines = [
        *map(json.dumps, records),
        f'{{"name": "{CANARY}',
        f"{CANARY} nonsense",
        f'{{"name": "{CANARY}"}} {CANARY}',
    ]
    (folder / "pages.jsonl").write_text("\n".join(lines))
    pages = (
        f"<h1>Kidney {CANARY}</h1><p>{CANARY}", f"<script>{CANARY}</script>", f"<!-- {CANARY} -->",
        "<div>" * 100_000 + CANARY, f"<meta charset={CANARY}><h1>{CANARY}", f"\x00\x01\x02{CANARY}\xff\xfe" * 50,
    )  # fmt: skip
    for number, page in enumerate(pages):
        (folder / f"{number}.html").write_text(page, "latin-1")
    (folder / "broken.zip").write_bytes(b"PK\x03\x04" + CANARY.encode())
    (folder / "broken.tar.gz").write_bytes(b"\x1f\x8b" + CANARY.encode())
    (folder / "broken.warc").write_bytes(f"WARC/1.0\r\n{CANARY}".encode())
    with zipfile.ZipFile(folder / "good.zip", "w") as archive:
        archive.writestr("a.html", f"<h1>Kidney</h1><p>{CANARY}")


@pytest.mark.parametrize("more", [[], ["--dry-run"]], ids=["index", "dry run"])
def test_pages_that_are_indexed(tmp_path: Path, temporary: Path, more: list[str]) -> None:
    """A page that is refused is named, and what it says is not; that its words are in the index is what that is for."""
    write_bad_pages(tmp_path / "pages")
    arguments = ["index", "pages", "--index", "index", "--jobs", "2", *more]
    ran = subprocess.run(
        [sys.executable, "-c", WATCHED, str(tmp_path / "watched"), *arguments], cwd=tmp_path, check=False, timeout=60,
        capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert ran.returncode == 1
    assert ran.stderr.count(b"failed: pages/") > 10
    assert CANARY.encode() not in ran.stderr + ran.stdout
    assert CANARY.encode() not in (tmp_path / "watched").read_bytes() + contents(temporary)
