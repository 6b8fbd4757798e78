"""A disk that records what is asked of it, and what may be left of that when the power goes.

Until a file is fsynced any of its writes may be lost, halved, or replaced by zeros; until its folder is, any of the
names made, moved or removed in it may be as before, in whatever order. What was fsynced stays.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

SECTOR = 512


class Killed(BaseException):
    """The process is killed here."""


@dataclass
class _Contents:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes]] = field(default_factory=list)


Event = tuple[Any, ...]


class Recorder:
    """Watches the calls of the disk, logs those that change it, and may kill the process at one of them."""

    def __init__(self) -> None:
        self._files: dict[int, int | str] = {}  # descriptor -> number of the file, or path of the folder
        self._numbers: dict[str, int] = {}  # path -> number of the file
        self._offsets: dict[int, int] = {}
        self._count = 0
        self.log: list[Event] = []
        self.kill_in: int | None = None

    def __call__(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if self.kill_in is not None:
            if self.kill_in <= 0 and name != "flock":  # the kernel gives the lock back
                raise Killed
            self.kill_in -= 1
        result = None if name == "fsync" else call(*arguments, **named)
        note = getattr(self, f"_{name}", None)
        if note is not None:
            note(result, *arguments)
        return result

    def _open(self, descriptor: int, path: Any, flags: int, mode: int = 0) -> None:
        if flags & os.O_DIRECTORY:
            self._files[descriptor] = str(path)
            return
        if flags & os.O_CREAT and str(path) not in self._numbers:
            self._count += 1
            self._numbers[str(path)] = self._count
            self.log.append(("name", str(path), self._count))
        self._files[descriptor] = self._numbers.get(str(path), 0)
        self._offsets[descriptor] = 0

    def _write(self, written: int, descriptor: int, data: Any) -> None:
        offset = self._offsets[descriptor]
        self.log.append(("write", self._files[descriptor], offset, bytes(data[:written])))
        self._offsets[descriptor] = offset + written

    def _fsync(self, _: None, descriptor: int) -> None:
        self.log.append(("fsync", self._files[descriptor]))

    def _replace(self, _: None, source: Any, target: Any) -> None:
        number = self._numbers.pop(str(source))
        self._numbers[str(target)] = number
        self.log += [("name", str(target), number), ("name", str(source), None)]

    def _unlink(self, _: None, path: Any) -> None:
        self._numbers.pop(str(path))
        self.log.append(("name", str(path), None))

    def _mkdir(self, _: None, path: Any) -> None:
        self.log.append(("name", str(path), -1))


def left_after(log: Iterable[Event], random: Random, *, kindness: float) -> dict[str, bytes | None]:
    """The files (and folders, None) that are there after the power went; the share of pending changes kept is random.

    ``kindness`` is how likely a change that was not made durable is there all the same.
    """
    contents: dict[int, _Contents] = {}
    durable: dict[str, int | None] = {}
    pending: dict[str, list[int | None]] = {}
    for kind, *rest in log:
        if kind == "name":
            path, number = rest
            pending.setdefault(path, []).append(number)
        elif kind == "write":
            number, offset, data = rest
            contents.setdefault(number, _Contents()).pending.append((offset, data))
        elif kind == "fsync" and isinstance(rest[0], str):
            for path in [path for path in pending if str(Path(path).parent) == rest[0]]:
                durable[path] = pending.pop(path)[-1]
        elif kind == "fsync":
            found = contents.setdefault(rest[0], _Contents())
            for offset, data in found.pending:
                _put(found.durable, offset, data)
            found.pending.clear()
    for path, numbers in pending.items():
        kept = [number for number in numbers if random.random() < kindness]
        if kept:
            durable[path] = kept[-1]
    return {
        path: None if number == -1 else _torn(contents.get(number, _Contents()), random, kindness)
        for path, number in durable.items()
        if number is not None
    }


def _torn(found: _Contents, random: Random, kindness: float) -> bytes:
    data = bytearray(found.durable)
    for offset, written in found.pending:
        fate = random.random()
        if fate < kindness:
            _put(data, offset, written)
        elif fate < kindness + (1 - kindness) / 3:
            _put(data, offset, written[: random.randrange(len(written) + 1)])
        elif fate < kindness + (1 - kindness) * 2 / 3:
            _put(data, offset, bytes(len(written)))  # the file grew, its content never came
        else:
            for start in range(0, len(written), SECTOR):
                if random.random() < 0.5:
                    _put(data, offset + start, written[start : start + SECTOR])
    return bytes(data)


def _put(data: bytearray, offset: int, written: bytes) -> None:
    data.extend(bytes(max(0, offset - len(data))))
    data[offset : offset + len(written)] = written


def rebuild(root: Path, recorded: Path, left: dict[str, bytes | None]) -> Path:
    """Write what is left into ``root``, in place of the folder ``recorded``; gives the folder of the index."""
    for path, data in sorted(left.items(), key=lambda item: item[0].count("/")):
        place = root / Path(path).relative_to(recorded)
        if not place.parent.is_dir():
            continue  # the folder it was in is lost, and it as well
        if data is None:
            place.mkdir()
        else:
            place.write_bytes(data)
    return root
