"""Files, folders and archives as the tests write them, and the pages found in them."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
import zipfile
import zlib
from pathlib import Path

from procsearch.corpus.errors import PageError
from procsearch.corpus.pages import Failed, Limits, Page, find_pages

SMALL = Limits(max_page_bytes=1000, max_ratio=50, max_archive_bytes=100_000)


def found(*paths: str, limits: Limits | None = None) -> dict[str, bytes | str]:
    """Sources to the bytes of pages or the reasons of failures; no source may come twice."""
    result: dict[str, bytes | str] = {}
    for page in find_pages(paths, limits=limits or Limits()):
        assert isinstance(page, Page | Failed)
        assert page.source not in result
        try:
            result[page.source] = page.read() if isinstance(page, Page) else page.reason
        except PageError as error:
            assert error.page == page.source
            result[page.source] = error.reason
    return result


def write(path: str, data: bytes | str = "<p>page</p>") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(data.encode() if isinstance(data, str) else data)


def link(target: str, path: str) -> None:
    Path(path).symlink_to(target)


def write_zip(path: str, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)  # the same bytes at any time


def write_tar(path: str, members: dict[str, bytes], mode: str = "w", format: int = tarfile.PAX_FORMAT) -> None:
    with tarfile.open(path, mode, format=format) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def _record(kind: str, url: str, content_type: str, block: bytes) -> bytes:
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nContent-Type: {content_type}\r\n"
    return f"{head}Content-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"


def write_warc(path: str, gz: bool = True) -> None:
    html = ("Content-Type", "text/html")
    answers: list[tuple[str, str, list[tuple[str, str]], bytes]] = [
        ("koi8", "200 OK", [("Content-Type", "text/html; charset=koi8-r")], "Цель".encode("koi8-r")),
        ("gone", "404 Not Found", [html], b"gone"),
        ("logo", "200 OK", [("Content-Type", "image/png")], b"png"),
        ("gzip", "200 OK", [html, ("Content-Encoding", "gzip")], gzip.compress(b"<p>packed</p>")),
        ("chunked", "200 OK", [html, ("Transfer-Encoding", "chunked")], b"4\r\nPurp\r\n3;x=y\r\nose\r\n0\r\n\r\n"),
        ("undone", "200 OK", [html, ("Transfer-Encoding", "chunked"), ("Content-Encoding", "gzip")], b"<p>bare"),
        ("raw", "200 OK", [html, ("Content-Encoding", "deflate")], zlib.compress(b"<p>raw", wbits=-15)),
        ("cut", "200 OK", [html, ("Content-Encoding", "gzip")], b"\x1f\x8b\x08\x00broken" * 5),
        ("br", "200 OK", [html, ("Content-Encoding", "br")], b"\x0b"),
        ("bomb", "200 OK", [html, ("Content-Encoding", "deflate")], zlib.compress(bytes(10**7))),
        ("big", "200 OK", [html], random.Random(5).randbytes(1_100_000)),
        ("bare", "200 OK", [], b"<p>bare</p>"),
    ]
    records = [_record("warcinfo", "", "application/warc-fields", b"software: test")]
    for name, status, headers, body in answers:
        head = "".join(f"{key}: {value}\r\n" for key, value in headers)
        http = f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body
        records.append(_record("response", f"https://example.org/{name}", "application/http; x=y", http))
    records.append(_record("resource", "urn:page", "text/markdown", b"# R"))
    Path(path).write_bytes(b"".join(gzip.compress(record) if gz else record for record in records))
