"""Blocks to the parts of a procedure: which line opens which section, and what stands at the head of the page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from .blocks import Block, RawPage
from .codes import NO_CODE, FoundCode, beside_title, guess, in_line, labelled, system_of_label
from .headings import HeadingTable, squeeze
from .noise import is_furniture
from .openings import HEAD_LEVEL, Opening, Openings
from .procedure import SECTION_KINDS, Section
from .systems import system_named

_MAX_DESCRIPTOR = 1_500  # characters; a longer paragraph is text
_MIN_DESCRIPTOR = 15  # characters; a shorter one is some label, if nothing marks it as the descriptor
_MAX_NAMES = 2_000  # characters; a longer list of names is text
_COMMA = re.compile(r"\s*,\s*(?![^(]*\))")
_SEMICOLON = re.compile(r"\s*[;|•]\s*|\s+/\s+")
_BYLINE = re.compile(
    r"(?:by|written by|(?:medically |last )?(?:reviewed|updated)|published|posted|author)\b", re.IGNORECASE
)


@dataclass(slots=True)
class Parts:
    """What the blocks of a page say; ``codes`` are system and code as found in its text, best first."""

    descriptor: str = ""
    name: str = ""
    common_names: tuple[str, ...] = ()
    medical_terms: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    similar: list[Block] = field(default_factory=list)
    codes: list[FoundCode] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _OpenPart:
    """What the block at hand belongs to: a section, a field such as the names, or the head of the page."""

    kind: str
    heading: str
    level: int
    blocks: list[Block] = field(default_factory=list)


def read_sections(page: RawPage, table: HeadingTable) -> Parts:
    """The parts of the procedure that ``page`` describes."""
    return _Builder(page, table).build()


class _Builder:
    def __init__(self, page: RawPage, table: HeadingTable) -> None:
        self._page = page
        self._table = table
        self._parts = Parts()
        self._head: list[Block] = []
        self._label_at: int | None = None  # how many blocks of the head stand before the label of the code system
        self._values: dict[str, list[str]] = {"name": [], "common_names": [], "medical_terms": [], "descriptor": []}
        self._sections: list[_OpenPart] = []
        self._current = _OpenPart("head", "", HEAD_LEVEL)

    def build(self) -> Parts:
        blocks = [block for block in self._page.blocks if not is_furniture(block.text)]
        openings = Openings(blocks, self._table, _about(blocks))
        for number, block in enumerate(blocks):
            if openings.is_contents(number) or self._note_label(block):
                continue
            if opening := openings.at(number, self._current.level, self._current.kind):
                self._open(opening, block)
            else:
                self._add(block)
        self._settle_head()
        self._parts.sections = tuple(self._close_sections())
        self._warn()
        return self._parts

    # -- one block after the other -----------------------------------------------------------------------------

    def _open(self, opening: Opening, block: Block) -> None:
        kind, rest = opening.kind, opening.rest
        if kind in SECTION_KINDS:
            self._current = _OpenPart(kind, opening.heading, opening.level)
            self._sections.append(self._current)
            if rest:
                self._current.blocks.append(Block("text", rest, links=block.links))
        elif kind == "code":
            self._read_code(opening, block)
        elif rest and kind in self._values:
            self._values[kind] += [rest] if kind in ("name", "descriptor") else _names(rest, opening.heading)
            if self._current.kind in self._values:
                self._current = _OpenPart("head", "", HEAD_LEVEL)
        else:
            self._current = _OpenPart(kind, opening.heading, opening.level)
            if rest and kind == "similar_codes":
                self._parts.similar.append(Block("text", rest, links=block.links))

    def _read_code(self, opening: Opening, block: Block) -> None:
        if not opening.rest:
            self._current = _OpenPart("code", opening.heading, opening.level)
            return
        found = in_line(opening.rest, self._system)
        if found.code is None:
            found = FoundCode(system_named(opening.rest), None)
        if found == NO_CODE:
            self._add(block)
        else:
            self._parts.codes.append(found)

    def _add(self, block: Block) -> None:
        kind = self._current.kind
        if kind == "furniture":
            return
        if kind == "similar_codes":
            self._parts.similar.append(block)
            return
        if self._note_code(block):
            return
        if kind in ("common_names", "medical_terms"):
            self._values[kind] += _names(block.text, self._current.heading, is_item=block.style == "item")
        elif kind in ("name", "descriptor") and not self._values[kind]:
            self._values[kind].append(block.text)
        elif kind in SECTION_KINDS:
            self._current.blocks.append(block)
        else:
            self._head.append(block)

    def _note_label(self, block: Block) -> bool:
        """Note the system, where the block is nothing but its label; whether it is."""
        system = system_of_label(block.text)
        if system is None:
            return False
        self._parts.codes.append(FoundCode(system, None))
        if self._current.kind == "head":
            self._label_at = len(self._head)
        return True

    def _note_code(self, block: Block) -> bool:
        """Note the code, where the block is nothing else; whether it is."""
        at_head = self._current.kind in ("head", "code", "name", "descriptor")
        found = in_line(block.text, self._system if at_head else None)
        if self._current.kind == "code" and not found.code:
            found = guess(block.text)
        if found.code is None or not (at_head or labelled(block.text)[0].code):
            return False
        self._parts.codes.append(found)
        return True

    @property
    def _system(self) -> str | None:
        return next((found.system for found in self._parts.codes if found.system), None)

    # -- the head of the page ----------------------------------------------------------------------------------

    def _settle_head(self) -> None:
        """Tell name and descriptor; what else stands before the first section is kept as ``other``."""
        parts, values = self._parts, self._values
        for number, block in enumerate(self._head):
            found, rest = labelled(block.text, self._system)
            if block.style == "heading" and not found.code:
                found, rest = beside_title(block.text, self._system)
            if found.code:
                parts.codes.append(found)
                self._head[number] = block._replace(text=rest)
        parts.name = values["name"][0] if values["name"] else ""
        parts.descriptor = values["descriptor"][0] if values["descriptor"] else ""
        candidates = [b for b in self._head if b.text and not _is_site_title(b)]
        title = None if parts.name else self._title(candidates)
        if not parts.name:
            parts.name = title.text if title else _name_in_title(self._page.title)
        if not parts.descriptor:
            parts.descriptor = self._take_descriptor([block for block in candidates if block is not title])
        own = {squeeze(parts.name), squeeze(parts.descriptor)}
        left = [block for block in candidates if squeeze(block.text) not in own and not block.is_link]
        left += [Block("text", text) for kind in ("name", "descriptor") for text in values[kind][1:]]
        if left:
            self._sections.insert(0, _OpenPart("other", "", HEAD_LEVEL, left))
        parts.common_names = tuple(dict.fromkeys(values["common_names"]))
        parts.medical_terms = tuple(dict.fromkeys(values["medical_terms"]))

    def _title(self, candidates: list[Block]) -> Block | None:
        """Where a page that does not label its name has it: its first heading, else its first short line."""
        for block in candidates:
            if block.style == "heading":
                return block
        beside_label = self._beside_label()
        for block in candidates[:2]:
            if block is not beside_label and len(block.text) <= 150 and not _is_sentence(block.text):
                return block
        return None

    def _take_descriptor(self, candidates: list[Block]) -> str:
        """The official wording: the paragraph beside the system's label, else the first that is not a sentence.

        It may be the name in another case; a heading without a label beside it then only repeats the name.
        """
        name = self._parts.name
        beside_label = self._beside_label()
        if beside_label is not None and any(block is beside_label for block in candidates):
            return beside_label.text
        for block in candidates:
            if block.text == name or (block.style == "heading" and squeeze(block.text) == squeeze(name)):
                continue
            if _may_describe(block) and block.style != "item" and not block.is_link and not _is_sentence(block.text):
                return block.text
        return ""

    def _beside_label(self) -> Block | None:
        if self._label_at is None:
            return None
        before, after = self._head[: self._label_at], self._head[self._label_at :]
        near = [b for b in (before[-1:] + after[:1]) if b.style in ("text", "bold", "heading")]
        return next((b for b in near if b.style == "text"), near[0] if near else None)

    # -- the end -----------------------------------------------------------------------------------------------

    def _close_sections(self) -> Iterable[Section]:
        """The sections with text; two of one kind become one, but for ``other``."""
        if self._sections:
            _drop_trailing_links(self._sections[-1])
        merged: dict[str, _OpenPart] = {}
        result: list[_OpenPart] = []
        for section in self._sections:
            first = merged.get(section.kind)
            if section.kind != "other" and not section.blocks:
                self._parts.warnings.append(f"empty section: {section.heading}")
            elif first is not None:
                self._parts.warnings.append(
                    f"two sections of kind {section.kind} merged: {first.heading}, {section.heading}"
                )
                if squeeze(first.heading) != squeeze(section.heading):
                    first.blocks.append(Block("bold", section.heading))
                first.blocks += section.blocks
            else:
                result.append(section)
                if section.kind != "other":
                    merged[section.kind] = section
        for section in result:
            text = "\n".join(block.text for block in section.blocks) or section.heading
            yield Section(section.kind, section.heading.rstrip(" :"), text)

    def _warn(self) -> None:
        parts = self._parts
        found = {section.kind for section in parts.sections}
        if not found - {"other"}:
            parts.warnings.append("no section headings found")
        elif missing := [kind for kind in SECTION_KINDS[:-1] if kind not in found]:
            parts.warnings.append(f"missing sections: {', '.join(missing)}")
        if parts.descriptor.endswith((",", ";", "(", "-", " and", " or", "...", "…")):
            parts.warnings.append("the descriptor is cut off")
        if not parts.name:
            parts.warnings.append("no name found")


def _about(blocks: list[Block]) -> str:
    """The page's subject as its main heading names it, for headings such as "Colonoscopy Risks"."""
    title = next((b.text for b in blocks if b.style == "heading" and b.level == 1), "")
    return title if len(title) < 80 else ""


