"""Parsing in worker processes: plain children that read tasks from a pipe and end with it.

A worker that does not finish a page in time is killed, the page is reported, and another takes its place. Workers
need no import of the caller's main module, hold none of its files, and end when it does.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from typing import IO, Any

from .page import PageAnalyser
from .preparation import Outcome, Prepared, Task, parser_number, prepare

PAGE_SECONDS = 60.0
"""How long a worker may take for a page, or for a batch of small ones."""

_BATCH_PAGES = 32
_BATCH_BYTES = 4 * 2**20
_HEADER = struct.Struct("<I")


def prepared(
    tasks: Iterable[Task], jobs: int, headings: Mapping[str, str] | None, page_seconds: float = PAGE_SECONDS
) -> Iterator[tuple[list[Task], Prepared]]:
    """Prepare pages, some at a time, in ``jobs`` processes or in this one where that is 1; in the order of ``tasks``."""
    if jobs <= 1:
        parser = parser_number(headings)
        for batch in _batches(tasks):
            yield batch, prepare(batch, headings, parser)
        return
    workers = _Workers(headings, page_seconds)
    executor = ThreadPoolExecutor(jobs, "procsearch-parse")
    waiting: deque[tuple[list[Task], Future[list[Prepared]]]] = deque()
    try:
        batches = _batches(tasks)
        for batch in batches:
            waiting.append((batch, executor.submit(workers.run, batch)))
            while len(waiting) > 4 * jobs or (waiting and waiting[0][1].done()):
                yield from _finished(*waiting.popleft())
        while waiting:
            yield from _finished(*waiting.popleft())
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        workers.close()
        executor.shutdown()


def _finished(batch: list[Task], future: Future[list[Prepared]]) -> Iterator[tuple[list[Task], Prepared]]:
    """What came of a batch: all at once, or page by page where its worker was lost."""
    found = future.result()
    if len(found) == 1:
        yield batch, found[0]
    else:
        yield from (([task], prepared) for task, prepared in zip(batch, found, strict=True))


def _batches(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    """A few pages at a time, fewer where they are large."""
    iterator = iter(tasks)
    while batch := list(islice(iterator, 1)):
        size = len(batch[0].page.data or b"")
        while len(batch) < _BATCH_PAGES and size < _BATCH_BYTES and (more := next(iterator, None)) is not None:
            batch.append(more)
            size += len(more.page.data or b"")
        yield batch


class _Workers:
    """One worker for each thread that asks."""

    def __init__(self, headings: Mapping[str, str] | None, page_seconds: float) -> None:
        self._headings = headings
        self._page_seconds = page_seconds
        self._local = threading.local()
        self._all: set[_Worker] = set()
        self._lock = threading.Lock()
        self._closed = False

    def run(self, batch: list[Task]) -> list[Prepared]:
        """Prepare a batch; where its worker is lost, page by page, to find out which page it was."""
        try:
            return [self._worker().run(batch, self._page_seconds)]
        except _Lost as lost:
            self._drop()
            if self._closed or len(batch) == 1:
                return [Prepared([Outcome(reason=str(lost))], PageAnalyser().pages())] * len(batch)
        return [self.run([task])[0] for task in batch]

    def _worker(self) -> _Worker:
        worker: _Worker | None = getattr(self._local, "worker", None)
        if worker is None:
            with self._lock:
                if self._closed:
                    raise _Lost("it was interrupted")
                worker = self._local.worker = _Worker(self._headings)
                self._all.add(worker)
        return worker

    def _drop(self) -> None:
        worker: _Worker | None = getattr(self._local, "worker", None)
        if worker is not None:
            worker.kill()
            self._all.discard(worker)
            self._local.worker = None

    def close(self) -> None:
        """End all workers, busy or not."""
        with self._lock:
            self._closed = True
            workers = list(self._all)
        for worker in workers:
            worker.kill()


class _Lost(Exception):  # noqa: N818 - not an error of ours
    """A worker ended or did not answer in time."""


class _Worker:
    """One child process."""

    def __init__(self, headings: Mapping[str, str] | None) -> None:
        path = [str(place) for place in sys.path]
        start = f"import sys; sys.path = {path!r}; from procsearch.indexer.workers import serve; serve()"
        # In a process group of its own, Ctrl-C on the terminal is the caller's business alone.
        self._process = subprocess.Popen(
            [sys.executable, "-c", start], stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in: IO[bytes] = self._process.stdin
        self._out = self._process.stdout.fileno()
        self._poll = select.poll()
        self._poll.register(self._out, select.POLLIN)
        self._send(dict(headings) if headings else None)

    def run(self, batch: list[Task], seconds: float) -> Prepared:
        self._send(batch)
        (size,) = _HEADER.unpack(self._read(_HEADER.size, seconds))
        answer: Prepared = pickle.loads(self._read(size, seconds))
        return answer

    def kill(self) -> None:
        with suppress(OSError):
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def _send(self, message: Any) -> None:
        data = pickle.dumps(message)
        try:
            self._in.write(_HEADER.pack(len(data)) + data)
            self._in.flush()
        except (OSError, ValueError):
            raise _Lost("its parser ended without an answer") from None

    def _read(self, size: int, seconds: float) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            try:
                ready = self._poll.poll(seconds * 1000)
                part = os.read(self._out, size - len(parts)) if ready else None
            except (OSError, ValueError):
                part = b""
            if part is None:
                raise _Lost(f"not parsed within {seconds:g} seconds")
            if not part:
                raise _Lost("its parser ended without an answer")
            parts += part
        return bytes(parts)


def serve() -> None:
    """A worker's whole life: read tasks from standard input, answer on standard output, end with the input."""
    source, out = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not stand between the answers
    headings = _receive(source)
    parser = parser_number(headings)
    while (batch := _receive(source)) is not None:
        signal.alarm(2 * int(PAGE_SECONDS))  # so that a page without end does not outlive a caller that was killed
        data = pickle.dumps(prepare(batch, headings, parser))
        signal.alarm(0)
        try:
            out.write(_HEADER.pack(len(data)) + data)
            out.flush()
        except BrokenPipeError:
            return


def _receive(source: IO[bytes]) -> Any:
    header = source.read(_HEADER.size)
    return pickle.loads(source.read(_HEADER.unpack(header)[0])) if len(header) == _HEADER.size else None
