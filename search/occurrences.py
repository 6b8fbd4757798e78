"""Where words, patterns, ranges and phrases stand in one segment, posting by posting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ..indexer import postings as codec
from ..indexer.analysis import STOP_WORDS, stem
from ..indexer.fields import ALL, field_range
from ..indexer.inversion import FIELD_BITS, FIELD_MASK
from ..indexer.segment import Codes, Documents, Segment
from .matches import Mask

_POSITION_BITS = 24

Postings = tuple[Documents, Codes]

NOWHERE: Postings = (np.empty(0, np.int64), np.empty(0, np.uint16))


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Where a term stands in one segment: pages, posting codes, and what an occurrence counts.

    The pages of a single ``term`` ascend.
    """

    pages: Documents
    codes: Codes
    weight: float = 1.0
    term: str | None = None

    def in_field(self, field: str) -> Occurrences:
        """Those in what ``field`` stands for."""
        if field == ALL:
            return self
        fields = field_range(field)
        kept = self.codes < fields.stop << codec.FIELD_SHIFT
        if fields.start:
            kept &= self.codes >= fields.start << codec.FIELD_SHIFT
        places = np.flatnonzero(kept)
        return replace(self, pages=self.pages[places], codes=self.codes[places])


def of_terms(segment: Segment, terms: Iterable[str]) -> list[Occurrences]:
    """Where terms stand, whatever characters they have."""
    numbers = [(term, segment.term_number(term)) for term in terms]
    return [Occurrences(*segment.postings(number), 1.0, term) for term, number in numbers if number is not None]


def of_variants(segment: Segment, variants: Iterable[tuple[str, float]]) -> list[Occurrences]:
    """Where terms stand, each with its weight; one of several words as a phrase of words with their stems."""
    found = []
    postings = cache(segment.postings)  # phrases that say the same share words
    for term, weight in variants:
        if " " in term:
            words, steps = _telling(term.split())
            numbers = [segment.stem_terms(stem(word)) for word in words]
            found.append(Occurrences(*_of_phrase(segment, postings, numbers, steps), weight, term))
        elif (number := segment.term_number(term)) is not None:
            found.append(Occurrences(*postings(number), weight, term))
    return found


def of_range(segment: Segment, start: int, stop: int) -> list[Occurrences]:
    """Where the terms numbered ``start`` to ``stop`` stand."""
    return [Occurrences(*segment.range_postings(start, stop))] if start < stop else []


def of_phrase(segment: Segment, words: Sequence[Sequence[int]], slop: int) -> Postings:
    """The last words of a phrase where each word stands at most ``slop`` places after the one before.

    ``words`` are the numbers of the terms that may stand in each place.
    """
    return _of_phrase(segment, segment.postings, words, [slop] * (len(words) - 1))


def _telling(words: list[str]) -> tuple[list[str], list[int]]:
    """The words of a term without the common ones amid them, and how far each may stand from the one before.

    Common words stand on nearly every page and tell nothing here, but finding where would cost the most.
    """
    kept = [at for at, word in enumerate(words) if at in (0, len(words) - 1) or word not in STOP_WORDS]
    return [words[at] for at in kept], [after - before for before, after in pairwise(kept)]


def _of_phrase(
    segment: Segment, postings: Callable[[int], Postings], words: Sequence[Sequence[int]], steps: Sequence[int]
) -> Postings:
    """The last words of a phrase where each word stands at most so many ``steps`` after the one before."""
    if not all(words):
        return NOWHERE
    rarest_first = sorted(words, key=lambda numbers: sum(map(segment.frequency, numbers)))
    wanted = None
    for numbers in rarest_first:
        having = np.zeros(segment.pages, bool)
        for number in numbers:
            having[postings(number)[0]] = True
        wanted = having if wanted is None else wanted & having
        if not wanted.any():
            return NOWHERE
    assert wanted is not None
    found = [_places(segment, {number: postings(number) for number in numbers}, wanted) for numbers in words]
    before = found[0]
    for here, step in zip(found[1:], steps, strict=True):
        if not len(before):
            return NOWHERE
        nearest = np.searchsorted(before, here) - 1
        before = here[(nearest >= 0) & (here - before[nearest] <= step)]
    place = before >> _POSITION_BITS
    pages, fields = place >> FIELD_BITS, (place & FIELD_MASK).astype(np.uint16)
    return pages, codec.make_codes(fields, np.ones_like(fields), segment.length_bytes[pages, fields])


def _places(segment: Segment, postings: dict[int, Postings], wanted: Mask) -> npt.NDArray[np.int64]:
    """Where any of some terms stands in the ``wanted`` pages, as ascending numbers of page, field and position."""
    places = []
    for number, (pages, codes) in postings.items():
        kept = np.flatnonzero(wanted[pages])
        counts = codec.code_counts(codes)
        many = counts[kept].astype(np.int64)
        ends = np.cumsum(counts, dtype=np.int64)[kept]
        # The positions of a posting lie side by side: the last of them one before its end.
        behind = np.repeat(np.cumsum(many), many) - np.arange(many.sum())
        positions = segment.positions(number)[np.repeat(ends, many) - behind]
        fields = (codes[kept] >> codec.FIELD_SHIFT).astype(np.int64)
        place = (pages[kept] << FIELD_BITS) | fields
        places.append((np.repeat(place, many) << _POSITION_BITS) | positions)
    return places[0] if len(places) == 1 else np.sort(np.concatenate(places))
