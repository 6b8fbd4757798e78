"""From a word, prefix or pattern of a query to terms of the index."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..indexer import parameters
from ..indexer.analysis import stem
from ..indexer.fields import ALL, FIELD_NUMBERS
from ..indexer.snapshot import Snapshot
from .cache import WorkedOut
from .language import trees as q
from .lexicon import Numbers, fitting, near
from .vocabulary.spellings import latin_forms, latin_stem, other_spellings
from .words import Variant

_WORDS_KEPT = 20_000
_PIECE_COST, _FUZZY_COST = 2, 8
"""What it costs to look at a term for a piece of a pattern, and for a fuzzy word."""


class Expansion(NamedTuple):
    """The terms that a pattern or fuzzy word stands for, the most frequent first, and whether it fits others besides.

    ``cost`` is what it took to find them, in about the time that a posting takes.
    """

    terms: tuple[str, ...]
    cut: bool
    cost: int


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
        self._words: WorkedOut[str, tuple[Variant, ...]] = WorkedOut(_WORDS_KEPT)

    def word(self, text: str) -> tuple[Variant, ...]:
        """``text`` itself, found or not, then its inflections and its synonyms in the index."""
        return self._words.of(text, self._variants_of)

    def _variants_of(self, text: str) -> tuple[Variant, ...]:
        found = {text: Variant(text, 1.0, "exact")}
        for term in self._snapshot.inflections(text):
            found.setdefault(term, Variant(term, parameters.STEM_WEIGHT, "stem"))
        for term in self._latin_forms(text):
            found.setdefault(term, Variant(term, parameters.LATIN_WEIGHT, "stem"))
        for spelling in sorted(other_spellings(text)):
            for term in self._snapshot.inflections(spelling):
                found.setdefault(term, Variant(term, parameters.SPELLING_WEIGHT, "synonym", f"spelling of {text}"))
        for term, weight, tier, entry in self._synonyms(stem(text)):
            found.setdefault(term, Variant(term, weight * parameters.SYNONYM_WEIGHT, tier, entry))
        return tuple(found.values())

    def _latin_forms(self, text: str) -> list[str]:
        """The terms that share the stem of ``text`` in Latin."""
        shared = latin_stem(text)
        if shared is None:
            return []
        found: set[str] = set()
        for segment in self._snapshot.segments:
            found |= latin_forms(shared, segment.terms(*segment.prefix_range(shared)))
        return sorted(found)

    def pattern(self, query: Any) -> Expansion:
        """The terms that a wildcard or a fuzzy word stands for."""
        if isinstance(query, q.Wildcard):
            return self.wildcard(query.fieldname, query.text)
        return self.fuzzy(query.fieldname, query.text, query.maxdist, query.prefixlength)

    def wildcard(self, field: str, wildcard: str) -> Expansion:
        """The terms of ``field`` that a pattern fits."""
        prefix, *rest = re.split(r"[*?]+", wildcard)
        cost = _PIECE_COST * len(rest) * self._terms_from(prefix)
        return self._most_frequent(field, [fitting(segment, wildcard) for segment in self._snapshot.segments], cost)

    def fuzzy(self, field: str, text: str, edits: int, prefix_length: int) -> Expansion:
        """The terms of ``field`` within ``edits`` insertions, deletions or replacements of ``text``."""
        beginning = text[:prefix_length]
        found = [near(segment, [beginning], text, edits) for segment in self._snapshot.segments]
        return self._most_frequent(field, found, _FUZZY_COST * self._terms_from(beginning))

    def _terms_from(self, prefix: str) -> int:
        """How many terms begin with ``prefix``."""
        ranges = [segment.prefix_range(prefix) for segment in self._snapshot.segments]
        return sum(stop - start for start, stop in ranges)

    def _most_frequent(self, field: str, found: Sequence[Numbers], cost: int) -> Expansion:
        """The most frequent in ``field`` of the terms ``found`` in each segment; of equal ones the first.

        A term that has not its share of what the last one chosen has in any segment cannot be one of them.
        """
        segments = self._snapshot.segments
        number_of = None if field == ALL else FIELD_NUMBERS[field]
        counts = [segment.frequencies(numbers, number_of) for segment, numbers in zip(segments, found, strict=True)]
        if field != ALL:
            cost += sum(int(segment.frequencies(some).sum()) for segment, some in zip(segments, found, strict=True))
        found = [numbers[having > 0] for numbers, having in zip(found, counts, strict=True)]
        counts = [having[having > 0] for having in counts]
        full = [having for having in counts if len(having) >= self._limit]
        share = max((int(np.partition(c, -self._limit)[-self._limit]) for c in full), default=1) / max(len(segments), 1)
        candidates = {
            segment.term(number)
            for segment, numbers, having in zip(segments, found, counts, strict=True)
            for number in numbers[having >= share].tolist()
        }
        total = Counter(dict.fromkeys(candidates, 0))
        for segment, numbers, having in zip(segments, found, counts, strict=True):
            for term in candidates:
                number = segment.term_number(term)
                place = int(np.searchsorted(numbers, number)) if number is not None else len(numbers)
                if place < len(numbers) and numbers[place] == number:
                    total[term] += int(having[place])
        terms = sorted(total, key=lambda term: (-total[term], term))
        return Expansion(tuple(terms[: self._limit]), max([len(terms), *map(len, found)]) > self._limit, cost)
