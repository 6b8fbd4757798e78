"""Preparing pages in several processes, in the order they come in.

A worker that does not finish a page in time is killed, the page is reported, and another takes its place.
"""

from __future__ import annotations

import selectors
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TypeVar, cast

from ..corpus.found import Page
from .page import PageAnalyser
from .preparation import Outcome, Prepared, Preparer, Task
from .worker import PIPE_BYTES, Lost, Worker

A = TypeVar("A")
R = TypeVar("R")

PAGE_SECONDS = 60.0
"""How long a worker may take for a page, or for a batch of small ones, while it is listened to."""

_BATCH_PAGES = 256
_BATCH_BYTES = PIPE_BYTES * 15 // 16  # so that the next one is in the pipe, nearly always, when a worker is done
_BATCHES_EACH = 2  # that a worker has: one that it is at, and one for when that is done
_BATCHES_AHEAD = 4  # for each worker, so that memory stays bounded where one batch takes long


def _batches(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    """Some pages at a time, fewer where they are large."""
    iterator = iter(tasks)
    while batch := list(islice(iterator, 1)):
        size = _bytes_of(batch[0].page)
        while len(batch) < _BATCH_PAGES and size < _BATCH_BYTES and (more := next(iterator, None)) is not None:
            batch.append(more)
            size += _bytes_of(more.page)
        yield batch


def _bytes_of(page: Page) -> int:
    return page.size if page.data is None else len(page.data)


def _is_ready(file: int, event: int, seconds: float) -> bool:
    """Whether ``event`` happens to an open file within so many seconds."""
    with selectors.DefaultSelector() as selector:
        selector.register(file, event)
        return bool(selector.select(max(seconds, 0)))


@dataclass(slots=True, eq=False)
class _Batch:
    """Tasks given out together; ``answer`` is None until it has come."""

    tasks: list[Task]
    answer: Prepared | None = None


@dataclass(slots=True, eq=False)
class _Seat:
    """A worker and the batches it has, the one that it is at first, to be done by ``deadline``."""

    worker: Worker
    batches: deque[_Batch] = field(default_factory=deque)
    deadline: float = 0.0


class Workers:
    """``jobs`` processes that prepare pages, or this one where that is 1; as a context manager.

    They are started when there are pages, and driven by one thread that never blocks on one of them.
    """

    def __init__(self, jobs: int, headings: Mapping[str, str] | None, page_seconds: float = PAGE_SECONDS) -> None:
        self._headings = headings
        self._phrases: Callable[[], bytes] = bytes
        self._page_seconds = page_seconds
        self._jobs = jobs
        self._selector = selectors.DefaultSelector()
        self._seats: list[_Seat] = []
        self._order: deque[_Batch] = deque()  # given out or waiting to be, in the order of the answers
        self._again: deque[_Batch] = deque()  # of these, what must be given out another time
        self._listened = time.monotonic()  # to the workers, until then
        self._idle: Worker | None = None

    def prepared(self, tasks: Iterable[Task], phrases: Callable[[], bytes]) -> Iterator[tuple[list[Task], Prepared]]:
        """Prepare pages, some at a time; in order of ``tasks``. ``phrases`` is asked what to pack the next against."""
        batches = _batches(tasks)
        if self._jobs <= 1:
            preparer = Preparer(self._headings)
            for batch in batches:
                yield batch, preparer.prepare(batch, phrases())
            return
        self._phrases = phrases
        yield from self._run(batches)
        for seat in self._seats[1:]:
            self._end(seat)
        del self._seats[1:]
        self._idle = self._seats[0].worker if self._seats else None

    def beside(self, function: Callable[[A], R], argument: A) -> Callable[[], R]:
        """Have a worker call ``function`` once all pages are prepared; its result is that of what is returned.

        Where there is none, or it does not answer in time, the function is called here when the result is asked for.
        """
        worker, self._idle = self._idle, None
        here = partial(function, argument)
        if worker is None:
            return here
        worker.tell((function, argument))
        while worker.to_send and _is_ready(worker.into, selectors.EVENT_WRITE, self._page_seconds):
            worker.send()
        return partial(self._result, worker, here)

    def _result(self, worker: Worker, here: Callable[[], R]) -> R:
        deadline = time.monotonic() + self._page_seconds
        with suppress(Lost):
            while _is_ready(worker.out, selectors.EVENT_READ, deadline - time.monotonic()):
                if answers := list(worker.answers()):
                    self._idle = worker
                    return cast("R", answers[0])
        return here()

    def _run(self, batches: Iterator[list[Task]]) -> Iterator[tuple[list[Task], Prepared]]:
        """The answers to ``batches`` in their order."""
        while True:
            self._give_out(batches)
            if not self._order:
                return
            self._wait()
            while self._order and (answer := self._order[0].answer) is not None:
                yield self._order.popleft().tasks, answer

    def _give_out(self, batches: Iterator[list[Task]]) -> None:
        """Give each worker a batch to be at, then each another for when that is done."""
        for enough in range(1, _BATCHES_EACH + 1):
            for number in range(self._jobs):
                if number < len(self._seats) and len(self._seats[number].batches) >= enough:
                    continue
                batch = self._next(batches)
                if batch is None:
                    return
                if number == len(self._seats):
                    self._seat_another()
                self._give(self._seats[number], batch)

    def _next(self, batches: Iterator[list[Task]]) -> _Batch | None:
        if self._again:
            return self._again.popleft()
        if len(self._order) >= _BATCHES_AHEAD * self._jobs or (tasks := next(batches, None)) is None:
            return None
        self._order.append(_Batch(tasks))
        return self._order[-1]

    def _seat_another(self) -> None:
        seat = _Seat(Worker(self._headings))
        self._seats.append(seat)
        self._selector.register(seat.worker.out, selectors.EVENT_READ, seat)

    def _give(self, seat: _Seat, batch: _Batch) -> None:
        if not seat.batches:
            seat.deadline = time.monotonic() + self._page_seconds
        seat.batches.append(batch)
        seat.worker.give(batch.tasks, self._phrases())
        self._watch_for_room(seat)

    def _watch_for_room(self, seat: _Seat) -> None:
        """Watch for room in the pipe to a worker as long as there is something to send."""
        into = seat.worker.into
        watched = into in self._selector.get_map()
        if seat.worker.to_send and not watched:
            self._selector.register(into, selectors.EVENT_WRITE, seat)
        elif watched and not seat.worker.to_send:
            self._selector.unregister(into)

    def _wait(self) -> None:
        """Wait until workers have something to say, or are late; time that others took of this thread is given them."""
        now = time.monotonic()
        for seat in self._seats:
            seat.deadline += now - self._listened
        patience = min(seat.deadline for seat in self._seats if seat.batches) - now
        for key, events in self._selector.select(max(patience, 0.0)):
            seat = key.data
            if seat not in self._seats:
                continue  # it was replaced a moment ago
            if events & selectors.EVENT_WRITE:
                seat.worker.send()
                self._watch_for_room(seat)
            else:
                self._read(seat)
        self._listened = time.monotonic()
        for seat in list(self._seats):
            if seat.batches and seat.deadline < self._listened:
                self._replace(seat, f"not parsed within {self._page_seconds:g} seconds")

    def _read(self, seat: _Seat) -> None:
        """Take what a worker says. When it has begun to answer it is done with what it was at."""
        try:
            for answer in seat.worker.answers():
                seat.batches.popleft().answer = answer
            seat.deadline = time.monotonic() + self._page_seconds
        except Lost as lost:
            self._replace(seat, str(lost))

    def _replace(self, seat: _Seat, why: str) -> None:
        """End a worker; what it had will be given to others, the pages it was at one by one.

        A page that it was at alone is told as failed.
        """
        self._seats.remove(seat)
        self._end(seat)
        if not seat.batches:
            return
        batch, *others = seat.batches
        self._again.extendleft(reversed(others))
        if len(batch.tasks) == 1:
            batch.answer = Prepared([Outcome(reason=why)], PageAnalyser().pages())
            return
        parts = [_Batch([task]) for task in batch.tasks]
        place = self._order.index(batch)
        self._order.rotate(-place)
        self._order.popleft()
        self._order.extendleft(reversed(parts))
        self._order.rotate(place)
        self._again.extendleft(reversed(parts))

    def _end(self, seat: _Seat) -> None:
        for end in (seat.worker.into, seat.worker.out):
            if end in self._selector.get_map():
                self._selector.unregister(end)
        seat.worker.kill()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *exception: object) -> None:
        """End all workers, busy or not."""
        for seat in self._seats:
            self._end(seat)
        self._selector.close()
