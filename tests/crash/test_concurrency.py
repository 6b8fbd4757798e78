"""One index shared by many threads, and by other processes, while yet another process commits, compacts and deletes."""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from procsearch.corpus.errors import UnknownId
from procsearch.corpus.procedure import Procedure, Section
from procsearch.indexer.snapshot import open_snapshot
from procsearch.indexer.storage import Storage
from procsearch.search.index import Index, open_index

from ..indexer.histories import Commit, apply
from .support import assert_sound, dose, names_in, pages, seeded

STATES = 6
PAGES = 24
SECONDS = dose(30, 300)
COMMITS = dose(60, 1000)  # that there are at least; where the machine is busy, reading goes on until then
THREADS = 32
READERS = 7  # processes besides this one, of four threads each
QUERIES = ("clot", "graft vein", '"about state"', "sta*", "state", "bleedin", "name:state AND dialysis", "x OR ray")

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


def state_pages(state: int) -> list[Procedure]:
    """The pages of one of the states, each of which says which state it is of."""
    told = Section("other", "About", f"about state {state}")
    return [
        replace(page, name=f"state {state}", sections=(*page.sections, told))
        for number, page in enumerate(pages(*range(PAGES)))
        if (number + state) % 5
    ]


def commit_of(number: int) -> Commit:
    """The commit that makes the index that of state ``number % STATES``, spilled or compacted now and then."""
    put = state_pages(number % STATES)
    every = {f"pages/{page}.html" for page in range(PAGES)}
    gone = sorted(every - {page.source for page in put})
    memory = 2**14 if number % 4 == 1 else 2**29
    return Commit(tuple(put), tuple(gone), memory=memory, compact=number % 3 == 0, in_place=number % 2 == 0)


def answer(index: Index, query: str) -> tuple[int, Any]:
    """The state that an answer tells of, and the answer; -1 where it tells of several."""
    results = index.search(query, limit=50, facets=["system"])
    states = {hit.name for hit in results.hits}
    hits = sorted((hit.id, round(hit.score, 4), hit.snippet, hit.section) for hit in results.hits)
    order = [round(hit.score, 4) for hit in results.hits]
    assert order == sorted(order, reverse=True)
    assert len(states) == 1, f"one answer of the states {states}"
    return int(states.pop().split()[1]), (results.total, results.facets, hits)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, Any]]:
    """What one thread is told over an index of each state alone."""
    found = {}
    for state in range(STATES):
        folder = tmp_path_factory.mktemp(f"state{state}")
        apply(folder, commit_of(state))
        index = open_index(folder)
        found[state] = {query: answer(index, query)[1] for query in QUERIES}
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        yield Path(name)


def read_for(seconds: float, folder: Path, expected: dict[int, dict[str, Any]], threads: int) -> tuple[list[str], int]:
    """Ask from many threads; what was wrong, and how many answers there were."""
    index = open_index(folder)
    wrong: list[str] = []
    counts = [0] * threads
    end = time.monotonic() + seconds

    def ask(number: int) -> None:
        while time.monotonic() < end and not wrong:
            query = QUERIES[(counts[number] + number) % len(QUERIES)]
            try:
                state, found = answer(index, query)
                if found != expected[state][query]:
                    wrong.append(f"{query!r} in state {state}: {found} instead of {expected[state][query]}")
                if counts[number] % 5 == 0:
                    page = index.get(f"id{counts[number] % PAGES}")
                    if f"about {page.name}" != page.sections[-1].text:
                        wrong.append(f"{page.id} is of two states")
            except UnknownId:
                pass
            except BaseException as error:
                wrong.append(f"{query!r}: {type(error).__name__}: {error}")
            counts[number] += 1

    asking = [threading.Thread(target=ask, args=(number,)) for number in range(threads)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    return wrong, sum(counts)


def forked(work: Any) -> int:
    """Do something in another process, which ends with 0 only if it went well."""
    child = os.fork()
    if child == 0:  # pragma: no cover - in the other process
        try:
            work()
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.__stderr__)
            os._exit(1)
        os._exit(0)
    return child


def commits(folder: Path, first: int) -> None:
    for number in range(first, sys.maxsize):
        apply(folder, commit_of(number))


def maps_of(folder: Path) -> list[str]:
    return [line for line in Path("/proc/self/maps").read_text().splitlines() if str(folder) in line]


def memory() -> int:
    """The memory of this process that no file backs, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) * 1024
    return 0


def generation_of(folder: Path) -> int:
    return open_snapshot(Storage(folder)).manifest.generation


def test_every_answer_is_of_one_commit_and_nothing_leaks(folder: Path, expected: dict[int, dict[str, Any]]) -> None:
    seeded()
    apply(folder, commit_of(0))
    read_for(0.3, folder, expected, 2)
    descriptors = len(names_in("/proc/self/fd"))

    def read_elsewhere() -> None:
        sys.setswitchinterval(1e-5)
        wrong, _ = read_for(SECONDS, folder, expected, 4)
        assert not wrong, wrong[0]

    writer = forked(lambda: commits(folder, 1))
    readers = [forked(read_elsewhere) for _ in range(READERS)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    gc.disable()  # what is no longer used must go by itself
    try:
        wrong, count = read_for(SECONDS / 4, folder, expected, THREADS)
        before = memory()
        more, others = read_for(SECONDS * 3 / 4, folder, expected, THREADS)
        while not wrong + more and generation_of(folder) <= COMMITS and os.waitpid(writer, os.WNOHANG)[0] == 0:
            wrong, further = read_for(2, folder, expected, THREADS)
            others += further
        after = memory()
    finally:
        gc.enable()
        sys.setswitchinterval(interval)
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        statuses = [os.waitpid(reader, 0)[1] for reader in readers]
    generation = generation_of(folder)
    print(f"{count + others} answers over {generation} commits, {after - before} bytes more")
    assert not wrong + more, (wrong + more)[0]
    assert statuses == [0] * READERS
    assert generation > COMMITS
    assert maps_of(folder) == []
    assert len(names_in("/proc/self/fd")) == descriptors
    assert after - before < 64 * 2**20
    apply(folder, commit_of(1))
    assert_sound(folder)


def test_an_index_holds_only_the_files_of_the_commit_it_shows(folder: Path) -> None:
    apply(folder, commit_of(0))
    index = open_index(folder)
    gc.collect()
    gc.disable()
    try:
        for number in range(1, 60):
            apply(folder, commit_of(number))
            for query in QUERIES:
                list(index.search(query).hits)
            files = {file.name for file in open_snapshot(Storage(folder)).manifest.files()}
            assert {line.split("/")[-1] for line in maps_of(folder)} == files
    finally:
        gc.enable()
