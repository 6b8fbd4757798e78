"""What tells a procedure from others: the words to look for its neighbours by."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from ..corpus.procedure import Procedure
from ..indexer.analysis import LINE, STOP_WORDS, words
from ..indexer.fields import ALL, FIELDS, field_texts
from ..indexer.snapshot import Snapshot
from .language import trees as q
from .scoring import inverse_document_frequency

TERMS = 30
"""How many words of a procedure its neighbours are looked for by."""


def telling_terms(snapshot: Snapshot, procedure: Procedure) -> list[Any]:
    """The terms of ``procedure`` with the greatest weight in it times rarity in the index, weighted so."""
    counts: defaultdict[str, float] = defaultdict(float)
    for number, text in field_texts(procedure):
        for word in words(text):
            if word != LINE and word not in STOP_WORDS:
                counts[word] += FIELDS[number].boost
    weighted = []
    for term, count in counts.items():
        frequency = 0
        for segment in snapshot.segments:
            number_of_term = segment.term_number(term)
            frequency += 0 if number_of_term is None else segment.frequency(number_of_term)
        if frequency:
            rarity = inverse_document_frequency(snapshot.live_count, min(frequency, snapshot.live_count))
            weighted.append((count / (2 + count) * rarity, term))
    weighted.sort(key=lambda item: (-item[0], item[1]))
    return [q.Term(ALL, term, boost=weight) for weight, term in weighted[:TERMS]]
