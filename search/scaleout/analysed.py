"""The words of pages that the cluster proposed, as numbers; those of pages proposed lately are kept.

What a page says does not change with the query, and pages that are proposed for one query are proposed for others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...indexer.analysis import sound, stem
from ...indexer.fields import field_keywords
from ...indexer.page import texts_by_field
from ...indexer.scaleout.documents import ClusterPage
from ...indexer.tokens import WordNumbers, readied
from ..cache import BoundedCache

Numbers = npt.NDArray[np.uint32]

_KEPT_BYTES = 32 * 2**20
_MOST_WORDS = 1 << 18  # with numbers: some 40 MB of them


class PageWords(NamedTuple):
    """The numbers of a page's words, and the fields they stand in: so many ``counts`` in each of ``fields``."""

    numbers: Numbers
    fields: npt.NDArray[np.uint32]
    counts: npt.NDArray[np.int64]

    @property
    def nbytes(self) -> int:
        """How many bytes the arrays take."""
        return sum(array.nbytes for array in self)


class Lexicon:
    """Words and their numbers; 0 is the end of a line. Words are added by one thread at a time."""

    def __init__(self) -> None:
        self.numbers = WordNumbers()
        self._by_stem: dict[str, list[int]] = {}
        self._stemmed = 1

    def number(self, term: str) -> int:
        """The number of a term."""
        return self.numbers.number(sound(term).encode())

    def with_stem(self, stem_: str) -> list[int]:
        """The numbers of the words that have this stem."""
        words = self.numbers.words
        for number in range(self._stemmed, len(words)):
            self._by_stem.setdefault(stem(words[number].decode()), []).append(number)
        self._stemmed = len(words)
        return self._by_stem.get(stem_, [])

    def words_of(self, pages: Sequence[ClusterPage]) -> list[PageWords]:
        """The words of ``pages``."""
        fields: list[list[int]] = []
        texts: list[str] = []
        keywords: list[list[tuple[int, str]]] = []
        for page in pages:
            procedure = page.procedure
            by_field = texts_by_field(procedure)
            fields.append(list(by_field))
            texts.append(readied(list(by_field.values())))
            keywords.append(list(field_keywords(procedure)))
        tokens, all_counts = self.numbers.tokens("".join(texts))
        found = []
        token = run = 0
        for numbers, named in zip(fields, keywords, strict=True):
            counts = all_counts[run : run + len(numbers)]
            words = tokens[token : token + counts.sum()]
            run, token = run + len(counts), token + len(words)
            found.append(PageWords(
                np.concatenate([words, np.array([self.number(value) for _, value in named], np.uint32)]),
                np.array([*numbers, *(field for field, _ in named)], np.uint32),
                np.concatenate([counts, np.ones(len(named), np.int64)]),
            ))  # fmt: skip
        return found


class Analysed(NamedTuple):
    """The words of some pages, one page after the other.

    ``numbers`` are those of ``words``, a list that may grow; ``counts`` of them stand in each of ``fields`` of each of
    ``pages``. ``asked`` are the numbers of words that were asked for, whether a page has them or not.
    """

    numbers: Numbers
    pages: Numbers
    fields: Numbers
    counts: npt.NDArray[np.int64]
    words: Sequence[bytes]
    asked: set[int]


class Analyser:
    """Analyses pages. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._begin()

    def _begin(self) -> None:
        self._lexicon = Lexicon()
        self._kept: BoundedCache[PageWords] = BoundedCache(_KEPT_BYTES)

    def analyse(self, pages: Sequence[ClusterPage], terms: Iterable[str], stems: Iterable[str]) -> Analysed:
        """The words of ``pages``, and the numbers of those that are ``terms`` or have one of some ``stems``."""
        with self._lock:
            if len(self._lexicon.numbers.words) > _MOST_WORDS:
                self._begin()
            lexicon = self._lexicon
            known = {page.stored: self._kept.get(page.stored) for page in pages}
            found = {stored: words for stored, words in known.items() if words is not None}
            new = {page.stored: page for page in pages if page.stored not in found}
            for stored, analysed in zip(new, lexicon.words_of(list(new.values())), strict=True):
                found[stored] = analysed
                self._kept.put(stored, analysed, analysed.nbytes + len(stored))
            asked = {lexicon.number(term) for term in terms}
            asked.update(*map(lexicon.with_stem, stems))
        every = [found[page.stored] for page in pages]
        return Analysed(
            np.concatenate([words.numbers for words in every] or [np.empty(0, np.uint32)]),
            np.repeat(np.arange(len(every), dtype=np.uint32), [len(words.fields) for words in every]),
            np.concatenate([words.fields for words in every] or [np.empty(0, np.uint32)]),
            np.concatenate([words.counts for words in every] or [np.empty(0, np.int64)]),
            lexicon.numbers.words,
            asked,
        )
