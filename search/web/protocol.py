"""HTTP/1.1 with bounds on what comes before a request is whole: uvicorn has none of its own there."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0
"""How long a client may take from connecting, or from the first byte of a request, to the end of its headers."""


LEAVING_SECONDS = 1.0
"""How long a connection without a request yet is kept when the service ends: the request may be on its way."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. A head that grows too large or comes too slowly ends it."""

    _head_bytes = 0
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """A client has connected."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._head_is_whole()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A part of a request has come."""
        if self._late is not None:
            self._head_bytes += len(data)
        super().data_received(data)
        # The app bounds what it is given; this bounds what is kept before the app is asked.
        if self._late is not None and self._head_bytes > 2 * self._settings.max_request_bytes:
            self._end(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        """A request begins."""
        self._await_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head of a request is whole."""
        self._head_is_whole()
        super().on_headers_complete()

    def shutdown(self) -> None:
        """The service ends, or this process is replaced."""
        if self._late is None:
            super().shutdown()
        else:
            self.loop.call_later(LEAVING_SECONDS, super().shutdown)

    @property
    def _settings(self) -> Any:
        return self.config.loaded_app.settings

    def _await_head(self) -> None:
        if self._late is None:
            self._head_bytes = 0
            self._late = self.loop.call_later(HEAD_SECONDS, self._end, b"408 Request Timeout")

    def _head_is_whole(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _end(self, status: bytes) -> None:
        self._head_is_whole()
        if not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            self.transport.close()
