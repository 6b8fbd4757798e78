"""One immutable file of named NumPy arrays with a checksum for every 64 KiB of it.

Layout, little-endian::

    "PSARRAYS" u32 version u32 0            16 bytes
    the arrays, each at a multiple of 64
    u32 CRC-32 of each 64 KiB block of all of the above
    u32 CRC-32 of each 64 KiB of these checksums
    directory: JSON {name: [dtype, offset, count]}
    u64 offset of the checksums, u64 offset of the directory
    u32 CRC-32 of everything from the checksums of checksums to here

A block is verified when it is first touched, so that opening a file costs the same whatever its size and damage is
found before it is believed. The last four bytes vouch for the whole; a manifest keeps them.
"""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import gt
from typing import Any

import numpy as np
import numpy.typing as npt
from isal.isal_zlib import crc32, crc32_combine

from ..corpus.errors import DamagedIndex
from .memory import bring_in
from .storage import Output, Storage

Array = npt.NDArray[Any]

_MAGIC = b"PSARRAYS" + struct.pack("<II", 2, 0)
_TRAILER = struct.Struct("<QQI")
_ALIGNMENT = 64
_BLOCK_BITS = 16  # what the system maps at a time, too
_BLOCK = 1 << _BLOCK_BITS
_DTYPES = frozenset({"|u1", "<u2", "<u4", "<u8", "<i8", "<f4"})
_TOGETHER = 256  # blocks verified at once, fewer than one block of checksums vouches for


def _checksums(data: bytes | memoryview) -> list[int]:
    """The checksum of each block of ``data``, the last of which may be short."""
    if len(data) <= _BLOCK:
        return [crc32(data)] if data else []
    view = memoryview(data)
    return [crc32(view[start : start + _BLOCK]) for start in range(0, len(view), _BLOCK)]


def _joined(checksums: Sequence[int], last: int) -> int:
    """The checksum of blocks with these ``checksums`` side by side, of which the last one has ``last`` bytes."""
    joined = 0
    for checksum in checksums[:-1]:
        joined = crc32_combine(joined, checksum, _BLOCK)
    return crc32_combine(joined, checksums[-1], last)


