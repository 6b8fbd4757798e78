"""Where in a text the words asked for stand, found without taking the whole text apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice
from os.path import commonprefix
from typing import NamedTuple

from ..indexer.analysis import MAX_TERM, folded, stem, word_spans
from ..indexer.fields import ALL, FIELD_NUMBERS
from .asked import AskedWord
from .words import TIERS

LOOSENESS = {tier: place for place, tier in enumerate(TIERS)}
"""The place of each tier, the tightest first."""

_KEY = 5  # so many characters of a word pass over nearly all others
_TERM = re.compile(r"[^\W_]+(?:(?<=\d)\.(?=\d)[^\W_]+)*")


Answers = tuple[tuple[int, str], ...]
"""The numbers of words asked for, in order, each with the tier that it is answered in."""


Place = tuple[int, int, Answers]
"""A word that answers: the [start, end) where it stands in its text, and what it answers."""


class _Phrase(NamedTuple):
    """Words that answer a word asked for where they stand side by side: what each begins with."""

    number: int
    tier: str
    beginnings: tuple[str, ...]


class Finder:
    """Finds the words ``asked`` for; kept for all the pages of one query."""

    def __init__(self, asked: Sequence[AskedWord]) -> None:
        self.asked = asked
        self._phrases = [
            _Phrase(number, tier, _beginnings(term)) for number, word in enumerate(asked) for term, tier in word.phrases
        ]
        self._keys = _keys([
            *(term for word in asked for term in word.terms or ()),
            *(word.beginning for word in asked if word.terms is None),
            *(phrase.beginnings[0] for phrase in self._phrases),
        ])  # fmt: skip
        anywhere: dict[str, Answers] | None = {} if all(word.field == ALL for word in asked) else None
        self._known: dict[str, dict[str, Answers]] = {
            name: {} if anywhere is None else anywhere for name in FIELD_NUMBERS
        }  # fmt: skip

    def places(self, texts: Sequence[tuple[str, str]]) -> dict[int, list[Place]]:
        """Of a page's texts, given as (field, text), those that have words that answer, by number, with these words."""
        found: dict[int, list[Place]] = {}
        whole = "\n".join([text for _, text in texts])
        number, field, begin, end = -1, "", 0, -1
        known: dict[str, Answers] = {}
        for start, stop, term in self._candidates(whole):
            while start > end:
                number, begin = number + 1, end + 1
                field, text = texts[number]
                end = begin + len(text)
                known = self._known[field]
            answers = known.get(term)
            if answers is None:
                answers = known[term] = self._answers(term, field)
            if answers:
                found.setdefault(number, []).append((start - begin, stop - begin, answers))
            for phrase in self._phrases:
                if term.startswith(phrase.beginnings[0]) and self.asked[phrase.number].stands_in(field):
                    words = _side_by_side(texts[number][1], start - begin, phrase)
                    found.setdefault(number, []).extend(words)
        return {number: _merged(places) for number, places in found.items()} if self._phrases else found

    def _answers(self, term: str, field: str) -> Answers:
        return tuple([
            (number, tier)
            for number, word in enumerate(self.asked)
            if word.stands_in(field) and (tier := word.tier_of(term)) is not None
        ])  # fmt: skip

    def _candidates(self, text: str) -> list[tuple[int, int, str]]:
        """The words of ``text`` that may answer, in order: [start, end) and term."""
        if self._keys is None:
            return [(start, end, term) for term, start, end in word_spans(text)]
        plain = folded(text)
        if plain is None and "\n" not in text:
            return [(start, end, term) for term, start, end in word_spans(text)]
        found: list[tuple[int, int, str]] = []
        if plain is None:
            begin = 0
            for line in text.split("\n"):
                found += [(begin + start, begin + end, term) for start, end, term in self._candidates(line)]
                begin += len(line) + 1
            return found
        plain = "\n" + plain
        for key in self._keys:
            at = plain.find(key)
            while at >= 0:
                stop = at + 1
                before = plain[at - 1]
                if not before.isalnum() and (before != "." or not _in_number(plain, at - 1)):
                    stop = _TERM.match(plain, at).end()  # type: ignore[union-attr]  # keys begin like words
                    found.append((at - 1, stop - 1, plain[at : min(stop, at + MAX_TERM)]))
                at = plain.find(key, stop)
        found.sort()
        return found


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
    """What to look for in texts to find all words that begin so; None where each word must be looked at."""
    keys: list[str] = []
    for key in sorted({beginning[:_KEY] for beginning in beginnings}):
        # A lone s may belong to a possessive, which only the case of the text as it is can tell.
        if key in {"", "s"}:
            return None
        if key[0].isalnum() and not (keys and key.startswith(keys[-1])):
            keys.append(key)
    return keys


@lru_cache(maxsize=4096)
def _beginnings(term: str) -> tuple[str, ...]:
    """What the inflections of each word of ``term`` begin with."""
    return tuple(commonprefix([word, stem(word)]) for word in term.split())  # noqa: RUF071 - letters, not paths


def _in_number(text: str, point: int) -> bool:
    """Whether the point at ``point`` stands between two digits."""
    return text[point - 1].isdecimal() and text[point + 1].isdecimal()


def _side_by_side(text: str, start: int, phrase: _Phrase) -> list[Place]:
    """The words of ``phrase`` where it stands at ``start``; none where it does not."""
    end = text.find("\n", start)
    words = list(islice(word_spans(text[start : end if end >= 0 else None]), len(phrase.beginnings)))
    if len(words) < len(phrase.beginnings) or not all(
        word.startswith(beginning) for (word, _, _), beginning in zip(words, phrase.beginnings, strict=True)
    ):
        return []
    answers = ((phrase.number, phrase.tier),)
    return [(start + begin, start + stop, answers) for _, begin, stop in words]


def _merged(places: list[Place]) -> list[Place]:
    """``places`` in order, each word once."""
    words: dict[tuple[int, int], list[Place]] = {}
    for place in places:
        words.setdefault(place[:2], []).append(place)
    return [(*span, tuple(answered(same).items())) for span, same in sorted(words.items())]
