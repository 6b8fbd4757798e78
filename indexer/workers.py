"""Parsing in worker processes: plain children that read tasks from a pipe and end with it.

A worker that does not finish a page in time is killed, the page is reported, and another takes its place. Workers
need no import of the caller's main module, hold none of its files, and end when it does.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import selectors
import signal
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

from .page import PageAnalyser
from .preparation import Outcome, Prepared, Preparer, Task

PAGE_SECONDS = 60.0
"""How long a worker may take for a page, or for a batch of small ones."""

_BATCH_PAGES = 256
_BATCH_BYTES = 4 * 2**20
_BATCHES_AHEAD = 4  # for each worker, so that memory stays bounded where one batch takes long
_PIPE_BYTES = 1 << 20  # so that neither side waits for the other
_HEADER = struct.Struct("<I")
_PR_SET_PDEATHSIG = 1  # of prctl(2); Python does not name it


def prepared(
    tasks: Iterable[Task],
    jobs: int,
    headings: Mapping[str, str] | None,
    phrases: Callable[[], bytes] = bytes,
    page_seconds: float = PAGE_SECONDS,
) -> Iterator[tuple[list[Task], Prepared]]:
    """Prepare pages, some at a time, in ``jobs`` processes, or in this one where that is 1; in order of ``tasks``.

    ``phrases`` is asked what to pack the next pages against.
    """
    batches = _batches(tasks)
    if jobs <= 1:
        preparer = Preparer(headings)
        for batch in batches:
            yield batch, preparer.prepare(batch, phrases())
        return
    pool = _Pool(jobs, headings, phrases, page_seconds)
    try:
        yield from pool.run(batches)
    finally:
        pool.close()


def _batches(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    """Some pages at a time, fewer where they are large."""
    iterator = iter(tasks)
    while batch := list(islice(iterator, 1)):
        size = len(batch[0].page.data or b"")
        while len(batch) < _BATCH_PAGES and size < _BATCH_BYTES and (more := next(iterator, None)) is not None:
            batch.append(more)
            size += len(more.page.data or b"")
        yield batch


@dataclass(slots=True, eq=False)
class _Batch:
    """Tasks given out together; ``answer`` is None until it has come."""

    tasks: list[Task]
    answer: Prepared | None = None


class _Pool:
    """Some workers, driven by one thread that never blocks on one of them."""

    def __init__(
        self, jobs: int, headings: Mapping[str, str] | None, phrases: Callable[[], bytes], page_seconds: float
    ) -> None:
        self._headings = headings
        self._phrases = phrases
        self._page_seconds = page_seconds
        self._jobs = jobs
        self._selector = selectors.DefaultSelector()
        self._idle: list[_Worker] = []
        self._busy: dict[_Worker, _Batch] = {}

    def run(self, batches: Iterator[list[Task]]) -> Iterator[tuple[list[Task], Prepared]]:
        """The answers to ``batches`` in their order."""
        order: deque[_Batch] = deque()  # given out or waiting to be, in the order of the answers
        again: deque[_Batch] = deque()  # of these, what must be given out another time
        more = True
        while True:
            while (self._idle or len(self._busy) < self._jobs) and (again or more):
                if again:
                    batch = again.popleft()
                elif len(order) < _BATCHES_AHEAD * self._jobs and (tasks := next(batches, None)) is not None:
                    batch = _Batch(tasks)
                    order.append(batch)
                else:
                    more = len(order) >= _BATCHES_AHEAD * self._jobs
                    break
                self._give(batch)
            if not order:
                return
            for batch, lost in self._wait():
                self._part(batch, lost, order, again)
            while order and (answer := order[0].answer) is not None:
                more = True
                yield order.popleft().tasks, answer

    def _give(self, batch: _Batch) -> None:
        worker = self._idle.pop() if self._idle else _Worker(self._headings)
        if not worker.watched:
            self._selector.register(worker.out, selectors.EVENT_READ, worker)
            worker.watched = True
        self._busy[worker] = batch
        worker.give(batch.tasks, self._phrases(), time.monotonic() + self._page_seconds)

    def _wait(self) -> Iterator[tuple[_Batch, str]]:
        """Wait for workers to answer; gives the batches whose worker was lost, and why."""
        now = time.monotonic()
        patience = min((worker.deadline - now for worker in self._busy), default=0.0)
        for key, _ in self._selector.select(max(patience, 0.0)):
            worker = key.data
            try:
                answer = worker.read()
            except _Lost as lost:
                if worker in self._busy:
                    yield self._drop(worker), str(lost)
                continue
            if answer is not None:
                self._busy.pop(worker).answer = answer
                self._idle.append(worker)
        now = time.monotonic()
        for worker in [worker for worker in self._busy if worker.deadline < now]:
            yield self._drop(worker), f"not parsed within {self._page_seconds:g} seconds"

    @staticmethod
    def _part(batch: _Batch, lost: str, order: deque[_Batch], again: deque[_Batch]) -> None:
        """Try the pages of a batch whose worker was lost one by one; a page that is alone is told as failed."""
        if len(batch.tasks) == 1:
            batch.answer = Prepared([Outcome(reason=lost)], PageAnalyser().pages())
            return
        parts = [_Batch([task]) for task in batch.tasks]
        place = order.index(batch)
        order.rotate(-place)
        order.popleft()
        order.extendleft(reversed(parts))
        order.rotate(place)
        again.extend(parts)

    def _drop(self, worker: _Worker) -> _Batch:
        self._selector.unregister(worker.out)
        worker.kill()
        return self._busy.pop(worker)

    def close(self) -> None:
        """End all workers, busy or not."""
        for worker in (*self._idle, *self._busy):
            worker.kill()
        self._selector.close()


class _Lost(Exception):  # noqa: N818 - not an error of ours
    """A worker ended without an answer."""


class _Worker:
    """One child process."""

    def __init__(self, headings: Mapping[str, str] | None) -> None:
        path = [str(place) for place in sys.path]
        start = f"import sys; sys.path = {path!r}; from procsearch.indexer.workers import serve; serve({os.getpid()})"
        # In a process group of its own, Ctrl-C on the terminal is the caller's business alone.
        self._process = subprocess.Popen(
            [sys.executable, "-c", start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,
            pipesize=_PIPE_BYTES,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # NumPy's would only take turns with the workers
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in: IO[bytes] = self._process.stdin
        self.out = self._process.stdout.fileno()
        os.set_blocking(self.out, False)
        self.watched = False
        self.deadline = 0.0
        self._received = bytearray()
        self._phrases = b""
        self._words: list[bytes] = []  # all that it told of, by number
        self._send(dict(headings) if headings else None)

    def give(self, tasks: list[Task], phrases: bytes, deadline: float) -> None:
        """Give out tasks; whether the worker is still there shows when its answer is read."""
        self.deadline = deadline
        self._send((tasks, None if phrases == self._phrases else phrases))
        self._phrases = phrases

    def read(self) -> Prepared | None:
        """The answer, or None while some of it is still to come."""
        try:
            while part := os.read(self.out, _PIPE_BYTES):
                self._received += part
            raise _Lost("its parser ended without an answer")
        except BlockingIOError:
            pass  # that is all there is for now
        if len(self._received) < _HEADER.size:
            return None
        (size,) = _HEADER.unpack_from(self._received)
        if len(self._received) < _HEADER.size + size:
            return None
        answer: Prepared
        is_new, answer = pickle.loads(memoryview(self._received)[_HEADER.size :])
        self._received = bytearray()
        if is_new:
            self._words = []
        self._words += answer.pages.words
        return answer._replace(pages=answer.pages._replace(words=self._words))

    def kill(self) -> None:
        """End the process."""
        with suppress(OSError):
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def _send(self, message: Any) -> None:
        data = pickle.dumps(message)
        with suppress(OSError):
            self._in.write(_HEADER.pack(len(data)) + data)
            self._in.flush()


def serve(parent: int) -> None:
    """A worker's whole life: read tasks from standard input, answer on standard output, end with its ``parent``."""
    _end_with(parent)
    source, out = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not stand between the answers
    preparer = Preparer(_receive(source))
    phrases = b""
    told: Sequence[bytes] = []
    count = 0  # words of ``told`` that were
    while (given := _receive(source)) is not None:
        batch, new_phrases = given
        phrases = phrases if new_phrases is None else new_phrases
        answer = preparer.prepare(batch, phrases)
        words = answer.pages.words
        is_new = words is not told
        new_words = words[0 if is_new else count :]
        data = pickle.dumps((is_new, answer._replace(pages=answer.pages._replace(words=new_words))))
        told, count = words, len(words)
        try:
            out.write(_HEADER.pack(len(data)) + data)
            out.flush()
        except BrokenPipeError:
            return


def _end_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however busy it is then."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # which ended before it could be said
        os.kill(os.getpid(), signal.SIGKILL)


def _receive(source: IO[bytes]) -> Any:
    header = source.read(_HEADER.size)
    return pickle.loads(source.read(_HEADER.unpack(header)[0])) if len(header) == _HEADER.size else None
