"""What can go wrong with a request, as a status, a code for programs and a message for people."""

from __future__ import annotations

from ...corpus.errors import EngineError, ProcsearchError, QueryError, SearchTimeout, UnknownId


class RequestError(Exception):
    """A request that cannot be answered: HTTP ``status``, ``code`` and ``message``, with ``headers`` for the answer.

    ``position`` is the place in the query that is meant, ``near`` are ids that may have been.
    """

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        self.position: int | None = None
        self.near: tuple[str, ...] = ()

    def to_json(self) -> dict[str, dict[str, str | int]]:
        """The error as the JSON object of the API."""
        error: dict[str, str | int] = {"code": self.code, "message": self.message}
        if self.position is not None:
            error["position"] = self.position
        return {"error": error}


def bad_parameter(message: str) -> RequestError:
    """A parameter that is missing, unknown or unreadable."""
    return RequestError(400, "bad_parameter", message)


def too_slow(seconds: float) -> RequestError:
    """A search that took longer than the ``seconds`` that it is given."""
    return RequestError(503, "too_slow", f"the search took longer than {seconds:g} s and was given up")


def as_request_error(error: ProcsearchError) -> RequestError:
    """What to answer where the library raised ``error``; nothing of the server's own paths is told."""
    if isinstance(error, QueryError):
        told = RequestError(400, "bad_query", error.reason)
        told.position = error.position
        return told
    if isinstance(error, UnknownId):
        told = RequestError(404, "unknown_id", str(error))
        told.near = error.near
        return told
    if isinstance(error, SearchTimeout):
        return too_slow(error.seconds)
    if isinstance(error, EngineError):
        return RequestError(503, "engine_failed", "the search engine failed; try again", {"Retry-After": "5"})
    return RequestError(503, "index_unavailable", "the index cannot be read just now", {"Retry-After": "5"})