def _names(text: str, heading: str, *, is_item: bool = False) -> list[str]:
    """The names in ``text``: divided at semicolons, bars and " / ", and at commas outside brackets.

    Under a heading in the singular, and in an item of a list, a comma is part of a name.
    """
    parts = _SEMICOLON.split(text)
    is_plural = not is_item and not squeeze(heading).endswith(("name", "term"))
    if is_plural and len(text) <= _MAX_NAMES:
        parts = [re.sub(r"^(?:and|or)\s+", "", part) for whole in parts for part in _COMMA.split(whole)]
    return [name for part in parts if (name := part.strip(" \t.,;:*"))]


def _name_in_title(title: str) -> str:
    """The first part of the page's title, before the site's name."""
    return re.split(r"\s+[|\u2013\u2014»·-]\s+", title)[0].strip() if title else ""


def _is_sentence(text: str) -> bool:
    return text.rstrip(" \"')\u201d\u2019").endswith((".", "!", "?")) and " " in text


def _may_describe(block: Block) -> bool:
    is_long_enough = block.style == "heading" or len(block.text) >= _MIN_DESCRIPTOR
    return is_long_enough and len(block.text) <= _MAX_DESCRIPTOR and _BYLINE.match(block.text) is None


def _is_site_title(block: Block) -> bool:
    """Whether a heading is only a link to the site's first page, and so the site's name."""
    is_one_link = block.is_link and len(block.links) == 1
    return block.style == "heading" and is_one_link and block.links[0].url in ("/", "./", "#")


def _drop_trailing_links(section: _OpenPart) -> None:
    """Links alone at the very end of a page are its footer, where no element says so."""
    end = len(section.blocks)
    while end and section.blocks[end - 1].is_link:
        end -= 1
    if 0 < end <= len(section.blocks) - 3:
        del section.blocks[end:]
