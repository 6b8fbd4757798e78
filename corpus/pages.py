"""Where pages come from: files, folders, archives, JSON Lines, web archives and standard input, as one stream.

Memory does not grow with the number of pages or the size of a file, but for a folder's list of names and a zip
archive's table of contents. Nothing that is wrong with a page or an archive raises: it comes out as ``Failed``, once.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator

from . import archives, jsonlines, warc
from .found import Failed, File, Page, Unchanged
from .limits import Limits
from .records import page_of_record
from .streams import UNREADABLE, Broken, gunzip, open_file, read_at_most
from .walk import files

__all__ = ["Failed", "Limits", "Page", "Unchanged", "find_pages"]

STDIN = "-"
LINES = (".jsonl", ".ndjson")
WEB_ARCHIVE = (".warc",)
RECORD = (".json",)
MARKDOWN = (".md", ".markdown")


def find_pages(
    paths: Iterable[str],
    *,
    limits: Limits = Limits(),  # noqa: B008 - immutable
    unchanged: Callable[[str, int, int], bool] = lambda path, size, mtime_ns: False,
) -> Iterator[Page | Unchanged | Failed]:
    """Every page of files, folders (all the way down), archives and ``-``, standard input as JSON Lines.

    In order: paths and names in a folder sorted, members and records as they stand in their file. What is read:

    * ``.zip``, ``.tar``, ``.tar.gz``, ``.tgz``: each member as if it were a file, except archives within;
    * ``.jsonl``, ``.ndjson``: a record a line; ``.json``: one record;
    * ``.warc``: the successful answers and resources that are HTML or text;
    * any of these but zip with ``.gz`` after it;
    * any other file is a page, opened by ``Page.read()`` only; what ``walk.FURNITURE`` lists is passed over in folders
      and archives, as are hidden files.

    ``unchanged(path, size, mtime_ns)`` is asked of every regular file before it is opened; where it says True the file
    comes out as ``Unchanged``. Two pages may have one source (a member or url that stands twice).
    """
    paths = list(paths)
    if STDIN in paths:
        yield from _standard_input(limits)
    for file in files(path for path in paths if path != STDIN):
        if isinstance(file, Failed):
            yield file
        elif unchanged(file.path, file.size, file.mtime_ns):
            yield Unchanged(file.path)
        else:
            yield from _pages_of_file(file, limits)


def _standard_input(limits: Limits) -> Iterator[Page | Failed]:
    file = File(STDIN, STDIN)
    if sys.stdin is None or sys.stdin.closed:
        yield file.failed(STDIN, "standard input is closed")
    else:
        yield from _told(jsonlines.pages(sys.stdin.buffer, file, STDIN, limits), file, STDIN)


def _pages_of_file(file: File, limits: Limits) -> Iterator[Page | Failed]:
    name = file.path.lower()
    if archives.is_archive(name):
        yield from _told(_pages_of_archive(file, limits), file, file.source)
    elif name.endswith(archives.UNREAD):
        yield file.failed(file.source, "packed in a way that is not read; unpack it, or pack it as .zip or .tar.gz")
    elif name.removesuffix(".gz").endswith((*LINES, *WEB_ARCHIVE, *RECORD)):
        yield from _told(_pages_of_records(file, limits), file, file.source)
    else:
        yield file.page(file.source, content_type=_content_type(name), limits=limits)


def _pages_of_records(file: File, limits: Limits) -> Iterator[Page | Failed]:
    with open_file(file.path) as stream:
        yield from _pages_in(stream, file, file.source, limits)


def _pages_of_archive(file: File, limits: Limits) -> Iterator[Page | Failed]:
    for member in archives.members(file, limits):
        if isinstance(member, Failed):
            yield member
            continue
        source, stream = member
        if archives.is_archive(source) or source.lower().endswith(archives.UNREAD):
            yield file.failed(source, "an archive inside an archive is not read; unpack it")
            continue
        try:
            yield from _pages_in(stream, file, source, limits)
        except UNREADABLE as error:
            yield file.failed(source, error)


def _pages_in(stream: io.BufferedReader, file: File, source: str, limits: Limits) -> Iterator[Page | Failed]:
    """The pages in an opened file or member; the end of its name in ``source`` tells its form."""
    name = source.lower()
    if name.endswith(".gz"):
        stream = gunzip(stream, limits)
        name = name.removesuffix(".gz")
    if name.endswith(LINES):
        yield from jsonlines.pages(stream, file, source, limits)
    elif name.endswith(WEB_ARCHIVE):
        yield from warc.pages(stream, file, source, limits)
    elif name.endswith(RECORD):
        yield page_of_record(read_at_most(stream, limits.max_page_bytes), file, source)
    else:
        data = read_at_most(stream, limits.max_page_bytes)
        yield file.page(source, data, content_type=_content_type(name))


def _content_type(name: str) -> str | None:
    return "text/markdown" if name.removesuffix(".gz").endswith(MARKDOWN) else None


def _told(pages: Iterator[Page | Failed], file: File, source: str) -> Iterator[Page | Failed]:
    """The pages up to where their file breaks, and then why it does."""
    try:
        yield from pages
    except (*UNREADABLE, Broken) as error:
        yield file.failed(source, error)
