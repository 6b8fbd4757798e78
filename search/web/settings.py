"""What an operator may set of the service; every limit is one of these."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..index import BOUNDS


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one service.

    ``token`` is asked of every request but ``/healthz`` where it is set: as ``Authorization: Bearer``, or as the
    password of HTTP Basic, which browsers ask their user for.
    """

    token: str | None = None
    max_request_bytes: int = 16_384
    """The most that address, headers and body of a request may take, each on its own."""
    max_query_characters: int = BOUNDS.characters
    max_hits: int = 100
    """The most hits in one answer."""
    max_depth: int = BOUNDS.window
    """How far into the results an answer may reach: the most that offset and limit may add up to."""
    query_seconds: float = 5.0
    """How long a query may take, waiting for a thread included; past it the answer is an error."""
    concurrent_queries: int = 128
    """How many queries may run or wait at once; more are turned away at once."""
    threads: int = 2
    """How many queries run at the same time in one process."""
    metrics_folder: Path | None = None
    """Where the processes of one service add up their metrics; None for a service of one process."""
