"""Pages gathered in memory on their way into a segment."""

from __future__ import annotations

import numpy as np

from .arrays import Array
from .columns import page_arrays
from .fields import FIELDS
from .inversion import FIELD_BITS, FIELD_MASK, Inverted
from .layout import Arrays, Postings, lay_out
from .packing import PackedPages
from .page import IndexablePage, IndexablePages, term_numbers
from .storage import Storage

_BYTES_PER_PAGE = 2000  # what an id, a source and the rest of a page take as objects


class Batch:
    """Pages on their way into one segment, already inverted a few at a time.

    ``phrases`` are those of :class:`PackedPages`.
    """

    def __init__(self, phrases: bytes = b"") -> None:
        self._packed = PackedPages(phrases)
        self._numbers = term_numbers()
        self._parts: list[_Part] = []
        self.pages: list[IndexablePage] = []
        self.bytes_held = 0

    def add(self, pages: IndexablePages) -> None:
        """Add pages."""
        numbers = np.array(list(map(self._numbers.__getitem__, pages.inverted.terms)), np.int64)
        self._parts.append(_Part(pages.inverted, numbers, len(self.pages)))
        self.pages += pages.pages
        self.bytes_held += self._packed.add([page.stored for page in pages.pages], pages.phrases)
        self.bytes_held += sum(array.nbytes for array in pages.inverted[1:] if isinstance(array, np.ndarray))
        self.bytes_held += _BYTES_PER_PAGE * len(pages.pages)

    @property
    def phrases(self) -> bytes:
        """What pages had best be packed against before they are added."""
        return self._packed.phrases

    def arrays(self, storage: Storage, chunk: int) -> Arrays:
        """The arrays of a segment of these pages, in the order they were added."""
        terms = list(self._numbers)
        order = sorted(range(1, len(terms)), key=terms.__getitem__)  # but for the end of a line
        rank = np.full(len(terms), -1)
        rank[order] = np.arange(len(order))
        for part in self._parts:
            part.rank(rank)
        # The order of characters is that of their bytes in UTF-8.
        encoded = [terms[number].encode() for number in order]
        return {
            **lay_out(storage, encoded, self._parts, chunk),
            "lengths": self._lengths(),
            **self._packed.arrays(),
            **page_arrays(self.pages),
        }

    def _lengths(self) -> Array:
        """The length bytes of every field of every page."""
        lengths = np.zeros((len(self.pages), len(FIELDS)), np.uint8)
        for part in self._parts:
            places = part.inverted.run_places
            lengths[(places >> FIELD_BITS) + part.first_page, places & FIELD_MASK] = part.inverted.run_lengths
        return lengths.ravel()


class _Part:
    """A few pages as a source of postings; ``numbers`` are those of its terms in the batch."""

    def __init__(self, inverted: Inverted, numbers: Array, first_page: int) -> None:
        self.inverted = inverted
        self.first_page = first_page
        self._numbers = numbers
        self.ranks = numbers
        self._order = numbers

    def rank(self, rank: Array) -> None:
        """Put its terms in order, now that ``rank`` tells the rank of each term of the batch; -1 is no term."""
        ranks = rank[self._numbers]
        self._order = np.argsort(ranks)[1:]
        self.ranks = ranks[self._order]

    def counts(self) -> Array:
        """How many postings each term has."""
        return np.diff(self.inverted.starts)[self._order]

    def postings(self, start: int, stop: int) -> Postings:
        """The postings of the terms from ``start`` to ``stop``."""
        inverted, terms = self.inverted, self._order[start:stop]
        low, counts = inverted.starts[terms], inverted.starts[terms + 1] - inverted.starts[terms]
        chosen = _ranges(low, counts)
        tokens = _ranges(inverted.token_starts[terms], inverted.token_starts[terms + 1] - inverted.token_starts[terms])
        return Postings(
            np.repeat(self.ranks[start:stop], counts),
            (inverted.places[chosen] >> FIELD_BITS) + np.uint32(self.first_page),
            inverted.codes[chosen],
            inverted.positions[tokens],
        )


def _ranges(starts: Array, counts: Array) -> Array:
    """The numbers from each of ``starts`` on, as many as its count, one range after the other."""
    ends = np.cumsum(counts, dtype=np.int64)
    return np.repeat(starts - ends + counts, counts) + np.arange(int(ends[-1]))
