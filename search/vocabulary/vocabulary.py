"""The vocabulary of one index: the shipped table and what the user adds to it or puts in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from ..cache import WorkedOut
from .ownfile import read_entries
from .table import Table, shipped
from .terms import Synonym

_KEPT = 50_000  # look-ups remembered


class Vocabulary:
    """Terms and their synonyms. Safe to share between threads."""

    def __init__(self, table: Table | None, own: Mapping[str, Sequence[Synonym]]) -> None:
        self._table = table
        self._own = own
        self._found: WorkedOut[str, tuple[Synonym, ...]] = WorkedOut(_KEPT)

    def find(self, key: str) -> tuple[Synonym, ...]:
        """The synonyms of the term with this key (see :func:`key_of`): the user's own, then the shipped ones."""
        return self._found.of(key, self._find)

    def _find(self, key: str) -> tuple[Synonym, ...]:
        shipped_ones = self._table.find(key) if self._table else ()
        own = self._own.get(key)
        if not own:
            return shipped_ones
        said = {synonym.term for synonym in own}
        return (*own, *(synonym for synonym in shipped_ones if synonym.term not in said))

    def __contains__(self, key: str) -> bool:
        """Whether this is the key of a term, or of a single word in one."""
        return key in self._own_words or key in self._own or (self._table is not None and key in self._table)

    @cached_property
    def _own_words(self) -> frozenset[str]:
        return frozenset(word for key in self._own for word in key.split())


def read_vocabulary(path: str | Path | None = None) -> Vocabulary:
    """The shipped vocabulary, with the user's own file ``path``; PageError names the line that cannot be read."""
    own, replaces = read_entries(path) if path is not None else ({}, False)
    return Vocabulary(None if replaces else shipped(), own)
