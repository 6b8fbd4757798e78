"""Hostile pages: none hangs, none makes reading leave its root or take a gigabyte, and every one skipped is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT, SAMPLES

from .hostile_pages import CANARY, CASES, READ
from .reading import MEMORY, read_in_child
from .support import dose, seeded

SECONDS = 120.0


@pytest.mark.parametrize("name", CASES)
def test_named_cases(tmp_path: Path, name: str) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "secret.html").write_text(f"<h1>{CANARY}</h1><p>{CANARY}")
    expected = CASES[name](root)
    told = read_in_child(root, SECONDS)
    assert told.outside == []
    assert CANARY not in str(told)
    assert told.peak < MEMORY
    found = told.pages | told.failed
    for ending, reason in expected.items():
        source = next((source for source in found if source.endswith(ending)), None)
        assert source is not None, (ending, sorted(found)[:20])
        assert reason in told.failed.get(source, READ), source
    assert len(found) <= len(expected) + 1, sorted(found)[:20]


def test_forty_cases_and_more_have_names() -> None:
    assert len(CASES) >= 40


def test_mutated_pages(tmp_path: Path) -> None:
    """Where one fails, ``python -m tests.crash.mutations SEED NUMBER NUMBER+1 SAMPLES FOLDER`` reads it alone."""
    seed = seeded().randrange(2**32)
    count = dose(10_000, 100_000)
    of = [str(seed), "0", str(count), str(SAMPLES / "pages"), str(tmp_path)]
    command = [sys.executable, "-m", "tests.crash.mutations", *of]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # ends by itself: alarms
    last = run.stdout.splitlines()[-1:]
    assert run.returncode == 0, f"page {last} of seed {seed}: {run.stderr[-2000:]}"
    peak = int(last[0].removeprefix("peak "))
    print(f"{count} mutated pages, {peak >> 20} MiB at most")
    assert peak < MEMORY
