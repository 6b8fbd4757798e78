"""Sentence vectors on the command line: made when asked for, and kept in step by every later run of ``index``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from ...corpus.errors import ModelError
from ...indexer.scaleout.address import is_address
from .. import terminal
from .embedding import Embedded, EmbeddingProgress, embed, model_of


def make_vectors(index: str, model: str | None, jobs: int, wait: bool) -> Embedded:
    """Give all pages of an index vectors; an interruption keeps what is done, and ends the command."""
    with _progress() as progress:
        try:
            return embed(index, model=model, jobs=jobs, wait=wait, progress=progress)
        except KeyboardInterrupt:
            terminal.tell("interrupted; the pages are indexed, and the next run goes on with the vectors")
            raise click.exceptions.Exit(terminal.INTERRUPTED) from None


def keep_vectors(index: str, jobs: int, wait: bool) -> None:
    """Give the new pages of an index vectors, if the others have them; without the model only tell."""
    if is_address(index) or model_of(index) is None:
        return
    try:
        make_vectors(index, None, jobs, wait)
    except ModelError as error:
        terminal.tell(f"warning: new pages have no sentence vectors: {error}")


@contextmanager
def _progress() -> Iterator[EmbeddingProgress]:
    from .progress import EmbeddingBar, EmbeddingLines

    if sys.stderr.isatty():
        with EmbeddingBar() as bar:
            yield bar
    else:
        yield EmbeddingLines(terminal.tell)
