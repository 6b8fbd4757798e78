"""Pages gathered in memory on their way into a segment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from itertools import count

import numpy as np

from .arrays import Array
from .columns import page_arrays
from .fields import FIELDS
from .inversion import FIELD_BITS, FIELD_MASK, Inverted
from .layout import Arrays, Beside, Postings, lay_out, ranges
from .packing import PackedPages
from .page import IndexablePage, IndexablePages
from .storage import Storage

_BYTES_PER_PAGE = 1000  # what an id, a source and the rest of a page take as objects
_BYTES_PER_TERM = 150


class Batch:
    """Pages on their way into one segment, already inverted a few at a time.

    ``phrases`` are those of :class:`PackedPages`.
    """

    def __init__(self, storage: Storage, phrases: bytes = b"") -> None:
        self._storage = storage
        self._packed = PackedPages(storage, phrases)
        self._numbers: dict[bytes, int] = defaultdict(count().__next__)
        self._known: dict[int, _Known] = {}
        self._parts: list[_Part] = []
        self.pages: list[IndexablePage] = []
        self.bytes_held = 0

    def add(self, pages: IndexablePages) -> None:
        """Add pages."""
        known = self._known.get(id(pages.words)) or self._known.setdefault(id(pages.words), _Known(pages.words))
        terms_before = len(self._numbers)
        numbers = known.numbers(pages.inverted.terms, self._numbers)
        inverted = pages.inverted._replace(terms=numbers)
        self._parts.append(_Part(inverted, len(self.pages)))
        # Without what is packed, which stands elsewhere.
        self.pages += [IndexablePage(page.id, page.source, page.system, page.facts, b"") for page in pages.pages]
        self._packed.add([page.stored for page in pages.pages], pages.phrases)
        self.bytes_held += inverted.nbytes + _BYTES_PER_PAGE * len(pages.pages)
        self.bytes_held += _BYTES_PER_TERM * (len(self._numbers) - terms_before)

    @property
    def phrases(self) -> bytes:
        """What pages had best be packed against before they are added."""
        return self._packed.phrases

    def close(self) -> None:
        """Let go of what is on the disk, where it does not become a segment."""
        self._packed.close()

    def arrays(self, chunk: int, beside: Beside = partial) -> Arrays:
        """The arrays of a segment of these pages, in the order they were added."""
        terms = sorted(self._numbers)
        rank = np.empty(len(terms), np.int32)
        rank[list(map(self._numbers.__getitem__, terms))] = np.arange(len(terms))
        for part in self._parts:
            part.rank(rank)
        return {
            **lay_out(self._storage, terms, self._parts, chunk, beside),
            "lengths": self._lengths(),
            **self._packed.arrays(),
            **page_arrays(self.pages),
        }

    def _lengths(self) -> Array:
        """The length bytes of every field of every page."""
        lengths = np.zeros((len(self.pages), len(FIELDS)), np.uint8)
        for part in self._parts:
            places = part.inverted.run_places.astype(np.int64)
            lengths[(places >> FIELD_BITS) + part.first_page, places & FIELD_MASK] = part.inverted.run_lengths
        return lengths.ravel()


class _Known:
    """The numbers that the words of some list have in a batch, as far as they have been asked for."""

    def __init__(self, words: Sequence[bytes]) -> None:
        self._words = words
        self._numbers = np.empty(0, np.int32)

    def numbers(self, terms: Array, numbers: dict[bytes, int]) -> Array:
        """The numbers in the batch of ``terms``, numbers in the list."""
        if len(self._words) > len(self._numbers):
            more = 2 * len(self._words) - len(self._numbers)
            self._numbers = np.pad(self._numbers, (0, more), constant_values=-1)
        found = self._numbers[terms]
        unknown = np.flatnonzero(found < 0)
        if len(unknown):
            words = map(self._words.__getitem__, terms[unknown].tolist())
            found[unknown] = list(map(numbers.__getitem__, words))
            self._numbers[terms] = found
        return found


class _Part:
    """A few pages as a source of postings, once it is ranked.

    The terms of ``inverted`` are numbers of the batch, first in the order they came in, then by rank.
    """

    def __init__(self, inverted: Inverted, first_page: int) -> None:
        self.inverted = inverted
        self.first_page = first_page
        self.ranks: Array = np.empty(0, np.int32)

    def rank(self, rank: Array) -> None:
        """Put its postings in the order of terms, now that ``rank`` tells the rank of each term of the batch."""
        inverted = self.inverted
        ranks = rank.take(inverted.terms)
        order = ranks.argsort()
        self.ranks = ranks.take(order)
        starts, postings = _in_order(inverted.starts, order)
        token_starts, tokens = _in_order(inverted.token_starts, order)
        self.inverted = inverted._replace(
            terms=inverted.terms.take(order),
            starts=starts,
            token_starts=token_starts,
            pages=inverted.pages.take(postings),
            codes=inverted.codes.take(postings),
            positions=inverted.positions.take(tokens),
        )

    def counts(self) -> Array:
        """How many postings each term has."""
        return np.diff(self.inverted.starts)

    def postings(self, start: int, stop: int) -> Postings:
        """The postings of the terms from ``start`` to ``stop``."""
        inverted = self.inverted
        starts, token_starts = inverted.starts[start : stop + 1], inverted.token_starts[start : stop + 1]
        chosen = slice(starts[0], starts[-1])
        return Postings(
            self.ranks[start:stop],
            np.diff(starts),
            np.diff(token_starts),
            inverted.pages[chosen] + np.uint32(self.first_page),
            inverted.codes[chosen],
            inverted.positions[token_starts[0] : token_starts[-1]],
        )


def _in_order(starts: Array, order: Array) -> tuple[Array, Array]:
    """Where the things of each term start once the terms are in ``order``, and the places of all these things now."""
    counts = np.diff(starts).take(order)
    then = np.zeros_like(starts)
    np.cumsum(counts, out=then[1:])
    return then, ranges(starts.take(order), counts)
