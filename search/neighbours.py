"""What tells a procedure from others: the words to look for its neighbours by."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from ..corpus.procedure import Procedure
from ..indexer.analysis import LINE, STOP_WORDS, stem, words
from ..indexer.fields import ALL, FIELDS, field_texts
from ..indexer.snapshot import Snapshot
from .scoring import inverse_document_frequency
from .words import Variant, Word

TERMS = 100
"""How many words of a procedure its neighbours are looked for by."""


def telling_terms(snapshot: Snapshot, procedure: Procedure) -> list[Any]:
    """The words of ``procedure`` with the greatest weight in it times rarity in the index, weighted so.

    Inflections count as one word.
    """
    counts: defaultdict[str, float] = defaultdict(float)
    for number, text in field_texts(procedure):
        for word in words(text):
            if word != LINE and word not in STOP_WORDS:
                counts[stem(word)] += FIELDS[number].boost
    weighted = []
    for root, count in counts.items():
        frequencies: Counter[str] = Counter()
        for segment in snapshot.segments:
            for term, number in segment.stem_terms(root).items():
                frequencies[term] += segment.frequency(number)
        if frequencies:
            frequency = min(frequencies.total(), snapshot.live_count)
            rarity = inverse_document_frequency(snapshot.live_count, frequency)
            weighted.append((count / (2 + count) * rarity, sorted(frequencies)))
    weighted.sort(key=lambda item: (-item[0], item[1]))
    return [
        Word(ALL, terms[0], tuple(Variant(term, 1.0, "exact") for term in terms), boost=weight)
        for weight, terms in weighted[:TERMS]
    ]
