"""Where words, patterns, ranges and phrases stand in one segment, posting by posting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import sub
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..indexer import postings as codec
from ..indexer.analysis import stem
from ..indexer.fields import ALL, field_range
from ..indexer.inversion import FIELD_BITS
from ..indexer.posting_lists import Codes, Documents, Span, counts_of
from ..indexer.segment import Segment
from .matches import Mask
from .phrases import NOWHERE, Phrases, telling
from .scoring import Table
from .scratch import SCRATCH
from .words import Variant


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
        _multiply(found, [weight for _, weight, _ in self.terms], [count for _, _, count in self.terms])
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
        kept, counts = _in_fields(self.codes, field_range(field), [count for _, _, count in self.terms])
        terms = [(term, weight, count) for (term, weight, _), count in zip(self.terms, counts, strict=True)]
        return Occurrences(self.pages.take(kept), self.codes.take(kept), terms)


class Sought(NamedTuple):
    """What a part of a query asks for in one segment.

    Terms are known by their ``names``, their ``weights``, the ``spans`` of their postings and how many these are, those
    of ``unnamed`` numbers count 1 each; the postings of both are not yet read. ``found`` is what else there is.
    """

    segment: Segment
    names: Sequence[str] = ()
    weights: Sequence[float] = ()
    spans: Sequence[Span] = ()
    counts: Sequence[int] = ()
    unnamed: range = range(0)
    found: Sequence[Occurrences] = ()

    def postings(self) -> int:
        """How many postings there are."""
        listed = sum(self.counts)
        if self.unnamed:
            listed += self.segment.postings_between(self.unnamed.start, self.unnamed.stop)
        return listed + sum([len(found.pages) for found in self.found])

    def occurrences(self) -> Occurrences:
        """All of it, the terms first."""
        found = list(self.found)
        if self.spans:
            pages, codes = self.segment.postings_of(self.spans)
            found.insert(0, Occurrences(pages, codes, list(zip(self.names, self.weights, self.counts, strict=True))))
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
        for pages, codes in self._portions():
            place = np.multiply(codes >> codec.FIELD_SHIFT, np.int64(pages_in_row), out=SCRATCH.indices[: len(pages)])
            place += pages
            place += base
            places[place] = True
        for found in self.found:
            fields[found.codes >> codec.FIELD_SHIFT, found.pages + base] = True

    def _portions(self) -> Iterator[tuple[Documents, Codes]]:
        """Pages and codes of the postings not yet read, some at a time."""
        for portion in self.segment.portions(self.spans, self.counts, len(SCRATCH.pages)):
            yield portion.documents(SCRATCH.pages), portion.codes()
        if self.unnamed:
            yield from self.segment.range_parts(self.unnamed.start, self.unnamed.stop, SCRATCH.pages)

    def others(self, table: Table) -> Iterator[tuple[Documents, Codes, Table]]:
        """Pages and codes of the postings without a span, and what they count, some at a time."""
        if self.unnamed:
            for pages, codes in self.segment.range_parts(self.unnamed.start, self.unnamed.stop, SCRATCH.pages):
                yield pages, codes, _counted(codes, table, (), ())
        for found in self.found:
            yield found.pages, found.codes, found.weighted(table)


def _in_fields(codes: Codes, fields: range, counts: Sequence[int]) -> tuple[Documents, list[int]]:
    """Which of ``codes`` are of ``fields``, and how many of them each term has that has so many in a row at most."""
    inside = codes < fields.stop << codec.FIELD_SHIFT
    if fields.start:
        inside &= codes >= fields.start << codec.FIELD_SHIFT
    kept = inside.nonzero()[0]
    ends = kept.searchsorted(list(accumulate(counts))).tolist()
    return kept, list(map(sub, ends, [0, *ends]))


def weighed_postings(
    words: Sequence[Sought], table: Table, row: int, base: int, fields: range | None = None
) -> Iterator[tuple[Documents, Table]]:
    """Where each posting stands that one of ``words`` asks for in a segment, and what it counts.

    They come some at a time, and the next ones take the place of the last. Pages are numbered through as many rows of
    ``row`` pages as there are words; the segment's begin at ``base``. With ``fields``, which are those that count in
    ``table``, it is fields of pages that are told, page << FIELD_BITS | field, and most postings in others left out.
    """
    segment = words[0].segment
    in_rows = list(zip(range(base, base + row * len(words), row), words, strict=True))
    starts: list[int] = []
    spans: list[Span] = []
    weights: list[float] = []
    counts: list[int] = []
    for start, word in in_rows:
        starts += [start] * len(word.spans)
        spans += word.spans
        weights += word.weights
        counts += word.counts
    for portion in segment.portions(spans, counts, len(SCRATCH.pages)):
        some = portion.terms
        if fields is None:
            # Codes lie where their pages will: the less memory there is, the more of it the caches hold.
            counted = _counted(portion.codes(SCRATCH.pages), table, weights[some], counts[some])
            yield portion.documents(SCRATCH.pages, starts[some]), counted
        else:
            codes = portion.codes()
            kept, of_each = _in_fields(codes, fields, counts[some])
            codes = codes.take(kept)
            places = portion.documents(SCRATCH.pages, starts[some]).take(kept)
            yield _in_field(places, codes), _counted(codes, table, weights[some], of_each)
    for start, word in in_rows:
        for pages, codes, counted in word.others(table):
            places = pages + start
            yield places if fields is None else _in_field(places, codes), counted


def _in_field(pages: Documents, codes: Codes) -> Documents:
    """The numbers of pages and the fields of their ``codes``; they take the place of ``pages``."""
    pages <<= FIELD_BITS
    pages |= codes >> codec.FIELD_SHIFT
    return pages


def _counted(codes: npt.NDArray[Any], table: Table, weights: Sequence[float], counts: Sequence[int]) -> Table:
    """What each posting counts, of as many in a row with one of ``weights`` as ``counts`` says."""
    counted = table.take(codes, out=SCRATCH.weights[: len(codes)], mode="clip")
    _multiply(counted, weights, counts)
    return counted


def _multiply(counted: Table, weights: Iterable[float], counts: Iterable[int]) -> None:
    """Multiply as many of ``counted`` in a row by each of ``weights`` as ``counts`` says."""
    first = after = 0
    shared = 1.0
    for weight, count in zip(weights, counts, strict=True):
        if weight != shared:
            if shared != 1.0:
                counted[first:after] *= shared
            first, shared = after, weight
        after += count
    if shared != 1.0:
        counted[first:after] *= shared


def of_terms(segment: Segment, terms: Iterable[str]) -> Sought:
    """Terms, whatever characters they have."""
    known = {term: number for term in terms if (number := segment.term_number(term)) is not None}
    return _sought(segment, list(known), [1.0] * len(known), list(known.values()))


def of_variants(segment: Segment, variants: Iterable[Variant], phrases: Phrases) -> Sought:
    """What a word stands for; a variant of several words is a phrase of words with their stems."""
    names, weights, numbers, found = [], [], [], []
    for term, weight, _, _ in variants:
        if " " in term:
            words, steps = telling(term.split())
            known = [tuple(segment.stem_terms(stem(word)).values()) for word in words]
            pages, codes = phrases.find(segment, known, steps)
            found.append(Occurrences(pages, codes, [(term, weight, len(pages))]))
        elif (number := segment.term_number(term)) is not None:
            names.append(term)
            weights.append(weight)
            numbers.append(number)
    return _sought(segment, names, weights, numbers, found)


def _sought(
    segment: Segment,
    names: Sequence[str],
    weights: Sequence[float],
    numbers: Sequence[int],
    found: Sequence[Occurrences] = (),
) -> Sought:
    spans = segment.spans_of(numbers)
    return Sought(segment, names, weights, spans, counts_of(spans), found=found)


def of_range(segment: Segment, start: int, stop: int) -> Sought:
    """The terms numbered ``start`` to ``stop``."""
    return Sought(segment, unnamed=range(start, stop))


def of_phrase(segment: Segment, words: Sequence[str], slop: int, phrases: Phrases) -> Sought:
    """The last of some words that stand at most ``slop`` places one after the other."""
    numbers = [segment.term_number(word) for word in words]
    known = [() if number is None else (number,) for number in numbers]
    pages, codes = phrases.find(segment, known, [slop] * (len(words) - 1))
    return Sought(segment, found=[Occurrences(pages, codes, [(None, 1.0, len(pages))])])
