"""Bytes from files and gzip streams, never more of them than the limits allow."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

from .limits import Limits

CHUNK = 2**16
_MOST_IN_VAIN = 2**19  # packed bytes: a head is read byte by byte, and members can be empty without end

UNREADABLE = (OSError, EOFError, ValueError, RuntimeError, OverflowError, struct.error, zlib.error, zipfile.BadZipFile)
"""What reading a file, a gzip stream or a zip member raises where it is broken or passes a limit."""


class TooLarge(ValueError):  # noqa: N818 - says what the page is
    """A limit was passed; the message names it."""


class Broken(Exception):  # noqa: N818 - says what the archive is
    """An archive that cannot be read any further, while an error of ``UNREADABLE`` is about one member of it."""


_REASONS: dict[type[BaseException], str] = {
    FileNotFoundError: "no such file or folder",
    PermissionError: "no permission to read it",
    EOFError: "cut off: its end is missing",
    gzip.BadGzipFile: "broken gzip data: {}",
    zlib.error: "broken gzip data: {}",
    zipfile.BadZipFile: "broken zip archive: {}",
}


def explain(error: BaseException) -> str:
    """Why something could not be read, in words for its user."""
    if isinstance(error, OSError) and error.strerror:
        return _REASONS.get(type(error), error.strerror)
    return _REASONS.get(type(error), "{}").format(error) or type(error).__name__


def open_file(path: str) -> io.BufferedReader:
    """Open a regular file for reading; a pipe or device put in its place meanwhile is refused, not waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError("not a regular file")
    return io.BufferedReader(io.FileIO(descriptor), CHUNK)


def read_at_most(stream: io.BufferedReader, limit: int) -> bytes:
    """All bytes of the stream; TooLarge where there are more than ``limit``."""
    chunks: list[bytes] = []
    left = limit
    while chunk := stream.read(CHUNK):  # not all at once: that takes memory for the limit, not for the page
        left -= len(chunk)
        if left < 0:
            raise TooLarge(f"larger than the limit of {limit:,} bytes for a page")
        chunks.append(chunk)
    return b"".join(chunks)


def gunzip(stream: io.BufferedReader, limits: Limits) -> io.BufferedReader:
    """The unpacked bytes of a gzip stream; reading raises TooLarge past the limits on ratio and total."""
    budget = Budget(limits)
    packed = Metered(stream, budget.pack)
    return io.BufferedReader(Metered(gzip.GzipFile(fileobj=packed), budget.unpack), CHUNK)


class Budget:
    """Counts the packed and the unpacked bytes of one archive and raises ``error`` where the limits are passed."""

    def __init__(self, limits: Limits, packed: int = 0, error: type[Exception] = TooLarge) -> None:
        """Begin with ``packed`` bytes read."""
        self.limits = limits
        self.packed = packed
        self.unpacked = 0
        self.error = error
        self._in_vain = 0

    def pack(self, count: int) -> None:
        """Count packed bytes that were read."""
        self.packed += count
        self._in_vain += count
        if self._in_vain > _MOST_IN_VAIN:
            raise self.error(f"{_MOST_IN_VAIN:,} bytes of gzip data that unpack to nothing, as only a trap has")

    def unpack(self, count: int) -> None:
        """Count unpacked bytes that came out."""
        self.unpacked += count
        self._in_vain = 0 if count else self._in_vain
        limits = self.limits
        if self.unpacked > limits.max_archive_bytes:
            raise self.error(f"unpacks to more than the limit of {limits.max_archive_bytes:,} bytes")
        if self.unpacked > max(limits.max_page_bytes, limits.max_ratio * self.packed):
            raise self.error(f"unpacks to more than {limits.max_ratio} times its size, as only a trap does")


class Metered(io.RawIOBase):
    """A stream that tells ``count`` how many bytes each read gave."""

    def __init__(self, stream: io.BufferedIOBase, count: Callable[[int], None]) -> None:
        """Begin where the stream stands."""
        super().__init__()
        self._stream = stream
        self._count = count

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as one read of the stream beneath goes."""
        data = self._stream.read1(len(buffer))
        self._count(len(data))
        buffer[: len(data)] = data
        return len(data)


class Slice(io.RawIOBase):
    """The next ``size`` bytes of a stream, as a member of an archive; EOFError where the stream ends before them."""

    def __init__(self, stream: io.BufferedReader, size: int) -> None:
        """Begin where the stream stands."""
        super().__init__()
        self._stream = stream
        self.left = size  # bytes not yet read

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as one read of the stream beneath goes."""
        wanted = min(len(buffer), self.left)
        data = self._stream.read1(wanted)
        if wanted and not data:
            raise EOFError
        self.left -= len(data)
        buffer[: len(data)] = data
        return len(data)

    def skip(self) -> None:
        """Read past what is left."""
        buffer = bytearray(min(CHUNK, self.left))
        while self.left:
            self.readinto(buffer)
