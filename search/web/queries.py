"""Where queries run: quick ones in the loop, others in few threads beside it, each with a deadline."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import monotonic, thread_time
from typing import TypeVar

from ...corpus.errors import SearchTimeout
from ..deadline import deadline
from .errors import RequestError, too_slow
from .settings import Settings

T = TypeVar("T")


AT_ONCE = 0.005
"""How many seconds a query may hold up the loop."""

_LATELY = 8
"""About so many queries say what one takes."""


class Queries:
    """Runs the queries of one process.

    Handing a query to a thread and back costs about as much as a simple one takes. While queries are quick, each runs
    in the loop; what is not done soon begins anew in a thread, where the words it has looked up are at hand.

    A query past its deadline is answered with an error at once; its thread sees at the next step of the search that
    the time is up, and ends, too.
    """

    def __init__(self, settings: Settings, *, waits: bool) -> None:
        """``waits`` says that queries wait for another machine: then they always run in threads."""
        self._most = settings.concurrent_queries
        self._seconds = settings.query_seconds
        self._pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="procsearch-query")
        self._lock = threading.Lock()
        self._waits = waits
        self._pace = 1.0  # processor seconds that a query takes lately; threads run the first ones
        self.running = 0
        """How many queries run in threads or wait for one."""

    async def run(self, query: Callable[[], T]) -> T:
        """What ``query`` gives; RequestError where there are too many at once or it takes too long."""
        until = monotonic() + self._seconds
        if self._pace < AT_ONCE and not self._waits:
            with suppress(SearchTimeout):
                return self._within(query, min(until, monotonic() + AT_ONCE))
        with self._lock:
            if self.running >= self._most:
                raise RequestError(503, "busy", "too many searches at once; try again", {"Retry-After": "1"})
            self.running += 1
        future = self._pool.submit(self._within, query, until)
        future.add_done_callback(self._ended)
        waiting = asyncio.wrap_future(future)
        done, _ = await asyncio.wait({waiting}, timeout=self._seconds)
        if not done:
            waiting.cancel()  # takes it out of the queue if it has not begun
            raise too_slow(self._seconds)
        try:
            return waiting.result()
        except SearchTimeout:
            raise too_slow(self._seconds) from None

    def _within(self, query: Callable[[], T], until: float) -> T:
        began = thread_time()
        try:
            with deadline(until - monotonic()):
                return query()
        finally:
            self._pace += (thread_time() - began - self._pace) / _LATELY

    def _ended(self, _: object) -> None:
        with self._lock:
            self.running -= 1
