"""From a page that matches: the section that answers best, a snippet of it, and where the matched words stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..corpus.procedure import Procedure
from ..indexer.analysis import word_spans
from .asked import AskedWord, loosest
from .words import TIERS

SNIPPET_CHARACTERS = 240
BETWEEN_LINES = " · "


@dataclass(frozen=True, slots=True)
class Snippet:
    """``text`` of a ``section`` with the [start, end) ``marks`` of the matched words in it.

    ``tier`` is the loosest that a word of the query needed on the whole page.
    """

    text: str
    section: str | None
    marks: tuple[tuple[int, int], ...]
    tier: str


@dataclass(slots=True)
class _Line:
    text: str
    marks: list[tuple[int, int]] = field(default_factory=list)
    words: dict[int, str] = field(default_factory=dict)  # number of the word asked for -> tightest tier


def make_snippet(procedure: Procedure, asked: Sequence[AskedWord], weights: Sequence[float]) -> Snippet:
    """The snippet of ``procedure`` for the words ``asked``; ``weights`` says how telling each of them is."""
    best: dict[int, str] = {}
    for name, text in _names(procedure):
        for word, tier in _read_line(text, name, asked).words.items():
            best[word] = _tighter(tier, best.get(word))
    chosen: tuple[float, str | None, list[_Line]] = (-1.0, None, [])
    for section in procedure.sections:
        lines = [_read_line(text, section.kind, asked) for text in section.text.split("\n")]
        words: dict[int, str] = {}
        for line in lines:
            for word, tier in line.words.items():
                words[word] = _tighter(tier, words.get(word))
        for word, tier in words.items():
            best[word] = _tighter(tier, best.get(word))
        score = sum(weights[word] / (1 + TIERS.index(tier)) for word, tier in words.items())
        if section.text and score > chosen[0]:
            chosen = score, section.kind, lines
    _, kind, lines = chosen
    if not lines:
        head = procedure.descriptor or procedure.name
        lines = [_read_line(head, "descriptor" if procedure.descriptor else "name", asked)] if head else []
    text, marks = _cut(lines, weights)
    return Snippet(text, kind, marks, loosest(list(best.values())))


def _names(procedure: Procedure) -> Iterable[tuple[str, str]]:
    yield "name", procedure.name
    yield "descriptor", procedure.descriptor
    yield "code", procedure.code or ""
    yield "system", procedure.system or ""
    for text in procedure.common_names:
        yield "common_names", text
    for text in procedure.medical_terms:
        yield "medical_terms", text


def _read_line(text: str, name: str, asked: Sequence[AskedWord]) -> _Line:
    line = _Line(text)
    answering = [(number, word.tier_of) for number, word in enumerate(asked) if word.stands_in(name)]
    if not answering:
        return line
    for term, start, end in word_spans(text):
        marked = False
        for number, tier_of in answering:
            tier = tier_of(term)
            if tier is not None:
                line.words[number] = _tighter(tier, line.words.get(number))
                marked = True
        if marked:
            line.marks.append((start, end))
    return line


def _tighter(tier: str, other: str | None) -> str:
    return tier if other is None or TIERS.index(tier) < TIERS.index(other) else other


def _cut(lines: list[_Line], weights: Sequence[float]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The best line, with those after it while there is room, or the part of it around its first match."""
    if not lines:
        return "", ()
    best = max(range(len(lines)), key=lambda place: (sum(weights[word] for word in lines[place].words), -place))
    line = lines[best]
    if len(line.text) > SNIPPET_CHARACTERS:
        return _window(line)
    text, marks = line.text, list(line.marks)
    for following in lines[best + 1 :]:
        if len(text) + len(BETWEEN_LINES) + len(following.text) > SNIPPET_CHARACTERS:
            break
        offset = len(text) + len(BETWEEN_LINES)
        text += BETWEEN_LINES + following.text
        marks += [(start + offset, end + offset) for start, end in following.marks]
    return text, tuple(marks)


def _window(line: _Line) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The stretch of a long line that holds most matches, cut between words."""
    starts = [start for start, _ in line.marks] or [0]
    room = SNIPPET_CHARACTERS - 2
    first = max(starts, key=lambda start: (sum(start <= end <= start + room - 30 for _, end in line.marks), -start))
    begin = max(0, min(first - 30, len(line.text) - room))
    if begin:
        space = line.text.find(" ", begin, first)
        begin = space + 1 if space >= 0 else first
    stop = min(len(line.text), begin + room)
    if stop < len(line.text):
        space = line.text.rfind(" ", begin + 1, stop)
        stop = space if space > 0 else stop
    before, after = "…" if begin else "", "…" if stop < len(line.text) else ""
    shift = len(before) - begin
    marks = tuple((start + shift, end + shift) for start, end in line.marks if start >= begin and end <= stop)
    return f"{before}{line.text[begin:stop]}{after}", marks
