"""A child process that reads and parses all under a folder, within bounds of the kernel, and tells of it as JSON.

``python -m tests.crash.reading ROOT``: memory is bounded to MEMORY; every file opened outside ROOT is told.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.places import ROOT

MEMORY = 2**30
"""Bytes of memory that reading may take, what Python and its libraries take included."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a folder: the names of the pages, the reasons of what failed, all text, and what it took."""

    pages: dict[str, str]
    failed: dict[str, str]
    outside: list[str]
    peak: int


def read_in_child(root: Path, seconds: float) -> Told:
    """Read ``root`` in a child; an AssertionError where it hangs or dies."""
    command = [sys.executable, "-m", "tests.crash.reading", str(root)]
    try:
        run = subprocess.run(command, capture_output=True, timeout=seconds, check=False, cwd=ROOT)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"reading {root} took longer than {seconds} s") from None
    assert run.returncode == 0, run.stderr.decode("utf-8", "replace")[-2000:]
    return Told(**json.loads(run.stdout))


def _main(root: str) -> None:
    from procsearch.corpus.errors import PageError
    from procsearch.corpus.pages import Page, find_pages
    from procsearch.corpus.records import parse

    parse(Page("warm.html", "warm.html", 1, 1, b"<h1>Graft</h1><p>A vein.</p>"))  # has everything imported
    own = tuple(map(os.path.realpath, (root, sys.prefix, sys.base_prefix, *sysconfig.get_paths().values())))
    opened: set[str] = set()

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], (str, bytes)):
            place = os.path.realpath(os.fsdecode(arguments[0]))
            if not place.startswith(own):
                opened.add(place)

    sys.addaudithook(watch)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    pages: dict[str, str] = {}
    failed: dict[str, str] = {}
    for found in find_pages([root]):
        if not isinstance(found, Page):
            failed[found.source] = found.reason
            continue
        try:
            pages[found.source] = json.dumps(parse(found).to_json())[:100_000]
        except PageError as error:
            failed[found.source] = error.reason
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    json.dump({"pages": pages, "failed": failed, "outside": sorted(opened), "peak": peak}, sys.stdout)


if __name__ == "__main__":
    _main(sys.argv[1])
