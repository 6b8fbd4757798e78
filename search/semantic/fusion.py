"""Words and meaning as one ranking.

The nearness of a page is the cosine of its vector and the query's, above that of a page taken at random::

    nearness = max(0, (cosine - mean cosine) / (1 - mean cosine))
    score    = lexical + MEANING_WEIGHT * best lexical * (nearness + best nearness * (page has all words))

The two best pages by that then lead the query's vector towards them, once, and nearness is measured anew: feedback as
in Rocchio (1971), over vectors. Pages that have all words of a short query, of which the lexical ranking knows, stay
before those that have not, however near these are.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from ...indexer import parameters
from ...indexer.snapshot import Snapshot
from ..deadline import check_deadline
from ..evaluator import Evaluator
from ..matches import NOTHING, Mask, Matches, Scores, any_of, mask_of
from ..words import Together
from .model import Floats, SentenceModel


class Meaning:
    """What the sentence vectors of one commit say about queries. Safe to share between threads."""

    def __init__(self, snapshot: Snapshot, model: SentenceModel) -> None:
        self._snapshot = snapshot
        self._model = model
        self._vectors = [
            (base, file.read())
            for base, file in zip(snapshot.bases, snapshot.vectors, strict=False)
            if file is not None
        ]
        self._known = np.zeros(snapshot.pages, bool)
        for base, vectors in self._vectors:
            self._known[vectors.pages.astype(np.int64) + base] = True
        self._known &= snapshot.live
        self.missing = snapshot.live_count - int(np.count_nonzero(self._known))

    def ranked(self, text: str, words: Matches, all_words: Mask | None) -> Matches:
        """The pages that match the ``words`` of the query ``text`` or are near to its meaning, by both.

        ``all_words`` are the pages that have all its words, None where that does not count.
        """
        lexical = words.dense(self._snapshot.pages)
        query = self._model.query(text)
        check_deadline()
        cosines = self._cosines(query)
        first = self._scores(lexical, self._nearness(cosines, lexical), all_words)
        leading = self._vectors_of(np.argpartition(first, -parameters.LEADING_PAGES)[-parameters.LEADING_PAGES :])
        if leading:
            check_deadline()
            towards = parameters.LEADING_WEIGHT * np.mean(leading, axis=0)
            length = float(np.linalg.norm(query + towards))
            cosines = (cosines + self._cosines(towards.astype(np.float32))) / np.float32(max(length, 1e-6))
        nearness = self._nearness(cosines, lexical)
        scores = self._scores(lexical, nearness, all_words)
        return Matches(None, np.where((lexical > 0) | self._nearest(nearness), scores, np.float32(0)))

    def _cosines(self, vector: Floats) -> Scores:
        """The dot product of ``vector`` with that of every page; 0 where there is none."""
        found = np.zeros(self._snapshot.pages, np.float32)
        for base, vectors in self._vectors:
            products = vectors.dot(vector)
            if len(products) == len(found):
                return products
            found[vectors.pages.astype(np.int64) + base] = products
        return found

    def _nearness(self, cosines: Scores, lexical: Scores) -> Scores:
        known = self._known
        mean = min(float(np.mean(cosines, where=known)) if known.any() else 0.0, 0.99)
        nearness = np.maximum((cosines - np.float32(mean)) / np.float32(1 - mean), 0) * known
        if self.missing and lexical.any():
            # A page without a vector is taken to be as near as its words are good: so it keeps about its place.
            unknown = ~known & (lexical > 0)
            nearness[unknown] = lexical[unknown] * (nearness.max() / lexical.max())
        found: Scores = nearness
        return found

    @staticmethod
    def _scores(lexical: Scores, nearness: Scores, all_words: Mask | None) -> Scores:
        if all_words is not None:
            nearness = nearness + nearness.max(initial=0.0) * all_words
        unit = np.float32(parameters.MEANING_WEIGHT * (float(lexical.max(initial=0.0)) or 1.0))
        return lexical + unit * nearness

    def _nearest(self, nearness: Scores) -> Mask:
        """The pages that are near enough to be found by their meaning alone."""
        most = min(parameters.NEAREST_PAGES, len(nearness))
        floor = np.partition(nearness, len(nearness) - most)[len(nearness) - most] if most else 0.0
        near: Mask = (nearness >= max(float(floor), parameters.NEAR)) & self._known
        return near

    def _vectors_of(self, pages: Any) -> list[Floats]:
        found = []
        for page in pages[self._known[pages]].tolist():
            for base, vectors in self._vectors:
                place = int(np.searchsorted(vectors.pages, page - base)) if page >= base else len(vectors.pages)
                if place < len(vectors.pages) and int(vectors.pages[place]) == page - base:
                    found.append(vectors.row(place))
        return found


def having_all_words(tree: Any, words: Matches, evaluator: Evaluator, pages: int) -> Mask | None:
    """The pages with all words of a short query; None where that does not count."""
    if isinstance(tree, Together):
        said = [any_of([evaluator.evaluate(way) for way in ways], pages) for ways in tree.words]
        having: Mask = reduce(np.logical_and, [mask_of(part, pages) for part in said])
        return having
    single = len(getattr(tree, "subqueries", ())) == 1
    return mask_of(words, pages) if single and words is not NOTHING else None
