"""Memory as the system gives it to the process, which takes longer than most work on it."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os

import numpy as np
import numpy.typing as npt

Block = npt.NDArray[np.uint8]

_KEPT_FREE = 1 << 27
_MMAP_THRESHOLD = 1 << 25  # the most that there is
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_BLOCK = 1 << 22  # from this size on NumPy asks for large pages, which take a third of the time
_POPULATE_READ = 22  # madvise of Linux 5.14

_LIBC = ctypes.CDLL(None, use_errno=True)  # Python's own calls hold the lock of the interpreter meanwhile
_LIBC.madvise.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int


def keep_freed_memory() -> None:
    """Have the process keep up to 128 MiB of what arrays free.

    The allocator of glibc gives all above 128 KiB back to the system at once otherwise (mallopt(3)); there is no need
    to ask another.
    """
    if hasattr(_LIBC, "mallopt"):
        _LIBC.mallopt(_M_MMAP_THRESHOLD, _MMAP_THRESHOLD)
        _LIBC.mallopt(_M_TRIM_THRESHOLD, _KEPT_FREE)


def room(size: int) -> list[Block]:
    """Untouched memory of ``size`` bytes at most. MemoryError where there is none."""
    return [np.empty(_BLOCK, np.uint8) for _ in range(size // _BLOCK)]


def fill(block: Block) -> None:
    """Have the system give the memory of ``block`` to the process; other threads go on meanwhile."""
    ctypes.memset(block.ctypes.data, 0, len(block))


def bring_in(address: int, size: int) -> None:
    """Have mapped bytes of a file read from the disk, and other threads go on meanwhile; OSError where that fails.

    Merely touching them would then end the process (SIGBUS). Systems that cannot do it, do nothing.
    """
    before = address % mmap.PAGESIZE
    if _LIBC.madvise(address - before, size + before, _POPULATE_READ):
        error = ctypes.get_errno()
        if error != errno.EINVAL:
            raise OSError(error, os.strerror(error))
