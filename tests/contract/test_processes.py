"""Real processes: several at once, interrupted ones and killed ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest

import procsearch
from procsearch.corpus.pages import Page, find_pages
from procsearch.indexer.preparation import Task
from procsearch.indexer.workers import Workers
from tests.places import ROOT

from .running import run, start, write_pages

HURTS_ITS_WORKER = """
import os, sys, time
if sys.argv[0] == "-c":
    from procsearch.indexer import preparation
    parse = preparation.parse
    def hurt(page, headings=None):
        if b"deadly" in page.read():
            os.kill(os.getpid(), 9)
        if b"endless" in page.read():
            time.sleep(1000)
        return parse(page, headings)
    preparation.parse = hurt
"""

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="children are looked for in /proc")


class Run:
    """An indexing run that goes on for as long as its standard input is open."""

    def __init__(self, at: Path, *options: str) -> None:
        self.process = start("index", "-", *options, at=at, stdin=subprocess.PIPE)

    def feed(self, records: int) -> None:
        assert self.process.stdin is not None
        for number in range(records):
            record = {"url": f"https://e.org/{number}", "html": f"<h1>Spleen</h1><h2>Purpose</h2><p>{number}</p>"}
            self.process.stdin.write(json.dumps(record).encode() + b"\n")
        self.process.stdin.flush()

    def end(self) -> tuple[int, str]:
        _, told = self.process.communicate(timeout=60)
        return self.process.returncode, told.decode()


@pytest.fixture
def begin(place: Path) -> Iterator[Callable[..., Run]]:
    """Begins a run, which does not outlive the test."""
    with ExitStack() as begun:

        def begin(*options: str) -> Run:
            run = Run(place, *options)
            begun.enter_context(run.process)
            begun.callback(run.process.kill)
            return run

        yield begin


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_pages(tmp_path / "pages", **dict.fromkeys("abcd", "kidney"))
    assert run("index", "pages", at=tmp_path).code == 0
    return tmp_path


def until(true: Callable[[], object]) -> None:
    patience = time.monotonic() + 30
    while not true():
        assert time.monotonic() < patience
        time.sleep(0.01)


def children(pid: int) -> set[int]:
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            stat = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat[1]) == pid and stat[0] != "Z":
            found.add(int(path.parent.name))
    return found


def locked(at: Path) -> bool:
    return run("index", "pages", "--no-wait", at=at).code == 4


class TestTwoAtOnce:
    def test_the_second_fails_at_once_if_told_so_and_searches_go_on(
        self, place: Path, begin: Callable[..., Run]
    ) -> None:
        first = begin("--jobs", "1")
        until(lambda: locked(place))
        second = run("index", "pages", "--no-wait", at=place)
        assert (second.code, second.out) == (4, "")
        assert f"is being written by process {first.process.pid}" in second.err
        assert run("search", "kidney", "--json", at=place).json["total"] == 4
        assert first.end()[0] == 0

    def test_the_second_waits_and_says_so(self, place: Path, begin: Callable[..., Run]) -> None:
        first = begin("--jobs", "1")
        until(lambda: locked(place))
        first.feed(3)
        second = start("index", "pages", at=place)
        assert second.stderr is not None
        told = second.stderr.readline().decode()
        assert told == f"waiting for process {first.process.pid}, which is writing to procsearch-index\n"
        assert first.end()[0] == 0
        out, _ = second.communicate(timeout=60)
        assert second.returncode == 0
        assert out.startswith(b"0 added, 0 changed, 4 unchanged, 0 removed, 0 failed; 7 documents")


@needs_proc
class TestInterrupted:
    def test_by_ctrl_c(self, place: Path, begin: Callable[..., Run]) -> None:
        before = run("export", at=place).out
        going = begin("--jobs", "2")
        going.feed(800)
        until(lambda: len(children(going.process.pid)) == 2)
        workers = children(going.process.pid)
        going.process.send_signal(signal.SIGINT)
        code, told = going.end()
        assert (code, told.splitlines()) == (130, ["reading pages …", "interrupted; nothing was changed"])
        assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
        assert run("export", at=place).out == before
        assert run("check", at=place).code == 0
        assert not locked(place)
        names = {path.suffix for path in (place / "procsearch-index").iterdir()}
        assert names <= {"", ".segment", ".state", ".lock"}

    def test_a_killed_one_leaves_no_worker_and_no_lock(self, place: Path, begin: Callable[..., Run]) -> None:
        going = begin("--jobs", "2")
        going.feed(800)
        until(lambda: len(children(going.process.pid)) == 2)
        workers = children(going.process.pid)
        going.process.kill()
        going.end()
        until(lambda: not any(Path(f"/proc/{worker}/cmdline").exists() for worker in workers))
        assert not locked(place)
        assert run("search", "kidney", "--json", at=place).json["total"] == 4

    def test_a_search_that_is_interrupted(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(*arguments: object, **options: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(procsearch.Index, "search", interrupt)
        ran = run("search", "kidney", at=place)
        assert (ran.code, ran.out) == (130, "")

    def test_a_worker_killed_from_outside_costs_no_page(self, place: Path, begin: Callable[..., Run]) -> None:
        going = begin("--jobs", "2", "--json")
        going.feed(800)
        until(lambda: len(children(going.process.pid)) == 2)
        os.kill(children(going.process.pid).pop(), signal.SIGKILL)
        out, _ = going.process.communicate(timeout=60)
        assert going.process.returncode == 0
        assert json.loads(out)["added"] == 800


class TestAPageThatHurtsItsWorker:
    @pytest.fixture(autouse=True)
    def hurt(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "site").mkdir()
        (tmp_path / "site" / "sitecustomize.py").write_text(HURTS_ITS_WORKER)
        monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'site'}{os.pathsep}{ROOT}")
        monkeypatch.chdir(tmp_path)

    def test_is_told_and_the_others_are_indexed(self, tmp_path: Path) -> None:
        write_pages(tmp_path / "pages", **dict.fromkeys("abcd", "kidney"), bad="deadly", worse="also deadly")
        report = procsearch.reindex("pages", "x", jobs=2)
        assert report.added == 4
        assert [(failed.page, failed.reason) for failed in report.failed] == [
            ("pages/bad.html", "its parser ended without an answer"),
            ("pages/worse.html", "its parser ended without an answer"),
        ]

    def test_costs_no_page_that_waited_behind_it(self, tmp_path: Path) -> None:
        pages = {f"p{number:04}": "kidney" for number in range(1500)}
        write_pages(tmp_path / "pages", **{**pages, "p0700": "deadly"})
        report = procsearch.reindex("pages", "x", jobs=2)
        assert report.added == 1499
        assert [failed.page for failed in report.failed] == ["pages/p0700.html"]

    def test_is_given_up_after_a_while(self, tmp_path: Path) -> None:
        write_pages(tmp_path / "pages", bad="endless")
        tasks = [Task(page, None) for page in find_pages(["pages"]) if isinstance(page, Page)]
        with Workers(2, None, page_seconds=2.0) as workers:
            ((_, found),) = workers.prepared(tasks, bytes)
        assert [outcome.reason for outcome in found.outcomes] == ["not parsed within 2 seconds"]

    def test_is_none_that_was_done_while_nobody_listened(self, tmp_path: Path) -> None:
        words = Random(1).randbytes(1_500_000).hex(" ", 5)  # an answer that does not fit the pipe, with its words
        write_pages(tmp_path / "pages", long=words, next="kidney")
        first, second = (Task(page, None) for page in find_pages(["pages"]) if isinstance(page, Page))

        def slowly() -> Iterator[Task]:
            yield first
            time.sleep(8)  # as long as standard input may leave off
            yield second

        with Workers(2, None, page_seconds=6.0) as workers:
            outcomes = [outcome for _, found in workers.prepared(slowly(), bytes) for outcome in found.outcomes]
        assert [(outcome.ready, outcome.reason) for outcome in outcomes] == [(True, None)] * 2


class TestWorkBesideTheWriter:
    PID = "__import__('os').getpid()"

    @pytest.fixture
    def workers(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
        """Workers that have prepared a page."""
        monkeypatch.chdir(tmp_path)
        write_pages(tmp_path / "pages", a="kidney")
        tasks = [Task(page, None) for page in find_pages(["pages"]) if isinstance(page, Page)]
        with Workers(2, None, page_seconds=2.0) as workers:
            assert [outcome.ready for _, found in workers.prepared(tasks, bytes) for outcome in found.outcomes] == [
                True
            ]
            yield workers

    def test_is_done_in_another_process_as_often_as_it_is_asked_for(self, workers: Workers) -> None:
        large = b"kidney" * 1_000_000  # more than a pipe holds, there and back
        pids = {workers.beside(eval, self.PID)() for _ in range(3)}
        assert len(pids) == 1
        assert os.getpid() not in pids
        assert workers.beside(bytes.upper, large)() == large.upper()

    def test_is_done_here_while_nobody_is_idle(self, workers: Workers) -> None:
        first, second = workers.beside(eval, self.PID), workers.beside(eval, self.PID)
        assert second() == os.getpid() != first()

    @pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGSTOP])
    def test_is_done_here_where_the_worker_does_not_answer(self, workers: Workers, stop: signal.Signals) -> None:
        worker = workers.beside(eval, self.PID)()
        os.kill(worker, stop)
        for argument in (self.PID, f"{self.PID}{' ' * 3_000_000}"):
            assert workers.beside(eval, argument)() == os.getpid()

    def test_is_done_here_where_there_are_no_workers(self) -> None:
        with Workers(1, None) as workers:
            assert workers.beside(eval, self.PID)() == os.getpid()
