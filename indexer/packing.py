"""The packed procedures of a segment's pages, and the phrases that these pages have in common."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

import numpy as np

from .arrays import Array, Spool, narrow
from .columns import strings
from .layout import Arrays
from .segment import Segment
from .storage import Storage
from .stored import Packer, Unpacker, common_phrases
from .strings import Strings

_WORTH_PHRASES = 64_000  # bytes of packed procedures; phrases for fewer would take more than they save
_ENOUGH = 250_000  # bytes of packed procedures in which all that is common can be found


class PackedPages:
    """The procedures of pages on their way into a segment, packed against one set of phrases.

    Where there are no ``phrases`` yet they are found once there are pages enough. Many pages are kept on the disk.
    """

    def __init__(self, storage: Storage, phrases: bytes = b"") -> None:
        self.phrases = phrases
        self._sought = bool(phrases)
        self._storage = storage
        self._packed: list[bytes] = []  # those that are not in the spool
        self._size = 0
        self._spool: Spool | None = None
        self._lengths = array("I")

    def add(self, packed: Sequence[bytes], phrases: bytes) -> None:
        """Add procedures that are packed against ``phrases``."""
        self._packed += _repacked(packed, phrases, self.phrases)
        self._size = sum(map(len, self._packed))
        if self._size > _ENOUGH or self._spool:
            self._put_away()

    def close(self) -> None:
        """Let go of what is on the disk."""
        if self._spool:
            self._spool.close()

    def _put_away(self) -> None:
        """Add what is in memory to what is on the disk."""
        if not self._sought:
            self._find_phrases()
        self._spool = self._spool or Spool(self._storage, np.uint8)
        self._spool.append(np.frombuffer(b"".join(self._packed), np.uint8))
        self._lengths.extend(map(len, self._packed))
        self._packed.clear()

    def _find_phrases(self) -> None:
        self._sought = True
        self._pack_anew(common_phrases(map(Unpacker().unpack, self._packed)))

    def _pack_anew(self, phrases: bytes) -> None:
        self._packed = _repacked(self._packed, self.phrases, phrases)
        self.phrases = phrases

    def arrays(self) -> Arrays:
        """The arrays of the segment."""
        stored: Arrays
        if self._spool:
            self._put_away()
            stored = {"stored_data": self._spool, "stored_offsets": _offsets([np.frombuffer(self._lengths, np.uint32)])}
        else:
            if self._size < _WORTH_PHRASES:
                self._pack_anew(b"")
            elif not self._sought:
                self._find_phrases()
            stored = {**strings("stored", self._packed)}
        return {"phrases": np.frombuffer(self.phrases, np.uint8), **stored}


class MergedPages:
    """The procedures of the kept pages of segments, packed against the phrases of the one with most of them."""

    def __init__(self, segments: Sequence[Segment], keep: Sequence[Array]) -> None:
        self._segments = list(zip(segments, keep, strict=True))
        sizes = [
            int(np.diff(segment.file["stored_offsets"].all().astype(np.int64))[kept].sum())
            for segment, kept in self._segments
        ]
        most = segments[int(np.argmax(sizes))]
        self._phrases = most.phrases if sum(sizes) >= _WORTH_PHRASES else b""

    def arrays(self) -> Arrays:
        """The arrays of the segment, of which ``stored_offsets`` is known once ``stored_data`` was gone through."""
        lengths: list[Array] = []
        return {
            "phrases": np.frombuffer(self._phrases, np.uint8),
            "stored_data": self._data(lengths),
            "stored_offsets": _offsets(lengths),
        }

    def _data(self, lengths: list[Array]) -> Iterator[Array]:
        """The packed procedures, a few thousand at a time."""
        for segment, kept in self._segments:
            stored = Strings(segment.file, "stored")
            for start in range(0, segment.pages, 4096):
                stop = min(start + 4096, segment.pages)
                blobs = stored.all(start, stop)
                chosen = [blob for blob, wanted in zip(blobs, kept[start:stop].tolist(), strict=True) if wanted]
                packed = _repacked(chosen, segment.phrases, self._phrases)
                lengths.append(np.fromiter(map(len, packed), np.int64, len(packed)))
                yield np.frombuffer(b"".join(packed), np.uint8)
                segment.file.let_go()


def _offsets(lengths: list[Array]) -> Iterator[Array]:
    yield narrow(np.cumsum(np.concatenate([np.zeros(1, np.int64), *lengths])))


def _repacked(packed: Sequence[bytes], phrases: bytes, wanted: bytes) -> list[bytes]:
    """Procedures packed against ``phrases`` as they are packed against those ``wanted``."""
    if phrases == wanted or not packed:
        return list(packed)
    return list(map(Packer(wanted).pack, map(Unpacker(phrases).unpack, packed)))
