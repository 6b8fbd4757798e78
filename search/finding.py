"""Where in a text the words asked for stand, found without taking the whole text apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, islice
from os.path import commonprefix
from typing import Generic, NamedTuple, TypeVar

from ..indexer.analysis import MAX_TERM, spaced, stem, word_spans
from ..indexer.fields import FIELD_NUMBERS, field_range
from .asked import AskedWord
from .phrases import telling
from .words import TIERS

T = TypeVar("T")

LOOSENESS = {tier: place for place, tier in enumerate(TIERS)}
"""The place of each tier, the tightest first."""

_KEY = 5  # so many characters of a word pass over nearly all others
_MOST_WORDS = 10_000  # of one page that are looked at: a snippet needs few, and a page can be nothing but them


Answers = tuple[tuple[int, str], ...]
"""The numbers of words asked for, in order, each with the tier that it is answered in."""


Place = tuple[int, int, Answers]
"""A word that answers: the [start, end) where it stands in its text, and what it answers."""


class _Phrase(NamedTuple):
    """Words that answer a word asked for where they stand in order: what each begins with.

    ``steps`` says how far each may stand from the one before.
    """

    number: int
    tier: str
    beginnings: tuple[str, ...]
    steps: tuple[int, ...]


class _ByBeginning(Generic[T]):
    """Things by what the words begin with that they are for."""

    def __init__(self, things: Iterable[tuple[str, T]]) -> None:
        self._things: dict[str, list[T]] = {}
        for beginning, thing in things:
            self._things.setdefault(beginning, []).append(thing)
        self._lengths = sorted({len(beginning) for beginning in self._things})

    def of(self, word: str) -> list[T]:
        """Those for ``word``."""
        found: list[T] = []
        for length in self._lengths:
            if length > len(word):
                break
            found += self._things.get(word[:length], ())
        return found


_Known = tuple[Answers, list[_Phrase]]
"""What a term answers, and the phrases that it may begin."""


class _Here(NamedTuple):
    """The numbers of the words asked for that texts of one field may answer, and what terms there are known to do."""

    numbers: frozenset[int]
    known: dict[str, _Known]


class Finder:
    """Finds the words ``asked`` for; kept for all the pages of one query."""

    def __init__(self, asked: Sequence[AskedWord]) -> None:
        self.asked = asked
        self._phrases = [
            _Phrase(number, tier, *_in_order(term)) for number, word in enumerate(asked) for term, tier in word.phrases
        ]
        self._keys = _keys([
            *(term for word in asked for term in word.terms or ()),
            *(word.beginning for word in asked if word.terms is None),
            *(phrase.beginnings[0] for phrase in self._phrases),
        ])  # fmt: skip
        self._listed: dict[str, list[tuple[int, str]]] = {}
        for number, word in enumerate(asked):
            for term in word.terms or ():
                self._listed.setdefault(term, []).append((number, word.tier_of(term) or ""))
        self._looked_at = _ByBeginning(
            (word.beginning, number) for number, word in enumerate(asked) if word.terms is None
        )
        self._phrase_at = _ByBeginning((phrase.beginnings[0], phrase) for phrase in self._phrases)
        self._asked_for: dict[str, list[int]] = {}
        for number, word in enumerate(asked):
            self._asked_for.setdefault(word.field, []).append(number)
        self._here: dict[str, _Here] = {}

    def places(self, texts: Sequence[tuple[str, str]]) -> dict[int, list[Place]]:
        """Of a page's texts, given as (field, text), those that have words that answer, by number, with these words."""
        found: dict[int, list[Place]] = {}
        asked_here = [self._asked_in(field) for field, _ in texts]
        looked_through = [text if here.numbers else "" for (_, text), here in zip(texts, asked_here, strict=True)]
        number, begin, end = -1, 0, -1
        for start, stop, term in self._candidates("\n".join(looked_through)):
            while start > end:
                number, begin = number + 1, end + 1
                end = begin + len(looked_through[number])
                numbers, known = asked_here[number]
            told = known.get(term)
            if told is None:
                told = known[term] = self._answers(term, numbers)
            answers, phrases = told
            if answers:
                found.setdefault(number, []).append((start - begin, stop - begin, answers))
            if phrases and (words := _side_by_side(texts[number][1], start - begin, phrases)):
                found.setdefault(number, []).extend(words)
        return {number: _merged(places) for number, places in found.items()} if self._phrases else found

    def _asked_in(self, field: str) -> _Here:
        """The words that a text of ``field`` may answer."""
        here = self._here.get(field)
        if here is None:
            those = [
                some for asked_for, some in self._asked_for.items() if FIELD_NUMBERS[field] in field_range(asked_for)
            ]
            numbers = frozenset(chain.from_iterable(those))
            alike = [other for other in self._here.values() if other.numbers == numbers]
            here = self._here[field] = alike[0] if alike else _Here(numbers, {})
        return here

    def _answers(self, term: str, numbers: frozenset[int]) -> _Known:
        """What ``term`` answers of the words of these ``numbers``, and the phrases of them that it may begin."""
        answers = list(self._listed.get(term, ()))
        for number in self._looked_at.of(term):
            tier = self.asked[number].tier_of(term)
            if tier is not None:
                answers.append((number, tier))
        answers = sorted([answer for answer in answers if answer[0] in numbers])
        return tuple(answers), [phrase for phrase in self._phrase_at.of(term) if phrase.number in numbers]

    def _candidates(self, text: str) -> list[tuple[int, int, str]]:
        """The first words of ``text`` that may answer, in order: [start, end) and term."""
        plain = spaced(text)
        if plain is None and "\n" not in text:
            return [(start, end, term) for term, start, end in islice(word_spans(text), _MOST_WORDS)]
        found: list[tuple[int, int, str]] = []
        if plain is None:
            begin = 0
            for line in text.split("\n"):
                found += [(begin + start, begin + end, term) for start, end, term in self._candidates(line)]
                begin += len(line) + 1
                if len(found) >= _MOST_WORDS:
                    break
            return found
        if self._keys is None:
            end = 0
            for word in islice(plain.split(), _MOST_WORDS):
                start = plain.index(word, end)
                end = start + len(word)
                found.append((start, end, word[:MAX_TERM]))
            return found
        plain = f" {plain} "
        for key in self._keys:
            start, most = plain.find(key), len(found) + _MOST_WORDS
            while start >= 0 and len(found) < most:
                end = plain.index(" ", start + 1)
                found.append((start, end - 1, plain[start + 1 : min(end, start + 1 + MAX_TERM)]))
                start = plain.find(key, end)
        found.sort()
        return found[:_MOST_WORDS]


