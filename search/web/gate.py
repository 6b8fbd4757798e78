"""What every request passes on its way in and every answer on its way out: limits, token, headers, metrics."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import logging
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...corpus.errors import ProcsearchError
from ..printing import shown_json
from .errors import RequestError, as_request_error
from .metrics import NO_ROUTE, Metrics
from .settings import Settings

SECURITY_HEADERS = [
    (b"content-security-policy",
     b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
     b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),  # addresses hold queries
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]  # fmt: skip
"""Sent with every answer."""

OPEN_PATHS = ("/healthz",)
"""What needs no token."""

_log = logging.getLogger("procsearch.web")

ErrorPage = Callable[[Scope, RequestError], tuple[bytes, bytes]]
"""What shows an error: gives media type and body."""


class Gate:
    """The ASGI app around the routes."""

    def __init__(
        self, inner: ASGIApp, settings: Settings, metrics: Metrics, routes: Mapping[Any, str], error_page: ErrorPage
    ) -> None:
        """``routes`` tells the route of each endpoint."""
        self._inner = inner
        self.settings = settings
        self._metrics = metrics
        self._routes = routes
        self._error_page = error_page
        self._token = settings.token.encode() if settings.token is not None else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0
        # As an app of its own: an app that this one is mounted in does not handle its errors.
        scope = {**scope, "app": self}
        scope.pop("starlette.exception_handlers", None)

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *SECURITY_HEADERS]
            await send(message)

        try:
            self._check(scope)
            await self._inner(scope, receive, send_on)
        except Exception as error:
            if status:
                raise ConnectionAbortedError("an answer broke off") from None
            await self._refuse(scope, _request_error(error), send_on)
        finally:
            self._metrics.count(
                self._routes.get(scope.get("endpoint"), NO_ROUTE), status, time.perf_counter() - started
            )

    def _check(self, scope: Scope) -> None:
        most = self.settings.max_request_bytes
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > most:
            raise RequestError(414, "address_too_long", f"an address has at most {most:,} bytes")
        headers = scope["headers"]
        if sum([len(name) + len(value) for name, value in headers]) > most:
            raise RequestError(431, "headers_too_large", f"headers have at most {most:,} bytes")
        given = b""
        for name, value in headers:
            if name == b"content-length" and (not value.isdigit() or len(value) > 15 or int(value) > most):
                raise RequestError(413, "request_too_large", f"a body has at most {most:,} bytes", _CLOSE)
            if name == b"transfer-encoding":
                raise RequestError(411, "length_required", "a body needs a length", _CLOSE)
            if name == b"authorization":
                given = value
        if self._token is not None and path_of(scope) not in OPEN_PATHS and not _proves(given, self._token):
            told = "this service needs its token, as Authorization: Bearer or as the password"
            raise RequestError(401, "unauthorized", told, _CHALLENGE)

    async def _refuse(self, scope: Scope, error: RequestError, send: Send) -> None:
        media_type, body = self._error_page(scope, error)
        headers = [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
        headers += [
            (b"content-type", media_type),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": error.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


_ROUTING_ERRORS = {
    404: ("not_found", "there is nothing at this address"),
    405: ("method_not_allowed", "this address can only be read (GET)"),
}
_ALLOW = {"Allow": "GET, HEAD"}
_CLOSE = {"Connection": "close"}
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="procsearch", charset="UTF-8"'}


def path_of(scope: Scope) -> str:
    """The path that a request asks for, below the one that the app is mounted at."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _proves(authorization: bytes, token: bytes) -> bool:
    """Whether the header holds the token; takes as long for a wrong one as for a right one."""
    scheme, _, credentials = authorization.partition(b" ")
    given = b""
    if scheme.lower() == b"bearer":
        given = credentials.strip()
    elif scheme.lower() == b"basic":
        try:
            given = base64.b64decode(credentials, validate=True).partition(b":")[2]
        except binascii.Error:
            given = b""
    return hmac.compare_digest(given, token)


def _request_error(error: Exception) -> RequestError:
    """The error to answer with. One that nobody foresaw is logged without its message, which may hold a query."""
    if isinstance(error, RequestError):
        return error
    if isinstance(error, ProcsearchError):
        return as_request_error(error)
    if isinstance(error, HTTPException):
        code, message = _ROUTING_ERRORS.get(error.status_code, ("refused", error.detail))
        return RequestError(error.status_code, code, message, _ALLOW if error.status_code == 405 else None)
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("unforeseen %s\n%s", type(error).__name__, where)
    return RequestError(500, "internal", "something went wrong here; the log of the service tells where")


def json_error(error: RequestError) -> tuple[bytes, bytes]:
    """An error of the API."""
    return b"application/json", shown_json(json.dumps(error.to_json(), ensure_ascii=False).encode("utf-8", "replace"))
