"""Did you mean: words that no page has, put right by the index's own words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

from ..indexer import parameters
from ..indexer.analysis import has_digit, word_spans
from ..indexer.snapshot import Snapshot
from .deadline import check_deadline
from .lexicon import near
from .spelling import beginnings, slips
from .words import Variant, Word, leaves

_SHORTEST = 4
_LITTLE = 2  # postings: a word with no more of them may be a slip itself
_FAR_MORE = 100  # times as frequent
_LONG = 6  # letters from which on a word may be several slips away from what was meant
_PAGES_FOR_RARE = 10_000  # a shorter word is not taken for one that fewer than one in so many pages have
_SLIP = 1.0
_FREQUENCY_WEIGHT = 0.15


class Corrector:
    """Finds the likely words behind the misspelt ones of one query.

    ``variants`` gives what a word may match, ``likely`` the word that a word no page has was meant to be; of at most
    ``most`` words that is asked.
    """

    def __init__(
        self, variants: Callable[[str], tuple[Variant, ...]], likely: Callable[[str], str | None], most: int = 8
    ) -> None:
        self._variants = variants
        self._likely = likely
        self._most = most
        self._asked: set[str] = set()
        self._left: dict[str, None] = {}
        self._corrections: dict[str, str] = {}

    def variants(self, word: str) -> tuple[Variant, ...]:
        """What ``word`` may match: itself, its inflections, or what it was likely meant to be."""
        found = self._variants(word)
        if len(found) > 1 or len(word) < _SHORTEST or has_digit(word):
            return found
        if len(self._asked) >= self._most and word not in self._asked:
            self._left[word] = None
            return found
        self._asked.add(word)
        likely = self._likely(word)
        if likely is None:
            return found
        self._corrections[word] = likely
        weight = parameters.CORRECTED_WEIGHT
        others = [Variant(variant.term, weight * variant.weight, "corrected") for variant in self._variants(likely)]
        return (*found, *others)

    @property
    def notes(self) -> list[str]:
        """What was not looked for, in words for the user."""
        left = ", ".join(self._left)
        return [f"taken as they are, their spelling looked up for {self._most} words at most: {left}"] if left else []

    def corrected(self, query: str, tree: Any) -> str | None:
        """``query`` with its misspelt words put right; None where there are none."""
        if not self._corrections:
            return None
        places = [
            (leaf.startchar, leaf.endchar, leaf.text)
            for leaf in leaves(tree)
            if isinstance(leaf, Word) and leaf.text in self._corrections and leaf.startchar is not None
        ]
        for start, end, text in sorted(places, reverse=True):
            # A piece of the query may hold more than its word: a comma after it.
            for term, first, last in word_spans(query[start:end]):
                if term == text:
                    query = query[: start + first] + self._corrections[text] + query[start + last :]
                    break
        return query if places else None


def likely_word(snapshot: Snapshot, word: str) -> str | None:
    """The word of the index that ``word`` was likely meant to be: near to it, and frequent; None if it is one itself.

    A word that a page or two have is taken as meant unless a word but a slip away is far more frequent; nearly any
    short word is a slip away from some word that hardly a page of many has.
    """
    having = sum(
        segment.frequency(number) for segment in snapshot.segments if (number := segment.term_number(word)) is not None
    )
    if having > _LITTLE:
        return None
    is_long = len(word) >= _LONG
    limit = 2.0 if is_long and not having else _SLIP
    rarest = max(having * _FAR_MORE, 0 if is_long else snapshot.live_count // _PAGES_FOR_RARE)
    best: tuple[float, str] | None = None
    neighbours = _neighbours(snapshot, word, 3 if is_long else 2, rarest)
    if not neighbours:
        return None
    for (term, frequency), cost in zip(neighbours.items(), slips(word, list(neighbours)).tolist(), strict=True):
        if cost <= limit:
            candidate = (cost - _FREQUENCY_WEIGHT * math.log(frequency), term)
            best = candidate if best is None else min(best, candidate)
    return None if best is None else best[1]


def _neighbours(snapshot: Snapshot, word: str, edits: int, rarest: int) -> Counter[str]:
    """The index's words within so many ``edits`` that have a frequency of ``rarest`` at least, each with its own."""
    found: Counter[str] = Counter()
    for segment in snapshot.segments:
        check_deadline()
        for number in near(segment, beginnings(word), word, edits, rarest).tolist():
            term = segment.term(number)
            if term != word and not has_digit(term):
                found[term] = max(found[term], segment.frequency(number))
    return found
