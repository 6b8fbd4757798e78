"""Taking connections so that every process that listens on the same socket gets its share of them.

asyncio takes all that wait at once, and of processes that wait the same one always wakes first: it would answer every
client of a pool, and the others none.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from ...corpus.errors import EngineError

_HESITATION = 0.0005
"""Seconds between two connections that one process takes: the others are awake by then."""
_RECOVERY = 1.0
"""Seconds until the next try where there is no room for another connection."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on an address; port 0 takes a free one. Raises EngineError where it cannot be had."""
    try:
        listening = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except OSError as error:
        raise EngineError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    # Connections inherit it. Else the body of an answer waits, up to 40 ms, until the client has confirmed its head.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


class FairLoop(asyncio.SelectorEventLoop):
    """An event loop whose servers leave connections to other processes, too."""

    async def create_server(  # type: ignore[override]  # as uvicorn calls it
        self, protocol_factory: Callable[[], asyncio.Protocol], *, sock: socket.socket, backlog: int, **_: Any
    ) -> FairServer:
        """A server on ``sock``, where ``backlog`` connections may wait."""
        sock.listen(backlog)
        sock.setblocking(False)
        return FairServer(self, protocol_factory, sock)


class FairServer:
    """Takes one connection, and the next a little later."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, protocol_factory: Callable[[], asyncio.Protocol], sock: socket.socket
    ) -> None:
        self._loop = loop
        self._protocol_factory = protocol_factory
        self._socket = sock
        self._welcoming: set[asyncio.Task[Any]] = set()
        self._later: asyncio.TimerHandle | None = None
        self._listen()

    def close(self) -> None:
        """Take no more connections."""
        self._loop.remove_reader(self._socket)
        if self._later is not None:
            self._later.cancel()

    async def wait_closed(self) -> None:
        """Nothing is left to wait for: the connections have lives of their own."""

    def _listen(self) -> None:
        self._loop.add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        self._loop.remove_reader(self._socket)
        pause = _HESITATION
        try:
            connection, _ = self._socket.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            pass  # another process has taken it, or the client is gone
        except OSError:
            pause = _RECOVERY
        else:
            connection.setblocking(False)
            welcome = self._loop.connect_accepted_socket(self._protocol_factory, connection)
            task = self._loop.create_task(welcome)
            self._welcoming.add(task)
            task.add_done_callback(self._welcoming.discard)
        self._later = self._loop.call_later(pause, self._listen)
