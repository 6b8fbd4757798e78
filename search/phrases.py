"""Words side by side in one segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ..indexer import postings as codec
from ..indexer.analysis import STOP_WORDS
from ..indexer.inversion import FIELD_BITS, FIELD_MASK
from ..indexer.segment import Codes, Documents, Segment
from .cache import BoundedCache
from .matches import Mask, among

_POSITION_BITS = 24
_FEW = 1 << 12
"""So many fields of pages are looked for one by one; of more, all the places of words on their pages are compared."""

_SELECTIVE = 4
"""Where a phrase may need less than one in so many postings of a word, the others are not read."""

_BYTES_A_POSTING = 40
"""About what is kept of a word, with what it may come to take."""

_KEPT_BYTES = 8 * 2**20

Postings = tuple[Documents, Codes]
Places = npt.NDArray[np.int64]
"""Ascending numbers of page, field and position."""

NOWHERE: Postings = (np.empty(0, np.int64), np.empty(0, np.uint16))


def telling(words: list[str]) -> tuple[list[str], list[int]]:
    """The words of a term without the common ones amid them, and how far each may stand from the one before.

    Common words stand on nearly every page and tell nothing here, but finding where would cost the most.
    """
    kept = [at for at, word in enumerate(words) if at in (0, len(words) - 1) or word not in STOP_WORDS]
    return [words[at] for at in kept], [after - before for before, after in pairwise(kept)]


class Phrases:
    """Finds words side by side; what it read of each word is kept for other phrases. Safe to share between threads."""

    def __init__(self) -> None:
        self._kept: BoundedCache[_Postings] = BoundedCache(_KEPT_BYTES)

    def find(self, segment: Segment, words: Sequence[tuple[int, ...]], steps: Sequence[int]) -> Postings:
        """The last of some words, each of which stands at most so many ``steps`` after the one before.

        ``words`` are the numbers of the terms that may stand in each place.
        """
        if not all(words):
            return NOWHERE
        read = [self._read(segment, terms) for terms in words]
        rarest_first = sorted(read, key=lambda word: len(word.pages))
        on_page = _on_page_together(rarest_first, segment.pages)
        if on_page is None:
            return NOWHERE
        wanted = _in_field_together(rarest_first, on_page)
        if wanted is not None and not len(wanted):
            return NOWHERE
        found = [word.places_in(on_page, wanted) for word in read]
        before = found[0]
        for here, step in zip(found[1:], steps, strict=True):
            if not len(before):
                return NOWHERE
            nearest = before.searchsorted(here) - 1
            before = here.compress((nearest >= 0) & (here - before.take(nearest) <= step))
        place = before >> _POSITION_BITS
        pages, fields = place >> FIELD_BITS, (place & FIELD_MASK).astype(np.uint16)
        return pages, codec.make_codes(fields, np.ones_like(fields), segment.lengths_of(pages, fields))

    def _read(self, segment: Segment, terms: tuple[int, ...]) -> _Postings:
        found = self._kept.get((segment, terms))
        if found is None:
            pages, codes, sizes = segment.postings_of(terms)
            found = _Postings(segment, terms, sizes, pages, codes, pages << FIELD_BITS | codes >> codec.FIELD_SHIFT)
            self._kept.put((segment, terms), found, _BYTES_A_POSTING * len(pages))
        return found


@dataclass(slots=True)
class _Postings:
    """The postings of terms that may stand in one place of a phrase, one after the other: ``sizes`` of them each.

    ``fields`` has the number of page and field of each.
    """

    segment: Segment
    terms: tuple[int, ...]
    sizes: Sequence[int]
    pages: Documents
    codes: Codes
    fields: Places
    _occurrences: tuple[Codes, Places, npt.NDArray[np.unsignedinteger[Any]]] | None = None
    _places: Places | None = None

    def places_in(self, on_page: Mask, wanted: Places | None) -> Places:
        """Where any of the terms stands on the pages of ``on_page``; in the ``wanted`` fields only, if they are few."""
        if self._places is None:
            if wanted is not None:
                kept = on_page.take(self.pages).nonzero()[0]
                kept = kept.compress(among(self.fields.take(kept), wanted))
                if _SELECTIVE * len(kept) < len(self.pages):
                    return self._places_of(kept)
            self._places = self._places_of(None)
        return self._places.compress(on_page.take(self._places >> FIELD_BITS + _POSITION_BITS))

    def _places_of(self, kept: npt.NDArray[np.int64] | None) -> Places:
        """The places of all postings, or of those that are ``kept``."""
        if self._occurrences is None:
            self._occurrences = self._read_occurrences()
        fields, (counts, ends, positions) = self.fields, self._occurrences
        if kept is not None:
            fields, counts, ends = fields.take(kept), counts.take(kept), ends.take(kept)
            # The positions of a posting lie side by side and end where ``ends`` says.
            at = np.repeat(ends - counts.cumsum(dtype=np.int64), counts)
            at += np.arange(len(at))
            positions = positions.take(at)
        place = np.repeat(fields << _POSITION_BITS, counts)
        place |= positions
        return place if len(self.terms) == 1 else np.sort(place, kind="stable")  # runs that ascend

    def _read_occurrences(self) -> tuple[Codes, Places, npt.NDArray[np.unsignedinteger[Any]]]:
        """How many occurrences each posting has, how many there are up to it and with it, and their positions."""
        counts = codec.code_counts(self.codes)
        ends = counts.cumsum(dtype=np.int64)
        after = [0, *(int(ends[last - 1]) for last in accumulate(self.sizes))]
        occurrences = [stop - start for start, stop in pairwise(after)]
        each = [self.segment.positions(*term) for term in zip(self.terms, occurrences, strict=True)]
        return counts, ends, np.concatenate(each)


def _on_page_together(words: Sequence[_Postings], pages: int) -> Mask | None:
    """The pages that every one of ``words``, the rarest first, stands on; None where there is none."""
    rarest, *others = words
    here = rarest.pages
    for word in others:
        on_page = np.zeros(pages, bool)
        on_page[here] = True
        here = word.pages.compress(on_page.take(word.pages))
        if not len(here):
            return None
    on_page = np.zeros(pages, bool)
    on_page[here] = True
    return on_page


def _in_field_together(words: Sequence[_Postings], on_page: Mask) -> Places | None:
    """The fields of the pages ``on_page`` that every one of ``words`` stands in, ascending; None where many may be."""
    rarest, *others = words
    fields = rarest.fields.compress(on_page.take(rarest.pages))
    if len(fields) > _FEW:
        return None
    fields.sort(kind="stable")
    for word in others:
        theirs = word.fields.compress(on_page.take(word.pages))
        theirs.sort(kind="stable")
        fields = fields.compress(among(fields, theirs))
    return fields
