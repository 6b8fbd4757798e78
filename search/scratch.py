"""Memory that postings are worked on in, each thread's own: touching new memory takes longer than the work."""

from __future__ import annotations

from threading import local

import numpy as np
import numpy.typing as npt

from ..indexer.memory import keep_freed_memory
from .scoring import Table

Places = npt.NDArray[np.int64]

_NO_PLACES: Places = np.empty(0, np.int64)

AT_A_TIME = 1 << 15
"""Postings worked on together: they stay in the caches of the processor."""

PLACES = 1 << 17
"""Places of pages that are added up at once: so do they."""


class Marks:
    """Marks on some of many places, none at first and, so that they can be used again, none at the end."""

    def __init__(self) -> None:
        self._marks = np.zeros(0, bool)
        self._marked = _NO_PLACES

    def of(self, count: int) -> Marks:
        """The same, with so many places at least."""
        if count > len(self._marks):
            self._marks = np.zeros(count, bool)
        return self

    def only(self, places: Places) -> None:
        """Mark ``places`` and no others."""
        self._marks[self._marked] = False
        self._marked = places
        self._marks[places] = True

    def at(self, places: Places) -> Places:
        """Which of ``places`` are marked."""
        return self._marks.take(places).nonzero()[0]

    def __enter__(self) -> Marks:
        return self

    def __exit__(self, *error: object) -> None:
        self.only(_NO_PLACES)


class Scratch(local):
    """Room for :data:`AT_A_TIME` postings and :data:`PLACES` places; who uses it next overwrites what is there."""

    def __init__(self) -> None:
        keep_freed_memory()
        self.pages = np.empty(AT_A_TIME, np.int64)
        self.indices = np.empty(AT_A_TIME, np.int64)
        self.weights = np.empty(AT_A_TIME, np.float32)
        self._sums = np.empty(PLACES, np.float32)
        self._bytes_of_sums = self._sums.view(np.uint8)
        self._marks = Marks()

    def zeros(self, rows: int, columns: int) -> Table:
        """Rows of zeros; in new memory where there is no room for them."""
        count = rows * columns
        if count > len(self._sums):
            return np.zeros((rows, columns), np.float32)
        self._bytes_of_sums[: 4 * count].fill(0)  # bytes take half the time of numbers
        return self._sums[:count].reshape(rows, columns)

    def marks(self, count: int) -> Marks:
        """Marks on so many places; only for a ``with``."""
        return self._marks.of(count)


SCRATCH = Scratch()
