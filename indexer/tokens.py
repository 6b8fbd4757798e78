"""The words of many texts at once, as numbers: array operations in place of a step of Python for each word.

What a word is says :mod:`.analysis`. A word is found again by its bytes, eight at a time as one number: a table leads
from a hash of them to the number of the word, whose bytes are then compared. A word has two places in the table; what
is at neither, new words and such whose places are taken, is looked up one by one, nearly always once for all its
occurrences; so is each occurrence of a word too long for the table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import count, islice

import numpy as np

from .analysis import LINE, MAX_TERM, TYPOGRAPHY, words
from .arrays import Array

END = "\x02"
_POINT = "\x03"  # a point within a word, where bytes do not tell

_BLANK = 32  # what ends a line is below it, what is in a word above

_KEPT = {"\n": "\n", END: END, _POINT: "."}
_TO_WORDS = bytes(ord(_KEPT.get(c, c.lower() if c.isalnum() else " ")) for c in map(chr, range(128)))
_TO_WORDS += bytes(range(128, 256))
_ALPHANUMERIC = np.array([c < 128 and chr(c).isalnum() for c in range(256)])
_DIGIT = np.array([c < 128 and chr(c).isdigit() for c in range(256)])

_LANES = 4  # of eight bytes; longer words are looked up one by one
_LANE_MASKS = np.array([(1 << 8 * length) - 1 for length in range(9)], np.uint64)
_PADDING = bytes(8 * _LANES + 8)
_ROUNDS = 3  # of looking at one of several words that seem alike
_ALIKE_SHIFT = np.uint64(64 - 16)
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
    """Words and their numbers, in the order these were given; number 0 is the end of a line."""

    def __init__(self) -> None:
        self.words: list[bytes] = [b""]
        """The words by number, in UTF-8; it only grows."""
        self._numbers: dict[bytes, int] = defaultdict(count(1).__next__)
        self._shift = np.uint64(64 - 14)
        self._table = np.zeros(1 << 14, np.int32)
        self._hashes = np.zeros(1 << 10, np.uint64)
        self._lengths = np.zeros(1 << 10, np.uint8)
        self._lanes = np.zeros((_LANES, 1 << 10), np.uint64)

    def number(self, word: bytes) -> int:
        """The number of a word; it may hold anything."""
        return self.numbers([word])[0]

    def numbers(self, some: Sequence[bytes]) -> list[int]:
        """The number of each of some words; they may hold anything."""
        return self._numbers_of([w if len(w) <= MAX_TERM else w.decode()[:MAX_TERM].encode() for w in some])

    def _numbers_of(self, terms: Sequence[bytes]) -> list[int]:
        numbers = list(map(self._numbers.__getitem__, terms))
        new = len(self._numbers) + 1 - len(self.words)
        self.words += [*islice(reversed(self._numbers), new)][::-1]
        return numbers

    def tokens(self, text: str) -> tuple[Array, Array]:
        """The numbers of the words of a readied text, 0 at the end of each line; and how many each of its parts has."""
        raw = text.encode()
        data = np.frombuffer(bytearray(raw + _PADDING).translate(_TO_WORDS), np.uint8)
        _join_decimals_and_drop_possessives(raw, data)
        in_word = data > _BLANK
        begins = data < _BLANK  # the ends of lines
        begins[0] |= in_word[0]
        begins[1:] |= in_word[1:] > in_word[:-1]
        starts = begins.nonzero()[0]
        there = data.take(starts)
        words = (there > _BLANK).nonzero()[0]
        word_starts = starts.take(words)
        lengths = (in_word[:-1] > in_word[1:]).nonzero()[0]
        lengths -= word_starts
        lengths += 1
        tokens = np.zeros(len(starts), np.uint32)
        tokens[words] = self._look_up(data, word_starts, lengths)
        ends = (there == ord(END)).nonzero()[0] + 1
        return tokens, np.diff(ends, prepend=0)

    def _look_up(self, data: Array, starts: Array, lengths: Array) -> Array:
        """The number of each word of ``data``."""
        first = _lane(data, starts, lengths)
        hashes = first * _MIX
        further = []
        long = full = (lengths >= 8).nonzero()[0]
        for lane in range(1, _LANES):
            bytes_left = lengths.take(long)
            bytes_left -= 8 * lane
            more = (bytes_left > 0).nonzero()[0]
            if not len(more):
                break
            long, bytes_left = long.take(more), bytes_left.take(more)
            values = _lane(data, starts.take(long) + 8 * lane, bytes_left)
            so_far = hashes.take(long)
            hashes[long] = (so_far ^ (so_far >> np.uint64(32)) ^ values) * _MIX
            further.append((long, values))
        hashes ^= hashes >> np.uint64(32)
        hashes *= _MIX
        found: Array = self._table.take(self._place(hashes))
        # No byte of a word is 0, so that shorter ones differ from longer ones in the first eight bytes.
        known = self._lanes[0].take(found) == first
        known[full] &= self._lengths.take(found.take(full)) == lengths.take(full)
        for lane, (places, values) in enumerate(further, 1):
            known[places] &= self._lanes[lane].take(found.take(places)) == values
        unknown = np.flatnonzero(~known)
        if len(unknown):
            found[unknown] = self._look_up_elsewhere(_Words(data, starts[unknown], lengths[unknown], hashes[unknown]))
        return found

    def _place(self, hashes: Array, *, second: bool = False) -> Array:
        """The first or the second of the two places in the table at which a word may stand."""
        place: Array = (hashes * _MIX if second else hashes) >> self._shift
        return place.view(np.int64)

    def _look_up_elsewhere(self, words: _Words) -> Array:
        """The number of each word that is not at its first place; new ones are given theirs."""
        found: Array = self._table.take(self._place(words.hashes, second=True))
        known = self._lengths.take(found) == words.lengths
        for lane in range(_LANES):
            known &= self._lanes[lane].take(found) == words.lanes[lane]
        long = np.flatnonzero(words.lengths > 8 * _LANES)
        if len(long):
            found[long] = self.numbers(words.texts(long))
            known[long] = True
        unknown = np.flatnonzero(~known)
        for _ in range(_ROUNDS):
            if not len(unknown):
                break
            alike = words.one_alike(unknown)
            chosen = np.bincount(alike).nonzero()[0]
            found[chosen] = self._number_and_remember(words, chosen)
            same = words.are_same(unknown, alike)
            found[unknown[same]] = found[alike[same]]
            unknown = unknown[~same]
        if len(unknown):
            found[unknown] = self._number_and_remember(words, unknown)
        return found

    def _number_and_remember(self, words: _Words, chosen: Array) -> Array:
        """The number of each chosen word, none of them long; as far as places are free the table knows them now."""
        numbers = np.array(self._numbers_of(words.texts(chosen)), np.int32)
        self._grow()
        self._lanes[:, numbers] = words.lanes[:, chosen]
        self._lengths[numbers] = words.lengths[chosen]
        self._hashes[numbers] = words.hashes[chosen]
        self._enter(numbers)
        return numbers

    def _enter(self, numbers: Array) -> None:
        """Put words into the table, each at one of its places if one is free."""
        for second in (False, True):
            places = self._place(self._hashes[numbers], second=second)
            free = self._table[places] == 0
            # Of two words with one place the one met first keeps it: it is the more frequent one, as a rule.
            self._table[places[free][::-1]] = numbers[free][::-1]
            numbers = numbers[self._table[places] != numbers]

    def _grow(self) -> None:
        """Make room for all words that have a number."""
        count = len(self.words)
        if count > len(self._lengths):
            more = 2 * count - len(self._lengths)
            self._hashes = np.pad(self._hashes, (0, more))
            self._lengths = np.pad(self._lengths, (0, more))
            self._lanes = np.pad(self._lanes, ((0, 0), (0, more)))
        if count * 4 > len(self._table):
            bits = (count * 4).bit_length()
            self._shift = np.uint64(64 - bits)
            self._table = np.zeros(1 << bits, np.int32)
            self._enter(np.flatnonzero(self._lengths[:count]).astype(np.int32))


def _lane(data: Array, starts: Array, lengths: Array) -> Array:
    """The eight bytes of ``data`` from each of ``starts`` on as one number, 0 for those past its one of ``lengths``."""
    eights = np.ndarray((len(data) - 7,), "<u8", data, 0, (1,))  # the eight bytes from each byte on
    lane: Array = eights[starts]
    lane &= _LANE_MASKS.take(lengths, mode="clip")
    return lane


class _Words:
    """Some words of ``data``: where they start, their lengths, hashes and lanes."""

    def __init__(self, data: Array, starts: Array, lengths: Array, hashes: Array) -> None:
        self._data = data
        self._starts = starts
        self.lengths = lengths
        self.hashes = hashes
        self.lanes = np.stack([
            _lane(data, starts + 8 * lane, np.maximum(lengths - 8 * lane, 0)) for lane in range(_LANES)
        ])  # fmt: skip

    def one_alike(self, chosen: Array) -> Array:
        """For each of the chosen words one of them: the same for all that are one word, and seldom for others."""
        places = self.hashes[chosen] >> _ALIKE_SHIFT
        one = np.empty(1 << 16, np.int64)
        one[places] = chosen
        found: Array = one[places]
        return found

    def are_same(self, some: Array, others: Array) -> Array:
        """Whether each of some words, none of them long, is the word that stands beside it in ``others``."""
        same: Array = self.lengths[some] == self.lengths[others]
        for lane in self.lanes:
            same &= lane[some] == lane[others]
        return same

    def texts(self, chosen: Array) -> list[bytes]:
        """The bytes of the chosen words."""
        starts, ends = self._starts[chosen].tolist(), (self._starts + self.lengths)[chosen].tolist()
        data = self._data.tobytes()
        return [data[start:end] for start, end in zip(starts, ends, strict=True)]


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
