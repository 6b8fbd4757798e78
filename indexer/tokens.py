"""The words of many texts at once, as numbers: array operations in place of a step of Python for each word.

What a word is says :mod:`.analysis`. A word is found again by its bytes, eight at a time as one number: a table leads
from a hash of them to the number of the word, whose bytes are then compared. Whatever the table does not know, new
words, long ones and such that share a place, is looked up one by one, each once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .analysis import LINE, MAX_TERM, TYPOGRAPHY, words
from .arrays import Array

END = "\x02"
_POINT = "\x03"  # a point within a word, where bytes do not tell

_KEPT = {"\n": "\n", END: END, _POINT: "."}
_TO_WORDS = bytes(ord(_KEPT.get(c, c.lower() if c.isalnum() else " ")) for c in map(chr, range(128)))
_TO_WORDS += bytes(range(128, 256))
_ALPHANUMERIC = np.array([c < 128 and chr(c).isalnum() for c in range(256)])
_DIGIT = np.array([c < 128 and chr(c).isdigit() for c in range(256)])

_LANES = 4  # of eight bytes; longer words are looked up one by one
_LANE_MASKS = np.array([(1 << 8 * length) - 1 for length in range(9)], np.uint64)
_PADDING = bytes(8 * _LANES + 8)
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 divided by the golden ratio: Fibonacci hashing


def readied(texts: Sequence[str]) -> str:
    """``texts`` for :meth:`WordNumbers.tokens`, each ended by :data:`END`."""
    joined = END.join([*texts, ""])
    if not joined.isascii():
        for mark, plain in TYPOGRAPHY:
            joined = joined.replace(mark, plain)
    if joined.isascii() and joined.count(END) == len(texts) and _POINT not in joined:
        return joined
    return END.join([*(" ".join(words(text)).replace(LINE, "\n").replace(".", _POINT) for text in texts), ""])


class WordNumbers:
    """Words and their numbers, in the order they were first met; number 0 is the end of a line."""

    def __init__(self) -> None:
        self.words: list[bytes] = [b""]
        """The words by number, in UTF-8; it only grows."""
        self._numbers: dict[bytes, int] = {}
        self._shift = np.uint64(64 - 14)
        self._table = np.zeros(1 << 14, np.int32)
        self._hashes = np.zeros(1 << 10, np.uint64)
        self._lengths = np.zeros(1 << 10, np.uint8)
        self._lanes = np.zeros((1 << 10, _LANES), np.uint64)

    def number(self, word: bytes) -> int:
        """The number of a word; it may hold anything."""
        if len(word) > MAX_TERM:
            word = word.decode()[:MAX_TERM].encode()
        number = self._numbers.get(word)
        if number is None:
            number = self._numbers[word] = len(self.words)
            self.words.append(word)
        return number

    def tokens(self, text: str) -> tuple[Array, Array]:
        """The numbers of the words of a readied text, 0 at the end of each line; and how many each of its parts has."""
        raw = text.encode()
        data = np.frombuffer(raw.translate(_TO_WORDS) + _PADDING, np.uint8).copy()
        _join_decimals_and_drop_possessives(raw, data)
        in_word = data > 32
        begins = np.empty(len(data), bool)
        begins[0] = in_word[0]
        np.greater(in_word[1:], in_word[:-1], out=begins[1:])
        line_end = (data == 10) | (data == ord(END))
        starts = np.flatnonzero(begins | line_end)
        is_word = in_word[starts]
        word_starts = starts[is_word]
        lengths = np.flatnonzero(in_word[:-1] > in_word[1:]) + 1 - word_starts
        tokens = np.zeros(len(starts), np.uint32)
        tokens[is_word] = self._look_up(data, word_starts, lengths)
        ends = np.flatnonzero(data[starts] == ord(END)) + 1
        return tokens, np.diff(ends, prepend=0)

    def _look_up(self, data: Array, starts: Array, lengths: Array) -> Array:
        """The number of each word of ``data``."""
        eights = np.ndarray((len(data) - 7,), "<u8", data, 0, (1,))  # the eight bytes from each byte on
        first = eights[starts] & _LANE_MASKS[np.minimum(lengths, 8)]
        hashes = first * _MIX
        further = []
        long = np.flatnonzero(lengths > 8)
        for lane in range(1, _LANES):
            if not len(long):
                break
            bytes_left = lengths[long] - 8 * lane
            values = eights[starts[long] + 8 * lane] & _LANE_MASKS[np.minimum(bytes_left, 8)]
            hashes[long] = (hashes[long] ^ (hashes[long] >> np.uint64(32)) ^ values) * _MIX
            further.append((long, values))
            long = long[bytes_left > 8]
        hashes = (hashes ^ (hashes >> np.uint64(32))) * _MIX
        found: Array = self._table[hashes >> self._shift]
        known = (self._lengths[found] == lengths) & (self._lanes[found, 0] == first)
        for lane, (places, values) in enumerate(further, 1):
            known[places] &= self._lanes[found[places], lane] == values
        unknown = np.flatnonzero(~known)
        if len(unknown):
            found[unknown] = self._look_up_unknown(data, starts[unknown], lengths[unknown], hashes[unknown])
        return found

    def _look_up_unknown(self, data: Array, starts: Array, lengths: Array, hashes: Array) -> Array:
        """The number of each word, of which only those with a hash of their own are looked at in Python."""
        _, at, same = np.unique(hashes, return_index=True, return_inverse=True)
        found: Array = self._look_up_one_by_one(data, starts[at], lengths[at], hashes[at])[same]
        equal = self._lengths[found] == lengths
        eights = np.ndarray((len(data) - 7,), "<u8", data, 0, (1,))
        for lane in range(_LANES):
            values = eights[starts + 8 * lane] & _LANE_MASKS[np.clip(lengths - 8 * lane, 0, 8)]
            equal &= self._lanes[found, lane] == values
        others = np.flatnonzero(~equal)
        if len(others):
            found[others] = self._look_up_one_by_one(data, starts[others], lengths[others], hashes[others])
        return found

    def _look_up_one_by_one(self, data: Array, starts: Array, lengths: Array, hashes: Array) -> Array:
        text = data.tobytes()
        ends = (starts + lengths).tolist()
        numbers = np.array(
            [self.number(text[start:end]) for start, end in zip(starts.tolist(), ends, strict=True)], np.int32
        )
        short = lengths <= 8 * _LANES
        fresh, at = np.unique(numbers[short], return_index=True)
        self._remember(fresh, text, starts[short][at], lengths[short][at], hashes[short][at])
        return numbers

    def _remember(self, numbers: Array, text: bytes, starts: Array, lengths: Array, hashes: Array) -> None:
        """Let the table know words, as far as their places in it are free."""
        self._grow()
        padded = b"".join(
            text[start : start + length].ljust(8 * _LANES, b"\0")
            for start, length in zip(starts.tolist(), lengths.tolist(), strict=True)
        )
        self._lanes[numbers] = np.frombuffer(padded, "<u8").reshape(-1, _LANES)
        self._lengths[numbers] = lengths
        self._hashes[numbers] = hashes
        self._enter(numbers)

    def _enter(self, numbers: Array) -> None:
        places = (self._hashes[numbers] >> self._shift).astype(np.int64)
        free = self._table[places] == 0
        # Of two words with one place the one met first keeps it: it is the more frequent one, as a rule.
        self._table[places[free][::-1]] = numbers[free][::-1]

    def _grow(self) -> None:
        """Make room for all words that have a number."""
        count = len(self.words)
        if count > len(self._lengths):
            more = 2 * count - len(self._lengths)
            self._hashes = np.pad(self._hashes, (0, more))
            self._lengths = np.pad(self._lengths, (0, more))
            self._lanes = np.pad(self._lanes, ((0, more), (0, 0)))
        if count * 4 > len(self._table):
            bits = (count * 4).bit_length()
            self._shift = np.uint64(64 - bits)
            self._table = np.zeros(1 << bits, np.int32)
            self._enter(np.flatnonzero(self._lengths[:count]).astype(np.int32))


def _join_decimals_and_drop_possessives(raw: bytes, data: Array) -> None:
    """Put points between digits and blanks for possessives into ``data``, the words of ``raw``."""
    text = np.frombuffer(raw, np.uint8)
    points = np.flatnonzero(text[1:-1] == ord(".")) + 1
    data[points[_DIGIT[text[points - 1]] & _DIGIT[text[points + 1]]]] = ord(".")
    if b"'" in raw:
        # An END follows every text, so that there are two more bytes after a quotation mark and an s.
        quotes = np.flatnonzero(text[1:-2] == ord("'")) + 1
        quotes = quotes[_ALPHANUMERIC[text[quotes - 1]] & (text[quotes + 1] == ord("s"))]
        after = text[quotes + 2]
        quotes = quotes[~_ALPHANUMERIC[after] & (after != ord("_"))]
        data[quotes + 1] = 32
