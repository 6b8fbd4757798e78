"""What patterns, ranges and phrases cost is known before they are looked up: a query that costs too much is refused.

Costs are in postings, each of which takes about 20 ns. Plain words need no count, as a query has few of them, but for
the phrases that they stand for: pairs of them side by side, and synonyms of several words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..corpus.errors import DamagedIndex, QueryError
from ..indexer.analysis import stem
from ..indexer.segment import Segment
from ..indexer.snapshot import Snapshot
from .evaluator import Evaluator
from .language import Bounds
from .language import trees as q
from .phrases import telling
from .words import Word

_COSTLY = (q.Prefix, q.Wildcard, q.FuzzyTerm, q.TermRange, q.Phrase)
_FEWEST_PAGES = 10_000
_PLACE_COST = 2
"""What it costs to look at a posting for a word of a phrase."""


def check_costs(query: str, asked_for: Sequence[Any], snapshot: Snapshot, evaluator: Evaluator, bounds: Bounds) -> None:
    """QueryError, with the place, where patterns, ranges and phrases ask for more than ``bounds``.

    ``asked_for`` are the leaves of the tree for ``query``.
    """
    left = bounds.occurrences * max(snapshot.live_count, _FEWEST_PAGES)
    expansions = bounds.all_expansions
    for leaf in asked_for:
        if not _is_costly(leaf):
            continue
        if isinstance(leaf, (q.Wildcard, q.FuzzyTerm)):
            expansion = evaluator.expansion(leaf)
            expansions -= len(expansion.terms)
            left -= expansion.cost
        left -= sum(_cost(leaf, segment, evaluator) for segment in snapshot.segments)
        if expansions < 0:
            reason = f"the patterns and fuzzy words of a query may stand for {bounds.all_expansions} words at most"
            raise QueryError(reason, query, getattr(leaf, "startchar", None) or 0)
        if left < 0:
            for segment in snapshot.segments:
                _check_counts(segment)
            what = "words side by side" if isinstance(leaf, Word) else "patterns, ranges and phrases"
            reason = f"the {what} of this query stand for too much; use fewer, or longer words"
            raise QueryError(reason, query, getattr(leaf, "startchar", None) or 0)


def _is_costly(leaf: Any) -> bool:
    return bool(leaf.phrases) if isinstance(leaf, Word) else isinstance(leaf, _COSTLY)


def _cost(leaf: Any, segment: Segment, evaluator: Evaluator) -> int:
    """The postings to look at for a leaf in one segment."""
    if isinstance(leaf, q.Prefix):
        return segment.postings_between(*segment.prefix_range(leaf.text))
    if isinstance(leaf, q.TermRange):
        return segment.postings_between(*segment.term_range(leaf.start, leaf.end, leaf.startexcl, leaf.endexcl))
    if isinstance(leaf, q.Phrase):
        return _PLACE_COST * sum(_frequency(segment, word) for word in leaf.words)
    if isinstance(leaf, Word):
        phrases = (telling(phrase.split())[0] for phrase in leaf.phrases)
        return _PLACE_COST * sum(_stem_frequency(segment, word) for words in phrases for word in words)
    return sum(_frequency(segment, term) for term in evaluator.expansion(leaf).terms)


def _frequency(segment: Segment, term: str) -> int:
    number = segment.term_number(term)
    return 0 if number is None else segment.frequency(number)


def _stem_frequency(segment: Segment, word: str) -> int:
    return sum(segment.frequencies_of(list(segment.stem_terms(stem(word)).values())))


def _check_counts(segment: Segment) -> None:
    """DamagedIndex where the counts are none, so that no query is refused for what is not there."""
    offsets, codes = segment.posting_offsets(), segment.file["codes"]
    # The dictionary of a cluster has counts and no postings.
    if np.any(offsets[1:] <= offsets[:-1]) or (len(codes) and int(offsets[-1]) != len(codes)):
        raise DamagedIndex(segment.name, "the postings of its terms do not fit together")
