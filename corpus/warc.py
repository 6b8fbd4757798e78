"""Pages in web archives (WARC), read a record at a time.

Why not warcio: it writes to standard error, and holds headers of any length and whatever a chunk or a compressed body
unpacks to in memory.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator

from .found import Failed, File, Page
from .limits import Limits
from .streams import CHUNK, Slice

MAX_HEAD = 2**16
"""Bytes of the headers of one record, or of one HTTP answer."""


class Refused(ValueError):  # noqa: N818 - says what happened to the record
    """One record cannot be read; the archive goes on."""


Content = tuple[bytes, str | None]
"""A page and its content type."""

PAGE_TYPES = frozenset(("", "text/html", "application/xhtml+xml", "text/plain", "text/markdown"))


def pages(stream: io.BufferedReader, file: File, source: str, limits: Limits) -> Iterator[Page | Failed]:
    """The page of each record that is a response (with status 200) or a resource, of a type that is read as a page.

    A page's source and url are the record's target URI, its content type is the one that the server declared. One of
    ``streams.UNREADABLE`` tells where nothing more can be read.
    """
    number = 0
    while headers := _record_headers(stream):
        number += 1
        length = headers.get("content-length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 20):
            raise ValueError(f"record {number} has no length")
        body = Slice(stream, int(length))
        url = headers.get("warc-target-uri", "").strip("<>")
        where = url or f"{source}#{number}"
        found: Page | Failed | None = None
        try:
            if content := _content(headers, io.BufferedReader(body, CHUNK), int(length), limits.max_page_bytes):
                data, content_type = content
                found = file.page(where, data, url=url or None, content_type=content_type)
        except Refused as error:
            found = file.failed(where, error)
        body.skip()
        if found is not None:
            yield found


def _record_headers(stream: io.BufferedReader) -> dict[str, str]:
    """The headers of the next record; empty at the end of the archive."""
    line = b"\r\n"
    while line in (b"\r\n", b"\n"):
        line = stream.readline(MAX_HEAD)
    if not line:
        return {}
    if not line.startswith(b"WARC/"):
        raise ValueError("what stands where a WARC record should begin is none")
    return {"warc": line.decode("latin-1")} | _headers(stream, "utf-8")


def _headers(stream: io.BufferedReader, charset: str) -> dict[str, str]:
    """Header lines up to the empty one, by name in lower case; Refused where they are too long."""
    headers: dict[str, str] = {}
    left = MAX_HEAD
    while (line := stream.readline(left)).rstrip(b"\r\n"):
        left -= len(line)
        if left <= 0:
            raise Refused(f"headers longer than {MAX_HEAD:,} bytes")
        name, _, value = line.decode(charset, "replace").partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    return headers


def _content(headers: dict[str, str], body: io.BufferedReader, size: int, limit: int) -> Content | None:
    """The page in a record of ``size`` bytes and its content type; None where the record is no page."""
    kind = headers.get("warc-type")
    content_type = headers.get("content-type", "")
    if kind == "response" and _mime(content_type) == "application/http":
        status = body.readline(MAX_HEAD).split(b" ", 2)
        if len(status) < 2 or status[1].strip() != b"200":
            return None
        headers = _headers(body, "latin-1")
        content_type = headers.get("content-type", "")
    elif kind != "resource":
        return None
    if _mime(content_type) not in PAGE_TYPES:
        return None
    if size > limit + MAX_HEAD:
        raise _too_large(limit)
    data = _bounded(body.read(), limit)
    if kind == "response":
        if headers.get("transfer-encoding", "").lower() == "chunked":
            data = _dechunked(data)
        data = _unpacked(data, headers.get("content-encoding", "").lower(), limit)
    return data, content_type or None


def _mime(content_type: str) -> str:
    return content_type.split(";", 1)[0].strip().lower()


def _dechunked(data: bytes) -> bytes:
    """The body of a chunked answer; as it is where it is not chunked, since crawlers undo that and leave the header."""
    chunks: list[bytes] = []
    position = 0
    while (end := data.find(b"\r\n", position, position + 64)) >= 0:
        digits = data[position:end].split(b";", 1)[0].strip()
        if not digits or digits.strip(b"0123456789abcdefABCDEF"):
            return data
        size = int(digits, 16)
        if size == 0:
            return b"".join(chunks)
        chunks.append(data[end + 2 : end + 2 + size])
        position = end + 2 + size + 2
    return b"".join(chunks) if position >= len(data) > 0 and chunks else data


def _unpacked(data: bytes, encoding: str, limit: int) -> bytes:
    """The body of a compressed answer; as it is where it is not compressed, since crawlers undo that too."""
    if encoding in ("gzip", "x-gzip") and data.startswith(b"\x1f\x8b"):
        windows = [31]
    elif encoding == "deflate":
        windows = [15, -15]
    elif encoding in ("br", "zstd", "compress"):
        raise Refused(f"its content encoding {encoding} is not read")
    else:
        return data
    for window in windows:
        try:
            return _bounded(zlib.decompressobj(window).decompress(data, limit + 1), limit)
        except zlib.error as error:
            if encoding != "deflate":
                raise Refused(f"broken gzip data: {error}") from error
    return data


def _bounded(data: bytes, limit: int) -> bytes:
    if len(data) > limit:
        raise _too_large(limit)
    return data


def _too_large(limit: int) -> Refused:
    return Refused(f"larger than the limit of {limit:,} bytes for a page")
