"""Files of an index: written whole and made durable, mapped and verified as they are read.

Every operation on the disk goes through :class:`Storage`, so that a test can make each of them fail.
"""

from __future__ import annotations

import fcntl
import io
import mmap
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ..corpus.errors import DamagedIndex, EngineError, IndexLocked

LOCK_NAME = "write.lock"
_TEMPORARY = ".tmp"


class Storage:
    """The folder of one index. Failures of the disk become :class:`EngineError` naming the operation and the file."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def make(self) -> None:
        """Make the folder, durably, if it is not there."""
        with self._failing("make folder", ""):
            missing = [folder for folder in (self.path, *self.path.parents) if not folder.exists()]
            self.path.mkdir(parents=True, exist_ok=True)
            for folder in missing:
                self._sync_folder(folder.parent)

    def names(self) -> list[str]:
        """The names of all files in the folder, sorted."""
        with self._failing("list", ""):
            return sorted(entry.name for entry in os.scandir(self.path))

    def size_and_time(self, name: str) -> tuple[int, int, int] | None:
        """A cheap stamp of a file, (inode, bytes, nanoseconds of modification), or None where there is none."""
        try:
            found = os.stat(os.path.join(self.path, name))  # noqa: PTH116, PTH118 - asked before every search: 2 µs
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def read(self, name: str) -> bytes:
        """The whole of a small file; FileNotFoundError where it is missing."""
        with self._failing("read", name):
            return (self.path / name).read_bytes()

    def map(self, name: str) -> mmap.mmap | bytes:
        """The file mapped for reading; FileNotFoundError where it is missing."""
        with self._failing("open", name), (self.path / name).open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                return b""
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def write(self, name: str, fill: Callable[[IO[bytes]], None]) -> None:
        """Write a new file through ``fill`` and make its content durable (the folder's entry: see :meth:`sync`)."""
        with self._failing("write", name), (self.path / name).open("xb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())

    def replace(self, name: str, data: bytes) -> None:
        """Put ``data`` in place of the file in one step that a crash cannot halve, durably."""
        temporary = name + _TEMPORARY
        self.remove(temporary)
        self.write(temporary, lambda file: _write_all(file, data))
        self.sync()
        with self._failing("rename", name):
            (self.path / temporary).replace(self.path / name)
        self.sync()

    def remove(self, name: str) -> None:
        """Remove a file; it may be gone already."""
        with self._failing("remove", name):
            (self.path / name).unlink(missing_ok=True)

    def sync(self) -> None:
        """Make the folder's entries durable."""
        with self._failing("sync folder", ""):
            self._sync_folder(self.path)

    def scratch(self) -> IO[bytes]:
        """A nameless file in the index's folder for data that does not fit in memory."""
        with self._failing("make scratch file", ""):
            return tempfile.TemporaryFile(dir=self.path)

    @contextmanager
    def lock(self, *, wait: bool, waiting: Callable[[str], None] = lambda holder: None) -> Iterator[None]:
        """Hold the write lock, which the kernel gives back however the process ends.

        With ``wait`` a lock held elsewhere is waited for, after telling ``waiting`` who holds it; else IndexLocked.
        """
        with self._failing("lock", LOCK_NAME):
            file = (self.path / LOCK_NAME).open("a+")
        with file:
            self._take(file, wait, waiting)
            with self._failing("lock", LOCK_NAME):
                file.truncate(0)
                file.write(f"process {os.getpid()}")
                file.flush()
            yield

    def _take(self, file: io.TextIOWrapper, wait: bool, waiting: Callable[[str], None]) -> None:
        told = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read(80) or "another process"
                if not wait:
                    raise IndexLocked(f"{self.path} is being written by {holder}") from None
                if not told:
                    waiting(holder)
                    told = True
                time.sleep(0.05)
            except OSError as error:
                raise EngineError(f"cannot lock {self.path}: {error.strerror}") from error
            else:
                return

    def _sync_folder(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def _failing(self, operation: str, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise EngineError(f"cannot {operation} {self.path / name}: {error.strerror or error}") from error


def _write_all(file: IO[bytes], data: bytes) -> None:
    file.write(data)


def sweep(storage: Storage, keep: set[str]) -> None:
    """Remove what a crash or an older commit left: every file but those of ``keep`` and the lock."""
    for name in storage.names():
        if name not in keep and name != LOCK_NAME and name.endswith((".segment", ".state", _TEMPORARY)):
            with suppress(FileNotFoundError):
                storage.remove(name)


def damaged_if_missing(storage: Storage, name: str) -> mmap.mmap | bytes:
    """The mapped file; a missing one is damage, since a commit names it."""
    try:
        return storage.map(name)
    except FileNotFoundError:
        raise DamagedIndex(name, "the file is missing") from None
