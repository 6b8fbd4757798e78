"""What a segment keeps of each page beside its terms, column by column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import Array
from .page import IndexablePage
from .strings import blocks_of_lines, pack_strings, signposts


@dataclass(slots=True)
class PageColumns:
    """What identifies and recognises each of a segment's pages, column by column; ``sources`` as they are kept."""

    ids: list[bytes]
    sources: list[bytes]
    systems: list[str]
    containers: list[str]
    sizes: Sequence[int] | Array
    mtimes: Sequence[int] | Array
    digests: list[bytes]
    parsers: Sequence[int] | Array

    def arrays(self) -> dict[str, Array]:
        """The columns as arrays of a segment."""
        system_names, systems = _numbered(self.systems)
        container_names, containers = _numbered(self.containers)
        return {
            **strings("id", self.ids),
            "id_order": np.array(sorted(range(len(self.ids)), key=self.ids.__getitem__), np.uint32),
            **strings("source", self.sources),
            **strings("system", system_names),
            "systems": systems.astype(np.uint16),
            **strings("container", container_names),
            "containers": containers,
            "sizes": np.asarray(self.sizes, np.int64),
            "mtimes": np.asarray(self.mtimes, np.int64),
            "digests": np.frombuffer(b"".join(self.digests), np.uint8),
            "parsers": np.asarray(self.parsers, np.uint32),
        }


def strings(name: str, values: Iterable[bytes]) -> dict[str, Array]:
    """The two arrays that :class:`~.strings.Strings` of that name reads."""
    data, offsets = pack_strings(values)
    return {f"{name}_data": data, f"{name}_offsets": offsets}


def sorted_strings(name: str, values: Sequence[bytes]) -> dict[str, Array]:
    """The arrays that :class:`~.strings.SortedStrings` of that name reads."""
    return {**strings(name, values), **strings(f"{name}_signposts", signposts(values))}


def sorted_lines(name: str, lines: Sequence[tuple[bytes, bytes]]) -> dict[str, Array]:
    """The arrays that :class:`~.strings.SortedLines` of that name reads."""
    blocks, firsts = blocks_of_lines(lines)
    return {**strings(name, blocks), **strings(f"{name}_signposts", firsts)}


def kept_source(source: str, container: str) -> bytes:
    """A page's source as it is kept: 0 and what follows the file it is in, or 1 and all of it."""
    rest = source.removeprefix(container)
    inside = len(rest) + len(container) == len(source)
    return (b"\0" if inside else b"\1") + rest.encode("utf-8", "surrogateescape")


def whole_source(kept: bytes, container: str) -> str:
    """The source of which :func:`kept_source` gave ``kept``; ValueError where it gave no such."""
    if kept[:1] not in (b"\0", b"\1"):
        raise ValueError("neither inside its file nor elsewhere")
    rest = kept[1:].decode("utf-8", "surrogateescape")
    return rest if kept[0] else container + rest


def _numbered(values: list[str]) -> tuple[list[bytes], Array]:
    """The distinct values in order and the number of each value among them."""
    names = sorted(set(values))
    numbers = {name: number for number, name in enumerate(names)}
    return [name.encode("utf-8", "surrogateescape") for name in names], np.array(
        [numbers[value] for value in values], np.uint32
    )


def page_arrays(pages: list[IndexablePage]) -> dict[str, Array]:
    """The arrays by page: identity, and how the page is recognised."""
    columns = PageColumns(
        ids=[page.id.encode("utf-8", "replace") for page in pages],
        sources=[kept_source(page.source, page.facts.container) for page in pages],
        systems=[page.system for page in pages],
        containers=[page.facts.container for page in pages],
        sizes=[page.facts.size for page in pages],
        mtimes=[page.facts.mtime_ns for page in pages],
        digests=[page.facts.digest for page in pages],
        parsers=[page.facts.parser for page in pages],
    )
    return columns.arrays()
