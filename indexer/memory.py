"""Memory that arrays free, kept by the process for the next ones: new memory takes longer than most work on it."""

from __future__ import annotations

import numpy as np

_KEPT_FREE = 1 << 24
"""So many bytes of an array, and twice as many together."""


def keep_freed_memory() -> None:
    """Have the process keep what arrays free.

    The allocator of glibc gives all above 128 KiB back to the system at once, until a larger block was freed
    (mallopt(3), M_MMAP_THRESHOLD). The block freed here is never touched.
    """
    np.empty(_KEPT_FREE, np.uint8)
