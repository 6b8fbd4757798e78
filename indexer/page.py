"""A page made ready for the index: parsed, analysed and compressed, so that all costly work can be done elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..corpus.procedure import Procedure
from .analysis import LINE, sound, words
from .fields import FIELDS, field_keywords, field_texts
from .inversion import FIELD_BITS, FIELD_MASK, Inverted, invert
from .stored import Packer, encoded
from .tokens import WordNumbers, readied

_IS_KEYWORD = np.array([field.keyword for field in FIELDS])
_MOST_WORDS = 1 << 18  # with numbers at a time: some 40 MB of them


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
    """Pages ready for the index.

    The terms of ``inverted`` are numbers of ``words``, a list that may grow. ``phrases`` are those that the procedures
    are packed against.
    """

    pages: list[IndexablePage]
    inverted: Inverted
    words: Sequence[bytes]
    phrases: bytes


class PageAnalyser:
    """Makes procedures ready for the index, a few at a time.

    ``phrases`` is what they are packed against; it may be changed.
    """

    def __init__(self, phrases: bytes = b"") -> None:
        self._packer = Packer(phrases)
        self._numbers = WordNumbers()
        self._begin()

    def _begin(self) -> None:
        self._told: list[tuple[str, str, str, PageFacts]] = []
        self._unpacked: list[bytes] = []
        self._texts: list[str] = []
        self._places: list[int] = []
        self._keywords: list[bytes] = []

    @property
    def phrases(self) -> bytes:
        """What procedures are packed against."""
        return self._packer.phrases

    @phrases.setter
    def phrases(self, phrases: bytes) -> None:
        if phrases != self._packer.phrases:
            self._packer = Packer(phrases)

    def add(self, procedure: Procedure, facts: PageFacts = NO_FACTS) -> None:
        """Add ``procedure`` to those to be analysed and packed; where that raises, nothing is added."""
        by_field = texts_by_field(procedure)
        text = readied(list(by_field.values()))
        keywords = [(number, keyword.encode()) for number, keyword in field_keywords(procedure)]
        unpacked = encoded(procedure)
        told = sound(procedure.id), sound(procedure.source), sound(procedure.system or ""), facts
        place = len(self._told) << FIELD_BITS
        self._places += [place | number for number in by_field]
        self._places += [place | number for number, _ in keywords]
        self._keywords += [keyword for _, keyword in keywords]
        self._texts.append(text)
        self._unpacked.append(unpacked)
        self._told.append(told)

    def pages(self) -> IndexablePages:
        """Everything added since the last time."""
        if len(self._numbers.words) > _MOST_WORDS:
            self._numbers = WordNumbers()
        tokens, counts = self._numbers.tokens("".join(self._texts))
        places = np.array(self._places, np.uint32)
        is_keyword = _IS_KEYWORD[places & FIELD_MASK]
        run_counts = np.ones(len(places), np.int64)
        run_counts[~is_keyword] = counts
        all_tokens = np.empty(len(tokens) + len(self._keywords), np.uint32)
        of_keyword = np.repeat(is_keyword, run_counts)
        all_tokens[of_keyword] = self._numbers.numbers(self._keywords)
        all_tokens[~of_keyword] = tokens
        inverted = invert(all_tokens, places, run_counts)
        # All at once: what packing needs and what parsing needs do not fit the processor's caches together.
        stored = map(self._packer.pack, self._unpacked)
        pages = [IndexablePage(*told, packed) for told, packed in zip(self._told, stored, strict=True)]
        found = IndexablePages(pages, inverted, self._numbers.words, self.phrases)
        self._begin()
        return found


def texts_by_field(procedure: Procedure) -> dict[int, str]:
    """The text of each field that has any, by ascending field number: phrases are looked for in that order."""
    by_field: dict[int, str] = {}
    for number, text in field_texts(procedure):
        if text:
            by_field[number] = f"{by_field[number]}\n{text}" if number in by_field else text
    return dict(sorted(by_field.items()))


def tokens_by_field(procedure: Procedure) -> tuple[list[str], list[tuple[int, int]]]:
    """All words of ``procedure`` by field, and (field number, how many) for each; values of keywords come last."""
    found: list[str] = []
    fields = []
    for number, text in texts_by_field(procedure).items():
        of_field = [*words(text), LINE]
        fields.append((number, len(of_field)))
        found += of_field
    for number, keyword in field_keywords(procedure):
        fields.append((number, 1))
        found.append(keyword)
    return found, fields
