"""How far apart two words are: for many words at once, and by the slips that people make in medical words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

_SOUNDS = (
    ("ae", "e"), ("oe", "e"), ("ph", "f"), ("rrh", "r"), ("rh", "r"), ("ps", "s"), ("pn", "n"), ("pt", "t"),
    ("kn", "n"), ("ch", "k"), ("ck", "k"), ("c", "k"), ("c", "s"), ("sc", "s"), ("z", "s"), ("x", "z"), ("x", "ks"),
    ("y", "i"), ("ei", "ie"), ("ou", "o"), ("i", "e"), ("a", "e"), ("o", "u"), ("a", "o"), ("g", "j"), ("th", "t"),
    ("qu", "k"),
)  # fmt: skip
"""Spellings that sound alike, or that British and American words differ in."""

_ALIKE = frozenset(_SOUNDS) | frozenset((b, a) for a, b in _SOUNDS)
_ALIKE_COST = 0.5
_SWAP_COST = 0.6
_DOUBLE_COST = 0.4

_FIRST = {
    "f": ("ph",), "p": ("f", "s", "n", "t"), "k": ("c", "ch", "q"), "c": ("k", "s", "q"), "s": ("ps", "c", "z", "sc"),
    "n": ("pn", "kn"), "r": ("rh", "wr"), "z": ("x", "s"), "x": ("z",), "e": ("ae", "oe", "i"), "a": ("e",),
    "o": ("e",),
    "t": ("pt",), "i": ("y", "e"), "y": ("i",), "j": ("g",), "g": ("j",), "w": ("r",), "q": ("k", "c"),
}  # fmt: skip


def beginnings(word: str) -> tuple[str, ...]:
    """What a word may begin with that was meant by ``word``: its first letter, or what sounds like it."""
    return (word[0], *_FIRST.get(word[0], ()))


@lru_cache(maxsize=4096)
def slips(typed: str, meant: str) -> float:
    """What it costs to have typed one word and meant the other: 1 a letter, less for slips that are often made.

    The table of Wagner and Fischer, with neighbours swapped as Damerau has it, letters doubled, and what sounds alike.
    """
    rows = [[float(place) for place in range(len(meant) + 1)]]
    for i in range(1, len(typed) + 1):
        row = [float(i)]
        for j in range(1, len(meant) + 1):
            a, b = typed[i - 1], meant[j - 1]
            best = min(
                rows[i - 1][j] + (_DOUBLE_COST if i > 1 and a == typed[i - 2] else 1.0),
                row[j - 1] + (_DOUBLE_COST if j > 1 and b == meant[j - 2] else 1.0),
                rows[i - 1][j - 1] + (a != b),
            )
            if i > 1 and j > 1 and a == meant[j - 2] and b == typed[i - 2] and a != b:
                best = min(best, rows[i - 2][j - 2] + _SWAP_COST)
            for back in range(1, 4):
                for over in range(1, 4):
                    if (typed[i - back : i], meant[j - over : j]) in _ALIKE and back <= i and over <= j:
                        best = min(best, rows[i - back][j - over] + _ALIKE_COST)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def distances(word: str, terms: Sequence[str], limit: int) -> npt.NDArray[np.int64]:
    """The Levenshtein distance of each of ``terms`` from ``word``; above ``limit`` any number above it.

    One row of the usual table is computed for all terms at a time (Wagner and Fischer, 1974).
    """
    result = np.full(len(terms), limit + 1, np.int64)
    lengths = np.fromiter(map(len, terms), np.int64, len(terms))
    near = np.flatnonzero(np.abs(lengths - len(word)) <= limit)
    if not len(near):
        return result
    chosen = [terms[place] for place in near.tolist()]
    letters = np.array(chosen).view(np.uint32).reshape(len(chosen), -1)
    width = letters.shape[1]
    row = np.tile(np.arange(width + 1), (len(chosen), 1))
    for number, letter in enumerate(word, 1):
        previous, row = row, np.empty_like(row)
        row[:, 0] = number
        replaced = previous[:, :-1] + (letters != ord(letter))
        deleted = previous[:, 1:] + 1
        better = np.minimum(replaced, deleted)
        for column in range(width):
            np.minimum(better[:, column], row[:, column] + 1, out=row[:, column + 1])
    result[near] = row[np.arange(len(chosen)), lengths[near]]
    return result
