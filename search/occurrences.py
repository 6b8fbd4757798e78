"""Where words, patterns, ranges and phrases stand in one segment, posting by posting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from threading import local
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ..indexer import postings as codec
from ..indexer.analysis import stem
from ..indexer.fields import ALL, field_range
from ..indexer.segment import Codes, Documents, Segment
from .matches import Mask
from .phrases import NOWHERE, Phrases, telling
from .scoring import Table
from .words import Variant

_AT_A_TIME = 1 << 15
"""Postings weighed together: they stay in the caches of the processor."""


class Occurrences(NamedTuple):
    """Where some terms stand in one segment: pages and posting codes, one term after the other.

    Each of ``terms`` says which term it is (None for many without a name), what an occurrence of it counts, and how
    many postings are its own.
    """

    pages: Documents
    codes: Codes
    terms: Sequence[tuple[str | None, float, int]]

    def weighted(self, table: Table) -> Table:
        """What each posting counts, ``table`` saying so for each code."""
        found: Table = table.take(self.codes)
        start = 0
        for _, weight, count in self.terms:
            if weight != 1.0:
                found[start : start + count] *= weight
            start += count
        return found

    def each(self) -> Iterator[tuple[str | None, float, Documents, Codes]]:
        """Term by term: its name, what an occurrence counts, its pages and codes."""
        start = 0
        for term, weight, count in self.terms:
            yield term, weight, self.pages[start : start + count], self.codes[start : start + count]
            start += count

    def in_field(self, field: str) -> Occurrences:
        """Those in what ``field`` stands for."""
        if field == ALL:
            return self
        fields = field_range(field)
        kept = self.codes < fields.stop << codec.FIELD_SHIFT
        if fields.start:
            kept &= self.codes >= fields.start << codec.FIELD_SHIFT
        places = np.flatnonzero(kept)
        ends = np.cumsum([count for _, _, count in self.terms])
        counts = np.diff(np.searchsorted(places, ends), prepend=0).tolist()
        terms = [(term, weight, count) for (term, weight, _), count in zip(self.terms, counts, strict=True)]
        return Occurrences(self.pages[places], self.codes[places], terms)


class _Room(local):
    """Where postings are weighed, some at a time: memory of each thread, as new memory would cost more than they do."""

    def __init__(self) -> None:
        self.pages = np.empty(_AT_A_TIME, np.int64)
        self.places = np.empty(_AT_A_TIME, np.int64)
        self.weights = np.empty(_AT_A_TIME, np.float32)


_ROOM = _Room()


class Sought(NamedTuple):
    """What a part of a query asks for in one segment.

    ``terms`` are known by name, weight, number and how many postings they have, those of ``unnamed`` numbers count 1
    each; the postings of both are not yet read. ``found`` is what else there is.
    """

    segment: Segment
    terms: Sequence[tuple[str, float, int, int]] = ()
    unnamed: range = range(0)
    found: Sequence[Occurrences] = ()

    def postings(self) -> int:
        """How many postings there are."""
        listed = sum([count for _, _, _, count in self.terms])
        if self.unnamed:
            listed += self.segment.postings_between(self.unnamed.start, self.unnamed.stop)
        return listed + sum([len(found.pages) for found in self.found])

    def occurrences(self) -> Occurrences:
        """All of it, the terms first."""
        found = list(self.found)
        if self.terms:
            pages, codes, _ = self.segment.postings_of([number for _, _, number, _ in self.terms])
            found.insert(0, Occurrences(pages, codes, [(term, weight, count) for term, weight, _, count in self.terms]))
        if self.unnamed:
            pages, codes = self.segment.range_postings(self.unnamed.start, self.unnamed.stop)
            found.append(Occurrences(pages, codes, [(None, 1.0, len(pages))]))
        if len(found) == 1:
            return found[0]
        return Occurrences(
            np.concatenate([NOWHERE[0], *(each.pages for each in found)]),
            np.concatenate([NOWHERE[1], *(each.codes for each in found)]),
            [term for each in found for term in each.terms],
        )

    def mark(self, fields: Mask, base: int) -> None:
        """Mark in ``fields``, a row for each, the pages with a posting there; the segment's begin at ``base``."""
        places, pages_in_row = fields.reshape(-1), fields.shape[1]
        for pages, codes in self._parts():
            place = np.multiply(codes >> codec.FIELD_SHIFT, np.int64(pages_in_row), out=_ROOM.places[: len(pages)])
            place += pages
            place += base
            places[place] = True
        for found in self.found:
            fields[found.codes >> codec.FIELD_SHIFT, found.pages + base] = True

    def _parts(self) -> Iterator[tuple[Documents, Codes]]:
        """Pages and codes of the postings not yet read, some at a time."""
        for terms in _by_room(self.terms):
            if _has_room(terms):
                yield self.segment.postings_of([number for _, _, number, _ in terms], _ROOM.pages)[:2]
            else:
                yield from self.segment.posting_parts(terms[0][2], _ROOM.pages)
        if self.unnamed:
            yield from self.segment.range_parts(self.unnamed.start, self.unnamed.stop, _ROOM.pages)