def answered(places: Iterable[Place]) -> dict[int, str]:
    """The words that ``places`` answer together, in order, each with its tightest tier."""
    found: dict[int, str] = {}
    # Most places answer the same.
    for answers in {answers for _, _, answers in places}:
        tighten(found, answers)
    return dict(sorted(found.items())) if len(found) > 1 else found


def tighten(found: dict[int, str], answers: Iterable[tuple[int, str]]) -> None:
    """Add ``answers`` to ``found``; of two tiers of one word the tighter stays."""
    for number, tier in answers:
        if number not in found or LOOSENESS[tier] < LOOSENESS[found[number]]:
            found[number] = tier


def _keys(beginnings: Sequence[str]) -> list[str] | None:
    """What to look for in spaced texts to find all words that begin so; None where each word must be looked at."""
    keys: list[str] = []
    for key in sorted({beginning[:_KEY] for beginning in beginnings}):
        if not key:
            return None
        if key[0].isalnum() and not (keys and key.startswith(keys[-1])):
            keys.append(key)
    return [f" {key}" for key in keys]


@lru_cache(maxsize=4096)
def _in_order(term: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """What the inflections of each telling word of ``term`` begin with, and how far it may be from the one before."""
    words, steps = telling(term.split())
    return tuple(commonprefix([word, stem(word)]) for word in words), tuple(steps)  # noqa: RUF071 - letters, not paths


def _side_by_side(text: str, start: int, phrases: Sequence[_Phrase]) -> list[Place]:
    """The words of those ``phrases`` that stand from ``start`` on, in one line."""
    words = list(islice(word_spans(text, start), 1 + max(sum(phrase.steps) for phrase in phrases)))
    line_end = text.find("\n", start, words[-1][2])
    if line_end >= 0:
        words = [word for word in words if word[2] <= line_end]
    terms = [term for term, _, _ in words]
    places: list[Place] = []
    for phrase in phrases:
        chosen = _following(terms, 0, phrase.beginnings[1:], phrase.steps)
        if chosen is not None:
            answers = ((phrase.number, phrase.tier),)
            places += [(words[at][1], words[at][2], answers) for at in (0, *chosen)]
    return places


def _following(
    words: Sequence[str], place: int, beginnings: Sequence[str], steps: Sequence[int]
) -> tuple[int, ...] | None:
    """Where words with these ``beginnings`` stand after ``place``, each within its step; None where one does not."""
    if not beginnings:
        return ()
    for at in range(place + 1, min(place + 1 + steps[0], len(words))):
        if words[at].startswith(beginnings[0]):
            rest = _following(words, at, beginnings[1:], steps[1:])
            if rest is not None:
                return (at, *rest)
    return None


def _merged(places: list[Place]) -> list[Place]:
    """``places`` in order, each word once."""
    words: dict[tuple[int, int], list[Place]] = {}
    for place in places:
        words.setdefault(place[:2], []).append(place)
    return [
        same[0] if len(same) == 1 else (*span, tuple(answered(same).items())) for span, same in sorted(words.items())
    ]
