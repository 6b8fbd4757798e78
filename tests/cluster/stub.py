"""A server that answers as a cluster in trouble would."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from procsearch.indexer.scaleout import state

WELL = {"version": {"number": "2.11.0", "distribution": "opensearch"}}

Answer = Callable[[str, str], tuple[int, Any]]
"""From method and path to status and body."""


def refusing(status: int, kind: str, reason: str) -> Answer:
    """A cluster of a known version that refuses everything else."""
    error = {"error": {"root_cause": [{"type": kind, "reason": reason}], "type": kind, "reason": reason}}
    return lambda method, path: (200, WELL) if path == "/" else (status, error)


def empty_index(method: str, path: str) -> tuple[int, Any]:
    """A cluster that holds an index without pages."""
    if path == "/":
        return 200, WELL
    if path.endswith("_mapping"):
        known = state.State("procedures-000001", state.versions()).told()
        return 200, {"procedures-000001": {"mappings": {"_meta": {"procsearch": known}}}}
    return 200, {"timed_out": False, "_shards": {"failed": 0}, "hits": {"total": {"value": 0}, "hits": []}}


@contextmanager
def serving(answer: Answer, seconds: float = 0.0, certificate: Path | None = None) -> Iterator[str]:
    """Serve ``answer`` for every request, after so many seconds each, and give the address of an index there.

    ``{authorization}`` in an answer is filled with what the client sent. With a ``certificate``, a file that holds its
    key, too, it speaks TLS.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = answer(self.command, self.path.partition("?")[0])
            time.sleep(seconds)
            data = json.dumps(body).replace("{authorization}", self.headers.get("Authorization", "")).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_any  # noqa: N815 - the names the server calls

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        scheme = "opensearch" if certificate is None else "opensearch+https"
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}/procedures"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
