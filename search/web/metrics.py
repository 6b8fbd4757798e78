"""Counters and latency histograms in Prometheus's text format, added up over the processes of one service."""

from __future__ import annotations

import bisect
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper ends of the latency buckets, in seconds; one without end comes after."""

STATUSES = (200, 304, 400, 401, 404, 405, 411, 413, 414, 431, 500, 503)
_OTHER_STATUS = 0

NO_ROUTE = "none"
"""The route of requests that reached no endpoint."""

Numbers = npt.NDArray[np.float64]


class Metrics:
    """The numbers of one process, in memory or in a file of its own beside those of the other processes.

    Counting is for one thread. A process that dies leaves its file, so that no counter ever falls.
    """

    def __init__(self, routes: Iterable[str], folder: Path | None = None) -> None:
        self._routes = (*routes, NO_ROUTE)
        slots = [("requests", route, status) for route in self._routes for status in (*STATUSES, _OTHER_STATUS)]
        slots += [("seconds", route, end) for route in self._routes for end in range(len(BUCKETS) + 1)]
        slots += [("sum", route, 0) for route in self._routes]
        self._place = {slot: number for number, slot in enumerate(slots)}
        self._folder = folder
        numbers: Numbers = (
            np.zeros(len(slots))
            if folder is None
            else np.memmap(folder / f"{os.getpid()}.metrics", np.float64, "w+", shape=len(slots))
        )
        self._numbers = numbers.data.cast("B").cast("d")  # quicker to count in than an array

    def count(self, route: str, status: int, seconds: float) -> None:
        """One request to ``route``, one of those there are, was answered with ``status`` after ``seconds``."""
        numbers, place = self._numbers, self._place
        numbers[place["requests", route, status if status in STATUSES else _OTHER_STATUS]] += 1
        numbers[place["sum", route, 0]] += seconds
        numbers[place["seconds", route, bisect.bisect_left(BUCKETS, seconds)]] += 1

    def text(self, gauges: Mapping[str, tuple[str, float]]) -> str:
        """All numbers as Prometheus reads them; ``gauges`` adds name -> (help, value)."""
        numbers = self._added_up()
        lines = [
            "# HELP procsearch_requests_total Requests answered, by route and status.",
            "# TYPE procsearch_requests_total counter",
        ]
        for (kind, route, status), place in self._place.items():
            if kind == "requests" and numbers[place]:
                label = status or "other"
                lines.append(f'procsearch_requests_total{{route="{route}",status="{label}"}} {numbers[place]:.0f}')
        lines += [
            "# HELP procsearch_request_seconds How long requests took, by route.",
            "# TYPE procsearch_request_seconds histogram",
        ]
        for route in self._routes:
            total = 0.0
            for end, bucket in enumerate((*map(str, BUCKETS), "+Inf")):
                total += numbers[self._place["seconds", route, end]]
                lines.append(f'procsearch_request_seconds_bucket{{route="{route}",le="{bucket}"}} {total:.0f}')
            lines.append(
                f'procsearch_request_seconds_sum{{route="{route}"}} {numbers[self._place["sum", route, 0]]:.6f}'
            )
            lines.append(f'procsearch_request_seconds_count{{route="{route}"}} {total:.0f}')
        for name, (told, value) in gauges.items():
            lines += [f"# HELP {name} {told}", f"# TYPE {name} gauge", f"{name} {value:.15g}"]
        return "\n".join(lines) + "\n"

    def _added_up(self) -> list[float]:
        if self._folder is None:
            return list(map(float, self._numbers))
        each = [np.fromfile(path, np.float64) for path in self._folder.glob("*.metrics")]
        # A file that another process is making just now is still short.
        total: Numbers = sum((numbers for numbers in each if len(numbers) == len(self._numbers)), np.zeros(1))
        return list(map(float, total))
