"""The members of a tar archive, read as a stream.

Why not the standard library's: it keeps every member in memory, takes headers of any size into memory, and in Pythons
that we run on hangs on crafted ones (CVE-2024-6232, CVE-2025-8194).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .streams import UNREADABLE, Broken, Slice, explain

BLOCK = 512
MAX_EXTENDED_HEADER = 2**20

_KINDS = {b"0": "file", b"\0": "file", b"7": "file", b"5": "folder", b"1": "link", b"2": "link"} | dict.fromkeys(
    (b"3", b"4", b"6"), "device"
)


class _Body(Slice):
    """Bytes of the archive; where they cannot be read, the archive is Broken."""

    def readinto(self, buffer: Any) -> int:
        try:
            return super().readinto(buffer)
        except UNREADABLE as error:
            raise Broken(explain(error)) from error


@dataclass(frozen=True, slots=True)
class Member:
    """One member: its path in the archive, its kind (file, folder, link, device, sparse, unknown) and its bytes."""

    name: str
    kind: str
    data: Slice


def members(stream: io.BufferedReader) -> Iterator[Member]:
    """Every member in the order of the archive, its data to be read before the next is asked for.

    Understands the ustar, GNU and pax formats. Broken tells where the archive cannot be read any further.
    """
    extended: dict[str, str] = {}
    while any(header := _read(stream, BLOCK)):
        if _number(header[148:156]) != sum(header) - sum(header[148:156]) + 8 * 32:
            raise Broken("a header has a wrong checksum")
        kind = header[156:157]
        size = _number(header[124:136])
        if kind in b"xL":
            extended |= _extended(kind, _extended_header(stream, size))
        elif kind in b"gK":  # what holds for all members, and targets of links: nothing that is read here
            _skip(stream, size + -size % BLOCK)
        else:
            yield from _member(stream, header, extended)
            extended = {}


def _member(stream: io.BufferedReader, header: bytes, extended: dict[str, str]) -> Iterator[Member]:
    kind = _KINDS.get(header[156:157], "unknown")
    name = extended.get("path") or _name(header)
    size = 0 if kind in ("folder", "link", "device") else _number(header[124:136])
    if kind == "file" and name.endswith("/"):  # tar before 1988
        kind = "folder"
    if header[156:157] == b"S":
        kind = "sparse"
        more = header[482]
        while more:
            more = _read(stream, BLOCK)[504]
    elif any(key.startswith("GNU.sparse") for key in extended):
        kind = "sparse"
    if "size" in extended and kind in ("file", "sparse", "unknown"):
        size = _decimal(extended["size"])
    data = _Body(stream, size)
    yield Member(name, kind, data)
    data.skip()
    _skip(stream, -size % BLOCK)


def _read(stream: io.BufferedReader, size: int) -> bytes:
    try:
        data = stream.read(size)
    except UNREADABLE as error:
        raise Broken(explain(error)) from error
    if len(data) < size:
        raise Broken(explain(EOFError()))
    return data


def _skip(stream: io.BufferedReader, size: int) -> None:
    _Body(stream, size).skip()


def _extended_header(stream: io.BufferedReader, size: int) -> bytes:
    if size > MAX_EXTENDED_HEADER:
        raise Broken(f"an extended header of more than {MAX_EXTENDED_HEADER:,} bytes")
    data = _read(stream, size)
    _skip(stream, -size % BLOCK)
    return data


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _name(header: bytes) -> str:
    prefix = _text(header[345:500]) if header[257:263] == b"ustar\0" else ""
    return f"{prefix}/{_text(header[:100])}" if prefix else _text(header[:100])


def _number(field: bytes) -> int:
    """A number of a header: octal digits, or base 256 where the first bit is set."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.split(b"\0", 1)[0].strip()
    if digits.strip(b"01234567"):
        raise Broken("a header has a number that is none")
    return int(digits or b"0", 8)


def _decimal(digits: str) -> int:
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        raise Broken("a header has a number that is none")
    return int(digits)


def _extended(kind: bytes, data: bytes) -> dict[str, str]:
    """What a GNU long name or a pax header (lines of ``length key=value``) says of the member after it."""
    if kind == b"L":
        return {"path": _text(data)}
    values: dict[str, str] = {}
    start = 0
    while start < len(data) and data[start]:
        space = data.find(b" ", start, start + 20)
        length = _decimal(data[start:space].decode("ascii", "replace")) if space > 0 else 0
        key, equals, value = data[space + 1 : start + length - 1].partition(b"=")
        if not equals or not 0 < length <= len(data) - start:  # a length of 0 would never end
            raise Broken("an extended header that cannot be read")
        if key in (b"path", b"size") or key.startswith(b"GNU.sparse"):
            values[key.decode("ascii", "replace")] = value.decode("utf-8", "surrogateescape")
        start += length
    return values
