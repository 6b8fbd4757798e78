"""A page made ready for the index: parsed, analysed and compressed, so that all costly work can be done elsewhere."""

from __future__ import annotations

from array import array
from collections import defaultdict
from itertools import count
from typing import NamedTuple

import numpy as np

from ..corpus.procedure import Procedure
from .analysis import LINE, MAX_TERM, sound, words
from .fields import field_keywords, field_texts
from .inversion import FIELD_BITS, Inverted, invert
from .stored import Packer, encoded


class PageFacts(NamedTuple):
    """How an unchanged page is recognised without parsing it.

    ``container`` is the file on disk the page is in, ``size`` its bytes and ``mtime_ns`` its time of modification, -1
    where these two must not be relied on. ``digest`` is 16 bytes that identify the page's own content and ``parser`` a
    number that identifies how it was parsed.
    """

    container: str
    size: int
    mtime_ns: int
    digest: bytes
    parser: int = 0


NO_FACTS = PageFacts("", 0, -1, bytes(16))


class IndexablePage(NamedTuple):
    """What the index keeps of a page beside its terms; ``stored`` is the compressed procedure."""

    id: str
    source: str
    system: str
    facts: PageFacts
    stored: bytes


class IndexablePages(NamedTuple):
    """Pages ready for the index; ``phrases`` are those that their procedures are packed against."""

    pages: list[IndexablePage]
    inverted: Inverted
    phrases: bytes


def term_numbers() -> dict[str, int]:
    """An empty mapping of words to numbers in the order they are first looked up; 0 is the end of a line."""
    return defaultdict(count(1).__next__, {LINE: 0})


class PageAnalyser:
    """Makes procedures ready for the index, a few at a time."""

    def __init__(self, phrases: bytes = b"") -> None:
        self._packer = Packer(phrases)
        self._numbers = term_numbers()
        self._pages: list[IndexablePage] = []
        self._tokens, self._places, self._counts = array("I"), array("I"), array("I")

    def add(self, procedure: Procedure, facts: PageFacts = NO_FACTS) -> None:
        """Analyse and compress ``procedure``; where that raises, nothing is added."""
        found, fields = tokens_by_field(procedure)
        stored = self._packer.pack(encoded(procedure))
        page = IndexablePage(sound(procedure.id), sound(procedure.source), sound(procedure.system or ""), facts, stored)
        tokens = list(map(self._numbers.__getitem__, found))
        first_place = len(self._pages) << FIELD_BITS
        self._places.extend([first_place | field for field, _ in fields])
        self._counts.extend([count for _, count in fields])
        self._tokens.extend(tokens)
        self._pages.append(page)

    def pages(self) -> IndexablePages:
        """Everything added."""
        tokens, places, counts = (
            np.frombuffer(numbers, np.uint32) for numbers in (self._tokens, self._places, self._counts)
        )
        words = list(self._numbers)
        if len(max(words, key=len)) > MAX_TERM:
            numbers: dict[str, int] = {}
            tokens = np.array([numbers.setdefault(word[:MAX_TERM], len(numbers)) for word in words], np.uint32)[tokens]
            words = list(numbers)
        return IndexablePages(self._pages, invert(words, tokens, places, counts), self._packer.phrases)


def indexable(procedure: Procedure, facts: PageFacts = NO_FACTS) -> IndexablePages:
    """One procedure, ready for the index."""
    analyser = PageAnalyser()
    analyser.add(procedure, facts)
    return analyser.pages()


def tokens_by_field(procedure: Procedure) -> tuple[list[str], list[tuple[int, int]]]:
    """All words of ``procedure`` by field, and (field number, how many) for each; values of keywords come last."""
    by_field: dict[int, str] = {}
    for number, text in field_texts(procedure):
        if text:
            by_field[number] = f"{by_field[number]}\n{text}" if number in by_field else text
    by_field = dict(sorted(by_field.items()))  # phrases are looked for in the order of fields
    found = words("\n".join([*by_field.values(), ""]))
    fields, start = [], 0
    for number, text in by_field.items():
        end = start
        for _ in range(text.count("\n") + 1):
            end = found.index(LINE, end) + 1
        fields.append((number, end - start))
        start = end
    for number, keyword in field_keywords(procedure):
        fields.append((number, 1))
        found.append(keyword)
    return found, fields
