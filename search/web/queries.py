"""Where queries run: in few threads, beside a loop that stays free, each with a deadline."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TypeVar

from ..deadline import deadline
from .errors import RequestError, too_slow
from .settings import Settings

T = TypeVar("T")


class Queries:
    """Runs the queries of one process.

    A query past its deadline is answered with an error at once; its thread sees at the next step of the search that
    the time is up, and ends, too.
    """

    def __init__(self, settings: Settings) -> None:
        self._most = settings.concurrent_queries
        self._seconds = settings.query_seconds
        self._pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="procsearch-query")
        self._lock = threading.Lock()
        self.running = 0
        """How many queries run or wait now."""

    async def run(self, query: Callable[[], T]) -> T:
        """What ``query`` gives; RequestError where there are too many at once or it takes too long."""
        with self._lock:
            if self.running >= self._most:
                raise RequestError(503, "busy", "too many searches at once; try again", {"Retry-After": "1"})
            self.running += 1
        future = self._pool.submit(self._within, query, monotonic() + self._seconds)
        future.add_done_callback(self._ended)
        waiting = asyncio.wrap_future(future)
        done, _ = await asyncio.wait({waiting}, timeout=self._seconds)
        if not done:
            waiting.cancel()  # takes it out of the queue if it has not begun
            raise too_slow(self._seconds)
        return waiting.result()

    @staticmethod
    def _within(query: Callable[[], T], until: float) -> T:
        with deadline(until - monotonic()):
            return query()

    def _ended(self, _: object) -> None:
        with self._lock:
            self.running -= 1
