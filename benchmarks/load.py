"""How many searches a second the service answers, and how long each takes, while a commit happens in the middle.

``python -m benchmarks.load``; clients and service share the machine. Every client asks again as soon as it has its
answer, each query is another one, and every answer is read whole. ``--peer`` asks the same of a service over tantivy.
"""

from __future__ import annotations

import asyncio
import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from threading import Timer
from time import perf_counter, sleep
from typing import Any
from urllib.parse import quote_plus

import click
import psutil

from .figures import percentile
from .pagefile import write_pages
from .pages import generate, page_file
from .queries import draw_queries

QUERIES = 40_000
SETTLE_SECONDS = 2.0
"""Before the clients ask, so that every process of the service is there and idle, and takes its share of them."""
COMMITTED = 100
"""Pages that the commit in the middle adds."""


@dataclass(frozen=True)
class Service:
    """How to start a service (its number of processes comes last) and how to commit more pages to its index."""

    serve: list[str]
    commit: list[str]


SERVE = """
import sys
from procsearch.search import web
web.serve(sys.argv[1], port=0, workers=int(sys.argv[2]), tell=lambda address: print(address, flush=True))
"""


SLOW_CLIENTS = 300
WORST_QUERIES = (  # about as many of each as a query may hold over 10,000 pages
    " ".join(f"{letter}*" for letter in "qzxjkvwyugh"),
    " ".join(f"{letter}aring~2" for letter in "abcdefghijklmnop"),
    '"of the"~10 OR "the and"~10',
    "*ara* *ent* *ion*",
)


