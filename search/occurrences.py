"""Where words, patterns, ranges and phrases stand in one segment, posting by posting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from threading import local
from typing import NamedTuple

import numpy as np

from ..indexer import postings as codec
from ..indexer.analysis import stem
from ..indexer.fields import ALL, field_range
from ..indexer.segment import Codes, Documents, Segment
from .matches import Mask
from .phrases import NOWHERE, Phrases, telling
from .scoring import Table

_AT_A_TIME = 1 << 15
"""Postings weighed together: they stay in the caches of the processor."""


class Occurrences(NamedTuple):
    """Where some terms stand in one segment: pages and posting codes, one term after the other.

    Each of ``terms`` says which term it is (None for many without a name), what an occurrence of it counts, and how
    many postings are its own. The pages of a named term ascend.
    """

    pages: Documents
    codes: Codes
    terms: Sequence[tuple[str | None, float, int]]

    @property
    def ascending(self) -> bool:
        """Whether its pages ascend."""
        return len(self.terms) < 2 and all(term is not None for term, _, _ in self.terms)

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

    def add_up(self, table: Table, tf: Table) -> None:
        """Add to ``tf``, which has a number for each page, what each posting counts."""
        for counted, pages, codes in self._parts():
            weights = table.take(codes, out=_ROOM.weights[: len(codes)], mode="clip")
            if len(counted) > 1:
                weights *= np.array([w for w, _ in counted], np.float32).repeat([count for _, count in counted])
            elif counted[0][0] != 1.0:
                weights *= counted[0][0]
            np.add.at(tf, pages, weights)
        for found in self.found:
            np.add.at(tf, found.pages, found.weighted(table))

    def mark(self, fields: Mask, base: int) -> None:
        """Mark in ``fields``, a row for each, the pages with a posting there; the segment's begin at ``base``."""
        places, pages_in_row = fields.reshape(-1), fields.shape[1]
        for _, pages, codes in self._parts():
            place = np.multiply(codes >> codec.FIELD_SHIFT, np.int64(pages_in_row), out=_ROOM.places[: len(pages)])
            place += pages
            place += base
            places[place] = True
        for found in self.found:
            fields[found.codes >> codec.FIELD_SHIFT, found.pages + base] = True

    def _parts(self) -> Iterator[tuple[Sequence[tuple[float, int]], Documents, Codes]]:
        """The postings not yet read, some at a time.

        First what each occurrence counts in how many postings of a term, then pages and codes.
        """
        for terms in _by_room(self.terms):
            counted = [(weight, count) for _, weight, _, count in terms]
            if len(terms) > 1 or counted[0][1] <= _AT_A_TIME:
                pages, codes, _ = self.segment.postings_of([number for _, _, number, _ in terms], _ROOM.pages)
                yield counted, pages, codes
            else:
                for pages, codes in self.segment.posting_parts(terms[0][2], _ROOM.pages):
                    yield [(counted[0][0], len(pages))], pages, codes
        if self.unnamed:
            for pages, codes in self.segment.range_parts(self.unnamed.start, self.unnamed.stop, _ROOM.pages):
                yield [(1.0, len(pages))], pages, codes


def _by_room(terms: Sequence[tuple[str, float, int, int]]) -> Iterator[Sequence[tuple[str, float, int, int]]]:
    """The terms, as many at a time as there is room for, or one."""
    start, held = 0, 0
    for at, (_, _, _, count) in enumerate(terms):
        if held + count > _AT_A_TIME and at > start:
            yield terms[start:at]
            start, held = at, 0
        held += count
    if terms:
        yield terms[start:]


def of_terms(segment: Segment, terms: Iterable[tuple[str, float]]) -> Sought:
    """Terms, each with its weight, whatever characters they have."""
    numbers = [(term, weight, segment.term_number(term)) for term, weight in terms]
    return Sought(
        segment,
        [(term, weight, n, segment.frequency(n)) for term, weight, n in numbers if n is not None],
    )


def of_variants(segment: Segment, variants: Sequence[tuple[str, float]], phrases: Phrases) -> Sought:
    """Terms, each with its weight; one of several words is a phrase of words with their stems."""
    found = []
    for term, weight in variants:
        if " " in term:
            words, steps = telling(term.split())
            numbers = [tuple(segment.stem_terms(stem(word)).values()) for word in words]
            pages, codes = phrases.find(segment, numbers, steps)
            found.append(Occurrences(pages, codes, [(term, weight, len(pages))]))
    return of_terms(segment, [variant for variant in variants if " " not in variant[0]])._replace(found=found)


def of_range(segment: Segment, start: int, stop: int) -> Sought:
    """The terms numbered ``start`` to ``stop``."""
    return Sought(segment, unnamed=range(start, stop))


def of_phrase(segment: Segment, words: Sequence[str], slop: int, phrases: Phrases) -> Sought:
    """The last of some words that stand at most ``slop`` places one after the other."""
    numbers = [segment.term_number(word) for word in words]
    known = [() if number is None else (number,) for number in numbers]
    pages, codes = phrases.find(segment, known, [slop] * (len(words) - 1))
    return Sought(segment, found=[Occurrences(pages, codes, [(None, 1.0, len(pages))])])
