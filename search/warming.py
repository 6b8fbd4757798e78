"""What the searches to come will need of the system, got for them by a thread beside the first ones.

A page of memory or of a file takes longer to get than most work on it, and in the first searches most of it is new.
Both are got without the lock of the interpreter. No words are looked up and no results kept.
"""

from __future__ import annotations

from contextlib import suppress
from threading import Thread

from ..corpus.errors import DamagedIndex
from ..indexer.memory import Block, fill, room
from ..indexer.snapshot import Snapshot

_ROOM_PER_PAGE = 2048  # bytes: some hundred words that are kept as a score for every page
_MOST_ROOM = 3 << 25
_MOST_READ = 1 << 28


def warm(snapshot: Snapshot) -> None:
    """Read of the segments of ``snapshot`` what searches look for, and get room for what they keep."""
    with suppress(MemoryError, RuntimeError):  # no more memory or threads: the searches will see to it themselves
        blocks = room(min(snapshot.pages * _ROOM_PER_PAGE, _MOST_ROOM))
        Thread(target=_warm, args=(snapshot, blocks), name="procsearch-warming", daemon=True).start()


def _warm(snapshot: Snapshot, blocks: list[Block]) -> None:
    """The same by steps. A block of room is freed once it is there, for what searches keep from then on."""
    if blocks:
        fill(blocks.pop())
    most = _MOST_READ
    with suppress(DamagedIndex):  # the search that comes upon it will tell
        for segment in snapshot.segments:
            most = segment.bring_in(most)
    while blocks:
        fill(blocks.pop())
