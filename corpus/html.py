"""HTML to blocks: one pass over what BeautifulSoup's parser meets, without a tree and without recursion.

The pass notes for every block in which suspect region (navigation, cookie notice, sidebar …) it stands; which regions
are dropped is decided afterwards, so that a careless ``<div class="header-content main">`` around everything, or a
``<nav>`` never closed, does not take the page with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from bs4 import BeautifulSoup
from bs4.builder._lxml import LXMLTreeBuilder

from .blocks import BOLD_LEVEL, Block, Entry, Link, RawPage
from .decoding import clean_text
from .head import HeadReader
from .headings import HeadingTable
from .noise import Region, drop_noise, is_skip_link, is_suspect
from .tables import Cell, TableRows
from .text import strip_bullet, text_blocks

MAX_TAGS = 100_000
MAX_DEPTH = 2_000  # elements inside one another
MAX_TAG_WORDS = 2_000  # words, and so attributes, of one tag
_MAX_REGIONS_DEEP = 30  # suspect elements inside one another; deeper ones count as part of the last

_SKIPPED_TAGS = """
    script style noscript template svg math iframe object embed select datalist textarea canvas audio video map
    input title meta link base img picture progress meter rp rt
"""
_SKIPPED = frozenset(_SKIPPED_TAGS.split())
_INLINE_TAGS = """
    a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr o:p output q ruby
    s samp small span strike strong sub sup time tt u var wbr
"""
_INLINE = frozenset(_INLINE_TAGS.split())
_HEADING_LEVELS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6} | dict.fromkeys(
    ("dt", "summary", "legend", "caption"), 7
)
_OWN_HEADER = frozenset({"article", "main", "section", "details"})
_BOLD = frozenset({"b", "strong"})
_BOLD_STYLE = re.compile(r"font-weight\s*:\s*(bold|[6-9]00)", re.IGNORECASE)
_HEADING_CLASSES = """
    heading title subtitle headline hd label term question subhead subheading subheader
"""
_HEADING_WORDS = frozenset(_HEADING_CLASSES.split())
_HEADER_OF = re.compile(
    r"(?:section|card|panel|accordion|block|item|box|content|field|sub|tab)[-_]*header", re.IGNORECASE
)
_LIST_STYLE = re.compile(r"mso-list|list-style|display\s*:\s*list-item", re.IGNORECASE)
_PERMALINK = re.compile(r"[¶#§🔗\s]*|\[\s*(edit|link|\d+)\s*\]", re.IGNORECASE)
_HAS_OPENER = re.compile(r"<[a-zA-Z]")


class TooMuch(ValueError):  # noqa: N818 - says what it is
    """The page goes beyond what is parsed; the message says how."""


def read_html(html: str, headings: HeadingTable) -> RawPage:
    """The blocks of the main content of ``html`` and what its head says; TooMuch if it is a flood."""
    _check_caps(html)
    html = re.sub(r"<\?xml", "<?x-ml", html, flags=re.IGNORECASE)  # else BeautifulSoup warns that this is XML
    builder = _Builder(headings)
    BeautifulSoup(html if "<" in html else "<p>" + html, builder=builder)  # else it warns of a file name or an address
    met, head = builder.target, builder.target.head
    return RawPage(drop_noise(met.entries, met.regions, headings), head.title, head.canonical, head.metadata)


class _Builder(LXMLTreeBuilder):
    """Has BeautifulSoup's parser tell the pass what it meets, instead of building objects that nobody keeps."""

    def __init__(self, headings: HeadingTable) -> None:
        super().__init__()
        self._headings = headings

    def default_parser(self, encoding: str | None) -> Any:
        """A parser for one attempt at the page, and a pass that begins with it."""
        self.target = _Target(self._headings)
        parser: Any = super().default_parser(encoding)
        return parser(target=self.target, encoding=encoding)


def _check_caps(html: str) -> None:
    if html.count("<") > MAX_TAGS and sum(1 for _ in _HAS_OPENER.finditer(html)) > MAX_TAGS:
        raise TooMuch(f"more than {MAX_TAGS:,} tags")
    for chunk in html.split(">"):
        if len(chunk) > 2 * MAX_TAG_WORDS and (opener := _HAS_OPENER.search(chunk)):
            words = chunk[opener.start() :]
            if words.count("=") > MAX_TAG_WORDS or len(words.split()) > MAX_TAG_WORDS:
                raise TooMuch(f"a tag with more than {MAX_TAG_WORDS:,} attributes")


