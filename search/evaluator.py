"""The evaluator: a Whoosh query tree over a snapshot, as arrays of pages and scores.

Every node the query language can make has one method; any other node is refused by name. Nothing here loops over
postings or pages in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from ..corpus.errors import QueryError
from ..indexer import parameters
from ..indexer.fields import ALL, FIELD_NUMBERS, NAMING, field_range
from ..indexer.segment import Segment
from ..indexer.snapshot import Snapshot
from .cache import BoundedCache, WorkedOut
from .deadline import check_deadline
from .expansion import Expander, Expansion
from .language import trees as q
from .matches import (
    NOTHING,
    TINY,
    Mask,
    Matches,
    all_of,
    any_of,
    best_of,
    lift,
    mask_of,
    shared,
    within,
)
from .occurrences import Occurrences, Sought, of_phrase, of_range, of_terms, of_variants
from .phrases import Phrases
from .scoring import Table, field_boosts, inverse_document_frequency, weights
from .weighing import best_fields, weigh, weigh_by_field
from .words import LEAVES, InParts, Together, Word, leaves

_Known = dict[int, Matches]
"""The matches of the leaves of a query, by the identity of the leaf."""

_WEIGHED = LEAVES | {InParts}
"""The nodes that are weighed as a whole."""

_EXPANSIONS_KEPT = 1000

_serials = count()


class Evaluator:
    """Evaluates query trees over one snapshot with one set of boosts. Safe to share between threads."""

    def __init__(
        self, snapshot: Snapshot, boosts: Mapping[str, float], expander: Expander, cache: BoundedCache[Matches]
    ) -> None:
        self._snapshot = snapshot
        self._boosts = boosts
        self._expander = expander
        self._cache = cache
        self._serial = next(_serials)
        self._phrases = Phrases()
        self._tables: dict[str, Table] = {}
        self._expansions: WorkedOut[Any, Expansion] = WorkedOut(_EXPANSIONS_KEPT)

    def evaluate(self, query: Any) -> Matches:
        """The live pages that match ``query`` and their scores."""
        check_deadline()
        return self._evaluate(query, self._leaves(query))

    def _evaluate(self, query: Any, known: _Known) -> Matches:
        """The matches of ``query``, with the ``known`` ones of its leaves."""
        found = known.get(id(query))
        if found is None:
            method = _METHODS.get(type(query))
            if method is None:
                if isinstance(query, type(q.NullQuery)):
                    return NOTHING
                raise QueryError(f"a query of the kind {type(query).__name__} cannot be evaluated")
            found = method(self, query, known)
        boost = getattr(query, "boost", 1.0)
        return found if boost == 1.0 else found.scaled(boost)

    # Compound nodes

    def _or(self, query: Any, known: _Known) -> Matches:
        if query.minmatch:
            raise QueryError("a query of the kind Or with minmatch cannot be evaluated")
        return any_of([self._evaluate(sub, known) for sub in query.subqueries], self._snapshot.pages)

    def _together(self, query: Together, known: _Known) -> Matches:
        parts = [self._evaluate(sub, known) for sub in query.subqueries]
        found = any_of(parts, self._snapshot.pages)
        of = dict(zip(map(id, query.subqueries), parts, strict=True))
        needed = [any_of([of[id(way)] for way in ways], self._snapshot.pages) for ways in query.words]
        if not all(len(part.scores) for part in needed):
            return found
        bonus = parameters.COVERAGE_WEIGHT * inverse_document_frequency(self._snapshot.live_count, 1)
        if any(found is part for part in parts):
            found = Matches(found.pages, found.scores.copy())  # that one may be kept for the next query
        lift(found, needed, bonus)
        return found

    def _and(self, query: Any, known: _Known) -> Matches:
        excluded = [sub.query for sub in query.subqueries if isinstance(sub, q.Not)]
        wanted = [sub for sub in query.subqueries if not isinstance(sub, q.Not)]
        found = all_of([self._evaluate(sub, known) for sub in wanted]) if wanted else self._every(q.Every(), known)
        for sub in excluded:
            found = self._without(found, self._evaluate(sub, known))
        return found

    def _not(self, query: Any, known: _Known) -> Matches:
        return self._without(self._every(q.Every(), known), self._evaluate(query.query, known))

    def _and_not(self, query: Any, known: _Known) -> Matches:
        return self._without(self._evaluate(query.a, known), self._evaluate(query.b, known))

    def _and_maybe(self, query: Any, known: _Known) -> Matches:
        required, optional = self._evaluate(query.a, known), self._evaluate(query.b, known)
        bonus = optional.dense(self._snapshot.pages)
        if required.pages is None:
            return Matches(None, np.where(required.scores > 0, required.scores + bonus, np.float32(0)))
        return Matches(required.pages, required.scores + bonus[required.pages])

    def _require(self, query: Any, known: _Known) -> Matches:
        pages, scores, _ = shared(self._evaluate(query.a, known), self._evaluate(query.b, known))
        return Matches(pages, scores)

    def _best(self, query: Any, known: _Known) -> Matches:
        parts = [self._evaluate(sub, known) for sub in query.subqueries]
        return best_of(parts, query.tiebreak, self._snapshot.pages)

    def _constant(self, query: Any, known: _Known) -> Matches:
        return self._evaluate(query.child, known).constant(max(query.score, TINY))

    def _without(self, wanted: Matches, excluded: Matches) -> Matches:
        return within(wanted, ~mask_of(excluded, self._snapshot.pages))

    def _every(self, query: Any, known: _Known) -> Matches:
        if query.fieldname not in (None, ALL):
            number = FIELD_NUMBERS.get(query.fieldname)
            if number is None:
                return NOTHING
            lengths = [segment.length_bytes[:, number] > 0 for segment in self._snapshot.segments]
            mask = np.concatenate([*lengths, np.zeros(0, bool)]) & self._snapshot.live
        else:
            mask = self._snapshot.live
        return Matches(None, mask.astype(np.float32))

    # Words

    def _leaves(self, query: Any) -> _Known:
        """The matches of every leaf of ``query``, by its identity; those not kept from other queries are weighed."""
        known: _Known = {}
        missing: dict[Hashable, list[Any]] = {}
        for leaf in leaves(query, _WEIGHED):
            key = self._cache_key(key_of(leaf))
            found = self._cache.get(key)
            if found is None:
                missing.setdefault(key, []).append(leaf)
            else:
                known[id(leaf)] = found
        if missing:
            each = self._weigh([alike[0] for alike in missing.values()])
            for (key, alike), found in zip(missing.items(), each, strict=True):
                self._cache.put(key, found, found.bytes_held)
                known.update((id(leaf), found) for leaf in alike)
        return known

    def _weigh(self, queries: Sequence[Any]) -> Sequence[Matches]:
        """The matches of some leaves, which are asked for together."""
        found: dict[int, Matches] = {}
        by_field: dict[str, list[int]] = {}
        for number, query in enumerate(queries):
            if isinstance(query, InParts):
                found[number] = self._weigh_parts(query)
            else:
                by_field.setdefault(query.fieldname, []).append(number)
        for field, numbers in by_field.items():
            some = [queries[number] for number in numbers]
            sought = [[self.sought(query, segment) for segment in self._snapshot.segments] for query in some]
            having = [partial(self.having, query) for query in some]
            found.update(zip(numbers, weigh(sought, self.table(field), self._snapshot, having), strict=True))
        return [found[number] for number in range(len(queries))]

    def _cache_key(self, name: Hashable) -> Hashable:
        return self._serial, name

    def occurrences(self, query: Any, segment: Segment) -> Occurrences:
        """Where a word, pattern, range or phrase stands in the field it is asked for in, in one segment."""
        return self.sought(query, segment).occurrences().in_field(query.fieldname)

    def sought(self, query: Any, segment: Segment) -> Sought:
        """What a word, pattern, range or phrase asks for in one segment, whichever field it is asked for in."""
        check_deadline()
        if isinstance(query, Word):
            return of_variants(segment, query.variants, self._phrases)
        if isinstance(query, q.Term):
            return of_terms(segment, [query.text])
        if isinstance(query, q.Prefix):
            return of_range(segment, *segment.prefix_range(query.text))
        if isinstance(query, q.TermRange):
            return of_range(segment, *segment.term_range(query.start, query.end, query.startexcl, query.endexcl))
        if isinstance(query, q.Phrase):
            return of_phrase(segment, query.words, query.slop, self._phrases)
        return of_terms(segment, self.expansion(query).terms)

    def expansion(self, query: Any) -> Expansion:
        """The terms that a wildcard or a fuzzy word stands for."""
        return self._expansions.of(query, self._expander.pattern)

    def expanded(self, query: Any) -> list[str]:
        """The terms that a wildcard or a fuzzy word stands for."""
        return list(self.expansion(query).terms)

    def notes_on(self, asked_for: Iterable[Any]) -> list[str]:
        """What of the leaves of a query was not taken whole, in words for the user."""
        notes = []
        for leaf in asked_for:
            if isinstance(leaf, (q.Wildcard, q.FuzzyTerm)):
                terms, cut, _ = self.expansion(leaf)
                if cut:
                    notes.append(f"{leaf.text} stands for the {len(terms)} most frequent words that it fits")
        return notes

    def table(self, field: str) -> Table:
        """What each posting code adds to ``tf`` for a word asked for in ``field``."""
        table = self._tables.get(field)
        if table is None:
            table = weights(field_boosts(self._boosts, field), self._snapshot.average_lengths)
            self._tables[field] = table
        return table

    def having(self, leaf: Any, here: int, field: int | None = None) -> int:
        """In how many pages of the whole index a word stands, in one field of it if given, that ``here`` pages have."""
        return here

    def rarity(self, leaf: Any) -> float:
        """How rare a word, pattern, range or phrase is."""
        having = self.having(leaf, len(self.evaluate(leaf)))
        return inverse_document_frequency(self._snapshot.live_count, having)

    def _weigh_parts(self, query: InParts) -> Matches:
        """The pages with all parts in one field, scored by the field that says them best."""
        parts: list[Word] = query.subqueries
        keys = [self._cache_key(("by field", key_of(part))) for part in parts]
        weighed = list(map(self._cache.get, keys))
        missing = [number for number, found in enumerate(weighed) if found is None]
        sought = [[self.sought(parts[number], segment) for segment in self._snapshot.segments] for number in missing]
        if not all(any(here.postings() for here in part) for part in sought):
            return NOTHING
        if missing:
            having = [partial(self.having, parts[number]) for number in missing]
            those = weigh_by_field(sought, self.table(NAMING), self._snapshot, having, field_range(NAMING))
            for number, found in zip(missing, those, strict=True):
                self._cache.put(keys[number], found, found.bytes_held)  # other words have the part too
                weighed[number] = found
        return best_fields(all_of([part for part in weighed if part is not None]))

    # Filters

    def filter_mask(self, filters: Mapping[str, Sequence[str]]) -> Mask | None:
        """The pages that have any of the terms of a field, for every field of ``filters``."""
        mask: Mask | None = None
        for field, wanted in filters.items():
            terms = frozenset(wanted)
            key = self._cache_key((field, "any of", terms))
            found = self._cache.get(key)
            if found is None:
                found = self._having_any(field, terms)
                self._cache.put(key, found, found.bytes_held)
            having = found.scores > 0
            mask = having if mask is None else mask & having
        return mask

    def _having_any(self, field: str, terms: Iterable[str]) -> Matches:
        """The pages that have any of ``terms`` in ``field``."""
        having, snapshot = np.zeros(self._snapshot.pages, np.float32), self._snapshot
        for segment, base in zip(snapshot.segments, snapshot.bases, strict=False):
            having[of_terms(segment, terms).occurrences().in_field(field).pages + base] = 1
        return Matches(None, having)


_METHODS: dict[type, Callable[[Evaluator, Any, _Known], Matches]] = {
    q.Or: Evaluator._or,
    Together: Evaluator._together,
    q.And: Evaluator._and,
    q.Not: Evaluator._not,
    q.AndNot: Evaluator._and_not,
    q.AndMaybe: Evaluator._and_maybe,
    q.Require: Evaluator._require,
    q.DisjunctionMax: Evaluator._best,
    q.ConstantScoreQuery: Evaluator._constant,
    q.Every: Evaluator._every,
}


def key_of(query: Any) -> Hashable:
    """What tells one leaf from another, whatever its boost."""
    if isinstance(query, Word):
        return query.fieldname, "word", query.text, query.variants
    if isinstance(query, q.Phrase):
        return query.fieldname, "phrase", tuple(query.words), query.slop
    if isinstance(query, q.TermRange):
        return query.fieldname, "range", query.start, query.end, query.startexcl, query.endexcl
    if isinstance(query, InParts):
        return NAMING, "parts", query.word
    if isinstance(query, q.FuzzyTerm):
        return query.fieldname, "fuzzy", query.text, query.maxdist, query.prefixlength
    return query.fieldname, type(query).__name__, query.text
