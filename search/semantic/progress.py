"""How giving vectors goes on, for people: a bar with the time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..progress import Bar
from .embedding import EmbeddingProgress

_SECONDS = 30.0  # between two lines
_FIRST = 5.0  # before the first estimate


class EmbeddingLines(EmbeddingProgress):
    """A line when it begins, and with an estimate every half minute."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._pages = self._done = 0
        self._began = self._next = 0.0

    def start(self, pages: int) -> None:
        """Tell how many pages there are to do."""
        self._pages = pages
        self._began = time.monotonic()
        self._next = self._began + _FIRST
        if pages:
            self._tell(f"making sentence vectors of {pages:,} pages …")

    def done(self, pages: int) -> None:
        """Count pages, and tell how long the rest will take."""
        self._done += pages
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _SECONDS
            left = (now - self._began) / self._done * (self._pages - self._done)
            self._tell(f"sentence vectors: {self._done:,} of {self._pages:,} pages, about {_duration(left)} left")

    def message(self, text: str) -> None:
        """Pass a message on."""
        self._tell(text)


class EmbeddingBar(Bar, EmbeddingProgress):
    """A bar with the time left."""

    def __init__(self) -> None:
        super().__init__("sentence vectors")
        self._task = self._bar.add_task("", total=None)

    def start(self, pages: int) -> None:
        """Show how many pages there are to do."""
        self._bar.update(self._task, total=pages)

    def done(self, pages: int) -> None:
        """Move the bar."""
        self._bar.update(self._task, advance=pages)


def _duration(seconds: float) -> str:
    """A length of time, about."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} seconds"
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 90 else f"{minutes / 60:.1f} hours"
