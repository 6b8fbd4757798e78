"""Processes killed at random moments: the last commit told of, or the next one; a next run needs no help."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from procsearch.corpus.procedure import Procedure
from procsearch.indexer.reindex import reindex
from procsearch.indexer.snapshot import open_snapshot
from procsearch.indexer.storage import Storage

from ..indexer.histories import Commit, apply
from .support import (
    FULL,
    HISTORY,
    STEPS,
    assert_sound,
    build,
    dose,
    expected,
    names_in,
    pages,
    seeded,
    state_of,
    watched,
)

PAGES = range(12)


def commit_number(number: int) -> Commit:
    """By turns: all pages anew with spilled runs, some changed, some deleted, everything merged."""
    some = [(number + place) % len(PAGES) for place in range(3)]
    kind = number % 4
    if kind == 0:
        return Commit(put=tuple(named(PAGES, number)), memory=1, in_place=number % 8 == 0)
    if kind == 1:
        return Commit(put=tuple(named(some, number)))
    if kind == 2:
        return Commit(removed=tuple(f"pages/{page}.html" for page in some))
    return Commit(put=tuple(named(some[:1], number)), compact=True)


def named(numbers: Iterable[int], commit: int) -> list[Procedure]:
    return [replace(page, name=f"commit {commit}") for page in pages(*numbers)]


def names_after(number: int) -> dict[str, str]:
    """The names of the pages after a commit, by id."""
    names: dict[str, str] = {}
    for earlier in range(number - number % 4, number + 1):
        commit = commit_number(earlier)
        for source in commit.removed:
            names.pop(f"id{Path(source).stem}", None)
        names |= {page.id: page.name for page in commit.put}
    return names


def kill_a_writer(folder: Path, first: int, seconds: float) -> int:
    """Let a process make commits from number ``first`` on, and kill it; the number of the last it told of."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - it is killed before it could report
        try:
            for number in range(first, first + 10_000):
                apply(folder, commit_number(number))
                os.write(sink, b".")
        finally:
            os._exit(1)
    os.close(sink)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the writer ended by itself"
    with os.fdopen(source, "rb") as told:
        return first - 1 + len(told.read())


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_killed_writer_loses_nothing_it_told_of(tmp_path: Path) -> None:
    random = seeded()
    folder = tmp_path / "index"
    last, commits = -1, 0
    kills = dose(50, 1000)
    for kill in range(kills):
        if kill % 5 == 0:
            shutil.rmtree(folder, ignore_errors=True)
            last = -1
        told = kill_a_writer(folder, last + 1, _moment(random))
        found = {id: page.name for id, page in state_of(folder).items()}
        allowed = [names_after(number) if number >= 0 else {} for number in (told, told + 1)]
        assert found in allowed, f"kill {kill}: commit {told} was told of"
        commits += told - last
        last = told if found == allowed[0] else told + 1
        if kill % 5 == 4:
            apply(folder, commit_number(last + 1))
            assert_sound(folder)
            assert {id: page.name for id, page in state_of(folder).items()} == names_after(last + 1)
    print(f"{kills} kills over {commits} commits")


def _moment(random: Random) -> float:
    return random.random() * random.choice((0.02, 0.06, 0.2))


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("step", range(len(STEPS)), ids=STEPS)
def test_a_writer_killed_at_any_call_of_the_disk_leaves_the_old_or_the_new_state(tmp_path: Path, step: int) -> None:
    random = seeded()
    base, folder = tmp_path / "base", tmp_path / "index"
    build(base, step)
    shutil.copytree(base, folder) if step else None
    calls = run_until(folder, step, None)
    for place in range(calls) if FULL else random.sample(range(calls), 12):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(base, folder) if step else None
        assert run_until(folder, step, place) == -1
        assert state_of(folder) in (expected(step), expected(step + 1)), f"killed at call {place}"
        apply(folder, HISTORY[step])
        assert state_of(folder) == expected(step + 1)
        assert_sound(folder)


def run_until(folder: Path, step: int, place: int | None) -> int:
    """Do one step in a process that is killed at one call of the disk; how many calls there are, -1 where it was."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - in the other process
        count = 0

        def watch(name: str, call: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
            nonlocal count
            if count == place:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1
            return None if name == "fsync" else call(*arguments, **named)

        try:
            with watched(watch):
                apply(folder, HISTORY[step])
            os.write(sink, str(count).encode())
        finally:
            os._exit(0)
    os.close(sink)
    os.waitpid(child, 0)
    with os.fdopen(source) as told:
        return int(told.read() or -1)


def children_of(process: int) -> list[int]:
    found = []
    for task in names_in(f"/proc/{process}/task"):
        found += map(int, Path(f"/proc/{process}/task/{task}/children").read_text().split())
    return found


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_killing_the_parent_of_parse_workers_leaves_no_process_and_no_lock(tmp_path: Path) -> None:
    random = seeded()
    folder = tmp_path / "pages"
    folder.mkdir()
    text = "<h2>Purpose</h2><p>" + "The clot of the vein is removed. " * 30 + "</p>"
    for number in range(1500):
        (folder / f"{number}.html").write_text(f"<h1>Graft {number}</h1>{text * 5}")
    run = f"from procsearch.indexer.reindex import reindex; reindex([{str(folder)!r}], {str(tmp_path / 'index')!r}, "
    run += "jobs=2)"
    for _ in range(dose(3, 20)):
        parent = subprocess.Popen([sys.executable, "-c", run], stderr=subprocess.DEVNULL)
        workers: list[int] = []
        while len(workers) < 2 and parent.poll() is None:
            time.sleep(0.01)
            workers = children_of(parent.pid)
        assert len(workers) == 2
        time.sleep(random.random() * 0.8)
        was_running = parent.poll() is None
        parent.kill()
        parent.wait()
        deadline = time.monotonic() + 10
        while any(map(alive, workers)) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not any(map(alive, workers))
        with Storage(tmp_path / "index").lock(wait=False):
            pass
        if was_running:
            assert state_of(tmp_path / "index") == {}
    assert reindex([folder], tmp_path / "index").documents == 1500
    assert_sound(tmp_path / "index")
    assert open_snapshot(Storage(tmp_path / "index")).live_count == 1500


BUSY = """
import time
from procsearch.indexer.worker import Worker

class Endless:
    def __reduce__(self):
        return sum, (range(10**15),)  # in C, and not let go of for a signal or another thread

worker = Worker(None)
worker.tell(Endless())
time.sleep(600)
"""


def test_a_worker_that_is_busy_without_end_ends_with_its_parent() -> None:
    parent = subprocess.Popen([sys.executable, "-c", BUSY])
    wait_until(lambda: any(cpu_seconds(worker) > 1 for worker in children_of(parent.pid)))
    workers = children_of(parent.pid)
    parent.kill()
    parent.wait()
    wait_until(lambda: not any(map(alive, workers)))


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_until(happens: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.02)
