"""From the paths that a user names to the regular files in them.

In a folder, hidden entries and what dresses web pages (images, styles, scripts, fonts, media) are passed over in
silence: they are no pages. A path that the user names is always read. Symbolic links inside a folder are followed as
long as they stay in it; a linked folder is entered by one link only, so that links cannot multiply or go in circles.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

from .found import Failed, File
from .streams import UNREADABLE, explain

FURNITURE = frozenset((
    ".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ico", ".bmp", ".tif", ".tiff", ".avif",
    ".css", ".scss", ".less", ".js", ".mjs", ".ts", ".map", ".woff", ".woff2", ".ttf", ".otf", ".eot",
    ".mp3", ".mp4", ".m4a", ".m4v", ".webm", ".ogg", ".wav", ".avi", ".mov",
))  # fmt: skip
"""Endings of files that dress a page and are none."""


def files(paths: Iterable[str]) -> Iterator[File | Failed]:
    """Every regular file of the paths, depth first and sorted by name; the paths themselves are sorted too.

    A path that is named twice, or lies in a folder that is named too, is given once, under its own name.
    """
    named = sorted({path and str(PurePath(path)) for path in paths})
    for path in named:
        yield from _Walk(path, frozenset(named)).files()


def is_passed_over(name: str) -> bool:
    """Whether a file or folder of this name is hidden or only dresses pages."""
    return name.startswith(".") or os.path.splitext(name)[1].lower() in FURNITURE  # noqa: PTH122 - 100,000 times


def path_as_text(path: str) -> str:
    """A path as text: bytes of a file name that are not UTF-8 are written as ``\\xff``."""
    return path if path.isascii() else path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


class _Walk:
    """The way through one named path."""

    def __init__(self, path: str, named: frozenset[str]) -> None:
        self.path = path
        self.named = named
        self.entered: set[tuple[int, int]] = set()
        """Device and inode of each folder entered by a link."""

    def files(self) -> Iterator[File | Failed]:
        # A stack, not recursion: a hostile folder may be as deep as a path is long.
        try:
            status = os.stat(self.path)  # noqa: PTH116 - a Path takes "" for the folder we are in
            self.root = os.path.realpath(self.path)
        except UNREADABLE as error:
            yield _failed(self.path, explain(error))
            return
        if not stat.S_ISDIR(status.st_mode):
            yield _file(self.path, status)
            return
        stack: list[Iterator[str]] = [iter(())]
        folder: str | None = self.path
        while stack:
            if folder is not None:
                try:
                    stack.append(_entries(folder))
                except OSError as error:
                    yield _failed(folder, explain(error))
                folder = None
            for path in stack[-1]:
                if path in self.named:
                    continue
                found = self._look(path)
                if isinstance(found, str):
                    folder = found
                    break
                if found is not None:
                    yield found
            else:
                stack.pop()

    def _look(self, path: str) -> File | Failed | str | None:
        """What stands at a path inside the folder; a string is a folder to enter."""
        try:
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                status = self._follow(path)
        except UNREADABLE as error:
            return _failed(path, explain(error))
        return path if stat.S_ISDIR(status.st_mode) else _file(path, status)

    def _follow(self, path: str) -> os.stat_result:
        """The status of what a symbolic link leads to; ValueError where it must not be followed."""
        target = os.path.realpath(path)
        if target != self.root and not target.startswith(self.root.rstrip("/") + "/"):
            raise ValueError(f"a symbolic link that leads out of {path_as_text(self.path)}")
        try:
            status = Path(path).stat()
        except FileNotFoundError:
            raise ValueError("a symbolic link that leads nowhere") from None
        if stat.S_ISDIR(status.st_mode):
            here = os.path.realpath(os.path.dirname(path))  # noqa: PTH120 - a string, like all here
            if here == target or here.startswith(target.rstrip("/") + "/"):
                raise ValueError("a symbolic link to a folder that it lies in: a loop")
            if (status.st_dev, status.st_ino) in self.entered:
                raise ValueError("a symbolic link to a folder that another link has led to already")
            self.entered.add((status.st_dev, status.st_ino))
        return status


def _entries(folder: str) -> Iterator[str]:
    """The paths of what may hold pages in a folder, sorted by name."""
    prefix = "" if folder == "." else folder if folder.endswith("/") else folder + "/"
    names = sorted(os.listdir(folder))  # noqa: PTH208 - folders hold many names, and a Path of each takes longer
    return iter([prefix + name for name in names if not is_passed_over(name)])


def _file(path: str, status: os.stat_result) -> File | Failed:
    mode = status.st_mode
    if stat.S_ISREG(mode):
        return File(path, path_as_text(path), status.st_size, status.st_mtime_ns)
    if stat.S_ISFIFO(mode):
        return _failed(path, "a pipe, not a file; standard input is read as -")
    return _failed(path, "a socket, not a file" if stat.S_ISSOCK(mode) else "a device, not a file")


def _failed(path: str, reason: str) -> Failed:
    return Failed(path_as_text(path), reason, path)
