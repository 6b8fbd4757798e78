"""How far apart two words are, for many words at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


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
