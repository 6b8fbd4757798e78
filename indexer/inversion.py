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

    The postings of a term start at its ``starts`` and its positions at its ``token_starts``, both one longer than
    ``terms``, of which the first is the end of a line and has none. A place is the number of a page times 32 plus that
    of a field: ``places`` has each posting's, ``run_places`` those that hold words and ``run_lengths`` the length bytes
    of these.
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
    """Invert ``tokens``, numbers of ``terms``.

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
    # Numbers of two bytes are sorted in linear time. Ends of lines come first and are cut off.
    token = np.argsort(tokens.astype(np.uint16) if len(terms) < 1 << 16 else tokens, kind="stable")
    token = token[np.count_nonzero(line_ends) :]
    term = tokens[token]
    run = np.repeat(np.arange(len(counts), dtype=np.uint32), counts)[token]
    first, occurrences = _posting_starts(term, run)
    run_of_posting = run[first]
    places = run_places[run_of_posting]
    fields = (places & FIELD_MASK).astype(np.uint16)
    token_starts = np.searchsorted(term, np.arange(len(terms) + 1))
    return Inverted(
        terms,
        np.searchsorted(first, token_starts).astype(np.uint32),
        token_starts.astype(np.uint32),
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
