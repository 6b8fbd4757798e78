"""Counting matches by what they have: the code system, and the sections that the words asked for stand in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from ..corpus.procedure import SECTION_KINDS
from ..indexer.fields import FIELD_NUMBERS
from ..indexer.inversion import FIELD_BITS, FIELD_MASK
from ..indexer.postings import FIELD_SHIFT
from ..indexer.snapshot import Snapshot
from .asked import AskedWord
from .evaluator import Evaluator, key_of
from .matches import Mask, is_dense

SYSTEM, SECTION = "system", "section"
FACETS = (SYSTEM, SECTION)
"""What matches can be counted by."""


class MatchedSections:
    """Which sections of which pages hold a word that was asked for."""

    def __init__(self, snapshot: Snapshot, evaluator: Evaluator, asked: Iterable[AskedWord]) -> None:
        nodes = {key_of(word.node): word.node for word in asked}.values()
        self._pages = snapshot.pages
        places = []
        for segment, base in zip(snapshot.segments, snapshot.bases, strict=False):
            for node in nodes:
                found = evaluator.occurrences(node, segment)
                places.append((found.pages + base) << FIELD_BITS)
                places[-1] |= found.codes >> FIELD_SHIFT
        self._places = _distinct(places, snapshot.pages << FIELD_BITS)

    def counts(self, mask: Mask) -> dict[str, int]:
        """How many pages of ``mask`` have a word in each kind of section, most first."""
        fields = self._places[mask[self._places >> FIELD_BITS]] & FIELD_MASK
        found = np.bincount(fields, minlength=FIELD_MASK + 1).tolist()
        return most_first({kind: found[FIELD_NUMBERS[kind]] for kind in SECTION_KINDS})

    def mask(self, kinds: Sequence[str]) -> Mask:
        """The pages that have a word in a section of one of ``kinds``."""
        numbers = [FIELD_NUMBERS[kind] for kind in kinds]
        mask = np.zeros(self._pages, bool)
        mask[self._places[np.isin(self._places & FIELD_MASK, numbers)] >> FIELD_BITS] = True
        return mask


def _distinct(places: Sequence[npt.NDArray[np.int64]], count: int) -> npt.NDArray[np.int64]:
    """The distinct ones of ``places``, all below ``count``, in ascending order."""
    if not is_dense(sum(map(len, places)), count):
        return np.unique(np.concatenate([*places, np.empty(0, np.int64)]))
    taken = np.zeros(count, bool)
    for some in places:
        taken[some] = True
    return np.flatnonzero(taken)


def most_first(counts: dict[str, int]) -> dict[str, int]:
    """The counts above 0, the greatest first, ties by name."""
    found = [(name, count) for name, count in counts.items() if count]
    return dict(sorted(found, key=lambda item: (-item[1], item[0])))
