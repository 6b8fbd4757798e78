"""The service as an operator meets it: a process with an address, signals, logs and clients that misbehave."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import procsearch
from procsearch.search import web
from procsearch.search.web.listening import listen
from procsearch.search.web.serving import is_loopback
from tests.web.served import Served, served


def page(number: int) -> str:
    return json.dumps({"_id": f"page:{number}", "title": f"Procedure {number}", "text": f"canary{number} everywhere"})


def write(path: Path, numbers: range) -> Path:
    path.write_text("\n".join(map(page, numbers)) + "\n")
    return path


class Asking:
    """Asks without pause from several threads and keeps every answer that is not as it should be."""

    def __init__(self, running: Served, path: str, threads: int = 3) -> None:
        self._running, self._path = running, path
        self._stop = threading.Event()
        self.failures: list[Any] = []
        self.totals: list[int] = []
        self._threads = [threading.Thread(target=self._ask) for _ in range(threads)]

    def _ask(self) -> None:
        while not self._stop.is_set():
            try:
                status, found = self._running.get(self._path)
                if status == 200:
                    self.totals.append(found["total"])
                else:
                    self.failures.append((status, found))
            except OSError as error:
                self.failures.append(error)

    def __enter__(self) -> Asking:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(20)


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def command(pid: int) -> bytes:
    """What a process was started with."""
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def sockets(pid: int) -> int:
    """How many sockets a process has open."""
    found = 0
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed meanwhile
            found += str(entry.readlink()).startswith("socket:")
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_commits_are_served_without_a_restart_or_a_failed_request(tmp_path: Path, workers: int) -> None:
    pages, index = tmp_path / "pages.jsonl", tmp_path / "index"
    procsearch.reindex([write(pages, range(5))], index)
    with served(index, workers=workers) as running:
        with Asking(running, "/api/search?q=everywhere") as asking:
            for most in range(6, 16):
                procsearch.reindex([write(pages, range(most))], index)
                time.sleep(0.03)
            deadline = time.monotonic() + 10
            while asking.totals[-1:] != [15] and time.monotonic() < deadline:
                time.sleep(0.01)
        assert not asking.failures
        assert set(asking.totals) <= set(range(5, 16))
        assert running.get("/healthz")[1]["documents"] == 15
        asked = sum(
            float(line.rsplit(" ", 1)[1]) for line in running.get("/metrics")[1].splitlines()
            if line.startswith('procsearch_requests_total{route="/api/search"')
        )  # fmt: skip
        assert asked == len(asking.totals)
        assert running.end() == ""


def test_an_index_put_in_the_place_of_another_is_served(tmp_path: Path) -> None:
    pages, index, other = tmp_path / "pages.jsonl", tmp_path / "index", tmp_path / "other"
    procsearch.reindex([write(pages, range(5))], index)
    procsearch.reindex([write(pages, range(9))], other)
    with served(index) as running:
        assert running.get("/api/search?q=everywhere")[1]["total"] == 5
        index.rename(tmp_path / "old")
        status, told = running.get("/api/search?q=everywhere")
        assert (status, told["error"]["code"]) == (503, "index_unavailable")
        other.rename(index)
        assert running.get("/api/search?q=everywhere")[1]["total"] == 9


def test_a_request_under_way_is_answered_before_the_service_ends(index_path: Path) -> None:
    with served(index_path, every_search_takes=0.5) as running:
        connection = socket.create_connection(("127.0.0.1", running.port))
        connection.sendall(b"GET /api/search?q=kidney HTTP/1.1\r\nHost: here\r\n\r\n")
        deadline = time.monotonic() + 10
        while "queries_running 1" not in running.get("/metrics")[1] and time.monotonic() < deadline:
            time.sleep(0.01)
        running.process.send_signal(signal.SIGTERM)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
        connection.close()
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["total"]
        assert running.end() == ""


def test_reloading_drops_no_request(index_path: Path) -> None:
    with served(index_path, workers=2) as running:
        with Asking(running, "/api/search?q=kidney", threads=2) as asking:
            running.process.send_signal(signal.SIGHUP)
            time.sleep(3)
        assert not asking.failures
        assert asking.totals


def test_every_process_takes_its_share_of_the_connections(index_path: Path) -> None:
    with served(index_path, workers=2) as running:

        def shares() -> list[int]:
            """How many of 40 connections, one after the other, each process takes."""
            workers = [pid for pid in children(running.process.pid) if b"spawn_main" in command(pid)]
            before = [sockets(pid) for pid in workers]
            connections = []
            for _ in range(40):
                connections.append(socket.create_connection(("127.0.0.1", running.port)))
                time.sleep(0.01)
            taken = [sockets(pid) - already for pid, already in zip(workers, before, strict=True)]
            for connection in connections:
                connection.close()
            time.sleep(0.1)
            return taken

        deadline = time.monotonic() + 20  # the second one may still be starting
        while min(taken := shares()) < 5 and time.monotonic() < deadline:
            pass
        assert min(taken) >= 5, taken


def test_the_body_of_an_answer_does_not_wait_for_its_head_to_be_confirmed() -> None:
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        connection, _ = listening.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_nothing_of_a_query_is_logged_unless_asked_for(index_path: Path, tmp_path: Path) -> None:
    for log_queries in (False, True):
        with served(index_path, log_queries=log_queries) as running:
            for path in ("/api/search?q=canary4711", "/?q=canary4711", "/api/search?q=canary4711+AND+OR+x",
                         "/api/procedures/canary4711", "/api/suggest?q=canary4711", "/canary4711",
                         "/api/search?canary4711"):  # fmt: skip
                running.get(path)
            with socket.create_connection(("127.0.0.1", running.port)) as connection:
                connection.sendall(b"canary4711 nonsense\r\n\r\n")
                assert b"400" in connection.recv(100)
            assert ("canary4711" in running.end()) is log_queries


def test_an_address_others_reach_asks_for_a_token(index_path: Path) -> None:
    with pytest.raises(procsearch.ProcsearchError, match="--token"):
        web.serve(index_path, host="0.0.0.0")
    with pytest.raises(procsearch.ProcsearchError, match="empty"):
        web.serve(index_path, host="0.0.0.0", token=" ")
    with served(index_path, host="0.0.0.0", token="sesame") as running:
        assert running.get("/api/search?q=kidney")[0] == 401
        assert running.get("/api/search?q=kidney", {"Authorization": "Bearer sesame"})[0] == 200
    with served(index_path, host="0.0.0.0", open_=True) as running:
        assert running.get("/api/search?q=kidney")[0] == 200


def test_which_addresses_only_this_machine_reaches() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.8.9.1", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "", "192.168.1.1", "example.org", "localhost.example.org")))


def test_what_cannot_be_served_is_told(index_path: Path, tmp_path: Path) -> None:
    with pytest.raises(procsearch.NoIndex):
        web.serve(tmp_path / "nothing")
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(procsearch.EngineError, match="cannot listen"),
    ):
        web.serve(index_path, port=taken.getsockname()[1])
    with pytest.raises(procsearch.ProcsearchError, match="65,535"):
        web.serve(index_path, port=70000)


def test_slow_and_greedy_clients_do_not_hold_up_others(index_path: Path) -> None:
    with served(index_path, limits={"max_request_bytes": 2000}) as running:
        slow = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(100)]
        for connection in slow:
            connection.sendall(b"GET /?q=kidney HTTP/1.1\r\nHost: h")
        greedy = socket.create_connection(("127.0.0.1", running.port))
        greedy.sendall(b"GET / HTTP/1.1\r\nX-Much: " + b"x" * 5000)
        assert greedy.recv(100).startswith(b"HTTP/1.1 431")
        assert running.get("/api/search?q=kidney")[0] == 200
        slow[0].sendall(b"ere\r\n\r\n")
        assert slow[0].recv(100).startswith(b"HTTP/1.1 200")
        for connection in (*slow, greedy):
            connection.close()
        assert running.end() == ""
