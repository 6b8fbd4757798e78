"""Byte strings in arrays, some of them sorted, so that a look-up touches one stretch however many there are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from ..corpus.errors import DamagedIndex
from .arrays import Array, ArrayFile, narrow

_BETWEEN_SIGNPOSTS = 16  # strings of a sorted array, at least
_MOST_SIGNPOSTS = 1024
_TOUCHED_TOGETHER = 64  # strings of which a few are wanted, and no more of them lie between the first and the last


def pack_strings(strings: Iterable[bytes]) -> tuple[Array, Array]:
    """Byte strings as one array of bytes and the array of their offsets, one more than there are strings."""
    parts = list(strings)
    offsets = np.zeros(len(parts) + 1, np.uint64)
    np.cumsum(np.fromiter(map(len, parts), np.uint64, len(parts)), out=offsets[1:])
    return np.frombuffer(b"".join(parts), np.uint8), narrow(offsets)


class Strings:
    """Byte strings as :func:`pack_strings` laid them out."""

    __slots__ = ("_data", "_offsets")

    def __init__(self, file: ArrayFile, name: str) -> None:
        self._data = file[f"{name}_data"]
        self._offsets = file[f"{name}_offsets"]
        if not len(self._offsets):
            raise DamagedIndex(file.name, f"array {name}_offsets is empty")

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, place: int) -> bytes:
        return self._data.bytes(*self._offsets.pair(place))

    def several(self, places: list[int]) -> list[bytes]:
        """The strings at ascending ``places``."""
        if places[-1] - places[0] >= _TOUCHED_TOGETHER:
            starts, stops = zip(*self._offsets.runs(places, 2), strict=True)
            return [string.tobytes() for string in self._data.slices(starts, stops)]
        # They lie close together: all that is between them is verified once.
        first = places[0]
        offsets: list[int] = self._offsets.slice(first, places[-1] + 2).tolist()
        data, base = self._data.slice(offsets[0], offsets[-1]).tobytes(), offsets[0]
        return [data[offsets[place - first] - base : offsets[place - first + 1] - base] for place in places]

    def all(self, start: int = 0, stop: int | None = None) -> list[bytes]:
        """The strings from ``start`` to ``stop``."""
        stop = len(self) if stop is None else stop
        offsets: list[int] = self._offsets.slice(start, stop + 1).tolist()
        data = self._data.bytes(offsets[0], offsets[-1])
        base = offsets[0]
        return [data[a - base : b - base] for a, b in pairwise(offsets)]

    def packed(self, start: int, stop: int) -> tuple[Array, Array]:
        """The bytes of the strings from ``start`` to ``stop``, and where among them each begins, and the end."""
        offsets = self._offsets.slice(start, stop + 1).astype(np.int64)
        return self._data.slice(int(offsets[0]), int(offsets[-1])), offsets - offsets[0]


def signposts(strings: Sequence[bytes]) -> Sequence[bytes]:
    """Those of sorted ``strings`` that lie beside them, so that a search among many need not touch them all over."""
    return strings[:: _signpost_step(len(strings))]


def _signpost_step(count: int) -> int:
    return max(_BETWEEN_SIGNPOSTS, -(-count // _MOST_SIGNPOSTS))


class SortedStrings(Strings):
    """Byte strings in ascending order, none empty; a search touches one stretch only, however many there are."""

    __slots__ = ("_beside", "_count", "_signposts", "_sound", "_step")

    def __init__(self, file: ArrayFile, name: str) -> None:
        super().__init__(file, name)
        self._beside = Strings(file, f"{name}_signposts")
        self._signposts: list[bytes] | None = None
        self._count = len(self)
        self._step = _signpost_step(self._count)
        if len(self._beside) != -(-self._count // self._step):
            raise DamagedIndex(file.name, f"array {name}_signposts_offsets does not fit the others")
        self._sound = bytearray(len(self._beside) + 1)

    def place(self, wanted: bytes) -> int | None:
        """Where ``wanted`` stands; None where it does not."""
        low, high = self._stretch(wanted)
        offsets, data = self._offsets.memory, self._data.memory
        start, size = offsets[low], len(wanted)
        text = data[start : offsets[high]].tobytes()
        # It may stand within other strings of the stretch, too.
        at = text.find(wanted)
        while at >= 0:
            place = bisect_left(offsets, start + at, low, high)
            if place < high and offsets[place] == start + at and offsets[place + 1] == start + at + size:
                return place
            at = text.find(wanted, at + 1)
        return None

    def find(self, wanted: bytes) -> int:
        """Where ``wanted`` stands, or would stand."""
        return self._first(wanted, *self._stretch(wanted))

    def beginning_with(self, prefix: bytes) -> tuple[int, int]:
        """The places [start, stop) of the strings that begin with ``prefix``; no string holds a byte 0xFF."""
        low, high = self._stretch(prefix)
        start, after = self._first(prefix, low, high), prefix + b"\xff"
        stop = self._first(after, start, high)
        return start, stop if stop < high else self.find(after)

    def _first(self, at_least: bytes, low: int, high: int) -> int:
        """The first place from ``low`` to ``high`` with a string that is ``at_least``, or ``high``."""
        offsets, data = self._offsets.memory, self._data.memory
        return bisect_left(
            range(high), at_least, low, key=lambda place: data[offsets[place] : offsets[place + 1]].tobytes()
        )

    def _stretch(self, wanted: bytes) -> tuple[int, int]:
        """Between which places ``wanted`` stands, if anywhere; what is there has been verified."""
        if self._signposts is None:
            self._signposts = self._beside.all()
        stretch = bisect_right(self._signposts, wanted)
        low, high = self._step * (stretch - 1) if stretch else 0, min(self._step * stretch, self._count)
        if not self._sound[stretch]:
            self._offsets.slice(low, high + 1)
            self._data.slice(self._offsets.memory[low], self._offsets.memory[high])
            self._sound[stretch] = 1
        return low, high


def blocks_of_lines(lines: Sequence[tuple[bytes, bytes]]) -> tuple[list[bytes], list[bytes]]:
    """Lines, each a key and what it stands for, in blocks as :class:`SortedLines` has them, and the first key of each.

    The keys are in ascending order; nothing holds a line break, and no key a tab.
    """
    step = _signpost_step(len(lines))
    starts = range(0, len(lines), step)
    blocks = [b"\n" + b"".join([b"%b\t%b\n" % line for line in lines[start : start + step]]) for start in starts]
    return blocks, [lines[start][0] for start in starts]


class SortedLines:
    """Lines of text in the order of their keys, in blocks; a look-up touches one block, however many there are."""

    __slots__ = ("_blocks", "_data", "_firsts", "_signposts", "_starts")

    def __init__(self, file: ArrayFile, name: str) -> None:
        self._data = file[f"{name}_data"]
        self._blocks = file[f"{name}_offsets"]
        self._firsts = Strings(file, f"{name}_signposts")
        self._signposts: list[bytes] | None = None
        self._starts: list[int] = []
        if len(self._firsts) + 1 != len(self._blocks):
            raise DamagedIndex(file.name, f"array {name}_signposts_offsets does not fit the others")

    def find(self, key: bytes) -> str | None:
        """What the line with ``key`` says; None where there is none."""
        if self._signposts is None:
            self._starts = self._blocks.all().tolist()
            self._signposts = self._firsts.all()
        block = bisect_right(self._signposts, key)
        if not block:
            return None
        text = self._data.bytes(self._starts[block - 1], self._starts[block])
        at = text.find(b"\n%b\t" % key)
        return None if at < 0 else text[at + len(key) + 2 : text.index(b"\n", at + 1)].decode()

    def all(self) -> Iterator[str]:
        """What each line says."""
        lines = self._data.all().tobytes().split(b"\n")
        return (line.partition(b"\t")[2].decode() for line in lines if line)
