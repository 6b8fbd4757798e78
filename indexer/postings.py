"""How postings are laid out in arrays, and back.

A posting says how often a term stands in one field of one document. It has three parts, each in an array over all
terms in dictionary order:

- its *gap*, the document's number less that of the posting before (0 within a document), in the fewest of 1, 2 or 4
  bytes that hold every gap of the term;
- its *code* of two bytes: field (5 bits), occurrences less one (3 bits), rounded length of the field (8 bits). More
  than eight occurrences make several postings, which changes no sum;
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

_ONES = np.array([0, 0x01, 0x0101, 0, 0x01010101])
"""For each width a number with so many lowest bytes of 1."""

LENGTHS: npt.NDArray[np.float64] = np.concatenate(
    [np.arange(64), np.round(64 * (2.0**22 / 64) ** (np.arange(1, 193) / 192))]
)
"""The field length in words that each length byte stands for: exact below 64, then rounded down by less than 6 %."""


def length_bytes(lengths: Ints | UInts) -> Bytes:
    """The byte that stands for each length."""
    return (np.searchsorted(LENGTHS, lengths, side="right") - 1).astype(np.uint8)


def make_codes(fields: Codes, counts: Codes, length: Bytes) -> Codes:
    """The codes of postings in ``fields`` with ``counts`` (1 to 8) occurrences and rounded field ``length``."""
    codes: Codes = (fields << np.uint16(FIELD_SHIFT)) | ((counts - np.uint16(1)) << np.uint16(COUNT_SHIFT)) | length
    return codes


def code_counts(codes: Codes) -> Codes:
    """How many occurrences each code stands for."""
    return ((codes >> np.uint16(COUNT_SHIFT)) & np.uint16(MAX_COUNT - 1)) + np.uint16(1)


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
    widest = int(widths.max())
    packed = values.astype(f"<u{widest}").view(np.uint8)
    if int(widths.min()) < widest:
        # The bytes of a value that are kept are marked by one number as wide as it, whose lowest bytes are 1.
        packed = packed.compress(np.repeat(_ONES[widths].astype(f"<u{widest}"), counts).view(np.bool_))
    return packed, offsets


def unpack(packed: Bytes, offsets: Ints, starts: Ints) -> UInts:
    """What :func:`pack` packed. ``offsets`` and ``starts`` count from the first term given."""
    counts = np.diff(starts)
    if not len(counts):
        return np.empty(0, np.uint32)
    if not fits(starts, offsets):
        raise ValueError("packed values do not fit their bytes")
    sizes = np.diff(offsets)
    widths = sizes // counts
    values = np.empty(int(starts[-1]), np.uint32)
    for width in (1, 2, 4):
        those = widths == width
        if those.any():
            values[np.repeat(those, counts)] = packed[np.repeat(those, sizes)].view(f"<u{width}")
    return values


def fits(starts: Ints, offsets: Ints) -> bool:
    """Whether each term's values from ``starts`` can be packed in its bytes from ``offsets``."""
    counts, sizes = starts[1:] - starts[:-1], offsets[1:] - offsets[:-1]
    return bool(((counts > 0) & ((sizes == counts) | (sizes == 2 * counts) | (sizes == 4 * counts))).all())


def gaps(documents: UInts, starts: Ints) -> UInts:
    """The gaps of ascending ``documents`` term by term; a term's first gap counts from document 0."""
    found = np.empty_like(documents)
    found[1:] = documents[1:] - documents[:-1]
    found[starts[:-1]] = documents[starts[:-1]]
    return found


def ungap(gaps_: UInts, starts: Ints) -> UInts:
    """The documents whose :func:`gaps` these are."""
    running = np.cumsum(gaps_, dtype=np.uint32)  # it may overflow: the differences are right all the same
    before = running[starts[:-1]] - gaps_[starts[:-1]]
    running -= np.repeat(before, np.diff(starts))
    return running
