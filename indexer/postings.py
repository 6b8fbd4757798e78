"""How postings are laid out in arrays, and back.

A posting says how often a term stands in one field of one document. It has three parts, each in an array over all
terms in dictionary order:

- its *gap*, the document's number less that of the posting before (0 within a document), in the fewest of 1, 2 or 4
  bytes that hold every gap of the term;
- its *code* of two bytes: field (5 bits), occurrences less one (3 bits), rounded length of the field (8 bits). More than
  eight occurrences make several postings, which changes no sum;
- the *positions* of its occurrences in the field, in the fewest of 1, 2 or 4 bytes that hold every one of the term.

A code holds all that BM25F needs of an occurrence, so that a term is weighed by one look-up in a table of 65,536
weights, whatever the boosts and average lengths are.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

UInts = npt.NDArray[np.uint32]
Bytes = npt.NDArray[np.uint8]
Codes = npt.NDArray[np.uint16]
Ints = npt.NDArray[np.int64]

FIELD_SHIFT = 11
COUNT_SHIFT = 8
MAX_COUNT = 8
"""The most occurrences that one code holds."""

LENGTHS: npt.NDArray[np.float64] = np.concatenate(
    [np.arange(64), np.round(64 * (2.0**22 / 64) ** (np.arange(1, 193) / 192))]
)
"""The field length in words that each length byte stands for: exact below 64, then rounded down by less than 6 %."""


def length_bytes(lengths: Ints | UInts) -> Bytes:
    """The byte that stands for each length."""
    return (np.searchsorted(LENGTHS, lengths, side="right") - 1).astype(np.uint8)


def make_codes(fields: UInts, counts: UInts, length: Bytes) -> Codes:
    """The codes of postings in ``fields`` with ``counts`` (1 to 8) occurrences and rounded field ``length``."""
    return ((fields << FIELD_SHIFT) | ((counts - 1) << COUNT_SHIFT) | length).astype(np.uint16)


def code_counts(codes: Codes) -> Codes:
    """How many occurrences each code stands for."""
    return ((codes >> COUNT_SHIFT) & (MAX_COUNT - 1)) + 1


def pack(values: UInts, starts: Ints) -> tuple[Bytes, Ints]:
    """``values`` in the fewest bytes a term, and the offset in bytes of each term's, one more than there are terms.

    The values of term ``t`` are those from ``starts[t]`` to ``starts[t + 1]``; no term is without.
    """
    counts = np.diff(starts)
    offsets = np.zeros(len(starts), np.int64)
    if not len(values):
        return np.empty(0, np.uint8), offsets
    largest = np.maximum.reduceat(values, starts[:-1])
    widths = np.where(largest < 1 << 8, 1, np.where(largest < 1 << 16, 2, 4))
    np.cumsum(counts * widths, out=offsets[1:])
    if len(np.unique(widths)) == 1:
        return values.astype(f"<u{widths[0]}").view(np.uint8), offsets
    packed = np.empty(int(offsets[-1]), np.uint8)
    places = _places(starts, counts, offsets, widths)
    each = np.repeat(widths.astype(np.uint8), counts)
    packed[places] = values & 0xFF
    for width, byte in ((2, 1), (4, 2), (4, 3)):
        wide = each >= width
        packed[places[wide] + byte] = (values[wide] >> (8 * byte)) & 0xFF
    return packed, offsets


def unpack(packed: Bytes, offsets: Ints, starts: Ints) -> UInts:
    """What :func:`pack` packed. ``offsets`` and ``starts`` count from the first term given."""
    counts = np.diff(starts)
    widths = np.diff(offsets) // counts
    if not len(widths):
        return np.empty(0, np.uint32)
    if len(np.unique(widths)) == 1:
        return packed.view(f"<u{widths[0]}").astype(np.uint32)
    places = _places(starts, counts, offsets, widths)
    each = np.repeat(widths.astype(np.uint8), counts)
    values = packed[places].astype(np.uint32)
    for width, byte in ((2, 1), (4, 2), (4, 3)):
        wide = each >= width
        values[wide] |= packed[places[wide] + byte].astype(np.uint32) << (8 * byte)
    return values


def _places(starts: Ints, counts: Ints, offsets: Ints, widths: Ints) -> Ints:
    """The offset in bytes of each value."""
    within = np.arange(starts[-1], dtype=np.int64) - np.repeat(starts[:-1], counts)
    return np.repeat(offsets[:-1], counts) + within * np.repeat(widths, counts)


def gaps(documents: UInts, starts: Ints) -> UInts:
    """The gaps of ascending ``documents`` term by term; a term's first gap counts from document 0."""
    found = np.empty_like(documents)
    found[1:] = documents[1:] - documents[:-1]
    found[starts[:-1]] = documents[starts[:-1]]
    return found


def ungap(gaps_: UInts, starts: Ints) -> UInts:
    """The documents whose :func:`gaps` these are."""
    running = np.cumsum(gaps_, dtype=np.int64)
    before = running[starts[:-1]] - gaps_[starts[:-1]]
    return (running - np.repeat(before, np.diff(starts))).astype(np.uint32)