class _Checksummer:
    """Writes through to a file and keeps the checksum of each block."""

    def __init__(self, file: Output) -> None:
        self._file = file
        self._pending = b""
        self._checksums: list[int] = []
        self.offset = 0

    def write(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        self.offset += len(data)
        view = memoryview(data)
        if self._pending:
            missing = _BLOCK - len(self._pending)
            self._pending += bytes(view[:missing])
            view = view[missing:]
            if len(self._pending) < _BLOCK:
                return
            self._checksums += _checksums(self._pending)
        whole = len(view) & -_BLOCK
        self._checksums += _checksums(view[:whole])
        self._pending = bytes(view[whole:])

    def finish(self) -> bytes:
        self._checksums += _checksums(self._pending)
        return np.array(self._checksums, dtype="<u4").tobytes()


def write_arrays(storage: Storage, name: str, arrays: Mapping[str, Array | Iterable[Array]]) -> tuple[int, int]:
    """Write the file ``name``, durably; an array may come as an iterable of parts. Gives its (bytes, checksum)."""
    result = (0, 0)

    def fill(file: Output) -> None:
        nonlocal result
        out = _Checksummer(file)
        out.write(_MAGIC)
        directory: dict[str, tuple[str, int, int]] = {}
        for array_name, value in arrays.items():
            out.write(bytes(-out.offset % _ALIGNMENT))
            offset, count, dtype = out.offset, 0, "|u1"
            for part in (value,) if isinstance(value, np.ndarray) else value:
                dtype = part.dtype.newbyteorder("<").str
                if len(part):
                    out.write(np.ascontiguousarray(part).data.cast("B"))
                    count += len(part)
            directory[array_name] = (dtype, offset, count)
        checksum_offset = out.offset
        checksums = out.finish()
        above = np.array(_checksums(checksums), "<u4").tobytes()
        tail = above + json.dumps(directory, separators=(",", ":"), sort_keys=True).encode()
        tail += struct.pack("<QQ", checksum_offset, checksum_offset + len(checksums) + len(above))
        crc = crc32(tail)
        file.write(checksums + tail + struct.pack("<I", crc))
        result = (checksum_offset + len(checksums) + len(tail) + 4, crc)

    try:
        storage.write(name, fill)
    finally:
        for value in arrays.values():
            if isinstance(value, Spool):
                value.close()
    return result


class _Blocks:
    """The bytes of a file, each block of which is verified when it is first touched."""

    def __init__(self, name: str, data: mmap.mmap | bytes, size: int, checksum: int) -> None:
        self.name = name
        self.data = memoryview(data)
        self._map = data if isinstance(data, mmap.mmap) else None
        self._address = np.frombuffer(data, np.uint8).ctypes.data if self._map is not None else 0
        if len(data) != size:
            raise DamagedIndex(name, f"{len(data)} bytes long instead of {size}")
        end = size - _TRAILER.size
        if end < len(_MAGIC) or self._bytes(0, len(_MAGIC)) != _MAGIC:
            raise DamagedIndex(name, "not a file of this format")
        self.end, directory_offset, crc = _TRAILER.unpack(self._bytes(end, size))
        blocks = -(-self.end // _BLOCK)
        above_offset = self.end + 4 * blocks
        above = -(-4 * blocks // _BLOCK)
        if crc != checksum or directory_offset != above_offset + 4 * above or directory_offset > end:
            raise DamagedIndex(name, "its end is not what was written")
        if crc32(self._bytes(above_offset, size - 4)) != crc:
            raise DamagedIndex(name, "its directory is not what was written")
        self.directory = self._bytes(directory_offset, end)
        self._checksums = self.data[self.end : above_offset].cast("I")
        self._above = self.data[above_offset:directory_offset].cast("I")
        self.verified = bytearray(blocks)
        """For each block 1 once it is known to be what was written."""
        self._verified_above = bytearray(above)

    def _bytes(self, start: int, stop: int) -> bytes:
        self._bring_in(start, stop)
        return self.data[start:stop].tobytes()

    def _bring_in(self, start: int, stop: int) -> None:
        """Have the bytes read from the disk."""
        if self._map is not None and start < stop:
            try:
                bring_in(self._address + start, stop - start)
            except OSError as error:
                raise DamagedIndex(self.name, f"bytes {start} to {stop} cannot be read") from error

    def verify(self, start: int, stop: int) -> None:
        """Make sure that the bytes from ``start`` to ``stop`` are what was written, or raise DamagedIndex."""
        after = ((stop - 1) >> _BLOCK_BITS) + 1
        block = self.verified.find(0, start >> _BLOCK_BITS, after)
        while block >= 0:
            together = min(block + _TOGETHER, after)
            sound = self.verified.find(1, block + 1, together)  # the first may be so by now
            self._verify_blocks(block, together if sound < 0 else sound)
            block = self.verified.find(0, together if sound < 0 else sound, after)

    def _verify_blocks(self, block: int, after: int) -> None:
        start, stop = block << _BLOCK_BITS, min(after << _BLOCK_BITS, self.end)
        self._bring_in(start, stop)
        for above in {block >> (_BLOCK_BITS - 2), (after - 1) >> (_BLOCK_BITS - 2)}:
            if not self._verified_above[above]:
                self._verify_checksum(above)
        wanted = self._checksums[block:after].tolist()
        if crc32(self.data[start:stop]) != _joined(wanted, stop - (after - 1 << _BLOCK_BITS)):
            found = _checksums(self.data[start:stop])
            start += [one == other for one, other in zip(found, wanted, strict=True)].index(False) << _BLOCK_BITS
            stop = min(start + _BLOCK, stop)
            raise DamagedIndex(self.name, f"bytes {start} to {stop} are not what was written")
        self.verified[block:after] = b"\1" * (after - block)

    def _verify_checksum(self, block: int) -> None:
        """Make sure of one block of the checksums themselves."""
        start, stop = block << _BLOCK_BITS, min((block + 1) << _BLOCK_BITS, 4 * len(self._checksums))
        self._bring_in(self.end + start, self.end + stop)
        if crc32(self._checksums[start // 4 : stop // 4]) != self._above[block]:
            raise DamagedIndex(self.name, "its checksums are not what was written")
        self._verified_above[block] = 1

    def let_go(self) -> None:
        if self._map is not None:
            self._map.madvise(mmap.MADV_DONTNEED)

    def verify_all(self) -> None:
        self.verified[:] = bytes(len(self.verified))
        self._verified_above[:] = bytes(len(self._verified_above))
        self.verify(0, self.end)


class ArrayFile:
    """A file of arrays, mapped for reading."""

    def __init__(self, name: str, data: mmap.mmap | bytes, size: int, checksum: int) -> None:
        self.name = name
        self._blocks = _Blocks(name, data, size, checksum)
        try:
            directory = json.loads(self._blocks.directory)
            self._columns = {array_name: self._column(array_name, *place) for array_name, place in directory.items()}
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise DamagedIndex(name, "its directory cannot be read") from None

    def _column(self, array_name: str, dtype: str, offset: int, count: int) -> Column:
        sound = dtype in _DTYPES and type(offset) is type(count) is int and offset >= 0 and count >= 0
        if not sound or offset % _ALIGNMENT or offset + np.dtype(dtype).itemsize * count > self._blocks.end:
            raise DamagedIndex(self.name, f"array {array_name} has no valid place")
        return Column(self._blocks, np.frombuffer(self._blocks.data, dtype, count, offset), offset)

    def names(self) -> list[str]:
        """The names of its arrays."""
        return sorted(self._columns)

    def __getitem__(self, array_name: str) -> Column:
        try:
            return self._columns[array_name]
        except KeyError:
            raise DamagedIndex(self.name, f"array {array_name} is missing") from None

    def let_go(self) -> None:
        """Give back the memory that what was read takes; what is used again comes from the cache of the system."""
        self._blocks.let_go()

    def verify_all(self) -> None:
        """Verify every byte anew, whatever was verified before."""
        self._blocks.verify_all()


class Column:
    """One array of a file; what is taken from it has been verified."""

    __slots__ = ("_array", "_count", "_file", "_itemsize", "_lead", "_numbers", "_shift", "_verified", "dtype")

    def __init__(self, blocks: _Blocks, array: Array, offset: int) -> None:
        # Not the file: with a cycle its mapping would outlive the last use of it.
        self._file = blocks
        self._verified = blocks.verified
        self._count = len(array)
        self.dtype = array.dtype
        self._array = array
        self._itemsize = array.itemsize
        self._numbers = array.data
        # The elements that would fit before it in the file, and how many make a block: two to the power of that.
        self._lead = offset // array.itemsize
        self._shift = _BLOCK_BITS - (array.itemsize.bit_length() - 1)

    def __len__(self) -> int:
        return len(self._array)

    @property
    def nbytes(self) -> int:
        """How many bytes it takes."""
        return self._array.nbytes

    def __getitem__(self, place: int) -> int:
        """One element as a Python number; DamagedIndex where the place lies outside."""
        if not 0 <= place < len(self._array):
            raise DamagedIndex(self._file.name, "an offset points outside its array")
        self._verify(place, place + 1)
        return int(self._numbers[place])

    def pair(self, place: int) -> tuple[int, int]:
        """The element at ``place`` and the one after it, as Python numbers: where a part of another array lies."""
        if not 0 <= place < self._count - 1:
            raise DamagedIndex(self._file.name, "an offset points outside its array")
        if not self._is_sound(place, place + 2):
            self._verify(place, place + 2)
        numbers = self._numbers
        return numbers[place], numbers[place + 1]

    def runs(self, starts: Sequence[int], size: int) -> list[list[int]]:
        """For each of ``starts`` the ``size`` elements from there on, as Python numbers."""
        if starts:
            low, high = min(starts), max(starts) + size
            if low < 0 or high > self._count:
                raise DamagedIndex(self._file.name, "an offset points outside its array")
            if not self._is_sound(low, high):
                self._verify_each((start, start + size) for start in starts)
        numbers = self._numbers
        return [numbers[start : start + size].tolist() for start in starts]

    def slice(self, start: int, stop: int) -> Array:
        """The elements from ``start`` to ``stop``; DamagedIndex where they lie outside."""
        if not 0 <= start <= stop <= self._count:
            raise DamagedIndex(self._file.name, "an offset points outside its array")
        if start < stop and not self._is_sound(start, stop):
            self._verify(start, stop)
        return self._array[start:stop]

    def slices(self, starts: Sequence[int], stops: Sequence[int]) -> list[Array]:
        """From each of ``starts`` (at least one) to its one of ``stops`` what :meth:`slice` gives, much faster."""
        low, high = min(starts), max(stops)
        if low < 0 or high > self._count or any(map(gt, starts, stops)):
            raise DamagedIndex(self._file.name, "an offset points outside its array")
        if low < high and not self._is_sound(low, high):
            self._verify_each(zip(starts, stops, strict=True))
        array = self._array
        return [array[start:stop] for start, stop in zip(starts, stops, strict=True)]

    def take(self, places: npt.NDArray[np.int64]) -> Array:
        """The elements at ``places``, which may be far apart."""
        if len(places):
            low, high = int(places.min()), int(places.max()) + 1
            if low < 0 or high > self._count:
                raise DamagedIndex(self._file.name, "an offset points outside its array")
            if not self._is_sound(low, high):
                for block in set((places + self._lead >> self._shift).tolist()):
                    self._file.verify(block << _BLOCK_BITS, block + 1 << _BLOCK_BITS)
        return self._array.take(places)

    def _is_sound(self, start: int, stop: int) -> bool:
        """Whether all elements from ``start`` to ``stop``, which is after it, are known to be what was written."""
        lead, shift = self._lead, self._shift
        return self._verified.find(0, start + lead >> shift, (stop + lead - 1 >> shift) + 1) < 0

    def _verify(self, start: int, stop: int) -> None:
        self._file.verify((start + self._lead) * self._itemsize, (stop + self._lead) * self._itemsize)

    def _verify_each(self, places: Iterable[tuple[int, int]]) -> None:
        """Make sure of each of ``places``, a start and a stop."""
        find, lead, last, shift = self._verified.find, self._lead, self._lead - 1, self._shift
        for start, stop in places:
            if find(0, start + lead >> shift, (stop + last >> shift) + 1) >= 0:
                self._verify(start, stop)

    @property
    def memory(self) -> memoryview:
        """All elements, as they lie in the file: to be read only where a slice was taken before."""
        return self._numbers

    def bytes(self, start: int, stop: int) -> bytes:
        """The bytes from ``start`` to ``stop`` of an array of bytes."""
        if not 0 <= start <= stop <= self._count:
            raise DamagedIndex(self._file.name, "an offset points outside its array")
        if start < stop and not self._is_sound(start, stop):
            self._verify(start, stop)
        return self._numbers[start:stop].tobytes()

    def all(self) -> Array:
        """The whole array."""
        return self.slice(0, len(self._array))


class Spool:
    """An array that grows on disk while a file is being made of several such; iterating gives its parts."""

    def __init__(self, storage: Storage, dtype: npt.DTypeLike) -> None:
        self._file = storage.scratch()
        self._dtype = np.dtype(dtype)
        self.count = 0

    def append(self, part: Array) -> None:
        """Add ``part`` at the end."""
        if len(part):
            self._file.write(np.ascontiguousarray(part, self._dtype).data.cast("B"))
        self.count += len(part)

    def __iter__(self) -> Iterator[Array]:
        yield np.empty(0, self._dtype)
        for data in self._file.parts(1 << 22):
            yield np.frombuffer(data, self._dtype)

    def close(self) -> None:
        """Let go of what is on disk."""
        self._file.close()


def narrow(offsets: Array) -> Array:
    """Offsets in four bytes where they fit."""
    return offsets.astype(np.uint32 if int(offsets.max(initial=0)) < 1 << 32 else np.uint64)
