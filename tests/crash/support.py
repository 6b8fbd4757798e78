"""What the tests of crashes share: the dose, seeds that replay, the state of an index, and a disk that can be watched.

A random test prints its seed; ``PROCSEARCH_SEED`` replays it. ``PROCSEARCH_FULL=1`` gives the full dose.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

from procsearch.corpus.errors import NoIndex
from procsearch.corpus.procedure import Procedure
from procsearch.indexer import storage as storage_module
from procsearch.indexer.check import check
from procsearch.indexer.snapshot import open_snapshot
from procsearch.indexer.storage import LOCK_NAME, Storage

from ..indexer.histories import Commit, apply, live_after, make_procedure

FULL = os.environ.get("PROCSEARCH_FULL", "") not in ("", "0")
State = dict[str, Procedure]


def dose(in_ci: int, full: int) -> int:
    """How much of a test to do."""
    return full if FULL else in_ci


def seeded() -> Random:
    """A random generator whose seed is told, so that what it found can be found again."""
    seed = int(os.environ.get("PROCSEARCH_SEED", "") or time.time_ns() % 2**32)
    print(f"replay with PROCSEARCH_SEED={seed}")
    return Random(seed)


def pages(*numbers: int, version: int = 0, folder: str = "pages") -> tuple[Procedure, ...]:
    """Small pages, each with an id of its own, of which another ``version`` says something else."""
    return tuple(
        replace(make_procedure(number + 1000 * version), id=f"id{number}", source=f"{folder}/{number}.html")
        for number in numbers
    )


HISTORY = (
    Commit(put=pages(*range(6)), memory=1),
    Commit(put=pages(1, 4, 7, version=1)),
    Commit(removed=("pages/0.html", "pages/4.html")),
    Commit(put=pages(2, version=2), memory=1, in_place=True),
    Commit(compact=True),
)
"""First indexing with spilled runs, re-indexing, deleting, replacing in place, merging."""

STEPS = ("first indexing", "re-indexing", "deleting", "replacing", "merging")


def expected(step: int) -> State:
    """What is found after the first ``step`` commits of the history."""
    return live_after(HISTORY[:step])


def state_of(folder: Path) -> State:
    """What is found in an index; nothing where there is none."""
    try:
        snapshot = open_snapshot(Storage(folder))
    except NoIndex:
        return {}
    return {procedure.id: procedure for procedure in snapshot.procedures()}


def names_in(folder: str | Path) -> set[str]:
    """The names of all that is in a folder."""
    return {found.name for found in Path(folder).iterdir()}


def assert_sound(folder: Path) -> None:
    """Every byte is verified, nothing is left over, and nobody holds the lock."""
    assert check(Storage(folder)) == []
    files = {file.name for file in open_snapshot(Storage(folder)).manifest.files()}
    assert names_in(folder) == files | {"manifest", LOCK_NAME}
    with Storage(folder).lock(wait=False):
        pass


def build(folder: Path, steps: int) -> None:
    """The index after the first ``steps`` commits."""
    for commit in HISTORY[:steps]:
        apply(folder, commit)


CALLS = frozenset(
    "open write pwrite pread read fsync replace unlink mkdir listdir stat fstat utime ftruncate flock mmap".split()
)
"""The calls of the disk that can fail."""

Watcher = Callable[[str, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]


class _Watched:
    """A module whose calls of the disk go through a watcher."""

    def __init__(self, module: ModuleType, watcher: Watcher) -> None:
        self._module = module
        self._watcher = watcher

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        if name not in CALLS:
            return found
        return lambda *arguments, **named: self._watcher(name, found, arguments, named)


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Let ``watcher`` do, or refuse, every call of the disk that the storage makes."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (os, fcntl, mmap):
            patch.setattr(storage_module, module.__name__, _Watched(module, watcher))
        yield
