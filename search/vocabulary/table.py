"""The shipped table of synonyms: sorted lines of text, searched where they lie.

The first line names the format and its version. Every other line is a key, and after tabs its synonyms, the best first,
each ``term|weight|entry``; a word of longer terms only has a line without any. Lines are sorted by the bytes of their
keys with the tab. Nothing is read before the first look-up, which notes the first key of every stretch of the file;
from then on one stretch is searched.
"""

from __future__ import annotations

import mmap
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path

from ...corpus.errors import EngineError
from .terms import Synonym, key_of

HEADER = "#procsearch-vocabulary 1"
_STRETCH = 2048  # bytes
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

    def find(self, key: str) -> tuple[Synonym, ...] | None:
        """The synonyms of the term with this key, the best first; None where it is not even a single word of one."""
        said = self._line(key)
        return tuple(map(_synonym, said.split("\t"))) if said else None if said is None else ()

    def _line(self, key: str) -> str | None:
        """What stands after a key; None where it does not stand here."""
        wanted = key.encode() + b"\t"
        first_keys, starts = self._stretches
        stretch = bisect_right(first_keys, wanted)
        line = self._data.find(b"\n" + wanted, starts[stretch - 1], starts[stretch]) if stretch else -1
        if line < 0:
            return None
        start = line + 1 + len(wanted)
        return self._data[start : self._data.find(b"\n", start)].decode()

    @cached_property
    def _stretches(self) -> tuple[list[bytes], list[int]]:
        """The first key of each stretch of lines, and where the newline before it is; the end of the file besides."""
        keys, starts = [], []
        newline = self._data.find(b"\n")
        while 0 <= newline < len(self._data) - 1:
            starts.append(newline)
            keys.append(self._data[newline + 1 : self._data.find(b"\t", newline) + 1])
            newline = self._data.find(b"\n", newline + _STRETCH)
        return keys, [*starts, len(self._data)]


def write_table(path: Path, entries: Mapping[str, Sequence[Synonym]], sources: str) -> None:
    """Write a table of synonyms by key; ``sources`` says where they come from."""
    said = {
        key: "\t".join([f"{synonym.term}|{synonym.weight:g}|{synonym.entry}" for synonym in synonyms])
        for key, synonyms in entries.items()
    }
    terms = [*entries, *(key_of(synonym.term.split()) for synonyms in entries.values() for synonym in synonyms)]
    lines = [f"{key}\t{said.get(key, '')}" for key in {*entries, *(word for term in terms for word in term.split())}]
    lines.sort(key=lambda line: line.encode().split(b"\t", 1)[0] + b"\t")
    path.write_text("\n".join([f"{HEADER}\t{sources}", *lines, ""]))


@cache
def shipped() -> Table:
    """The table that comes with the package."""
    return Table(SHIPPED)


def _synonym(text: str) -> Synonym:
    term, weight, entry = text.split("|")
    return Synonym(term, float(weight), entry)
