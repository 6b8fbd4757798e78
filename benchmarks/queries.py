"""The queries: one to five words each, drawn from the pages' own text by how many pages a word stands in.

The words of a query come from one page, so that every query has an answer. Stop words are left out: some of the
engines drop them and some do not, and the ones that do not would pay for it.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable

from .pagefile import Page
from .peers.fields import text_fields
from .vocabulary import STOP_WORDS

_WORD = re.compile(r"\b[a-z]{3,}\b")
_BANDS = ((0.05, 1.0, 0.50), (0.005, 0.05, 0.35), (0.0015, 0.005, 0.15))
"""Least and greatest share of pages, and how much of the words of all queries come from there."""


def _words(page: Page) -> set[str]:
    text = " ".join(text_fields(page).values()).lower()
    return set(_WORD.findall(text)).difference(STOP_WORDS)


def draw_queries(pages: Iterable[Page], count: int, *, seed: int = 1) -> list[str]:
    """``count`` different queries of one to five words, as many of each length, in mixed order.

    Draw from the first pages alone, and the queries are the same at every number of pages.
    """
    draw = random.Random(seed)
    sample = [sorted(_words(page)) for page in pages]
    frequency = Counter(word for words in sample for word in words)
    queries: dict[str, None] = {}
    while len(queries) < count:
        words = _draw_words(draw.choice(sample), frequency, len(sample), 1 + len(queries) % 5, draw)
        if words:
            queries[" ".join(words)] = None
    mixed = list(queries)
    draw.shuffle(mixed)
    return mixed


def _draw_words(
    words: list[str], frequency: Counter[str], pages: int, length: int, draw: random.Random
) -> list[str] | None:
    """``length`` different words of one page, of bands drawn by lot where it has them; None where it is too short."""
    chosen: list[str] = []
    for _ in range(length):
        ((least, most, _),) = draw.choices(_BANDS, [share for _, _, share in _BANDS])
        left = [word for word in words if word not in chosen]
        if not left:
            return None
        chosen.append(draw.choice([word for word in left if least <= frequency[word] / pages < most] or left))
    return chosen
