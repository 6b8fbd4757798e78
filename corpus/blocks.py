"""The flat stream between readers and sections: what HTML, Markdown and reader text alike become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Style = Literal["heading", "bold", "text", "item"]
"""How a block stands on its page: marked up as a heading, all in bold, a paragraph, an item of a list."""

DASHES = "-\u2013\u2014"
"""What people type between a heading and its text: hyphen, en dash, em dash."""

BOLD_LEVEL = 8
PLAIN_LEVEL = 9
"""Levels after h1 to h6 (1 to 6) and other marked headings (7): the deeper, the weaker a heading."""


class Link(NamedTuple):
    """A link inside a block: its words and its address as written."""

    text: str
    url: str


class Block(NamedTuple):
    """One line of a page: ``text`` without bullet or number.

    ``level`` is that of a heading (1 is the highest); ``label`` is the bold beginning of ``text``, if it has one.
    """

    style: Style
    text: str
    level: int = PLAIN_LEVEL
    label: str = ""
    links: tuple[Link, ...] = ()

    @property
    def is_link(self) -> bool:
        """Whether the block is nothing but links."""
        return bool(self.links) and sum(len(link.text) for link in self.links) >= 0.85 * len(self.text)


Entry = tuple[Block, int]
"""A block and the number of the region of its page that it stands in."""


@dataclass(frozen=True, slots=True)
class RawPage:
    """A page as its reader hands it on: the blocks in page order and what its head says."""

    blocks: list[Block]
    title: str = ""
    canonical: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Names (lower case) to values: meta tags, front matter, codes in JSON-LD."""
