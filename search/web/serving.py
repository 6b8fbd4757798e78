"""The service as a server of its own: uvicorn with bounds of ours, in one process or several."""

from __future__ import annotations

import gc
import ipaddress
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from ...corpus.errors import ProcsearchError
from ..index import open_index
from .application import app
from .gate import Gate
from .listening import FairLoop, listen
from .protocol import BoundedProtocol
from .settings import Settings

SHUTDOWN_SECONDS = 10
"""How long a service that is told to end waits for the answers it owes."""


class BadSettings(ProcsearchError):  # noqa: N818 - says what it is
    """What is asked of the service cannot be, or is not safe."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Service:
    """What a process needs to make its app: given to processes of several, so it holds no open files."""

    index_path: str
    settings: Settings
    vocabulary: str | None

    def __call__(self) -> Gate:
        """The app."""
        served = app(open_index(self.index_path, vocabulary=self.vocabulary), self.settings)
        gc.freeze()  # what stays for good is not looked through again while requests wait
        return served


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
    vocabulary: str | None = None,
    tell: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve the index in the folder ``index_path`` until told to end (SIGINT, SIGTERM).

    An address that other machines reach needs a ``token``, or ``open_`` to say that none is wanted. Port 0 takes a
    free one. ``workers`` are processes, each with its own view of the index. Queries are logged (to standard error)
    only with ``log_queries``. ``vocabulary`` is a file of one's own synonyms. ``tell`` is given the address once
    connections are taken. Raises NoIndex or DamagedIndex where there is nothing to serve, EngineError where the address
    cannot be had, BadSettings where it needs a token.
    """
    if token is not None and not token.strip():
        raise BadSettings("the token is empty")
    if not 0 <= port <= 65_535:
        raise BadSettings("a port is a number from 0 to 65,535")
    if token is None and not open_ and not is_loopback(host):
        raise BadSettings(f"{host} can be reached by other machines: give --token, or --open to serve everybody")
    open_index(index_path, vocabulary=vocabulary)  # fails here rather than in every process
    with tempfile.TemporaryDirectory(prefix="procsearch-metrics-") as folder:
        chosen = replace(settings or Settings(), token=token)
        if workers > 1:
            chosen = replace(chosen, metrics_folder=Path(folder))
        config = uvicorn.Config(
            Service(str(index_path), chosen, vocabulary), factory=True, interface="asgi3", http=BoundedProtocol,
            loop=f"{FairLoop.__module__}:{FairLoop.__name__}", workers=workers,
            log_config=_logging(log_queries), access_log=log_queries,
            server_header=False, proxy_headers=False, lifespan="off", ws="none",
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )  # fmt: skip
        listening = listen(host, port)
        try:
            tell(f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}/")
            if workers > 1:
                Multiprocess(config, sockets=[listening]).run()
            else:
                uvicorn.Server(config).run(sockets=[listening])
        finally:
            listening.close()


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _logging(queries: bool) -> dict[str, Any]:
    """What goes to standard error: what went wrong, and requests with their queries only where that is asked for."""
    handler = {"class": "logging.StreamHandler", "formatter": "plain", "stream": "ext://sys.stderr"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(message)s"}},
        "handlers": {"stderr": handler},
        "loggers": {
            "procsearch.web": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
            "uvicorn.error": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
            "uvicorn.access": {
                "handlers": ["stderr"] if queries else [],
                "level": "INFO" if queries else "CRITICAL",
                "propagate": False,
            },
        },
    }
