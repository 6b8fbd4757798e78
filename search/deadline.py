"""A time by which a search has to be done: set around it, looked at between the steps it takes.

No step is longer than what one word, pattern or phrase of the query takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from math import inf
from time import monotonic

from ..corpus.errors import SearchTimeout

_UNTIL: ContextVar[tuple[float, float]] = ContextVar("procsearch deadline", default=(inf, inf))
"""The moment by which the present search has to be done, and the seconds that it was given."""


def deadline(seconds: float | None) -> AbstractContextManager[None]:
    """Let what is done in here take so many seconds at the most; None leaves the deadline that there is."""
    return nullcontext() if seconds is None else _deadline(seconds)


@contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    token = _UNTIL.set(min(_UNTIL.get(), (monotonic() + seconds, seconds)))
    try:
        yield
    finally:
        _UNTIL.reset(token)


def seconds_left() -> float:
    """How many seconds there are until the deadline."""
    return max(_UNTIL.get()[0] - monotonic(), 0.0)


def check_deadline() -> None:
    """SearchTimeout where the time is up."""
    until, seconds = _UNTIL.get()
    if monotonic() > until:
        raise SearchTimeout(seconds)
