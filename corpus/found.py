"""What looking for pages finds: a page, a file left alone, or a failure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .errors import PageError
from .limits import Limits
from .streams import UNREADABLE, explain, gunzip, open_file, read_at_most


class Page(NamedTuple):
    """One raw page, a tuple because it is pickled for another process to read and parse.

    ``source`` names it as users see it; ``container`` is the file on disk that it comes from (``-`` is standard input),
    with that file's ``size`` in bytes and ``mtime_ns``. ``data`` is None where the page is the whole file, which
    :meth:`read` then opens and reads within ``limits``. ``content_type`` is None where the look of the page must
    decide; ``application/json`` is a record that is a procedure or a BEIR document. ``id`` is the one that a crawl
    record gives itself.
    """

    source: str
    container: str
    size: int
    mtime_ns: int
    data: bytes | None = None
    url: str | None = None
    content_type: str | None = None
    id: str | None = None
    limits: Limits = Limits()

    def __repr__(self) -> str:
        return f"Page({self.source!r})"

    def read(self) -> bytes:
        """The bytes of the page, unpacked where the file is gzip; PageError tells why it cannot be read."""
        if self.data is not None:
            return self.data
        try:
            with open_file(self.container) as file:
                packed = self.container.lower().endswith(".gz")
                return read_at_most(gunzip(file, self.limits) if packed else file, self.limits.max_page_bytes)
        except UNREADABLE as error:
            raise PageError(self.source, explain(error)) from error


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A file that the caller declared unchanged; it was not opened."""

    container: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A page, record, member, archive, file or folder that cannot be read; the rest goes on.

    ``container`` is the file or folder on disk that it belongs to.
    """

    source: str
    reason: str
    container: str


@dataclass(frozen=True, slots=True)
class File:
    """A regular file on disk that holds pages; ``source`` is its path, as far as that is text."""

    path: str
    source: str
    size: int = 0
    mtime_ns: int = 0

    def page(
        self,
        source: str,
        data: bytes | None = None,
        *,
        limits: Limits = Limits(),  # noqa: B008 - immutable
        url: str | None = None,
        content_type: str | None = None,
        id: str | None = None,
    ) -> Page:
        """A page that comes from this file."""
        return Page(source, self.path, self.size, self.mtime_ns, data, url, content_type, id, limits)

    def failed(self, source: str, reason: str | BaseException) -> Failed:
        """A failure within this file."""
        return Failed(source, reason if isinstance(reason, str) else explain(reason), self.path)
