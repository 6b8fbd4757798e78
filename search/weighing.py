"""BM25F of the words of a query over a snapshot, all of them in a few array operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np

from ..indexer import parameters
from ..indexer.inversion import FIELD_BITS, FIELD_MASK
from ..indexer.snapshot import Snapshot
from .deadline import check_deadline
from .matches import NOTHING, Matches, Pages, begins, is_dense, sum_by_page
from .occurrences import Sought, weighed_postings
from .phrases import NOWHERE
from .scoring import Table, inverse_document_frequency, saturated
from .scratch import PLACES, SCRATCH

_SORTED_SHARE = 40
"""A word with less than one posting for so many pages is quicker put in order than added up where pages have places."""

_FEW_PAGES = 1 << 14
"""With so many pages at most, a place for each page of each word costs less than any sorting."""

Having = Callable[[int], int]
"""In how many pages of the whole index a word stands that stands in so many here."""

HavingInField = Callable[[int, int], int]
"""The same of one field, given by its number."""


_Weigh = Callable[[Sequence[Sequence[Sought]], Table, Snapshot, Sequence[Having]], list[Matches]]


def weigh(
    words: Sequence[Sequence[Sought]], table: Table, snapshot: Snapshot, having: Sequence[Having]
) -> list[Matches]:
    """The matches of each of ``words``, of which the snapshot's segments have what is given for each of them.

    Occurrences in fields that count nothing in ``table`` do not make a match.
    """
    found = dict.fromkeys(range(len(words)), NOTHING)

    def weigh_some(weigh_them: _Weigh, numbers: Sequence[int]) -> None:
        check_deadline()
        some = [words[number] for number in numbers]
        those = weigh_them(some, table, snapshot, [having[number] for number in numbers])
        found.update(zip(numbers, those, strict=True))

    dense: list[int] = []
    sparse: list[int] = []
    for number, word in enumerate(words):
        postings = sum([here.postings() for here in word])
        if postings:
            by_place = snapshot.pages <= _FEW_PAGES or postings * _SORTED_SHARE >= snapshot.pages
            (dense if by_place else sparse).append(number)
    at_once = max(1, PLACES // max(snapshot.pages, 1))
    for start in range(0, len(dense), at_once):
        weigh_some(_by_place, dense[start : start + at_once])
    if sparse:
        weigh_some(_by_order, sparse)
    return list(found.values())


def _by_place(
    words: Sequence[Sequence[Sought]], table: Table, snapshot: Snapshot, having: Sequence[Having]
) -> list[Matches]:
    """The matches of words, added up where every page has its place."""
    tf = SCRATCH.zeros(len(words), snapshot.pages)
    places = tf.reshape(-1)
    for here, base in zip(zip(*words, strict=True), snapshot.bases, strict=False):
        for those, weights in weighed_postings(here, table, snapshot.pages, base):
            np.add.at(places, those, weights)
    if not snapshot.all_live:
        tf *= snapshot.live
    found = []
    for row, matching, of_word in zip(tf, tf > 0, having, strict=True):
        count = int(np.count_nonzero(matching))
        pages = None if is_dense(count, snapshot.pages) else matching.nonzero()[0]
        own = row if pages is None else row.take(pages)
        found.append(Matches(pages, saturated(own, snapshot.live_count, of_word(count))))
    return found


def _by_order(
    words: Sequence[Sequence[Sought]], table: Table, snapshot: Snapshot, having: Sequence[Having]
) -> list[Matches]:
    """The matches of words, added up where the postings of a page come together in order."""
    places, tf = _added_up(words, table, snapshot)
    if not snapshot.all_live:
        live = snapshot.live.take(places % snapshot.pages)
        places, tf = places.compress(live), tf.compress(live)
    found = []
    for (first, after), start, of_word in zip(*_rows(places, len(words), snapshot.pages), having, strict=True):
        scores = saturated(tf[first:after], snapshot.live_count, of_word(after - first))
        found.append(Matches(places[first:after] - start, scores))
    return found


def weigh_by_field(
    words: Sequence[Sequence[Sought]],
    table: Table,
    snapshot: Snapshot,
    having: Sequence[HavingInField],
    fields: range,
) -> list[Matches]:
    """The ones of ``fields`` of pages where each of ``words`` stands, which is weighed in each field by itself.

    No others count in ``table``. They are told by numbers of page and field: see :func:`best_fields`.
    """
    places, tf = _added_up(words, table, snapshot, fields)
    if not snapshot.all_live:
        live = snapshot.live.take((places >> FIELD_BITS) % snapshot.pages)
        places, tf = places.compress(live), tf.compress(live)
    scores = tf / (tf + np.float32(parameters.K1))
    found = []
    for (first, after), start, in_field in zip(
        *_rows(places, len(words), snapshot.pages << FIELD_BITS), having, strict=True
    ):
        own = places[first:after] - start
        in_fields = own & FIELD_MASK
        rarities = np.zeros(FIELD_MASK + 1, np.float32)
        for field, here in enumerate(np.bincount(in_fields).tolist()):
            rarities[field] = inverse_document_frequency(snapshot.live_count, in_field(here, field)) if here else 0
        found.append(Matches(own, scores[first:after] * rarities.take(in_fields)))
    return found


def best_fields(matches: Matches) -> Matches:
    """The pages of fields as :func:`weigh_by_field` tells them, each with its best score."""
    places, scores = matches.sparse()
    pages = places >> FIELD_BITS
    starts = begins(pages).nonzero()[0]
    return Matches(pages.take(starts), np.maximum.reduceat(scores, starts)) if len(starts) else NOTHING


def _rows(places: Pages, words: int, row: int) -> tuple[Iterable[tuple[int, int]], Sequence[int]]:
    """From where to where in ascending ``places`` the row of each word is, and the place that the row begins with."""
    starts = range(0, (words + 1) * row, row)
    return pairwise(places.searchsorted(starts).tolist()), starts[:words]


def _added_up(
    words: Sequence[Sequence[Sought]], table: Table, snapshot: Snapshot, fields: range | None = None
) -> tuple[Pages, Table]:
    """Where postings of ``words`` that count stand, in order, in a row of pages for each, and what they count together.

    With ``fields`` it is fields of pages: see :func:`~.occurrences.weighed_postings`.
    """
    places, counted = [NOWHERE[0]], [np.empty(0, np.float32)]
    for here, base in zip(zip(*words, strict=True), snapshot.bases, strict=False):
        for those, weights in weighed_postings(here, table, snapshot.pages, base, fields):
            kept = (weights > 0).nonzero()[0]
            places.append(those.take(kept))
            counted.append(weights.take(kept))
    listed = np.concatenate(places)
    order = listed.argsort(kind="stable")
    found, sums = sum_by_page(listed.take(order), np.concatenate(counted).take(order))
    return found, sums.astype(np.float32)