class _Before(NamedTuple):
    """What was so before an element was entered, to be so again after it."""

    name: str
    attributes: Mapping[str, str]
    region: int
    bold: int
    heading: int
    item: bool
    pieces: int  # how many there were


class _Pre(NamedTuple):
    """A ``pre`` being read: how many elements are open around it, how many blocks stand before it, its text as is."""

    depth: int
    blocks: int
    text: list[str]


class _Target:
    """The pass: gathers inline text into lines and lines into blocks. The parser calls start, end, data and close."""

    def __init__(self, headings: HeadingTable) -> None:
        self.entries: list[Entry] = []
        self.regions: list[Region] = [Region(-1, False)]
        self.head = HeadReader()
        self._open: list[_Before] = []
        self._over = 0  # how many elements are open that are passed over, in one another
        self._text: list[str] = []  # since the last tag
        self._pre: _Pre | None = None
        self._region = 0
        self._pieces: list[tuple[str, bool]] = []  # of the line being gathered: text, and whether it is bold
        self._links: list[Link] = []
        self._bold = 0
        self._heading = 0  # the level, inside a heading
        self._item = False  # whether the next line is the first of a list item
        self._headings = headings
        self._tables: list[TableRows] = []
        self._rows: list[list[Cell]] = []
        self._within = 0  # how many of article, main, section and details are open: a header in them is their own

    # -- what the parser meets ---------------------------------------------------------------------------------

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if self._over:
            self._over += 1
            return
        if self._text:
            self._end_text()
        if name in _SKIPPED:
            self.head.start(name, attributes)
            self._over = 1
            return
        if len(self._open) >= MAX_DEPTH:
            raise TooMuch(f"elements nested more than {MAX_DEPTH:,} deep")
        before = self._enter(name, attributes)
        if before is None:
            self._over = 1
        else:
            self._open.append(before)

    def end(self, name: str) -> None:
        """The innermost element ends; the parser closes those that the page leaves open."""
        if self._over:
            self._over -= 1
            if not self._over:
                self.head.end()
            return
        if self._text:
            self._end_text()
        self._leave(self._open.pop())

    def data(self, text: str) -> None:
        """Some text; the parser may tell one text in several parts."""
        if self._over:
            self.head.data(text)
        else:
            self._text.append(text)

    def close(self) -> None:
        """The page ends."""
        if self._text:
            self._end_text()
        while self._open:
            self._leave(self._open.pop())
        self._flush()

    def _end_text(self) -> None:
        self._pieces.append(("".join(self._text), self._bold > 0))
        if self._pre:
            self._pre.text.extend(self._text)
        self._text = []

    # -- entering and leaving elements -------------------------------------------------------------------------

    def _enter(self, name: str, attributes: Mapping[str, str]) -> _Before | None:
        """Note the beginning of an element; what :meth:`_leave` needs to undo it, None to pass the element over."""
        if name == "br":
            if self._heading:
                self._pieces.append((" ", False))
            else:
                self._flush()
            return None
        before = _Before(name, attributes, self._region, self._bold, self._heading, self._item, len(self._pieces))
        if name in _INLINE:
            if attributes and (is_skip_link(attributes) if name == "a" else is_suspect(name, attributes)):
                return None
        else:
            if name == "button" and not self._is_toggle(attributes):
                return None
            self._flush()
            is_own_header = name == "header" and self._within > 0
            if name not in ("html", "body", "main") and not is_own_header and is_suspect(name, attributes):
                self._enter_region(name, attributes)
            self._enter_block(name, attributes)
        if name in _BOLD or (attributes and self._marks_heading(attributes)):
            self._bold += 1
        return before

    def _enter_region(self, name: str, attributes: Mapping[str, str]) -> None:
        depth = self.regions[self._region].depth + 1
        if depth < _MAX_REGIONS_DEEP:
            is_header = name == "header" or "header" in attributes.get("class", "")
            self.regions.append(Region(self._region, is_header, depth))
            self._region = len(self.regions) - 1

    def _enter_block(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in _HEADING_LEVELS:
            self._heading = _HEADING_LEVELS[name]
        elif name == "button" or attributes.get("role") == "heading":
            level = attributes.get("aria-level", "")
            self._heading = int(level) if level in "123456" and level else self._heading or 7
        elif name in _OWN_HEADER:
            self._within += 1
        elif name == "li":
            self._item = True
        elif name == "table":
            self._tables.append(TableRows(self._headings))
        elif name == "tr" and self._tables:
            self._rows.append([])
        elif name in ("td", "th") and self._rows:
            # While a cell is open it keeps what stands before it; _leave_block gives it its own.
            self._rows[-1].append(Cell(name == "th", self.entries))
            self.entries = []
        elif name == "p" and attributes and self._is_list_paragraph(attributes):
            self._item = True
        elif name == "pre" and self._pre is None:
            self._pre = _Pre(len(self._open), len(self.entries), [])

    def _leave(self, before: _Before) -> None:
        name = before.name
        if name in _INLINE:
            if name == "a":
                self._leave_link(before)
            elif before.bold != self._bold and name == "span" and before.heading == 0:
                self._pieces.append((" ", True))
        else:
            self._flush()
            self._leave_block(name)
            self._item = before.item and name != "li"
        self._region, self._bold, self._heading = before.region, before.bold, before.heading

    def _leave_block(self, name: str) -> None:
        if name in ("td", "th") and self._rows and self._rows[-1]:
            cell = self._rows[-1][-1]
            self._rows[-1][-1] = Cell(cell.is_head, self.entries)
            self.entries = cell.entries
        elif name == "tr" and self._rows:
            self.entries.extend(self._tables[-1].read_row(self._rows.pop()) if self._tables else [])
        elif name == "table" and self._tables:
            self._tables.pop()
        elif name in _OWN_HEADER:
            self._within -= 1
        elif name == "pre" and self._pre and self._pre.depth == len(self._open):
            self._leave_pre(self._pre)

    def _leave_pre(self, pre: _Pre) -> None:
        """Lines that only ``pre`` keeps apart are read as reader text."""
        self._pre = None
        text = "".join(pre.text)
        if "\n" in text.strip():
            self.entries[pre.blocks :] = [(block, self._region) for block in text_blocks(text, self._headings)]

    def _leave_link(self, before: _Before) -> None:
        text = " ".join("".join([piece for piece, _ in self._pieces[before.pieces :]]).split())
        if _PERMALINK.fullmatch(text):
            del self._pieces[before.pieces :]
        else:
            self._links.append(Link(clean_text(text), before.attributes.get("href", "").strip()))

    # -- lines -------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        """End the line being gathered."""
        if not self._pieces:
            return
        pieces, self._pieces = self._pieces, []
        text = " ".join("".join([piece for piece, _ in pieces]).split())
        if not text:
            return
        if not (text.isascii() and text.isprintable()):
            text = " ".join(clean_text(text).split())
        links, self._links = tuple(self._links), []
        self.entries.append((self._block(text, pieces, links), self._region))
        self._item = False

    def _block(self, text: str, pieces: list[tuple[str, bool]], links: tuple[Link, ...]) -> Block:
        if self._heading:
            return Block("heading", text, self._heading, links=links)
        label = ""
        if any(bold for _, bold in pieces):
            label = _bold_beginning(pieces)
        if self._item:
            return Block("item", strip_bullet(text)[1] or text, label=label, links=links)
        if label and len(label) >= len(text) - 1:
            return Block("bold", text, BOLD_LEVEL, links=links)
        is_item, rest = strip_bullet(text)
        return Block("item" if is_item and rest else "text", rest or text, label=strip_bullet(label)[1], links=links)

    # -- what attributes tell ----------------------------------------------------------------------------------

    def _is_toggle(self, attributes: Mapping[str, str]) -> bool:
        words = f"{attributes.get('class', '')} {attributes.get('id', '')}".lower()
        marked = "aria-expanded" in attributes or "aria-controls" in attributes or "data-toggle" in attributes
        in_heading = bool(self._open) and self._open[-1].name in _HEADING_LEVELS
        return marked or in_heading or "accordion" in words or "toggle" in words

    @staticmethod
    def _marks_heading(attributes: Mapping[str, str]) -> bool:
        if (style := attributes.get("style")) and _BOLD_STYLE.search(style):
            return True
        names = attributes.get("class")
        if not names:
            return False
        words = re.split(r"[-_\s]+", names.lower())
        return not _HEADING_WORDS.isdisjoint(words) or _HEADER_OF.search(names) is not None

    @staticmethod
    def _is_list_paragraph(attributes: Mapping[str, str]) -> bool:
        style = attributes.get("style")
        return "ListParagraph" in attributes.get("class", "") or bool(style and _LIST_STYLE.search(style))


def _bold_beginning(pieces: list[tuple[str, bool]]) -> str:
    """The bold text that a line begins with; empty where it begins otherwise."""
    label: list[str] = []
    for piece, bold in pieces:
        if not bold and piece.strip(" \t\r\n\xa0:"):
            break
        label.append(piece)
    return clean_text(" ".join("".join(label).split()))