class Slow(asyncio.Protocol):
    """One connection that never finishes what it asks."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"GET /api/search?q=clot HTTP/1.1\r\nHost: he")


class Client(asyncio.Protocol):
    """One connection that asks one query after the other."""

    def __init__(self, requests: Iterator[bytes], seconds: list[float], errors: list[str]) -> None:
        self._requests, self._seconds, self._errors = requests, seconds, errors
        self._answer = bytearray()
        self._length = -1
        self._started = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self) -> None:
        """Send the next query."""
        assert self.transport is not None
        self._answer.clear()
        self._length = -1
        self._started = perf_counter()
        self.transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if self._length < 0:
            head = self._answer.find(b"\r\n\r\n")
            if head < 0:
                return
            place = self._answer.index(b"content-length: ") + 16
            self._length = head + 4 + int(self._answer[place : self._answer.index(b"\r", place)])
        if len(self._answer) >= self._length:
            self._seconds.append(perf_counter() - self._started)
            if not self._answer.startswith(b"HTTP/1.1 200") or b'"hits":[{' not in self._answer:
                self._errors.append(bytes(self._answer[:80]).decode("latin-1"))
            self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None:
            self._errors.append(str(error))


async def ask(
    port: int, requests: Iterator[bytes], connections: int, seconds: float, *, hostile: bool = False
) -> tuple[list[float], list[str]]:
    """The time of every answer within ``seconds``, and what went wrong.

    With ``hostile`` there are others besides: clients that never finish a request, and some that ask the worst.
    """
    times: list[float] = []
    errors: list[str] = []
    loop = asyncio.get_running_loop()
    clients = [partial(Client, requests, times, errors)] * connections
    if hostile:
        clients += [partial(Client, cycle([_request(query)]), [], errors) for query in WORST_QUERIES]
    made = [await loop.create_connection(client, "127.0.0.1", port) for client in clients]
    slow = [await loop.create_connection(Slow, "127.0.0.1", port) for _ in range(SLOW_CLIENTS if hostile else 0)]
    await asyncio.sleep(SETTLE_SECONDS)
    for _, client in made:
        client.ask()
    await asyncio.sleep(seconds)
    for transport, _ in (*made, *slow):
        transport.abort()
    return times, errors


def _request(query: str) -> bytes:
    return f"GET /api/search?q={quote_plus(query)} HTTP/1.1\r\nHost: here\r\n\r\n".encode()


def run(service: Service, workers: int, connections: int, seconds: float, *, hostile: bool) -> dict[str, Any]:
    """One run against a process of the service."""
    queries = draw_queries(generate(2_000), QUERIES)
    requests = map(_request, cycle(queries))
    process = subprocess.Popen([*service.serve, str(workers)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline().strip().rstrip("/").rsplit(":", 1)[1])
        sleep(SETTLE_SECONDS)
        asyncio.run(ask(port, requests, connections, seconds / 4))  # warms every process
        used = [_resources(process.pid)]
        committing = subprocess.Popen(
            ["sh", "-c", f"sleep {seconds / 2} && exec {shlex.join(service.commit)}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        timer = Timer(seconds / 2, lambda: used.append(_resources(process.pid)))
        timer.start()
        times, errors = asyncio.run(ask(port, requests, connections, seconds, hostile=hostile))
        timer.join()
        used.append(_resources(process.pid))
        committed = committing.wait() == 0
    finally:
        process.terminate()
        process.wait()
    return {
        "workers": workers,
        "hostile clients": hostile,
        "connections": connections,
        "searches a second": round(len(times) / seconds),
        "p50 ms": round(percentile(times, 50) * 1e3, 1),
        "p99 ms": round(percentile(times, 99) * 1e3, 1),
        "max ms": round(max(times) * 1e3, 1),
        "errors": len(errors),
        "first errors": errors[:3],
        "committed": committed,
        "service cpu ms a search": round((used[-1]["cpu"] - used[0]["cpu"]) / len(times) * 1e3, 2),
        "memory MB at start, commit, end": [round(found["memory"] / 2**20) for found in used],
        "machine load": psutil.getloadavg()[0],
    }


def _resources(pid: int) -> dict[str, float]:
    """Processor seconds and memory of a process and its children; shared memory counts once a process."""
    service = psutil.Process(pid)
    processes = [service, *service.children(recursive=True)]
    return {
        "cpu": sum(sum(process.cpu_times()[:2]) for process in processes),
        "memory": sum(process.memory_info().rss - process.memory_info().shared for process in processes),
    }


def ours(pages: Path, more: Path, index: Path) -> Service:
    """Our own service over an index of ``pages``."""
    procsearch = [sys.executable, "-m", "procsearch", "index", "--index", str(index)]
    subprocess.run([*procsearch, str(pages)], check=True, stdout=sys.stderr)
    return Service([sys.executable, "-c", SERVE, str(index)], [*procsearch, "--jobs", "1", str(more)])


def peer(pages: Path, more: Path, index: Path) -> Service:
    """A service over tantivy."""
    tantivy = [sys.executable, "-m", "benchmarks.peers.tantivy_service"]
    subprocess.run([*tantivy, "build", str(pages), str(index)], check=True)
    return Service([*tantivy, "serve", str(index)], [*tantivy, "add", str(more), str(index)])


@click.command()
@click.option("--pages", default=10_000, show_default=True)
@click.option("--workers", default=2, show_default=True, help="Processes of the service.")
@click.option("--connections", default=16, show_default=True, help="Clients that ask at the same time.")
@click.option("--seconds", default=60.0, show_default=True)
@click.option("--hostile", is_flag=True, help="Besides, 300 slow clients and four that ask the worst allowed queries.")
@click.option("--peer", "with_peer", is_flag=True, help="Ask a service over tantivy the same, before and after ours.")
@click.option("--workdir", type=click.Path(path_type=Path), default=Path(tempfile.gettempdir()) / "procsearch-bench")
def main(
    *, pages: int, workers: int, connections: int, seconds: float, hostile: bool, with_peer: bool, workdir: Path
) -> None:
    """Load the service and print figures as JSON."""
    more, all_pages = workdir / "load-more.jsonl", page_file(workdir, pages)
    write_pages(islice(generate(pages + COMMITTED), pages, None), more)
    for make in (peer, ours, peer) if with_peer else (ours,):
        with tempfile.TemporaryDirectory(dir=workdir) as folder:
            found = run(make(all_pages, more, Path(folder)), workers, connections, seconds, hostile=hostile)
            click.echo(json.dumps({"service": make.__name__, **found}, indent=1))


if __name__ == "__main__":
    main()
