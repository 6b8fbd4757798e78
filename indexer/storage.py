"""Files of an index: written whole and made durable, opened and mapped for reading, and the lock of the writer.

Every operation on the disk is a call of ``os``, ``fcntl`` or ``mmap`` in this module, so that tests can make each of
them fail or record them all.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from ..corpus.errors import DamagedIndex, EngineError, IndexLocked

T = TypeVar("T")

LOCK_NAME = "write.lock"
_TEMPORARY = ".tmp"
_SCRATCH = "scratch" + _TEMPORARY
_OURS = re.compile(r"[0-9]{8,}\.(segment|state|vectors)|(manifest|scratch)\.tmp")  # all that sweeping may remove
_HOLDER_BYTES = 32  # of the lock's file; all are written at once, so that a name is read whole or not at all
_SIGNED_WITHIN = 1.0  # seconds in which a new holder of the lock will have said who it is
_MOST_READ = 64 * 2**20  # bytes of a file that is read whole


class Storage:
    """The folder of one index. Failures of the disk become :class:`EngineError` naming the operation and the file."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._folder = os.fspath(self.path)

    def make(self) -> None:
        """Make the folder, durably, if it is not there."""
        with self._failing("make folder", ""):
            missing: list[Path] = []
            there = self.path
            while not there.exists():
                missing.append(there)
                there = there.parent
            if missing:
                self._sync_entry(there)
            for folder in reversed(missing):
                try:
                    os.mkdir(folder)  # noqa: PTH102 - see above
                except FileExistsError:
                    if not folder.is_dir():
                        raise
                self._sync_entry(folder)

    def sync_entry(self) -> None:
        """Make the folder's own entry durable: a crash may have come between making the folder and that."""
        with self._failing("sync the parent of", ""):
            self._sync_entry(self.path)

    def names(self) -> list[str]:
        """The names of all files in the folder, sorted."""
        with self._failing("list", ""):
            return sorted(os.listdir(self.path))  # noqa: PTH208 - see above

    def size_and_time(self, name: str) -> tuple[int, int, int] | None:
        """A cheap stamp of a file, (inode, bytes, nanoseconds of modification), or None where there is none."""
        try:
            found = os.stat(f"{self._folder}/{name}")  # noqa: PTH116 - asked before every search: 2 µs
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._unreadable("look at", name, error) from error
        return found.st_ino, found.st_size, found.st_mtime_ns

    def read(self, name: str) -> bytes:
        """The whole of a small file; FileNotFoundError where it is missing."""

        def whole(descriptor: int, size: int) -> bytes:
            if size > _MOST_READ:
                raise DamagedIndex(name, f"{size} bytes long")
            parts = []
            while part := os.read(descriptor, 1 << 20):
                parts.append(part)
            return b"".join(parts)

        return self._opened(name, whole)

    def map(self, name: str) -> mmap.mmap | bytes:
        """The file mapped for reading; FileNotFoundError where it is missing."""

        def mapped(descriptor: int, size: int) -> mmap.mmap | bytes:
            try:
                return mmap.mmap(descriptor, size, access=mmap.ACCESS_READ) if size else b""
            except ValueError:
                raise DamagedIndex(name, "it became shorter") from None

        return self._opened(name, mapped)

    def write(self, name: str, fill: Callable[[Output], None]) -> None:
        """Write a new file through ``fill`` and make its content durable (the folder's entry: see :meth:`sync`)."""
        with self._failing("write", name):
            descriptor = os.open(self.path / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            try:
                fill(Output(descriptor))
                with self._failing("sync", name):
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def replace(self, name: str, data: bytes) -> None:
        """Put ``data`` in place of the file in one step that a crash cannot halve.

        Durably, and so are the entries of all files written before.
        """
        temporary = name + _TEMPORARY
        self.remove(temporary)
        self.write(temporary, lambda out: out.write(data))
        self.sync()
        with self._failing("rename", name):
            # The kernel's own time of modification ticks every few milliseconds; no two stamps may be equal.
            now = time.time_ns()
            os.utime(self.path / temporary, ns=(now, now))
            os.replace(self.path / temporary, self.path / name)  # noqa: PTH105 - see above
        try:
            self.sync()
        except EngineError as error:
            raise EngineError(f"{error}; {name} is the new one already, but may not outlast a power cut") from error

    def remove(self, name: str) -> None:
        """Remove a file; it may be gone already."""
        with self._failing("remove", name), suppress(FileNotFoundError):
            os.unlink(self.path / name)  # noqa: PTH108 - see above

    def sync(self) -> None:
        """Make the folder's entries durable."""
        with self._failing("sync folder", ""):
            self._sync_folder(self.path)

    def scratch(self) -> Scratch:
        """A nameless file in the index's folder for data that does not fit in memory."""
        self.remove(_SCRATCH)
        with self._failing("make", _SCRATCH):
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            found = Scratch(os.open(self.path / _SCRATCH, flags, 0o600), lambda: self._failing("use", _SCRATCH))
        self.remove(_SCRATCH)
        return found

    @contextmanager
    def lock(self, *, wait: bool, waiting: Callable[[str], None] = lambda holder: None) -> Iterator[None]:
        """Hold the write lock, which the kernel gives back however the process ends.

        With ``wait`` a lock held elsewhere is waited for, after telling ``waiting`` who holds it; else IndexLocked.
        """
        descriptor = self._take(wait, waiting)
        try:
            yield
        finally:
            try:
                self._sign(descriptor, "")  # else the next holder would for a moment be taken for this one
            finally:
                self._give_back(descriptor)

    def _take(self, wait: bool, waiting: Callable[[str], None]) -> int:
        told, patience = False, time.monotonic() + _SIGNED_WITHIN
        while True:
            with self._failing("lock", LOCK_NAME):
                # A link in its place, in a folder that comes from a stranger, would have any file written to.
                flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
                descriptor = os.open(self.path / LOCK_NAME, flags, 0o666)
                try:
                    holder = self._holder(descriptor)
                except BaseException:
                    os.close(descriptor)
                    raise
            if holder is None:
                return descriptor
            os.close(descriptor)
            if holder or time.monotonic() > patience:
                holder = holder or "another process"
                if not wait:
                    raise IndexLocked(f"{self.path} is being written by {holder}")
                if not told:
                    waiting(holder)
                    told = True
            time.sleep(0.05)

    def _holder(self, descriptor: int) -> str | None:
        """Who holds the lock, empty for one that has not said so yet; None where it could be taken."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return os.pread(descriptor, _HOLDER_BYTES, 0).decode("utf-8", "replace").strip()
        there = self.size_and_time(LOCK_NAME)
        if there is None or there[0] != os.fstat(descriptor).st_ino:
            return ""  # somebody removed the file; the lock is on the one that is there now
        self._sign(descriptor, f"process {os.getpid()}")
        return None

    def _sign(self, descriptor: int, holder: str) -> None:
        with suppress(OSError):  # it only informs: a full disk must not stop a removal of pages
            os.pwrite(descriptor, holder.ljust(_HOLDER_BYTES).encode(), 0)

    def _give_back(self, descriptor: int) -> None:
        with suppress(OSError):
            # Closing alone would leave the lock with a process that was forked meanwhile.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        with suppress(OSError):
            os.close(descriptor)

    def _opened(self, name: str, use: Callable[[int, int], T]) -> T:
        """What ``use`` makes of a descriptor and the size of a file; FileNotFoundError where there is none."""
        try:
            # Opening a pipe put in its place would wait for a writer.
            descriptor = os.open(self.path / name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            raise FileNotFoundError(name) from None
        except OSError as error:
            raise self._unreadable("open", name, error) from error
        try:
            with self._failing("read", name):
                found = os.fstat(descriptor)
                if not stat.S_ISREG(found.st_mode):
                    raise DamagedIndex(name, "not a file")
                return use(descriptor, found.st_size)
        finally:
            os.close(descriptor)

    def _sync_entry(self, folder: Path) -> None:
        with suppress(PermissionError):  # who may not read the parent can still use the folder
            self._sync_folder(folder.parent)

    def _sync_folder(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _failing(self, operation: str, name: str) -> _Failing:
        return _Failing(lambda error: self._failure(operation, name, error))

    def _unreadable(self, operation: str, name: str, error: OSError) -> DamagedIndex | EngineError:
        if error.errno == errno.ELOOP and (self.path / name).is_symlink():  # the file itself, not its folder
            return DamagedIndex(name, "not a file")
        return self._failure(operation, name, error)

    def _failure(self, operation: str, name: str, error: OSError) -> EngineError:
        return EngineError(f"cannot {operation} {self.path / name}: {error.strerror or error}")


class _Failing:
    """Makes EngineErrors of OSErrors.

    No generator: from Python 3.12 on an error that goes into a generator and comes out as another is part of a cycle,
    and with it every file that is open.
    """

    def __init__(self, failure: Callable[[OSError], EngineError]) -> None:
        self._failure = failure

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, OSError):
            raise self._failure(error) from error


class Output:
    """A file being written."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes | memoryview) -> None:
        """Write all of ``data`` at the end."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]


class Scratch(Output):
    """A file without a name, gone when it is closed or forgotten. Its failures are EngineErrors."""

    def __init__(self, descriptor: int, failing: Callable[[], AbstractContextManager[None]]) -> None:
        super().__init__(descriptor)
        self._failing = failing

    def write(self, data: bytes | memoryview) -> None:
        """Write all of ``data`` at the end."""
        with self._failing():
            super().write(data)

    def parts(self, size: int) -> Iterator[bytes]:
        """Everything written, ``size`` bytes at a time."""
        offset = 0
        while True:
            with self._failing():
                data = os.pread(self._descriptor, size, offset)
            if not data:
                return
            yield data
            offset += len(data)

    def close(self) -> None:
        """Let go of the file, as forgetting it does; an error's traceback may remember it for long."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.close()


def sweep(storage: Storage, keep: set[str]) -> None:
    """Remove what a crash or an older commit left: every file of an index but those of ``keep``.

    What cannot be removed is left to a later sweep.
    """
    for name in storage.names():
        if name not in keep and _OURS.fullmatch(name):
            with suppress(EngineError):
                storage.remove(name)


def damaged_if_missing(storage: Storage, name: str) -> mmap.mmap | bytes:
    """The mapped file; a missing one is damage, since a commit names it."""
    try:
        return storage.map(name)
    except FileNotFoundError:
        raise DamagedIndex(name, "the file is missing") from None
