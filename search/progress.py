"""How re-indexing goes on, for people: a bar on a terminal, one line a stage elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

from ..corpus.pages import STDIN, find_pages
from ..indexer.reindex import Progress
from .printing import printable


class LineProgress(Progress):
    """One line a stage."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    def stage(self, name: str) -> None:
        """Tell that a stage begins."""
        self._tell(f"{name} …")

    def message(self, text: str) -> None:
        """Pass a message on."""
        self._tell(text)


class Bar:
    """A bar on a terminal that begins with a ``label`` and ends with the time left; a context manager."""

    def __init__(self, label: str, *more: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn(label),
            BarColumn(),
            MofNCompleteColumn(),
            *map(TextColumn, more),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._bar.stop()

    def message(self, text: str) -> None:
        """Print a message above the bar."""
        from rich.text import Text

        self._bar.console.print(Text(printable(text)))


class BarProgress(Bar, Progress):
    """A bar with the stage and the rate, for files."""

    def __init__(self, pages: Sequence[str]) -> None:
        super().__init__("{task.description}", "{task.fields[rate]} pages/s")
        files = sum(1 for _ in find_pages([page for page in pages if page != STDIN], unchanged=lambda *_: True))
        self._task = self._bar.add_task("", total=None if STDIN in pages else files, rate="0")
        self._pages = 0
        self._file = ""

    def stage(self, name: str) -> None:
        """Tell that a stage begins."""
        self._bar.update(self._task, description=name, refresh=True)

    def page(self, container: str) -> None:
        """Count a page, and its file where it is another than before."""
        self._pages += 1
        elapsed = self._bar.tasks[0].elapsed or 0.0
        rate = f"{self._pages / elapsed:,.0f}" if elapsed > 0 else "0"
        self._bar.update(self._task, advance=container != self._file, rate=rate)
        self._file = container
