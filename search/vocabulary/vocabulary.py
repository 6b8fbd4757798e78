"""The vocabulary of one index: the shipped table and what the user adds to it or puts in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from .ownfile import read_entries
from .table import Table, shipped
from .terms import Synonym


class Vocabulary:
    """Terms and their synonyms. Safe to share between threads."""

    def __init__(self, table: Table | None, own: Mapping[str, Sequence[Synonym]]) -> None:
        self._table = table
        self._own = own

    def find(self, key: str) -> tuple[Synonym, ...] | None:
        """The synonyms of the term with this key (see :func:`key_of`): the user's own, then the shipped ones.

        None where it is the key neither of a term nor of a single word in one.
        """
        shipped_ones = self._table.find(key) if self._table else None
        own = self._own.get(key)
        if not own:
            return () if shipped_ones is None and key in self._own_words else shipped_ones
        said = {synonym.term for synonym in own}
        return (*own, *(synonym for synonym in shipped_ones or () if synonym.term not in said))

    @cached_property
    def _own_words(self) -> frozenset[str]:
        return frozenset(word for key in self._own for word in key.split())


def read_vocabulary(path: str | Path | None = None) -> Vocabulary:
    """The shipped vocabulary, with the user's own file ``path``; PageError names the line that cannot be read."""
    own, replaces = read_entries(path) if path is not None else ({}, False)
    return Vocabulary(None if replaces else shipped(), own)
