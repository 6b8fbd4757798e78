"""Which blocks of a page open a section.

The same words head a section on one page and are text on the next ("Complications: bleeding"). So the page is surveyed
first: a kind that some heading in a strong style opens is not opened by a line in a weaker one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from enum import IntEnum
from typing import NamedTuple

from .blocks import BOLD_LEVEL, DASHES, PLAIN_LEVEL, Block, Style
from .codes import system_of_label
from .headings import FIELD_KINDS, Heading, HeadingTable

HEAD_LEVEL = 99
"""The level of the head of the page, below every heading."""

_LABEL_LEVEL = PLAIN_LEVEL + 1
_ITEM_LEVEL = PLAIN_LEVEL + 2
_LABEL_END = re.compile(r"\s*[:\u2013\u2014|]\s*|\s+-\s+")
_MAX_LABEL = 70  # characters before the colon in "Heading: text on the same line"
_MAX_BOLD_HEADING = 90  # characters of one with unknown words
_MAX_UNMARKED_HEADING = 60  # characters of one that nothing marks as a heading, but its wording
_LABELS_NEEDED = 3  # kinds so headed, before "Duration: an hour" in an item, or an unknown label, opens a section
_STAGES = frozenset({"preparation", "steps", "recovery"})  # that "Before the procedure" and its like may head
_REMARKS = frozenset({"note", "notes", "important", "tip", "caution", "warning", "example", "please note", "remember"})


class Opening(NamedTuple):
    """A block that opens ``kind``: its heading, the text after it on the line, and its level."""

    kind: str
    heading: str
    rest: str
    level: int


class _Strength(IntEnum):
    """How plainly a block heads a section, the plainest first."""

    HEADING = 0
    BOLD = 1
    LINE = 2
    BOLD_LABEL = 3
    LABEL = 4
    """A label stands before text on its line."""
    ITEM = 5
    BOLD_ITEM = 6
    ITEM_LABEL = 7


class _Form(NamedTuple):
    """How a heading is written; the headings of a page are alike in it."""

    style: Style
    is_bold: bool
    has_text: bool  # on its line


class _Candidate(NamedTuple):
    found: Heading | None  # None where the wording is unknown
    heading: str
    rest: str
    level: int
    strength: _Strength
    is_bold: bool = False

    @property
    def is_marked(self) -> bool:
        """Whether it is marked up as a heading or all in bold."""
        return self.strength <= _Strength.BOLD

    @property
    def form(self) -> _Form:
        style: Style = "text" if self.strength < _Strength.ITEM else "item"
        if self.strength == _Strength.HEADING:
            style = "heading"
        return _Form(style, self.is_bold, bool(self.rest))


class Openings:
    """The openings among ``blocks``; ``about`` is the page's name."""

    def __init__(self, blocks: list[Block], table: HeadingTable, about: str = "") -> None:
        """Survey the page."""
        self._table = table
        self._about = about
        self._blocks = blocks
        self._candidates = [self._candidate(number, block) for number, block in enumerate(blocks)]
        self._title = next((n for n, block in enumerate(blocks) if block.style == "heading"), None)
        self._contents = self._find_contents()
        self._strongest: dict[str, _Strength] = {}
        self._forms: defaultdict[_Form, set[str]] = defaultdict(set)
        for number, candidate in enumerate(self._candidates):
            if candidate and candidate.found and not candidate.found.subordinate and number not in self._contents:
                kind = candidate.found.kind
                self._strongest[kind] = min(candidate.strength, self._strongest.get(kind, candidate.strength))
                if kind not in FIELD_KINDS:
                    self._forms[candidate.form].add(kind)
        self._bold_labels_head = self._head_in(_Form("text", True, True))
        self._items_head = self._head_in(
            _Form("item", False, True), _Form("item", True, True), _Form("item", True, False)
        )

    def is_contents(self, number: int) -> bool:
        """Whether the block is a line of a table of contents."""
        return number in self._contents

    def at(self, number: int, level: int, current: str) -> Opening | None:
        """The opening at block ``number``, if it is one inside a section of ``level`` and kind ``current``."""
        candidate = self._candidates[number]
        if candidate is None:
            return None
        if current == "similar_codes" and not (candidate.is_marked or candidate.found):
            return None
        if candidate.found is None:
            if level == HEAD_LEVEL and not self._follows_title(number, candidate):
                return None
            if candidate.level > level or (candidate.rest and not self._bold_labels_head):
                return None
            return Opening("other", candidate.heading, candidate.rest, candidate.level)
        return self._known(number, candidate, candidate.found, level, current)

    def _known(self, number: int, candidate: _Candidate, found: Heading, level: int, current: str) -> Opening | None:
        opening = Opening(found.kind, candidate.heading, candidate.rest, candidate.level)
        if found.subordinate:
            is_high = candidate.is_marked and candidate.level <= level != HEAD_LEVEL
            return opening if is_high or self._is_stage(candidate, found.kind, current) else None
        if found.kind in ("common_names", "medical_terms", "name", "descriptor"):
            may_open = level == HEAD_LEVEL or current in FIELD_KINDS or candidate.is_marked
            return opening if may_open else None
        if found.kind == "furniture":
            return opening if candidate.is_marked or self._links_follow(number) else None
        if candidate.strength > self._strongest[found.kind]:
            return None
        if candidate.strength >= _Strength.BOLD_ITEM and not self._items_head:
            return None
        return opening

    def _is_stage(self, candidate: _Candidate, kind: str, current: str) -> bool:
        """Whether "Before the procedure: …" opens a section that the page lacks, written as its other headings are."""
        if kind not in _STAGES or kind in self._strongest or current in (kind, "experience"):
            return False
        form = candidate.form
        if form.has_text and not form.is_bold:
            return self._head_in(form)
        return self._head_in(form._replace(has_text=False), form._replace(has_text=True))

    def _head_in(self, *forms: _Form) -> bool:
        """Whether headings of the page are written in these forms rather than a label in the text here and there."""
        return len(set().union(*(self._forms[form] for form in forms))) >= _LABELS_NEEDED

    def _candidate(self, number: int, block: Block) -> _Candidate | None:
        return self._marked(number, block) if block.style in ("heading", "bold") else self._unmarked(block)

    def _marked(self, number: int, block: Block) -> _Candidate | None:
        text, is_bold = block.text, block.style == "bold"
        strength = _Strength.BOLD if is_bold else _Strength.HEADING
        if found := self._table.read(text, self._about):
            return _Candidate(found, text, "", block.level, strength, is_bold)
        if labelled := self._label(block, _LABEL_LEVEL, _Strength.LABEL):
            return labelled
        if is_bold and not self._heads_what_follows(number, text):
            return None
        return _Candidate(None, text, "", block.level, strength, is_bold)

    def _unmarked(self, block: Block) -> _Candidate | None:
        text, table = block.text, self._table
        is_item = block.style == "item"
        is_bold = bool(block.label) and len(block.label) >= len(text) - 1
        if found := table.exact(text):
            return _Candidate(found, text, "", PLAIN_LEVEL, _Strength.ITEM if is_item else _Strength.LINE, is_bold)
        if (is_bold or not is_item) and _looks_like_heading(text) and (found := table.read(text)):
            return _Candidate(found, text, "", PLAIN_LEVEL, _Strength.BOLD_ITEM if is_item else _Strength.LINE, is_bold)
        if is_item:
            return self._label(block, _ITEM_LEVEL, _Strength.ITEM_LABEL)
        return self._label(block, _LABEL_LEVEL, _Strength.LABEL)

    def _label(self, block: Block, level: int, strength: _Strength) -> _Candidate | None:
        """ "Heading: text on the same line", the heading in bold or not."""
        text = block.text
        in_bold = _Strength.BOLD_LABEL if strength == _Strength.LABEL else _Strength.BOLD_ITEM
        if block.label and len(block.label) <= _MAX_LABEL and (found := self._table.read(block.label, self._about)):
            after = text[len(block.label) :] if text.startswith(block.label) else ":" + text.partition(":")[2]
            rest = after.lstrip(" :|" + DASHES)
            goes_on = rest[:1].islower() and after.strip() == rest and not block.label.endswith(":")
            if rest and not goes_on:  # "**Recovery** is quick" is a sentence
                return _Candidate(found, block.label.rstrip(" :"), rest, level, in_bold, is_bold=True)
        if strength == _Strength.LABEL and 0 < len(block.label) <= _MAX_LABEL and self._is_unknown_label(block):
            rest = text[len(block.label) :].lstrip(" :")
            return _Candidate(None, block.label.rstrip(" :"), rest, BOLD_LEVEL, in_bold, is_bold=True)
        end = _LABEL_END.search(text, 0, _MAX_LABEL)
        if end and (rest := text[end.end() :].strip()) and (found := self._table.read(text[: end.start()])):
            return _Candidate(found, text[: end.start()], rest, level, strength)
        return None

    def _follows_title(self, number: int, candidate: _Candidate) -> bool:
        """Whether a heading of unknown words at the head of the page opens a section, not being the title itself."""
        if candidate.strength != _Strength.HEADING or number == self._title or number + 1 >= len(self._blocks):
            return False
        following = self._blocks[number + 1]
        return following.style in ("text", "item") and system_of_label(following.text) is None

    def _links_follow(self, number: int) -> bool:
        following = self._blocks[number + 1 : number + 3]
        return bool(following) and all(block.is_link for block in following)

    @staticmethod
    def _is_unknown_label(block: Block) -> bool:
        rest = block.text[len(block.label) :]
        label = block.label.rstrip(" :")
        ends = block.label.endswith(":") or rest.lstrip().startswith(":")
        return ends and bool(rest.strip(" :")) and label.casefold() not in _REMARKS

    def _heads_what_follows(self, number: int, text: str) -> bool:
        """Whether a line in bold with unknown words heads what follows it."""
        following = self._blocks[number + 1].style if number + 1 < len(self._blocks) else None
        return len(text) <= _MAX_BOLD_HEADING and text[-1] not in ".,;!" and following in ("text", "item")

    def _find_contents(self) -> set[int]:
        """The lines of a table of contents: three or more headings in a row as items or links, with nothing between."""
        contents: set[int] = set()
        run: list[int] = []
        for number, (block, candidate) in enumerate(zip([*self._blocks, None], [*self._candidates, None], strict=True)):
            is_heading = candidate is not None and candidate.found is not None and not candidate.rest
            if block and is_heading and (block.style == "item" or block.is_link):
                run.append(number)
                continue
            if len(run) >= 3:
                contents.update(run)
            run = []
        return contents


def _looks_like_heading(text: str) -> bool:
    """Whether a line that nothing marks may be a heading: it is short and does not end as a sentence does."""
    return len(text) <= _MAX_UNMARKED_HEADING and text[-1] not in ".,;!"
