"""Words side by side in one segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from ..indexer import postings as codec
from ..indexer.analysis import STOP_WORDS
from ..indexer.inversion import FIELD_BITS, FIELD_MASK
from ..indexer.posting_lists import Codes, Documents, Span, counts_of
from ..indexer.segment import Segment
from .cache import BoundedCache
from .deadline import check_deadline
from .scratch import SCRATCH, Marks, Places

_POSITION_BITS = 24
_KEPT_BYTES = 8 * 2**20

Postings = tuple[Documents, Codes]
NOWHERE: Postings = (np.empty(0, np.int64), np.empty(0, np.uint16))


def telling(words: list[str]) -> tuple[list[str], list[int]]:
    """The words of a term without the common ones amid them, and how far each may stand from the one before.

    Common words stand on nearly every page and tell nothing here, but finding where would cost the most.
    """
    kept = [at for at, word in enumerate(words) if at in (0, len(words) - 1) or word not in STOP_WORDS]
    return [words[at] for at in kept], [after - before for before, after in pairwise(kept)]


class Phrases:
    """Finds words side by side; where they stand is kept, as it takes long to find. Safe to share between threads."""

    def __init__(self) -> None:
        self._kept: BoundedCache[Postings] = BoundedCache(_KEPT_BYTES)

    def find(self, segment: Segment, words: Sequence[tuple[int, ...]], steps: Sequence[int]) -> Postings:
        """The last of some words, each of which stands at most so many ``steps`` after the one before.

        ``words`` are the numbers of the terms that may stand in each place.
        """
        key = segment, tuple(words), tuple(steps)
        found = self._kept.get(key)
        if found is None:
            check_deadline()
            found = _side_by_side(segment, words, steps) if all(words) else NOWHERE
            self._kept.put(key, found, sum(part.nbytes for part in found))
        return found


def _side_by_side(segment: Segment, words: Sequence[Sequence[int]], steps: Sequence[int]) -> Postings:
    spans = [segment.spans_of(terms) for terms in words]
    counts = list(map(counts_of, spans))
    read: dict[int, _Word] = {}
    with SCRATCH.marks(segment.pages << FIELD_BITS) as marks:
        for number in sorted(range(len(words)), key=lambda number: sum(counts[number])):
            read[number] = word = _read(segment, spans[number], counts[number], marks if read else None)
            if not len(word.fields):
                return NOWHERE
            marks.only(word.fields)
        before = read[0].places_in(marks)
        for number, step in enumerate(steps, 1):
            here = read[number].places_in(marks)
            nearest = before.searchsorted(here) - 1
            before = here.compress((nearest >= 0) & (here - before.take(nearest) <= step))
            if not len(before):
                return NOWHERE
    fields = before >> _POSITION_BITS
    pages, in_field = fields >> FIELD_BITS, (fields & FIELD_MASK).astype(np.uint16)
    return pages, codec.make_codes(in_field, np.ones_like(in_field), segment.lengths_of(pages, in_field))


@dataclass(slots=True)
class _Word:
    """Where a word of a phrase stands, which may be any of the terms with these ``spans``.

    ``fields`` has the number of page and field of each posting that was read, and ``counts`` its occurrences. ``ends``
    says how many there are up to each and with it, all terms, which have so many ``occurrences``, one after the other.
    """

    segment: Segment
    spans: Sequence[Span]
    occurrences: Sequence[int]
    fields: Places
    counts: Codes
    ends: Places

    def places_in(self, marks: Marks) -> Places:
        """Where any of the terms stands in the fields of ``marks``."""
        kept = marks.at(self.fields)
        counts = self.counts.take(kept)
        place = np.repeat(self.fields.take(kept) << _POSITION_BITS, counts)
        # The positions of a posting lie side by side and end where ``ends`` says.
        at = np.repeat(self.ends.take(kept) - counts.cumsum(dtype=np.int64), counts)
        at += np.arange(len(at))
        bounds = [0, *accumulate(self.occurrences)]
        parts = pairwise(at.searchsorted(bounds).tolist())
        for span, occurrences, before, (start, stop) in zip(self.spans, self.occurrences, bounds, parts, strict=False):
            if start < stop:
                place[start:stop] |= self.segment.positions(span, occurrences).take(at[start:stop] - before)
        if len(self.spans) > 1:
            place.sort(kind="stable")  # runs that ascend
        return place


def _read(segment: Segment, spans: Sequence[Span], counts: Sequence[int], marks: Marks | None) -> _Word:
    """The postings of the terms with these ``spans``, each of which has so many, in the fields of ``marks``."""
    read: list[tuple[Places, Codes, Places]] = []
    occurrences = [0] * len(spans)
    total = 0
    for portion in segment.portions(spans, counts, len(SCRATCH.pages)):
        pages, codes = portion.documents(SCRATCH.pages), portion.codes()
        fields = np.left_shift(pages, FIELD_BITS, out=pages)
        fields |= codes >> codec.FIELD_SHIFT
        occurring = codec.code_counts(codes)
        ends = occurring.cumsum(dtype=np.int64)
        # Where the postings of a term end; only some of them may be here.
        last = ends.take([after - 1 for after in accumulate(counts[portion.terms])], mode="clip").tolist()
        for number, (before, after) in enumerate(pairwise([0, *last]), portion.terms.start):
            occurrences[number] += after - before
        ends += total
        total += last[-1]
        if marks is None:
            read.append((fields.copy(), occurring, ends))
        else:
            kept = marks.at(fields)
            read.append((fields.take(kept), occurring.take(kept), ends.take(kept)))
    fields, occurring, ends = read[0] if len(read) == 1 else map(np.concatenate, zip(*read, strict=True))
    return _Word(segment, spans, occurrences, fields, occurring, ends)
