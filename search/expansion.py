"""From a word, prefix or pattern of a query to terms of the index."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..indexer import parameters
from ..indexer.analysis import stem
from ..indexer.fields import ALL, FIELD_NUMBERS
from ..indexer.postings import FIELD_SHIFT
from ..indexer.segment import Segment
from ..indexer.snapshot import Snapshot
from .asked import pattern
from .spelling import distances
from .vocabulary.spellings import latin_stem, other_spellings
from .words import Variant

_PLAIN = re.compile(r"[*?]")


class Expansion(NamedTuple):
    """The terms that a pattern stands for, the most frequent first, and how many there were to choose from."""

    terms: tuple[str, ...]
    found: int


class Expander:
    """Finds the terms of one snapshot that a part of a query may match.

    ``synonyms`` gives those of a word by its stem. ``limit`` bounds how many terms a pattern or an inexact word stands
    for; the most frequent ones are taken.
    """

    def __init__(
        self, snapshot: Snapshot, synonyms: Callable[[str], tuple[Variant, ...]] = lambda key: (), limit: int = 50
    ) -> None:
        self._snapshot = snapshot
        self._synonyms = synonyms
        self._limit = limit

    def word(self, text: str) -> tuple[Variant, ...]:
        """``text`` itself, found or not, then its inflections and its synonyms in the index."""
        found = {text: Variant(text, 1.0, "exact")}
        for term in self._inflections(text):
            found.setdefault(term, Variant(term, parameters.STEM_WEIGHT, "stem"))
        for term in self._latin_forms(text):
            found.setdefault(term, Variant(term, parameters.LATIN_WEIGHT, "stem"))
        for spelling in sorted(other_spellings(text)):
            for term in self._inflections(spelling):
                found.setdefault(term, Variant(term, parameters.SPELLING_WEIGHT, "synonym", f"spelling of {text}"))
        for variant in self._synonyms(stem(text)):
            weight = variant.weight * parameters.SYNONYM_WEIGHT
            found.setdefault(variant.term, variant._replace(weight=weight))
        return tuple(found.values())

    def _inflections(self, text: str) -> list[str]:
        """The terms with the stem of ``text``."""
        segments = self._snapshot.segments
        return sorted({segment.term(number) for segment in segments for number in segment.stem_terms(stem(text))})

    def _latin_forms(self, text: str) -> list[str]:
        """The terms that share the stem of ``text`` in Latin."""
        shared = latin_stem(text)
        if shared is None:
            return []
        found: set[str] = set()
        for segment in self._snapshot.segments:
            start, stop = segment.prefix_range(shared)
            found.update(term for term in segment.terms(start, stop) if latin_stem(term) == shared)
        return sorted(found)

    def wildcard(self, field: str, wildcard: str) -> Expansion:
        """The terms of ``field`` that a pattern matches."""
        prefix = _PLAIN.split(wildcard, maxsplit=1)[0]
        matches = pattern(wildcard).fullmatch
        found: Counter[str] = Counter()
        for segment in self._snapshot.segments:
            start, stop = segment.prefix_range(prefix)
            for number, term in enumerate(segment.terms(start, stop), start):
                if matches(term):
                    found[term] += self._frequency(segment, number, field)
        return self._most_frequent(found)

    def fuzzy(self, field: str, text: str, edits: int, prefix_length: int) -> Expansion:
        """The terms of ``field`` within ``edits`` insertions, deletions or replacements of ``text``."""
        found: Counter[str] = Counter()
        for segment in self._snapshot.segments:
            start, stop = segment.prefix_range(text[:prefix_length])
            terms = segment.terms(start, stop)
            near = np.flatnonzero(distances(text, terms, edits) <= edits)
            for place in near.tolist():
                found[terms[place]] += self._frequency(segment, start + place, field)
        return self._most_frequent(found)

    def _frequency(self, segment: Segment, number: int, field: str) -> int:
        """How many postings a term has in ``field``."""
        if field == ALL:
            return segment.frequency(number)
        _, codes = segment.postings(number)
        return int(np.count_nonzero(codes >> FIELD_SHIFT == FIELD_NUMBERS[field]))

    def _most_frequent(self, found: Counter[str]) -> Expansion:
        terms = [term for term, frequency in found.items() if frequency]
        terms.sort(key=lambda term: (-found[term], term))
        return Expansion(tuple(terms[: self._limit]), len(terms))
