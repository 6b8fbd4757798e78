"""BM25F: how much one word says about a page.

For a word and a page, with the sum over the fields the word stands in::

    tf    = sum of boost * occurrences / (1 - b + b * length / average length)
    score = log(1 + (N - n + 0.5) / (n + 0.5)) * tf / (k1 + tf)

N is the number of pages, n of those that match. From Robertson and Zaragoza, "The Probabilistic Relevance Framework:
BM25 and Beyond" (2009), section 3.6, with the inverse document frequency kept above 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ..indexer import parameters, postings
from ..indexer.fields import ALL, FIELD_NUMBERS, FIELDS, field_range

Table = npt.NDArray[np.float32]


def weights(boosts: Mapping[str, float], average_lengths: npt.NDArray[np.float64]) -> Table:
    """What each posting code adds to ``tf``: 65,536 numbers."""
    boost, b, average = np.zeros((3, 1 << 16 - postings.FIELD_SHIFT))
    for number, field in enumerate(FIELDS):
        boost[number] = boosts[field.name]
        b[number] = field.b
        average[number] = average_lengths[number] if number < len(average_lengths) else 1.0
    average[average == 0] = 1.0
    norms = (1 - b)[:, np.newaxis] + (b / average)[:, np.newaxis] * postings.LENGTHS
    one = (boost[:, np.newaxis] / np.maximum(norms, 1e-9)).astype(np.float32)
    counts = np.arange(1, postings.MAX_COUNT + 1, dtype=np.float32)
    table: Table = (one[:, np.newaxis, :] * counts[:, np.newaxis]).ravel()
    return table


def field_boosts(boosts: Mapping[str, float], field: str) -> Mapping[str, float]:
    """``boosts`` for a word asked for in ``field`` only; a field that bare words leave out counts 1 there."""
    if field == ALL:
        return boosts
    asked = field_range(field)
    return {name: (boosts[name] or 1.0) if number in asked else 0.0 for name, number in FIELD_NUMBERS.items()}


def inverse_document_frequency(pages: int, matching: int) -> float:
    """How rare a word in ``matching`` of ``pages`` pages is."""
    return math.log(1 + (pages - matching + 0.5) / (matching + 0.5))


def saturated(tf: npt.NDArray[np.float32], pages: int, matching: int) -> npt.NDArray[np.float32]:
    """The scores for the weighted occurrences of a word that ``matching`` of ``pages`` pages hold."""
    scores = tf + np.float32(parameters.K1)
    np.divide(tf, scores, out=scores)
    scores *= np.float32(inverse_document_frequency(pages, matching))
    return scores
