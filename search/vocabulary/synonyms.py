"""The synonyms that an index has: what of the vocabulary its pages may hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ...indexer.snapshot import Snapshot
from ..cache import WorkedOut
from ..phrases import telling
from ..words import Variant
from .morphemes import take_apart
from .terms import AMBIGUOUS, Synonym, key_of
from .vocabulary import Vocabulary

_KEPT = 50_000


class Found(NamedTuple):
    """The synonyms of one term as variants, and those that other words of the query must support."""

    sure: tuple[Variant, ...]
    uncertain: tuple[tuple[frozenset[str], tuple[Variant, ...]], ...]


NONE = Found((), ())

UNKNOWN = Found((), ())
"""What is found for a word that no term of the vocabulary holds."""


class Synonyms:
    """The synonyms of terms in one snapshot, each looked up once. Safe to share between threads."""

    def __init__(self, snapshot: Snapshot, vocabulary: Vocabulary) -> None:
        self._snapshot = snapshot
        self._vocabulary = vocabulary
        self._found: WorkedOut[str, Found] = WorkedOut(_KEPT)

    def of(self, key: str) -> Found:
        """The synonyms of the term with this key (see :func:`key_of`)."""
        return self._found.of(key, self._look_up)

    def of_word(self, word_stem: str) -> tuple[Variant, ...]:
        """The sure synonyms of a single word, by its stem."""
        return self.of(word_stem).sure

    def knows(self, word: str) -> bool:
        """Whether ``word`` is a word of medicine, spelt right, be it in the index or not."""
        return self.of(key_of([word])) is not UNKNOWN or take_apart(word) is not None

    def _look_up(self, key: str) -> Found:
        synonyms = self._vocabulary.find(key)
        if not synonyms:
            return UNKNOWN if synonyms is None else NONE
        sure = self._variants(s for s in synonyms if not s.entry.startswith(AMBIGUOUS))
        uncertain = tuple(
            (self._supporters(synonym), variants)
            for synonym in synonyms
            if synonym.entry.startswith(AMBIGUOUS) and (variants := self._variants([synonym]))
        )
        return Found(sure, uncertain)

    def _supporters(self, synonym: Synonym) -> frozenset[str]:
        """The stems that speak for this meaning: those of the long form and of its own synonyms."""
        key = key_of(synonym.term.split())
        others = [key_of(other.term.split()) for other in self._vocabulary.find(key) or ()]
        return frozenset(word for one in (key, *others) for word in one.split())

    def _variants(self, synonyms: Iterable[Synonym]) -> tuple[Variant, ...]:
        found: dict[str, Variant] = {}
        for synonym in synonyms:
            words = synonym.term.split()
            terms = [synonym.term] if len(words) > 1 else self._snapshot.inflections(words[0])
            if len(words) == 1 or all(map(self._snapshot.inflections, telling(words)[0])):
                for term in terms:
                    found.setdefault(term, Variant(term, synonym.weight, "synonym", synonym.entry))
        return tuple(found.values())
