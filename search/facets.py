"""Counting matches by what they have: the code system, and the sections that the words asked for stand in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from ..corpus.procedure import SECTION_KINDS
from ..indexer.fields import FIELD_NUMBERS, field_range
from ..indexer.inversion import FIELD_MASK
from ..indexer.snapshot import Snapshot
from .asked import AskedWord
from .evaluator import Evaluator, key_of
from .matches import Mask

SYSTEM, SECTION = "system", "section"
FACETS = (SYSTEM, SECTION)
"""What matches can be counted by."""


class MatchedSections:
    """Which sections of which pages hold a word that was asked for."""

    def __init__(self, snapshot: Snapshot, evaluator: Evaluator, asked: Iterable[AskedWord]) -> None:
        nodes = {key_of(word.node): word.node for word in asked}.values()
        self._matched = np.zeros((FIELD_MASK + 1, snapshot.pages), bool)
        for field, those in groupby(sorted(nodes, key=_field), _field):
            marked = np.zeros_like(self._matched)
            for node in those:
                for segment, base in zip(snapshot.segments, snapshot.bases, strict=False):
                    evaluator.sought(node, segment).mark(marked, base)
            for number in field_range(field):
                self._matched[number] |= marked[number]

    def counts(self, mask: Mask) -> dict[str, int]:
        """How many pages of ``mask`` have a word in each kind of section, most first."""
        having = {kind: self._matched[FIELD_NUMBERS[kind]] & mask for kind in SECTION_KINDS}
        return most_first({kind: int(np.count_nonzero(pages)) for kind, pages in having.items()})

    def mask(self, kinds: Sequence[str]) -> Mask:
        """The pages that have a word in a section of one of ``kinds``."""
        mask: Mask = np.logical_or.reduce(self._matched[[FIELD_NUMBERS[kind] for kind in kinds]])
        return mask


def _field(node: Any) -> str:
    field: str = node.fieldname
    return field


def most_first(counts: dict[str, int]) -> dict[str, int]:
    """The counts above 0, the greatest first, ties by name."""
    found = [(name, count) for name, count in counts.items() if count]
    return dict(sorted(found, key=lambda item: (-item[1], item[0])))
