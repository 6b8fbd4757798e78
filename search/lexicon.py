"""Looking through a stretch of a segment's dictionary, all of its terms at a time.

Terms of ASCII letters, nearly all, are looked at as bytes in a few array steps; the others one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from ..corpus.errors import DamagedIndex
from ..indexer.segment import Segment
from .spelling import distances

Numbers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_ANY = ord("?")
_LETTER_BITS = np.left_shift(np.uint64(1), np.arange(256, dtype=np.uint64) % np.uint64(61))
"""A bit for each byte. Two letters never share one; where others do, no more than time is lost."""


def fitting(segment: Segment, wildcard: str) -> Numbers:
    """The numbers of the terms that a pattern fits, where ``?`` is one character and ``*`` any number."""
    start, stop = segment.prefix_range(re.split(r"[*?]", wildcard, maxsplit=1)[0])
    data, offsets = segment.term_bytes(start, stop)
    ascii_only = _ascii_only(data, offsets)
    fits = pattern(wildcard).fullmatch
    others = [number for number in (start + np.flatnonzero(~ascii_only)).tolist() if fits(segment.term(number))]
    if not wildcard.isascii():
        return np.array(others, np.int64)
    found = start + _fitting_bytes(data, offsets, np.flatnonzero(ascii_only), re.sub(r"\*+", "*", wildcard).encode())
    return np.sort(np.append(found, np.array(others, np.int64)))


def _fitting_bytes(data: Bytes, offsets: Numbers, terms: Numbers, wildcard: bytes) -> Numbers:
    """Those of ``terms`` that a pattern fits: each of its pieces is looked for where it can first stand."""
    first, *floating = wildcard.split(b"*")
    ends = offsets[terms + 1]
    if not floating:
        terms = terms[ends - offsets[terms] == len(first)]
        return terms[_stands_at(data, offsets[terms], first)]
    last = floating.pop()
    terms = terms[ends - offsets[terms] >= len(wildcard) - wildcard.count(b"*")]
    terms = terms[_stands_at(data, offsets[terms], first)]
    terms = terms[_stands_at(data, offsets[terms + 1] - len(last), last)]
    reached = offsets[terms] + len(first)
    for piece in floating:
        letters = piece.strip(b"?")
        before = len(piece) - len(piece.lstrip(b"?")) if letters else len(piece)
        reached = reached + before
        if letters:
            places = np.append(_places(data, letters), len(data))
            reached = places[np.searchsorted(places, reached)] + len(piece) - before
        kept = reached <= offsets[terms + 1] - len(last)
        terms, reached = terms[kept], reached[kept]
    return terms


def _stands_at(data: Bytes, places: Numbers, piece: bytes) -> npt.NDArray[np.bool_]:
    """Whether ``piece`` stands at each of ``places``."""
    stands = np.ones(len(places), bool)
    for offset, letter in enumerate(piece):
        if letter != _ANY:
            stands &= data[places + offset] == letter
    return stands


def _places(data: Bytes, piece: bytes) -> Numbers:
    """Every place where ``piece`` stands, in ascending order; some may reach from one term into the next."""
    places = np.flatnonzero(data[: max(len(data) - len(piece) + 1, 0)] == piece[0])
    for offset, letter in enumerate(piece[1:], 1):
        if letter != _ANY:
            places = places[data[places + offset] == letter]
    return places


def near(segment: Segment, beginnings: Iterable[str], word: str, edits: int, postings: int = 1) -> Numbers:
    """The numbers of the terms with any of these ``beginnings`` that are within ``edits`` of ``word`` (Levenshtein's).

    They have so many ``postings`` at least. A term that lacks more letters of the word than that, or has more that the
    word lacks, is not looked at closely.
    """
    numbers: list[int] = []
    terms: list[str] = []
    for beginning in beginnings:
        start, stop = segment.prefix_range(beginning)
        data, offsets = segment.term_bytes(start, stop)
        looked_at = np.arange(start, stop)
        if postings > 1:
            frequent = segment.frequencies(looked_at) >= postings
            if not frequent.any():
                continue
            looked_at, (data, offsets) = looked_at.compress(frequent), _some_of(data, offsets, frequent)
        places = np.flatnonzero(_perhaps_near(data, offsets, word, edits)).tolist()
        numbers += looked_at[places].tolist()
        try:
            terms += [data[offsets[place] : offsets[place + 1]].tobytes().decode() for place in places]
        except UnicodeDecodeError as error:
            raise DamagedIndex(segment.name, "a term is no text") from error
    found = np.array(numbers, np.int64)[distances(word, terms, edits) <= edits]
    return np.array(sorted(set(found.tolist())), np.int64)


def _some_of(data: Bytes, offsets: Numbers, wanted: npt.NDArray[np.bool_]) -> tuple[Bytes, Numbers]:
    """The bytes of the terms ``wanted``, and where each begins among them, and the end."""
    lengths = np.diff(offsets)
    return data.compress(np.repeat(wanted, lengths)), np.append(0, np.cumsum(lengths.compress(wanted)))


def _perhaps_near(data: Bytes, offsets: Numbers, word: str, edits: int) -> npt.NDArray[np.bool_]:
    """Which terms may be within ``edits`` of ``word``, by their lengths and letters."""
    if not len(data):
        return np.zeros(0, bool)
    alike: npt.NDArray[np.bool_] = np.abs(np.diff(offsets) - len(word)) <= edits
    if word.isascii():
        letters = np.bitwise_or.reduceat(_LETTER_BITS[data], offsets[:-1])
        wanted = np.bitwise_or.reduce(_LETTER_BITS[np.frombuffer(word.encode(), np.uint8)])
        alike &= _at_most(letters & ~wanted, edits) & _at_most(wanted & ~letters, edits)
    alike |= ~_ascii_only(data, offsets)
    return alike


def _at_most(masks: npt.NDArray[np.uint64], bits: int) -> npt.NDArray[np.bool_]:
    """Whether at most so many bits of each mask are set."""
    for _ in range(bits):
        masks = masks & (masks - np.uint64(1))  # without its lowest bit
    few: npt.NDArray[np.bool_] = masks == 0
    return few


def _ascii_only(data: Bytes, offsets: Numbers) -> npt.NDArray[np.bool_]:
    """Which terms consist of ASCII characters."""
    if not len(data) or int(data.max()) < 0x80:
        return np.ones(len(offsets) - 1, bool)
    plain: npt.NDArray[np.bool_] = np.maximum.reduceat(data, offsets[:-1]) < 0x80
    return plain


def pattern(wildcard: str) -> re.Pattern[str]:
    """A pattern of the query language as a regular expression that never tries a piece in two places.

    It suffices to take each piece where it can first stand, but for the last, which stands at the end.
    """
    first, *floating = [re.escape(piece).replace(r"\?", ".") for piece in re.sub(r"\*+", "*", wildcard).split("*")]
    if not floating:
        return re.compile(first, re.DOTALL)
    last = floating.pop()
    return re.compile(first + "".join(f"(?>.*?{piece})" for piece in floating) + ".*" + last, re.DOTALL)
