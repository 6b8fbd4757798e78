"""The shipped table of synonyms: sorted lines of text, searched where they lie.

The first line names the format and its version. Every other line is a key, and after tabs its synonyms, the best first,
each ``term|weight|entry``. Lines are sorted by the bytes of their keys, so that one is found by bisection: nothing is
read before the first look-up, and then a few pages of the file.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from ...corpus.errors import EngineError
from .terms import Synonym

HEADER = "#procsearch-vocabulary 1"
SHIPPED = Path(__file__).with_name("synonyms.tsv")


class Table:
    """One file of synonyms, mapped into memory. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise EngineError(f"reading the vocabulary {path}: {error}") from error
        if self._data[: len(HEADER)] != HEADER.encode():
            raise EngineError(f"{path} is not a vocabulary of this version")

    def find(self, key: str) -> tuple[Synonym, ...]:
        """The synonyms of the term with this key, the best first."""
        wanted = key.encode() + b"\t"
        low, high = self._data.find(b"\n") + 1, len(self._data)
        while low < high:
            start = self._data.rfind(b"\n", low, (low + high) // 2) + 1 or low
            stop = self._data.find(b"\n", start)
            line = self._data[start:stop]
            if line.startswith(wanted):
                return tuple(map(_synonym, line[len(wanted) :].decode().split("\t")))
            if line < wanted:
                low = stop + 1
            else:
                high = start
        return ()


def write_table(path: Path, entries: Mapping[str, Iterable[Synonym]], sources: str) -> None:
    """Write a table of synonyms by key; ``sources`` says where they come from."""
    lines = [
        "\t".join([key, *(f"{synonym.term}|{synonym.weight:g}|{synonym.entry}" for synonym in synonyms)])
        for key, synonyms in entries.items()
    ]
    lines.sort(key=lambda line: line.encode().split(b"\t", 1)[0] + b"\t")
    path.write_text("\n".join([f"{HEADER}\t{sources}", *lines, ""]))


@cache
def shipped() -> Table:
    """The table that comes with the package."""
    return Table(SHIPPED)


def _synonym(text: str) -> Synonym:
    term, weight, entry = text.split("|")
    return Synonym(term, float(weight), entry)
