"""The power goes after any operation of the disk: the index is readable, and holds every commit that was told of."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from procsearch.corpus.errors import ProcsearchError

from ..indexer.histories import apply
from .recorded import Event, Killed, Recorder, left_after, rebuild
from .support import HISTORY, assert_sound, dose, expected, seeded, state_of, watched


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder in memory, where there is one: what is rebuilt need not be durable."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        yield Path(folder)


def record(root: Path, random: Random, *, killing: float = 0.0) -> list[Event]:
    """What the whole history asks of the disk; a run may be killed anywhere and is then repeated by another process."""
    root.mkdir()
    recorder = Recorder()
    for step, commit in enumerate(HISTORY):
        recorder.log.append(("begun", step))
        done = False
        while not done:
            recorder.kill_in = random.randrange(120) if random.random() < killing else None
            try:
                with watched(recorder):
                    apply(root / "under" / "index", commit)
                done = True
            except Killed:
                pass
        recorder.log.append(("told", step))
    return recorder.log


def survives(log: list[Event], place: int, random: Random, memory: Path, *, next_run: bool) -> None:
    """Let the power go after ``place`` events, and look at what is left."""
    told = sum(kind == "told" for kind, *_ in log[:place])
    begun = sum(kind == "begun" for kind, *_ in log[:place])
    with tempfile.TemporaryDirectory(dir=memory) as name:
        left = left_after(log[:place], random, kindness=random.choice((0.0, 0.2, 0.5, 0.8)))
        folder = rebuild(Path(name), memory / "recorded", left) / "under" / "index"
        assert state_of(folder) in (expected(told), expected(begun))
        if next_run and begun:
            apply(folder, HISTORY[begun - 1])
            assert state_of(folder) == expected(begun)
            assert_sound(folder)


@pytest.mark.parametrize("killing", [0.0, 0.6], ids=["", "processes are killed, too"])
def test_no_power_cut_loses_a_commit(memory: Path, killing: float) -> None:
    random = seeded()
    log = record(memory / "recorded", random, killing=killing)
    places = range(len(log) + 1)
    cuts = dose(1, 5) * [*places] if dose(0, 1) else random.choices(places, k=250)
    for number, place in enumerate(cuts):
        survives(log, place, random, memory, next_run=number % 3 == 0)
    print(f"{len(cuts)} power cuts over {len(log)} operations")


def test_the_end_of_a_commit_is_cut_everywhere(memory: Path) -> None:
    """Around the moment that counts nothing is left to chance: every operation, in many orders."""
    random = seeded()
    log = record(memory / "recorded", random)
    ends = [place for place, event in enumerate(log) if event[0] == "told"]
    for end in ends:
        for place in range(end - 14, end + 2):
            for _ in range(dose(2, 20)):
                survives(log, place, random, memory, next_run=False)


def test_a_disk_that_only_pretends_to_sync_does_lose_commits(memory: Path) -> None:
    """The measure measures: without fsync, as Whoosh writes, most cuts leave nothing readable."""
    random = seeded()
    log = [event for event in record(memory / "recorded", random) if event[0] != "fsync"]
    cuts = random.sample(range(len(log) // 2, len(log)), 60)
    lost = 0
    for place in cuts:
        try:
            survives(log, place, random, memory, next_run=False)
        except (AssertionError, ProcsearchError):
            lost += 1
    assert lost > len(cuts) / 2
