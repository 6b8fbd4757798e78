"""Reader text and Markdown to blocks: bullets, numbered steps, headings of every kind, hard-wrapped paragraphs.

Reader text is a page as browsers' reader modes and text extractors save it: lines without markup.
"""

from __future__ import annotations

import re

from .blocks import BOLD_LEVEL, Block, Link, RawPage
from .decoding import clean_text
from .headings import HeadingTable

_BULLET = re.compile(
    r"(?:[•◦▪▫●○■□‣\u2043∙·➢➤►▶✓✔✦❖§*+\u2013\u2014-]|\([0-9a-zA-Z]\)|\d{1,2}[.)])\s+(?=\S)|[•◦▪●■‣➢►✓✔]"
)
_ATX = re.compile(r"(#{1,6})\s+(.+?)\s*#*$")
_UNDERLINE = re.compile(r"=+|-{2,}")
_RULE = re.compile(r"([-*_=])(\s?\1){2,}")
_BOLD = re.compile(r"(\*\*|__)(?=\S)(.{1,300}?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=\S)([^*]{1,300})(?<=\S)\*(?![\w*])|(?<!\w)_(?=\S)([^_]{1,300})(?<=\S)_(?!\w)")
_LINK = re.compile(r"!?\[((?:[^\[\]]|\[[^\[\]]{0,100}\]){0,500})\]\(\s*<?([^()\s<>]{0,2000})>?[^()]{0,200}\)")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+.!|-])")
_HTML_REST = re.compile(r"<br\s*/?>|</?(?:p|b|i|u|em|strong|span|div|sup|sub)\s*>|<!--[^<>]*-->", re.IGNORECASE)
_FRONT_MATTER = re.compile(r"\s*---[ \t]*\n((?:[^\n]*\n){1,60}?)---[ \t]*(?:\n|$)")
_WIDTHS = range(60, 101)  # characters to which lines may be cut


def read_text(text: str, table: HeadingTable) -> RawPage:
    """The blocks of reader text or Markdown, and the values of its front matter."""
    metadata: dict[str, str] = {}
    if match := _FRONT_MATTER.match(text):
        for line in match[1].splitlines():
            name, colon, value = line.partition(":")
            if colon and value.strip():
                metadata[name.strip().lower()] = value.strip().strip("\"'")
        text = text[match.end() :]
    return RawPage(text_blocks(text, table), metadata.get("title", ""), metadata.get("url"), metadata)


def text_blocks(text: str, table: HeadingTable) -> list[Block]:
    """The blocks of ``text``, one a line, but for lines that only a line width or an indent divides.

    ``table`` tells a heading that was indented with the list above it from the rest of an item.
    """
    lines = _HTML_REST.sub(lambda m: "\n" if m[0][:3].lower() == "<br" else "", text).splitlines()
    width = _width(lines)
    blocks: list[Block] = []
    after_blank, previous = True, ""
    for line in lines:
        stripped = " ".join(line.split())
        if not stripped or stripped.startswith("```"):
            after_blank = True
            continue
        if _is_underline(stripped, previous, blocks, after_blank):
            blocks[-1] = blocks[-1]._replace(style="heading", level=1 if stripped[0] == "=" else 2)
        elif not _RULE.fullmatch(stripped):
            block = _block(stripped)
            if not after_blank and not table.exact(stripped) and _continues(line, block, previous, blocks, width):
                last = blocks[-1]
                blocks[-1] = last._replace(text=f"{last.text} {block.text}", links=last.links + block.links)
            else:
                blocks.append(block)
        after_blank, previous = False, line
    return [block for block in blocks if block.text]


def strip_bullet(text: str) -> tuple[bool, str]:
    """Whether ``text`` begins with a bullet or a number of a list, and the text without it."""
    match = _BULLET.match(text)
    return (True, text[match.end() :].lstrip()) if match else (False, text)


def _is_underline(line: str, previous: str, blocks: list[Block], after_blank: bool) -> bool:
    is_mark = not after_blank and bool(blocks) and _UNDERLINE.fullmatch(line) is not None
    return is_mark and blocks[-1].style in ("text", "bold") and len(previous) <= 150


def _continues(line: str, block: Block, previous: str, blocks: list[Block], width: int) -> bool:
    """Whether ``line`` goes on with the sentence of the line above it."""
    if not blocks or block.style != "text" or blocks[-1].style not in ("text", "item"):
        return False
    if blocks[-1].style == "item" and line[:1] in " \t" and _indent(line) > _indent(previous):
        return True
    return len(previous) + 1 + len(line.split(maxsplit=1)[0]) > width and not block.label


def _width(lines: list[str]) -> int:
    """The width that lines are cut to, so that a word stands on the next line where it did not fit."""
    width = max(map(len, lines), default=0)
    near = sum(1 for line in lines if len(line) > width - 12)
    return width if width in _WIDTHS and near >= 3 else 10**9


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _block(line: str) -> Block:
    if match := _ATX.match(line):
        text, links, _ = _inline(match[2])
        return Block("heading", text, len(match[1]), links=links)
    if line[0] == ">":
        line = line.lstrip("> ") or " "
    if line[0] == "|":
        return _table_row(line)
    is_item, rest = strip_bullet(line) if not line.startswith(("**", "__")) else (False, line)
    text, links, label = _inline(re.sub(r"^\[[ xX]\]\s+", "", rest) if is_item else rest)
    if is_item:
        return Block("item", text, label=label, links=links)
    if label and label == text:
        return Block("bold", text, BOLD_LEVEL, links=links)
    return Block("text", text, label=label, links=links)


def _table_row(line: str) -> Block:
    if re.fullmatch(r"[|:\s-]+", line):
        return Block("text", "")
    cells = [_inline(cell.strip()) for cell in line.strip("| ").split("|")]
    first = cells[0][0]
    links = tuple(link for cell in cells for link in cell[1])
    text = " | ".join(cell[0] for cell in cells[1:] if cell[0])
    return Block("text", f"{first.rstrip(':')}: {text}" if text else first, label=first if text else "", links=links)


def _inline(text: str) -> tuple[str, tuple[Link, ...], str]:
    """``text`` without Markdown's marks, its links, and its bold beginning."""
    links: list[Link] = []
    if "](" in text:
        links = [Link(_plain(match[1]), match[2]) for match in _LINK.finditer(text) if match[0][0] != "!"]
        text = _LINK.sub(lambda match: "" if match[0][0] == "!" else match[1], text)
    bold = _BOLD.match(text)
    return _plain(text), tuple(links), _plain(bold[2]) if bold else ""


def _plain(text: str) -> str:
    if "*" in text or "_" in text:
        text = _BOLD.sub(r"\2", text)
        text = _EMPHASIS.sub(lambda match: match[1] or match[2], text)
    text = _ESCAPE.sub(r"\1", text).replace("`", "")
    return clean_text(" ".join(text.split()))
