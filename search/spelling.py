"""How far apart two words are: for many words at once, and by the slips that people make in medical words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Costs = npt.NDArray[np.int16]

_SOUNDS = (
    ("ae", "e"), ("oe", "e"), ("ph", "f"), ("rrh", "r"), ("rh", "r"), ("ps", "s"), ("pn", "n"), ("pt", "t"),
    ("kn", "n"), ("ch", "k"), ("ck", "k"), ("c", "k"), ("c", "s"), ("sc", "s"), ("z", "s"), ("x", "z"), ("x", "ks"),
    ("y", "i"), ("ei", "ie"), ("ou", "o"), ("i", "e"), ("a", "e"), ("o", "u"), ("a", "o"), ("g", "j"), ("th", "t"),
    ("qu", "k"),
)  # fmt: skip
"""Spellings that sound alike, or that British and American words differ in."""

_ALIKE = {
    sound: tuple(b if a == sound else a for a, b in _SOUNDS if sound in (a, b))
    for sound in {sound for pair in _SOUNDS for sound in pair}
}
"""What each spelling may be taken for."""

# Costs are counted in tenths of a letter, which add up exactly.
_LETTER_COST = 10
_SWAP_COST = 6
_ALIKE_COST = 5
_DOUBLE_COST = 4

_FIRST = {
    "f": ("ph",), "p": ("f", "s", "n", "t"), "k": ("c", "ch", "q"), "c": ("k", "s", "q"), "s": ("ps", "c", "z", "sc"),
    "n": ("pn", "kn"), "r": ("rh", "wr"), "z": ("x", "s"), "x": ("z",), "e": ("ae", "oe", "i"), "a": ("e",),
    "o": ("e",),
    "t": ("pt",), "i": ("y", "e"), "y": ("i",), "j": ("g",), "g": ("j",), "w": ("r",), "q": ("k", "c"),
}  # fmt: skip


def beginnings(word: str) -> tuple[str, ...]:
    """What a word may begin with that was meant by ``word``: its first letter, or what sounds like it."""
    return (word[0], *_FIRST.get(word[0], ()))


def slips(typed: str, meant: Sequence[str]) -> npt.NDArray[np.float64]:
    """What it costs to have typed one word and meant each of some: 1 a letter, less for slips that are often made.

    The table of Wagner and Fischer, with neighbours swapped as Damerau has it, letters doubled, and what sounds alike;
    one row of it for all words at a time.
    """
    letters, lengths = _columns(meant)
    width, count = letters.shape
    added = np.full((width + 1, count), _LETTER_COST, np.int16)
    added[0] = 0
    added[2:][letters[1:] == letters[:-1]] = _DOUBLE_COST
    added = np.cumsum(added, axis=0, dtype=np.int16)
    rows = [np.repeat(np.arange(width + 1, dtype=np.int16)[:, None] * np.int16(_LETTER_COST), count, axis=1)]
    for i, letter in enumerate(typed, 1):
        before = typed[i - 2 : i - 1]
        row = rows[i - 1] + np.int16(_DOUBLE_COST if before == letter else _LETTER_COST)
        row[0] = i * _LETTER_COST
        here = letters == ord(letter)
        np.minimum(row[1:], rows[i - 1][:-1] + np.where(here, np.int16(0), np.int16(_LETTER_COST)), out=row[1:])
        if before and before != letter:
            swapped = here[:-1] & (letters[1:] == ord(before))
            np.minimum(row[2:], rows[i - 2][:-2] + np.int16(_SWAP_COST), out=row[2:], where=swapped)
        for back in range(1, min(i, 3) + 1):
            for sound in _ALIKE.get(typed[i - back : i], ()):
                _let_through(row, rows[i - back], letters, sound)
        rows.append(_with_added(row, added))
    return rows[-1][lengths, np.arange(count)] / _LETTER_COST


def _with_added(row: Costs, added: Costs) -> Costs:
    """``row`` where letters of what was meant may be missing: so much ``added`` up to each column."""
    row -= added
    np.minimum.accumulate(row, axis=0, out=row)
    row += added
    return row


def _let_through(row: Costs, before: Costs, letters: npt.NDArray[np.uint32], sound: str) -> None:
    """Lower ``row`` where ``sound`` ends to what the row ``before`` has where it begins, and what it costs."""
    places = len(letters) - len(sound) + 1
    if places < 1:
        return
    standing = letters[:places] == ord(sound[0])
    for place, letter in enumerate(sound[1:], 1):
        standing &= letters[place : place + places] == ord(letter)
    reached = row[len(sound) :]
    np.minimum(reached, before[:places] + np.int16(_ALIKE_COST), out=reached, where=standing)


def distances(word: str, terms: Sequence[str], limit: int) -> npt.NDArray[np.int64]:
    """The Levenshtein distance of each of ``terms`` from ``word``; above ``limit`` any number above it.

    One row of the usual table is computed for all terms at a time (Wagner and Fischer, 1974).
    """
    result = np.full(len(terms), limit + 1, np.int64)
    lengths = np.fromiter(map(len, terms), np.int64, len(terms))
    near = np.flatnonzero(np.abs(lengths - len(word)) <= limit)
    if not len(near):
        return result
    letters, lengths = _columns([terms[place] for place in near.tolist()])
    width, count = letters.shape
    added = np.arange(width + 1, dtype=np.int16)[:, None]
    row = np.repeat(added, count, axis=1)
    for number, letter in enumerate(word, 1):
        previous, row = row, row + np.int16(1)
        row[0] = number
        np.minimum(row[1:], previous[:-1] + (letters != ord(letter)), out=row[1:])
        row = _with_added(row, added)
    result[near] = row[lengths, np.arange(count)]
    return result


def _columns(words: Sequence[str]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """The letters of words as numbers, the first ones of all words first, 0 after their ends; and their lengths."""
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    longest = max(int(lengths.max(initial=0)), 1)
    letters = np.array(words, f"<U{longest}").view(np.uint32).reshape(len(words), longest)
    return np.ascontiguousarray(letters.T), lengths
