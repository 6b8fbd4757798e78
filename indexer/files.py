"""The files of an index, as its manifest knows them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as the manifest knows it: its name, its bytes and the checksum that vouches for all of them."""

    name: str
    size: int
    checksum: int


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """A segment as the manifest knows it.

    ``pages`` counts all its pages and ``live`` those that are found; ``lengths`` holds for each field the words of the
    live pages and ``filled`` how many of these have the field, from which average lengths come.
    """

    file: FileRecord
    state: FileRecord | None
    pages: int
    live: int
    lengths: tuple[int, ...]
    filled: tuple[int, ...]