def weighed_postings(
    words: Sequence[Sought], table: Table, row: int, base: int
) -> Iterator[tuple[Documents, Codes, Table]]:
    """Where each posting stands that one of ``words`` asks for in a segment, its code, and what it counts.

    They come some at a time, and the next ones take the place of the last. Pages are numbered through as many rows of
    ``row`` pages as there are words; the segment's begin at ``base``.
    """
    segment = words[0].segment
    in_rows = list(zip(range(base, base + row * len(words), row), words, strict=True))
    for terms in _by_room([(start, *term[1:]) for start, word in in_rows for term in word.terms]):
        starts, weights, numbers, counts = zip(*terms, strict=True)
        if _has_room(terms):
            places, codes, _ = segment.postings_of(numbers, _ROOM.pages, starts)
            yield places, codes, _counted(codes, table, weights, counts)
        else:
            for pages, codes in segment.posting_parts(numbers[0], _ROOM.pages):
                yield _in_row(pages, starts[0]), codes, _counted(codes, table, weights, [len(codes)])
    for start, word in in_rows:
        if word.unnamed:
            for pages, codes in segment.range_parts(word.unnamed.start, word.unnamed.stop, _ROOM.pages):
                yield _in_row(pages, start), codes, _counted(codes, table, [1.0], [len(codes)])
        for found in word.found:
            yield found.pages + start, found.codes, found.weighted(table)


def _in_row(pages: Documents, start: int) -> Documents:
    if start:
        pages += start
    return pages


def _counted(codes: Codes, table: Table, weights: Sequence[float], counts: Sequence[int]) -> Table:
    """What each posting counts, of as many in a row with one of ``weights`` as ``counts`` says."""
    counted = _ROOM.weights[: len(codes)]
    table.take(codes, out=counted, mode="clip")
    if set(weights) != {1.0}:
        counted *= weights[0] if len(weights) == 1 else np.array(weights, np.float32).repeat(counts)
    return counted


_Listed = TypeVar("_Listed", bound=tuple[Any, float, int, int])


def _by_room(terms: Sequence[_Listed]) -> Iterator[Sequence[_Listed]]:
    """The terms, as many at a time as there is room for, or one."""
    start, held = 0, 0
    for at, (_, _, _, count) in enumerate(terms):
        if held + count > _AT_A_TIME and at > start:
            yield terms[start:at]
            start, held = at, 0
        held += count
    if terms:
        yield terms[start:]


def _has_room(terms: Sequence[_Listed]) -> bool:
    """Whether there is room for all postings of some terms that are read together."""
    return len(terms) > 1 or terms[0][3] <= _AT_A_TIME


def of_terms(segment: Segment, terms: Iterable[str]) -> Sought:
    """Terms, whatever characters they have."""
    return _sought(
        segment, [(term, 1.0, number) for term in terms if (number := segment.term_number(term)) is not None]
    )


def of_variants(segment: Segment, variants: Iterable[Variant], phrases: Phrases) -> Sought:
    """What a word stands for; a variant of several words is a phrase of words with their stems."""
    terms, found = [], []
    for term, weight, _, _ in variants:
        if " " in term:
            words, steps = telling(term.split())
            numbers = [tuple(segment.stem_terms(stem(word)).values()) for word in words]
            pages, codes = phrases.find(segment, numbers, steps)
            found.append(Occurrences(pages, codes, [(term, weight, len(pages))]))
        elif (number := segment.term_number(term)) is not None:
            terms.append((term, weight, number))
    return _sought(segment, terms, found)


def _sought(segment: Segment, terms: Sequence[tuple[str, float, int]], found: Sequence[Occurrences] = ()) -> Sought:
    counts = segment.frequencies_of([number for _, _, number in terms])
    return Sought(segment, [(*term, count) for term, count in zip(terms, counts, strict=True)], found=found)


def of_range(segment: Segment, start: int, stop: int) -> Sought:
    """The terms numbered ``start`` to ``stop``."""
    return Sought(segment, unnamed=range(start, stop))


def of_phrase(segment: Segment, words: Sequence[str], slop: int, phrases: Phrases) -> Sought:
    """The last of some words that stand at most ``slop`` places one after the other."""
    numbers = [segment.term_number(word) for word in words]
    known = [() if number is None else (number,) for number in numbers]
    pages, codes = phrases.find(segment, known, [slop] * (len(words) - 1))
    return Sought(segment, found=[Occurrences(pages, codes, [(None, 1.0, len(pages))])])
