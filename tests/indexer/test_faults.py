"""Every call of the disk fails, once or for good: the old or new state, one typed error, and a next run that works."""

from __future__ import annotations

import errno
import gc
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from procsearch.corpus.errors import EngineError, ProcsearchError
from procsearch.indexer.reindex import reindex
from procsearch.indexer.snapshot import open_snapshot
from procsearch.indexer.storage import Storage
from procsearch.indexer.writer import IndexWriter
from procsearch.search.index import open_index

from ..crash.support import (
    FULL,
    HISTORY,
    STEPS,
    assert_sound,
    build,
    expected,
    names_in,
    pages,
    seeded,
    state_of,
    watched,
)
from .histories import Commit, apply

ERRORS = (errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EACCES)
MODES = ("once", "such calls for good", "all calls for good")


class Failing:
    """Lets the calls of the disk through until the ``first``-th, which fails; later ones as the ``mode`` says."""

    def __init__(self, first: int | None, error: int, mode: str) -> None:
        self._first = first
        self._error = error
        self._mode = mode
        self._kind = ""
        self.count = 0

    def __call__(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        number, self.count = self.count, self.count + 1
        if number == self._first:
            self._kind = name
        if self._kind and (
            number == self._first or self._mode == "all calls for good" or (self._mode != "once" and name == self._kind)
        ):
            raise OSError(self._error, os.strerror(self._error), str(arguments[0]))
        return None if name == "fsync" else call(*arguments, **named)


def attempt(folder: Path, step: int, failing: Failing) -> ProcsearchError | None:
    with watched(failing):
        try:
            apply(folder, HISTORY[step])
        except ProcsearchError as error:
            return error
    return None


def assert_survived(folder: Path, step: int, error: ProcsearchError | None) -> None:
    found = state_of(folder)
    if error is None:
        assert found == expected(step + 1)
    else:
        assert type(error) is EngineError
        assert str(folder) in str(error)
        assert "cannot" in str(error)
        assert found in (expected(step), expected(step + 1))
    with watched(Failing(None, 0, "once")):
        apply(folder, HISTORY[step])
    assert state_of(folder) == expected(step + 1)
    assert_sound(folder)


@pytest.mark.parametrize("step", range(len(STEPS)), ids=STEPS)
def test_every_call_of_a_commit_fails(tmp_path: Path, step: int) -> None:
    random = seeded()
    base, folder = tmp_path / "base", tmp_path / "index"
    build(base, step)
    counting = Failing(None, 0, "once")
    if step:
        shutil.copytree(base, folder)
    assert attempt(folder, step, counting) is None
    gc.collect()  # what other tests have left open
    descriptors = names_in("/proc/self/fd")
    for place, error, mode in _faults(counting.count, random):
        shutil.rmtree(folder)
        if step:
            shutil.copytree(base, folder)
        failure = attempt(folder, step, Failing(place, error, mode))
        folder.mkdir(exist_ok=True)
        try:
            assert_survived(folder, step, failure)
        except BaseException:
            print(f"call {place} of {counting.count} failed with {errno.errorcode[error]}, {mode}: {failure}")
            raise
        failure = None  # its traceback remembers the writer, and so the files that were open
    assert names_in("/proc/self/fd") == descriptors


def _faults(calls: int, random: Random) -> list[tuple[int, int, str]]:
    """Every call with every error in every mode; in CI up to 120 calls with an error and a mode drawn for each."""
    if FULL:
        return [(place, error, mode) for place in range(calls) for error in ERRORS for mode in MODES]
    places = sorted(random.sample(range(calls), min(calls, 120)))
    return [(place, random.choice(ERRORS), random.choice(MODES)) for place in places]


def test_every_call_of_opening_and_searching_fails(tmp_path: Path) -> None:
    build(tmp_path, 4)
    counting = Failing(None, 0, "once")
    with watched(counting):
        total = open_index(tmp_path).search("clot").total
    for place in range(counting.count):
        for error in ERRORS:
            with watched(Failing(place, error, "once")):
                try:
                    assert open_index(tmp_path).search("clot").total == total
                except EngineError as failure:
                    assert os.strerror(error) in str(failure)
    assert state_of(tmp_path) == expected(4)


class TestReindexing:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "pages"
        folder.mkdir()
        for number in range(3):
            (folder / f"{number}.html").write_text(
                f"<h1>Procedure {number}</h1><h2>Purpose</h2><p>To graft {number}.</p>"
            )
        return folder

    def test_fails_with_one_error_and_works_the_next_time(self, tmp_path: Path, folder: Path) -> None:
        random = seeded()
        counting = Failing(None, 0, "once")
        with watched(counting):
            reindex([folder], tmp_path / "counted")
        places = range(counting.count) if FULL else random.sample(range(counting.count), 25)
        for place in places:
            index = tmp_path / f"index{place}"
            with watched(Failing(place, random.choice(ERRORS), random.choice(MODES))):
                try:
                    assert reindex([folder], index).documents == 3
                except EngineError as error:
                    assert str(index) in str(error)
            assert reindex([folder], index).documents == 3
            assert_sound(index)


class Quota:
    """A disk with room for so many bytes in the folder."""

    def __init__(self, folder: Path, room: int) -> None:
        self._folder = folder
        self.room = room

    def __call__(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if name == "write" and len(arguments[1]) + sum(e.stat().st_size for e in os.scandir(self._folder)) > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return call(*arguments, **named)


def test_a_full_disk_allows_a_search_and_what_failed_leaves_room_for_a_removal(tmp_path: Path) -> None:
    build(tmp_path, 2)
    used = sum(entry.stat().st_size for entry in os.scandir(tmp_path))
    with watched(Quota(tmp_path, used + 4096)):
        with pytest.raises(EngineError, match="No space left on device"):
            apply(tmp_path, Commit(put=pages(*range(100, 200))))
        assert open_index(tmp_path).search("clot").total > 0
        assert state_of(tmp_path) == expected(2)
        apply(tmp_path, HISTORY[2])
    assert state_of(tmp_path) == expected(3)
    assert_sound(tmp_path)


def test_a_disk_without_any_room_allows_a_search_and_says_why_nothing_is_removed(tmp_path: Path) -> None:
    build(tmp_path, 2)
    with watched(Quota(tmp_path, 0)):
        assert open_index(tmp_path).search("clot").total > 0
        with pytest.raises(EngineError, match=r"cannot write .*\.state: No space left on device"):
            apply(tmp_path, HISTORY[2])
        assert state_of(tmp_path) == expected(2)
    assert_survived(tmp_path, 2, EngineError(f"cannot {tmp_path}"))


def test_a_commit_in_place_that_may_not_last_says_so_and_keeps_both_states(tmp_path: Path) -> None:
    build(tmp_path, 1)
    syncs = 0

    def fail_the_last_sync(name: str, call: Callable[..., Any], arguments: Any, named: Any) -> Any:
        nonlocal syncs
        if name == "replace":
            syncs = 1
        elif name == "fsync" and syncs:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return call(*arguments, **named)

    old = {file.name for file in open_snapshot(Storage(tmp_path)).manifest.files()}
    with watched(fail_the_last_sync), pytest.raises(EngineError, match="may not outlast a power cut"):
        apply(tmp_path, HISTORY[1])
    assert old <= names_in(tmp_path)
    assert state_of(tmp_path) == expected(2)
    assert_survived(tmp_path, 1, EngineError(f"cannot {tmp_path}"))


def test_a_writer_makes_no_commit_after_one_that_failed(tmp_path: Path) -> None:
    build(tmp_path, 3)
    with IndexWriter(Storage(tmp_path)) as writer:
        with watched(Failing(0, errno.EIO, "all calls for good")), pytest.raises(EngineError):
            writer.commit(compact=True)
        with pytest.raises(EngineError, match="an earlier commit"):
            writer.commit()
    assert state_of(tmp_path) == expected(3)
