"""The members of zip and tar archives, each a stream that stays within the limits."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath
from typing import cast

from . import tar
from .found import Failed, File
from .limits import Limits
from .streams import CHUNK, UNREADABLE, Broken, Budget, Metered, TooLarge, gunzip, open_file
from .walk import is_passed_over, path_as_text

ZIP = (".zip",)
TAR = (".tar", ".tar.gz", ".tgz")
UNREAD = (".7z", ".rar", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".cab", ".iso")
"""Endings of packed files that are not read: said so rather than taken for a page."""

Member = tuple[str, io.BufferedReader]
"""The name of a member in full (``scrape.zip!a.html``) and its bytes."""

_REFUSALS = {
    "link": "a link; only files are read from an archive",
    "device": "a device; only files are read from an archive",
    "sparse": "a sparse file; pack it as a plain one",
    "unknown": "of a kind that tar archives of files do not hold",
}


def is_archive(path: str) -> bool:
    """Whether a file of this name is an archive whose members are read."""
    return path.lower().endswith((*ZIP, *TAR))


def members(file: File, limits: Limits) -> Iterator[Member | Failed]:
    """Each member of an archive that may hold pages, also where two have one name.

    Its bytes are to be read before the next is asked for. Raises one of ``UNREADABLE`` or Broken where nothing more can
    be read of the archive.
    """
    with open_file(file.path) as stream:
        lower = file.path.lower()
        if lower.endswith(ZIP):
            yield from _zip_members(stream, file, limits)
        else:
            yield from _tar_members(stream if lower.endswith(".tar") else gunzip(stream, limits), file)


def _tar_members(stream: io.BufferedReader, file: File) -> Iterator[Member | Failed]:
    for member in tar.members(stream):
        if member.kind == "folder" or _holds_no_page(member.name):
            continue
        source = _source(file, member.name)
        refusal = _path_refusal(member.name) or _REFUSALS.get(member.kind)
        yield file.failed(source, refusal) if refusal else (source, io.BufferedReader(member.data, CHUNK))


def _zip_members(stream: io.BufferedReader, file: File, limits: Limits) -> Iterator[Member | Failed]:
    budget = Budget(limits, file.size, Broken)
    with zipfile.ZipFile(_BoundedReads(stream, limits.max_directory_bytes)) as archive:
        for info in archive.infolist():
            name = info.filename
            if name.endswith("/") or _holds_no_page(name):
                continue
            source = _source(file, name)
            refusal = _path_refusal(name) or _zip_refusal(info) if name else "it has no name"
            if refusal:
                yield file.failed(source, refusal)
                continue
            try:
                member = cast(zipfile.ZipExtFile, archive.open(info))
            except UNREADABLE as error:
                yield file.failed(source, error)
                continue
            with member:
                yield source, io.BufferedReader(Metered(member, budget.unpack), CHUNK)


def _zip_refusal(info: zipfile.ZipInfo) -> str | None:
    if info.flag_bits & 1:
        return "encrypted"
    if stat.S_ISLNK(info.external_attr >> 16):
        return _REFUSALS["link"]
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # zipfile unpacks the other methods a whole read at a time, however much comes out.
        return "packed by a method that is not read; pack it with deflate"
    return None


def _source(file: File, name: str) -> str:
    return f"{file.source}!{path_as_text(str(PurePosixPath(name)))}"


def _holds_no_page(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return not _path_refusal(name) and ("__MACOSX" in parts or any(map(is_passed_over, parts)))


def _path_refusal(name: str) -> str | None:
    path = PureWindowsPath(name)  # which knows both kinds of slash
    return "its path leads out of the archive" if path.root or ".." in path.parts else None


class _BoundedReads:
    """A file for zipfile, which takes an archive's table of contents into memory in one read."""

    def __init__(self, file: io.BufferedReader, limit: int) -> None:
        self._file = file
        self._limit = limit
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable

    def read(self, size: int = -1, /) -> bytes:
        if size > self._limit:
            raise TooLarge(f"its table of contents is larger than the limit of {self._limit:,} bytes")
        return self._file.read(size)
