"""From a page that matches: the section that answers best, a snippet of it, and where the matched words stand."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..corpus.procedure import Procedure
from ..indexer import parameters
from ..indexer.analysis import words
from .asked import AskedWord, loosest
from .finding import LOOSENESS, Finder, Place, answered, tighten
from .questions import Cue

SNIPPET_CHARACTERS = 240
BETWEEN_LINES = " · "

Marks = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Snippet:
    """``text`` of a ``section`` with the [start, end) ``marks`` of the matched words in it.

    ``tier`` is the loosest that a word of the query needed on the whole page.
    """

    text: str
    section: str | None
    marks: Marks
    tier: str


def make_snippet(procedure: Procedure, finder: Finder, weights: Sequence[float], cues: Sequence[Cue] = ()) -> Snippet:
    """The snippet of ``procedure`` for the words that ``finder`` finds.

    ``weights`` says how telling each of them is, ``cues`` which section the query asks for.
    """
    texts = _names(procedure)
    first = len(texts)
    texts += [(section.kind, section.text) for section in procedure.sections]
    found = finder.places(texts)
    best = answered([place for number, places in found.items() if number < first for place in places])
    wanted = _wanted_kinds(texts[:first], cues)
    topic = frozenset(best) if wanted else frozenset()
    about = sum([weight for number, weight in enumerate(weights) if number not in topic]) or 1.0
    most, chosen = -1.0, None
    for number, (kind, text) in enumerate(texts[first:], first):
        score = 0.0
        if number in found:
            answers = answered(found[number])
            tighten(best, answers.items())
            score = sum([weights[word] / (1 + LOOSENESS[tier]) for word, tier in answers.items() if word not in topic])
        if wanted:
            score = wanted.get(kind, 0.0) + parameters.SECTION_WORDS_WEIGHT * score / about
        if text and score > most:
            most, chosen = score, number
    section = None if chosen is None else texts[chosen][0]
    if chosen is None:
        chosen = 1 if procedure.descriptor else 0
    text, marks = _cut(texts[chosen][1], found.get(chosen, []), weights)
    return Snippet(text, section, marks, _needed_tier(best, finder.asked))


def _wanted_kinds(names: Sequence[tuple[str, str]], cues: Sequence[Cue]) -> dict[str, float]:
    """The sections asked for, without the cues that are no more than part of the procedure's name."""
    if not cues:
        return {}
    named = {term for _, text in names for term in words(text)}
    return {cue.kind: cue.weight for cue in cues if not cue.words or not cue.words <= named}


def _needed_tier(best: Mapping[int, str], asked: Sequence[AskedWord]) -> str:
    """The loosest tier that was needed: what says a word in other words was not, where the word itself is there."""
    found = {asked[number].text for number in best if not asked[number].instead_of}
    return loosest([
        tier for number, tier in best.items()
        if not asked[number].instead_of or not found.issuperset(asked[number].instead_of)
    ])  # fmt: skip


def _names(procedure: Procedure) -> list[tuple[str, str]]:
    """What a procedure is called: its name, its official wording and the rest."""
    return [
        ("name", procedure.name),
        ("descriptor", procedure.descriptor),
        ("code", procedure.code or ""),
        ("system", procedure.system or ""),
        *[("common_names", text) for text in procedure.common_names],
        *[("medical_terms", text) for text in procedure.medical_terms],
    ]


def _cut(text: str, places: Sequence[Place], weights: Sequence[float]) -> tuple[str, Marks]:
    """The best line, with those after it while there is room, or the part of it around its first match."""
    lines = text.split("\n")
    first, after = 0, len(lines)
    if _length(lines) > SNIPPET_CHARACTERS:
        first = _best_line(text, places, weights) if after > 1 else 0
        after = first + 1
        while after < len(lines) and _length(lines[first : after + 1]) <= SNIPPET_CHARACTERS:
            after += 1
    begin = sum(map(len, lines[:first])) + first
    end = begin + sum(map(len, lines[first:after])) + after - first - 1
    shown_places = [place for place in places if begin <= place[0] < end]
    marks = []
    for line, (start, stop, _) in zip(_lines_of(text, shown_places), shown_places, strict=True):
        shift = (len(BETWEEN_LINES) - 1) * (line - first) - begin
        marks.append((start + shift, stop + shift))
    shown = BETWEEN_LINES.join(lines[first:after])
    return (shown, tuple(marks)) if len(shown) <= SNIPPET_CHARACTERS else _window(shown, marks)


def _length(lines: Sequence[str]) -> int:
    return sum(map(len, lines)) + len(BETWEEN_LINES) * (len(lines) - 1)


def _best_line(text: str, places: Sequence[Place], weights: Sequence[float]) -> int:
    """The line that says most of what is asked for, the first of several."""
    in_line: dict[int, list[Place]] = {}
    for line, place in zip(_lines_of(text, places), places, strict=True):
        in_line.setdefault(line, []).append(place)
    scores = {line: sum([weights[word] for word in answered(found)]) for line, found in in_line.items()}
    return max(scores, key=scores.__getitem__, default=0)


def _lines_of(text: str, places: Sequence[Place]) -> Iterator[int]:
    """The number of the line of ``text`` that each of ``places``, which ascend, stands in."""
    line, reached = 0, 0
    for start, _, _ in places:
        line += text.count("\n", reached, start)
        reached = start
        yield line


def _window(text: str, marks: Sequence[tuple[int, int]]) -> tuple[str, Marks]:
    """The stretch of a long line that holds most matches, cut between words."""
    starts, ends = [start for start, _ in marks] or [0], [end for _, end in marks]
    room = SNIPPET_CHARACTERS - 2
    first = max(starts, key=lambda start: (bisect_right(ends, start + room - 30) - bisect_left(ends, start), -start))
    begin = max(0, min(first - 30, len(text) - room))
    if begin:
        space = text.find(" ", begin, first)
        begin = space + 1 if space >= 0 else first
    stop = min(len(text), begin + room)
    if stop < len(text):
        space = text.rfind(" ", begin + 1, stop)
        stop = space if space > 0 else stop
    before, after = "…" if begin else "", "…" if stop < len(text) else ""
    shift = len(before) - begin
    kept = tuple((start + shift, end + shift) for start, end in marks if start >= begin and end <= stop)
    return f"{before}{text[begin:stop]}{after}", kept
