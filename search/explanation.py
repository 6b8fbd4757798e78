"""Where every part of a score comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..indexer import postings as codec
from ..indexer.fields import FIELDS
from ..indexer.snapshot import Snapshot
from .asked import AskedWord
from .evaluator import Evaluator
from .matches import Matches
from .scoring import inverse_document_frequency


@dataclass(frozen=True, slots=True)
class FieldMatch:
    """One term in one field of the page: how often, in how many words, and what it adds to ``tf``."""

    term: str
    tier: str
    field: str
    occurrences: int
    length: int
    tf: float


@dataclass(frozen=True, slots=True)
class WordScore:
    """One word of the query: its part of the score, in how many pages it stands and how rare that makes it."""

    word: str
    field: str
    score: float
    pages: int
    rarity: float
    matches: tuple[FieldMatch, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The score of one procedure (0 where it does not match) and the words it adds up from."""

    id: str
    score: float
    words: tuple[WordScore, ...]

    def to_json(self) -> dict[str, Any]:
        """The explanation as a JSON object."""
        return asdict(self)


def explain(
    snapshot: Snapshot, evaluator: Evaluator, asked: Sequence[AskedWord], matches: Matches, page: int
) -> Explanation:
    """Explain the score of ``page`` among ``matches``."""
    words = []
    for word in asked:
        found = evaluator.evaluate(word.node)
        words.append(
            WordScore(
                word=word.text,
                field=word.field,
                score=_score_of(found, page),
                pages=len(found),
                rarity=inverse_document_frequency(snapshot.live_count, len(found)),
                matches=tuple(_field_matches(snapshot, evaluator, word, page)),
            )
        )
    return Explanation(snapshot.id(page), _score_of(matches, page), tuple(words))


def _score_of(matches: Matches, page: int) -> float:
    pages, scores = matches.sparse()
    place = int(np.searchsorted(pages, page))
    return float(scores[place]) if place < len(pages) and pages[place] == page else 0.0


def _field_matches(snapshot: Snapshot, evaluator: Evaluator, word: AskedWord, page: int) -> list[FieldMatch]:
    segment, local = snapshot.locate(page)
    table = evaluator.table(word.field)
    matches = []
    for part in evaluator.occurrences(word.node, segment):
        here = part.pages == local
        for code, count in zip(*np.unique(part.codes[here], return_counts=True), strict=True):
            tf = float(table[code]) * part.weight * int(count)
            if tf > 0:
                matches.append(
                    FieldMatch(
                        term=part.term or word.text,
                        tier=(word.tier_of(part.term) if part.term else None) or "exact",
                        field=FIELDS[code >> codec.FIELD_SHIFT].name,
                        occurrences=int(codec.code_counts(code)) * int(count),
                        length=int(codec.LENGTHS[code & 0xFF]),
                        tf=tf,
                    )
                )
    return sorted(matches, key=lambda match: (-match.tf, match.term, match.field))
