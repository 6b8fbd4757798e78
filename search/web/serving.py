"""The service as a server of its own: uvicorn with bounds of ours, in one process or several."""

from __future__ import annotations

import ipaddress
import logging
import socket
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn
from uvicorn.supervisors import Multiprocess

from ...corpus.errors import EngineError, ProcsearchError
from ..index import open_index
from .application import app
from .gate import Gate
from .settings import Settings

SHUTDOWN_SECONDS = 10
"""How long a service that is told to end waits for the answers it owes."""


@dataclass(frozen=True, slots=True)
class Service:
    """What a process needs to make its app: given to processes of several, so it holds no open files."""

    index_path: str
    settings: Settings

    def __call__(self) -> Gate:
        """The app."""
        return app(open_index(self.index_path), self.settings)


def serve(
    index_path: str | Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8017,
    token: str | None = None,
    open_: bool = False,
    workers: int = 1,
    log_queries: bool = False,
    settings: Settings | None = None,
) -> None:
    """Serve the index in the folder ``index_path`` until told to end (SIGINT, SIGTERM).

    An address that other machines reach needs a ``token``, or ``open_`` to say that none is wanted. Port 0 takes a
    free one. ``workers`` are processes, each with its own view of the index. Raises NoIndex or DamagedIndex where
    there is nothing to serve, EngineError where the address cannot be had, ProcsearchError where it needs a token.
    """
    if token is not None and not token.strip():
        raise ProcsearchError("the token is empty")
    if token is None and not open_ and not is_loopback(host):
        raise ProcsearchError(f"{host} can be reached by other machines: give --token, or --open to serve everybody")
    open_index(index_path)  # fails here rather than in every process
    with tempfile.TemporaryDirectory(prefix="procsearch-metrics-") as folder:
        chosen = replace(settings or Settings(), token=token)
        if workers > 1:
            chosen = replace(chosen, metrics_folder=Path(folder))
        config = uvicorn.Config(
            Service(str(index_path), chosen), factory=True, host=host, port=port, workers=workers,
            access_log=log_queries, log_config=None, server_header=False, date_header=True,
            lifespan="off", ws="none", timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )  # fmt: skip
        bound = _bind(host, port)
        logging.getLogger("procsearch.web").info("serving")
        try:
            if workers > 1:
                Multiprocess(config, sockets=[bound]).run()
            else:
                uvicorn.Server(config).run(sockets=[bound])
        finally:
            bound.close()


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host.strip("[]"), port))
    except OSError as error:
        bound.close()
        raise EngineError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    bound.set_inheritable(True)
    return bound
