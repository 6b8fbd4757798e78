"""Where queries run: in few threads, beside a loop that stays free, each with a deadline."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .errors import RequestError
from .settings import Settings

T = TypeVar("T")


class Queries:
    """Runs the queries of one process.

    A thread cannot be stopped from outside: a query past its deadline is answered with an error at once, but keeps
    its place among the concurrent ones until it ends.
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
        future = self._pool.submit(query)
        future.add_done_callback(self._ended)
        waiting = asyncio.wrap_future(future)
        done, _ = await asyncio.wait({waiting}, timeout=self._seconds)
        if not done:
            waiting.cancel()  # takes it out of the queue if it has not begun
            raise RequestError(503, "too_slow", f"the search took longer than {self._seconds:g} s and was given up")
        return waiting.result()

    def _ended(self, _: object) -> None:
        with self._lock:
            self.running -= 1
