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

    ``terms`` are sorted; the postings of a term start at its ``starts`` and its positions at its ``token_starts``, both
    one longer than ``terms``. A place is the number of a page times 32 plus that of a field: ``places`` has each
    posting's, ``run_places`` those that hold words and ``run_lengths`` the length bytes of these.
    """

    terms: list[str]
    starts: Array
    token_starts: Array
    places: Array
    codes: Array
    positions: Array
    run_places: Array
    run_lengths: Array


def invert(terms: list[str], tokens: Array, run_places: Array, run_counts: Array) -> Inverted:
    """Invert ``tokens``, numbers of ``terms``, of which number 0 is the end of a line.

    A run is the tokens of one place, one after the other; places ascend. The values of a keyword field are a run each,
    and no term is in two of them.
    """
    counts = run_counts.astype(np.int64)
    run_starts = np.cumsum(counts) - counts
    line_ends = tokens == 0
    if len(counts):
        run_lengths = postings.length_bytes(counts - np.add.reduceat(line_ends, run_starts, dtype=np.int64))
    else:
        run_lengths = np.empty(0, np.uint8)
    order = sorted(range(1, len(terms)), key=terms.__getitem__)
    rank = np.zeros(len(terms), np.int64)
    rank[order] = np.arange(1, len(terms))

    # Ends of lines have rank 0: they come first and are cut off.
    key = (rank << 32)[tokens]
    key |= np.arange(len(key))
    key.sort()
    key = key[np.count_nonzero(line_ends) :]
    token = key & 0xFFFFFFFF
    term = key >> 32
    run = np.repeat(np.arange(len(counts)), counts)[token]
    first, occurrences = _posting_starts(term, run)
    run_of_posting = run[first]
    places = run_places[run_of_posting]
    fields = (places & FIELD_MASK).astype(np.uint16)
    token_starts = np.searchsorted(term, np.arange(1, len(terms) + 1))
    return Inverted(
        [terms[number] for number in order],
        np.searchsorted(first, token_starts),
        token_starts,
        places,
        postings.make_codes(fields, occurrences.astype(np.uint16), run_lengths[run_of_posting]),
        smallest(token - run_starts[run]),
        run_places,
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
