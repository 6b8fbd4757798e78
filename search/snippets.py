"""From a page that matches: the section that answers best, a snippet of it, and where the matched words stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from os.path import commonprefix

from ..corpus.procedure import Procedure
from ..indexer.analysis import MAX_TERM, stem, terms, word_spans, words
from . import parameters
from .asked import AskedWord, loosest
from .questions import Cue
from .words import TIERS

SNIPPET_CHARACTERS = 240
BETWEEN_LINES = " · "

_LOOSENESS = {tier: place for place, tier in enumerate(TIERS)}


@dataclass(frozen=True, slots=True)
class Snippet:
    """``text`` of a ``section`` with the [start, end) ``marks`` of the matched words in it.

    ``tier`` is the loosest that a word of the query needed on the whole page.
    """

    text: str
    section: str | None
    marks: tuple[tuple[int, int], ...]
    tier: str


def make_snippet(
    procedure: Procedure, asked: Sequence[AskedWord], weights: Sequence[float], cues: Sequence[Cue] = ()
) -> Snippet:
    """The snippet of ``procedure`` for the words ``asked``.

    ``weights`` says how telling each of them is, ``cues`` which section the query asks for.
    """
    reader = _Reader(asked)
    best: dict[int, str] = {}
    for name, text in _names(procedure):
        _tighten(best, reader.answers(text, name))
    wanted = _wanted_kinds(procedure, cues)
    topic = frozenset(best) if wanted else frozenset()
    about = sum(weight for number, weight in enumerate(weights) if number not in topic) or 1.0
    most, kind, text = -1.0, None, ""
    for section in procedure.sections:
        answers = reader.answers(section.text, section.kind)
        _tighten(best, answers)
        score = sum([weights[word] / (1 + _LOOSENESS[tier]) for word, tier in answers.items() if word not in topic])
        if wanted:
            score = wanted.get(section.kind, 0.0) + parameters.SECTION_WORDS_WEIGHT * score / about
        if section.text and score > most:
            most, kind, text = score, section.kind, section.text
    field = kind or ("descriptor" if procedure.descriptor else "name")
    text, marks = _cut((text or procedure.descriptor or procedure.name).split("\n"), field, reader, weights)
    return Snippet(text, kind, marks, _needed_tier(best, asked))


def _wanted_kinds(procedure: Procedure, cues: Sequence[Cue]) -> dict[str, float]:
    """The sections asked for, without the cues that are no more than part of the procedure's name."""
    if not cues:
        return {}
    names = {term for _, text in _names(procedure) for term in words(text)}
    return {cue.kind: cue.weight for cue in cues if not cue.words or not cue.words <= names}


def _needed_tier(best: Mapping[int, str], asked: Sequence[AskedWord]) -> str:
    """The loosest tier that was needed: what says a word in other words was not, where the word itself is there."""
    found = {asked[number].text for number in best if not asked[number].instead_of}
    return loosest([
        tier for number, tier in best.items()
        if not asked[number].instead_of or not found.issuperset(asked[number].instead_of)
    ])  # fmt: skip


def _names(procedure: Procedure) -> Iterable[tuple[str, str]]:
    yield "name", procedure.name
    yield "descriptor", procedure.descriptor
    yield "code", procedure.code or ""
    yield "system", procedure.system or ""
    for text in procedure.common_names:
        yield "common_names", text
    for text in procedure.medical_terms:
        yield "medical_terms", text


class _Reader:
    """Finds the words asked for in texts. Most texts hold none of them and are done with at once."""

    def __init__(self, asked: Sequence[AskedWord]) -> None:
        self._asked = asked
        self._phrases = [
            (number, _prefixes(term), tier) for number, word in enumerate(asked) for term, tier in word.phrases
        ]
        self._known = frozenset[str]().union(*[word.terms for word in asked if word.terms is not None])
        self._patterns = any(word.terms is None for word in asked)
        self._listed = not self._patterns and not self._phrases
        # A term may be the beginning of a longer word.
        self._terms = terms if self._patterns or any(len(term) == MAX_TERM for term in self._known) else words

    def answers(self, text: str, field: str) -> dict[int, str]:
        """The numbers of the words that the text of a field answers, each with the tightest tier."""
        if self._listed and text.isascii() and not any(map(text.lower().__contains__, self._known)):
            return {}
        found = self._terms(text)
        known = self._known.intersection(found)
        if not known and not self._patterns and not self._phrases:
            return {}
        answers: dict[int, str] = {}
        for number, prefixes, tier in self._phrases:
            if self._asked[number].stands_in(field) and next(_places(prefixes, found), None) is not None:
                _tighten(answers, {number: tier})
        for number, word in enumerate(self._asked):
            if word.stands_in(field):
                tiers = map(word.tier_of, found if word.terms is None else known & word.terms)
                answering = [tier for tier in tiers if tier is not None]
                if answering:
                    _tighten(answers, {number: min(answering, key=_LOOSENESS.__getitem__)})
        return answers

    def marks(self, text: str, field: str) -> list[tuple[int, int]]:
        """Where the words of ``text`` stand that answer any word asked for."""
        answering = [word.tier_of for word in self._asked if word.stands_in(field)]
        spans = list(word_spans(text))
        marked = {place for place, (term, _, _) in enumerate(spans) if any(tier_of(term) for tier_of in answering)}
        found = [term for term, _, _ in spans]
        for _, prefixes, _ in self._phrases:
            for place in _places(prefixes, found):
                marked.update(range(place, place + len(prefixes)))
        return [spans[place][1:] for place in sorted(marked)]


@lru_cache(maxsize=4096)
def _prefixes(term: str) -> tuple[str, ...]:
    """What the inflections of each word of ``term`` begin with."""
    return tuple(commonprefix([word, stem(word)]) for word in term.split())  # noqa: RUF071 - letters, not paths


def _places(prefixes: tuple[str, ...], found: Sequence[str]) -> Iterator[int]:
    """The places in ``found`` where words with these prefixes begin to stand side by side."""
    first = prefixes[0]
    for place, word in enumerate(found):
        side_by_side = found[place : place + len(prefixes)] if word.startswith(first) else ()
        if len(side_by_side) == len(prefixes) and all(map(str.startswith, side_by_side, prefixes)):
            yield place


def _tighten(best: dict[int, str], answers: dict[int, str]) -> None:
    for word, tier in answers.items():
        if word not in best or _LOOSENESS[tier] < _LOOSENESS[best[word]]:
            best[word] = tier


def _cut(
    lines: list[str], field: str, reader: _Reader, weights: Sequence[float]
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The best line, with those after it while there is room, or the part of it around its first match."""
    scores = [sum([weights[word] for word in reader.answers(line, field)]) for line in lines]
    whole = BETWEEN_LINES.join(lines)
    if len(whole) <= SNIPPET_CHARACTERS:
        return whole, tuple(reader.marks(whole, field))
    best = scores.index(max(scores))
    text = lines[best]
    if len(text) > SNIPPET_CHARACTERS:
        return _window(text, reader.marks(text, field))
    for following in lines[best + 1 :]:
        if len(text) + len(BETWEEN_LINES) + len(following) > SNIPPET_CHARACTERS:
            break
        text += BETWEEN_LINES + following
    return text, tuple(reader.marks(text, field))


def _window(text: str, marks: list[tuple[int, int]]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The stretch of a long line that holds most matches, cut between words."""
    starts = [start for start, _ in marks] or [0]
    room = SNIPPET_CHARACTERS - 2
    first = max(starts, key=lambda start: (sum(start <= end <= start + room - 30 for _, end in marks), -start))
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
