"""A service in a process of its own, for tests."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_START = """
import sys, json
from procsearch.search import web
options = json.loads(sys.argv[2])
limits = options.pop("limits", {})
seconds = options.pop("every_search_takes", 0)
if seconds:
    import time
    from procsearch.search.index import Index
    search = Index.search
    Index.search = lambda *given, **named: (time.sleep(seconds), search(*given, **named))[1]
web.serve(sys.argv[1], port=0, tell=lambda address: print(address, flush=True),
          settings=web.Settings(**limits), **options)
"""


@dataclass
class Served:
    """A running service."""

    process: subprocess.Popen[str]
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Status and body (JSON where it is) of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            body = answer.read()
            is_json = answer.headers["content-type"] == "application/json"
            return answer.status, json.loads(body) if is_json else body.decode()
        finally:
            connection.close()

    def end(self) -> str:
        """End it as an operator would; gives what it wrote to standard error."""
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=20)
        return errors


@contextmanager
def served(index_path: Path, **options: Any) -> Iterator[Served]:
    """The index in the folder ``index_path``, served."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _START, str(index_path), json.dumps(options)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        if not line:
            raise AssertionError(process.communicate()[1])
        running = Served(process, int(line.rstrip("/").rsplit(":", 1)[1]))
        running.get("/healthz")  # waits in the queue of connections until a process takes them
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=20)
