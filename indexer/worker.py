"""A worker process: a plain child that reads pages from a pipe, answers on another, and ends with its parent.

It needs no import of the caller's main module and holds none of its files.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fcntl import F_SETPIPE_SZ, fcntl
from typing import IO, Any

from .memory import keep_freed_memory
from .preparation import Prepared, Preparer, Task

PIPE_BYTES = 1 << 20  # what most messages fit, so that neither side waits for the other to read
_HEADER = struct.Struct("<I")
_PR_SET_PDEATHSIG = 1  # of prctl(2); Python does not name it


class Lost(Exception):  # noqa: N818 - not an error of ours
    """A worker ended without an answer."""


class Worker:
    """The parent's side of one worker. Nothing here waits for it.

    ``into`` and ``out`` are the file descriptors to watch: for being writable while there is something ``to_send``,
    and for being readable.
    """

    def __init__(self, headings: Mapping[str, str] | None) -> None:
        path = [str(place) for place in sys.path]
        start = f"import sys; sys.path = {path!r}; from procsearch.indexer.worker import serve; serve({os.getpid()})"
        # In a process group of its own, Ctrl-C on the terminal is the caller's business alone.
        self._process = subprocess.Popen(
            [sys.executable, "-c", start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,
            bufsize=0,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # NumPy's would only take turns with the workers
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.into = self._process.stdin.fileno()
        self.out = self._process.stdout.fileno()
        for pipe in (self.into, self.out):
            os.set_blocking(pipe, False)
            with suppress(PermissionError):  # a user may have some such pipes only
                fcntl(pipe, F_SETPIPE_SZ, PIPE_BYTES)
        self.to_send = bytearray()
        self._received = bytearray()
        self._phrases = b""
        self._words: list[bytes] = []  # all that it told of, by number
        self.tell(dict(headings) if headings else None)

    def give(self, tasks: list[Task], phrases: bytes) -> None:
        """Give out tasks, whose procedures are to be packed against ``phrases``."""
        self.tell((tasks, None if phrases == self._phrases else phrases))
        self._phrases = phrases

    def tell(self, message: Any) -> None:
        """Have a message sent."""
        data = pickle.dumps(message)
        self.to_send += _HEADER.pack(len(data))
        self.to_send += data
        self.send()

    def send(self) -> None:
        """Send what the pipe has room for. Whether the worker is still there shows when its answer is read."""
        try:
            while self.to_send:
                sent = os.write(self.into, self.to_send)
                del self.to_send[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self.to_send.clear()

    def answers(self) -> Iterator[Any]:
        """The answers that have come since the last time; Lost after them where the worker has ended.

        They are :class:`Prepared` for tasks, and what a function gave for a function and its argument.
        """
        ended = False
        try:
            while part := os.read(self.out, PIPE_BYTES):
                self._received += part
            ended = True
        except BlockingIOError:
            pass  # that is all there is for now
        while len(self._received) >= _HEADER.size:
            end = _HEADER.size + _HEADER.unpack_from(self._received)[0]
            if len(self._received) < end:
                break
            yield self._answer(pickle.loads(self._received[_HEADER.size : end]))
            del self._received[:end]
        if ended:
            raise Lost("its parser ended without an answer")

    def _answer(self, message: tuple[bool | None, Any]) -> Any:
        """An answer, with the words of those before it where it is of pages."""
        begins_anew, answer = message
        if begins_anew is None:
            return answer
        if begins_anew:
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


def serve(parent: int) -> None:
    """A worker's life: read what to do from standard input, answer on standard output, end with its ``parent``."""
    _end_with(parent)
    keep_freed_memory()
    source, out = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not stand between the answers
    prepare = _Preparing(_receive(source))
    while (given := _receive(source)) is not None:
        wanted, with_it = given
        data = pickle.dumps((None, wanted(with_it)) if callable(wanted) else prepare.answer(wanted, with_it))
        try:
            out.write(_HEADER.pack(len(data)) + data)
            out.flush()
        except BrokenPipeError:
            return


class _Preparing:
    """Prepares pages, and tells each word once."""

    def __init__(self, headings: Mapping[str, str] | None) -> None:
        self._preparer = Preparer(headings)
        self._phrases = b""
        self._told: Sequence[bytes] = []
        self._count = 0  # of its words, that were told

    def answer(self, tasks: list[Task], new_phrases: bytes | None) -> tuple[bool, Prepared]:
        """Whether words are numbered anew, and the answer with no words but the new ones."""
        self._phrases = self._phrases if new_phrases is None else new_phrases
        answer = self._preparer.prepare(tasks, self._phrases)
        words = answer.pages.words
        begins_anew = words is not self._told
        new_words = words[0 if begins_anew else self._count :]
        self._told, self._count = words, len(words)
        return begins_anew, answer._replace(pages=answer.pages._replace(words=new_words))


def _end_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however busy it is then."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # which ended before it could be said
        os.kill(os.getpid(), signal.SIGKILL)


def _receive(source: IO[bytes]) -> Any:
    header = source.read(_HEADER.size)
    return pickle.loads(source.read(_HEADER.unpack(header)[0])) if len(header) == _HEADER.size else None
