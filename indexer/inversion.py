"""Tokens in the order of a few pages to postings in the order of terms."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import postings
from .arrays import Array

FIELD_BITS = 5
FIELD_MASK = (1 << FIELD_BITS) - 1


class Inverted(NamedTuple):
    """The postings of some pages, by term.

    ``terms`` are numbers of words, ascending; the postings of a term start at its ``starts`` and its positions at its
    ``token_starts``, both one longer than ``terms``. ``pages`` has each posting's page. A place is the number of a page
    times 32 plus that of a field: ``run_places`` are those that hold words, ``run_lengths`` the length bytes of these.
    """

    terms: Array
    starts: Array
    token_starts: Array
    pages: Array
    codes: Array
    positions: Array
    run_places: Array
    run_lengths: Array

    @property
    def nbytes(self) -> int:
        """How many bytes the arrays take."""
        return sum(array.nbytes for array in self)


def invert(tokens: Array, run_places: Array, run_counts: Array) -> Inverted:
    """Invert ``tokens``, numbers of words; 0 is the end of a line.

    A run is the tokens of one place, one after the other; places ascend. The values of a keyword field are a run each,
    and no term is in two of them.
    """
    run_starts = np.cumsum(run_counts) - run_counts
    if len(run_counts):
        line_ends = np.add.reduceat(tokens == 0, run_starts, dtype=np.int64)
        run_lengths = postings.length_bytes(run_counts - line_ends)
    else:
        run_lengths = np.empty(0, np.uint8)
    token = np.flatnonzero(tokens)
    key = tokens.take(token).astype(np.uint64) << np.uint64(32)
    key |= token.astype(np.uint64)
    key.sort()
    token = (key & np.uint64(0xFFFFFFFF)).astype(np.int64)
    term = (key >> np.uint64(32)).astype(np.uint32)
    run = np.repeat(np.arange(len(run_counts)), run_counts).take(token)
    first, occurrences = _posting_starts(term, run)
    run_of_posting, term_of_posting = run.take(first), term.take(first)
    places = run_places.take(run_of_posting)
    starts = np.flatnonzero(np.diff(term_of_posting, prepend=0))
    return Inverted(
        term_of_posting.take(starts),
        np.append(starts, len(first)).astype(np.uint32),
        np.append(first.take(starts), len(term)).astype(np.uint32),
        smallest(places >> FIELD_BITS),
        postings.make_codes(
            (places & FIELD_MASK).astype(np.uint16), occurrences.astype(np.uint16), run_lengths.take(run_of_posting)
        ),
        smallest(token - run_starts.take(run)),
        smallest(run_places),
        run_lengths,
    )


def _posting_starts(term: Array, run: Array) -> tuple[Array, Array]:
    """Where each posting begins among tokens sorted by term and run, and how many of them it holds."""
    new = np.ones(len(term) + 1, bool)
    np.not_equal(term[1:], term[:-1], out=new[1:-1])
    new[1:-1] |= run[1:] != run[:-1]
    first = np.flatnonzero(new)
    counts = np.diff(first)
    full = np.flatnonzero(counts > postings.MAX_COUNT)
    if len(full):
        # A posting holds a limited number of occurrences; what is more becomes further postings of the same place.
        pieces = (counts[full] - 1) // postings.MAX_COUNT
        piece = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces) + 1
        new[np.repeat(first[full], pieces) + piece * postings.MAX_COUNT] = True
        first = np.flatnonzero(new)
        counts = np.diff(first)
    return first[:-1], counts


def smallest(values: Array) -> Array:
    """Unsigned ``values`` in as few bytes as hold them all."""
    largest = int(values.max()) if len(values) else 0
    return values.astype(np.uint8 if largest < 1 << 8 else np.uint16 if largest < 1 << 16 else np.uint32)
