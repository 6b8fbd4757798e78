"""JSON Lines, read a line at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from .found import Failed, File, Page
from .limits import Limits
from .records import page_of_record
from .streams import CHUNK


def pages(stream: BinaryIO, file: File, source: str, limits: Limits) -> Iterator[Page | Failed]:
    """The page on each line, named ``source#line`` (from 1) or by its url; blank lines are passed over."""
    limit = limits.max_page_bytes
    number = 0
    while line := stream.readline(limit + 1):
        number += 1
        where = f"{source}#{number}"
        if len(line) > limit and not line.endswith(b"\n"):
            _skip_line(stream)
            yield file.failed(where, f"a line longer than the limit of {limit:,} bytes for a page")
        elif line := line.strip():
            yield page_of_record(line, file, where)


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(CHUNK)) and not rest.endswith(b"\n"):
        pass
