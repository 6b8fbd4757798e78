"""From a page that matches: the section that answers best, a snippet of it, and where the matched words stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from os.path import commonprefix

from ..corpus.procedure import Procedure
from ..indexer import parameters
from ..indexer.analysis import MAX_TERM, stem, terms, word_spans, words
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
        for number, tier in reader.answers(text, name).items():
            _tighten(best, number, tier)
    wanted = _wanted_kinds(procedure, cues)
    topic = frozenset(best) if wanted else frozenset()
    about = sum(weight for number, weight in enumerate(weights) if number not in topic) or 1.0
    most, kind, text = -1.0, None, ""
    for section in procedure.sections:
        answers = reader.answers(section.text, section.kind)
        for number, tier in answers.items():
            _tighten(best, number, tier)
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
        self._patterns = [number for number, word in enumerate(asked) if word.terms is None]
        self._answering: dict[str, list[tuple[int, AskedWord]]] = {}
        for number, word in enumerate(asked):
            for term in word.terms or ():
                self._answering.setdefault(term, []).append((number, word))
        self._known = frozenset(self._answering)
        self._listed = not self._patterns and not self._phrases
        # A term may be the beginning of a longer word.
        self._terms = terms if self._patterns or any(len(term) == MAX_TERM for term in self._known) else words

    def answers(self, text: str, field: str) -> dict[int, str]:
        """The numbers of the words that the text of a field answers, in order, each with the tightest tier."""
        if self._listed and text.isascii() and not any(map(text.lower().__contains__, self._known)):
            return {}
        found = self._terms(text)
        answers: dict[int, str] = {}
        for number, prefixes, tier in self._phrases:
            if self._asked[number].stands_in(field) and next(_places(prefixes, found), None) is not None:
                _tighten(answers, number, tier)
        for term in self._known.intersection(found):
            for number, word in self._answering[term]:
                if word.stands_in(field):
                    _tighten(answers, number, word.tier_of(term))
        for number in self._patterns:
            word = self._asked[number]
            if word.stands_in(field):
                for term in found:
                    _tighten(answers, number, word.tier_of(term))
        return dict(sorted(answers.items())) if len(answers) > 1 else answers

    def marks(self, text: str, field: str) -> list[tuple[int, int]]:
        """Where the words of ``text`` stand that answer any word asked for."""
        known = {term for term, words in self._answering.items() if any(word.stands_in(field) for _, word in words)}
        patterns = [self._asked[number].tier_of for number in self._patterns if self._asked[number].stands_in(field)]
        spans = list(word_spans(text))
        found = [term for term, _, _ in spans]
        marked = {place for place, term in enumerate(found) if term in known or any(tier(term) for tier in patterns)}
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


def _tighten(answers: dict[int, str], number: int, tier: str | None) -> None:
    if tier is not None and (number not in answers or _LOOSENESS[tier] < _LOOSENESS[answers[number]]):
        answers[number] = tier


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
