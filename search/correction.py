"""Did you mean: words that no page has, put right by the index's own words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..indexer.analysis import has_digit
from ..indexer.snapshot import Snapshot
from . import parameters
from .spelling import distances
from .words import Variant, Word

_SHORTEST = 4


class Corrector:
    """Finds the likely words behind the misspelt ones of one query.

    ``variants`` gives what a word may match, ``likely`` the word that a word no page has was meant to be.
    """

    def __init__(self, variants: Callable[[str], tuple[Variant, ...]], likely: Callable[[str], str | None]) -> None:
        self._variants = variants
        self._likely = likely
        self._corrections: dict[str, str] = {}

    def variants(self, word: str) -> tuple[Variant, ...]:
        """What ``word`` may match: itself, its inflections, or what it was likely meant to be."""
        found = self._variants(word)
        if len(found) > 1 or len(word) < _SHORTEST or has_digit(word):
            return found
        likely = self._likely(word)
        if likely is None:
            return found
        self._corrections[word] = likely
        weight = parameters.CORRECTED_WEIGHT
        others = [Variant(variant.term, weight * variant.weight, "corrected") for variant in self._variants(likely)]
        return (*found, *others)

    def corrected(self, query: str, tree: Any) -> str | None:
        """``query`` with its misspelt words put right; None where there are none."""
        places = [
            (leaf.startchar, leaf.endchar, self._corrections[leaf.text])
            for leaf in tree.leaves()
            if isinstance(leaf, Word) and leaf.text in self._corrections and leaf.startchar is not None
        ]
        for start, end, word in sorted(places, reverse=True):
            query = query[:start] + word + query[end:]
        return query if places else None


def likely_word(snapshot: Snapshot, word: str) -> str | None:
    """The most frequent of the index's words that are nearest to ``word``, with its first letter; None if it is one."""
    if any(segment.term_number(word) is not None for segment in snapshot.segments):
        return None
    limit = 1 if len(word) < 6 else 2
    best: tuple[int, int, str] | None = None
    for segment in snapshot.segments:
        start, stop = segment.prefix_range(word[0])
        terms = segment.terms(start, stop)
        found = distances(word, terms, limit)
        for place in (found <= limit).nonzero()[0].tolist():
            if not has_digit(terms[place]):
                candidate = (int(found[place]), -segment.frequency(start + place), terms[place])
                best = candidate if best is None else min(best, candidate)
    return None if best is None else best[2]
