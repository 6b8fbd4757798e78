"""Whoosh's query classes, imported in one place, and how trees are joined from them.

The trees come out normalised as Whoosh's ``normalize()`` does it: groups of one kind merged, duplicates and empty
parts removed, a group of one part replaced by the part. Three of its habits are left out, because they change what a
query means: ``x AND *:*`` becomes "everything" there, boosts inside ANDMAYBE are overwritten by the group's, and a
phrase of one word loses its boost. Ranges that overlap are not merged into one; the same pages match either way.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable

with warnings.catch_warnings():  # Whoosh 2.7.4 spells some regular expressions in a way newer Pythons warn of
    warnings.simplefilter("ignore")
    from whoosh.query import (
        And,
        AndMaybe,
        AndNot,
        ConstantScoreQuery,
        DisjunctionMax,
        Every,
        FuzzyTerm,
        MultiTerm,
        Not,
        NullQuery,
        Or,
        Phrase,
        Prefix,
        Query,
        Require,
        Term,
        TermRange,
        Wildcard,
    )

__all__ = [
    "And", "AndMaybe", "AndNot", "ConstantScoreQuery", "DisjunctionMax", "Every", "FuzzyTerm", "MultiTerm", "Not",
    "NullQuery", "Or", "Phrase", "Prefix", "Query", "Require", "Term", "TermRange", "Wildcard",
    "all_of", "any_of", "boosted", "is_quoted", "negated", "quoted",
]  # fmt: skip


def any_of(queries: Iterable[Query | None]) -> Query | None:
    """Pages that match any of ``queries``; None stands for a part that was left out."""
    return _group(Or, queries)


def all_of(queries: Iterable[Query | None]) -> Query | None:
    """Pages that match every one of ``queries``; None stands for a part that was left out."""
    return _group(And, queries)


def negated(query: Query | None) -> Query | None:
    """Pages that do not match ``query``."""
    return None if query is None else Not(query)


def boosted(query: Query, factor: float) -> Query:
    """``query`` itself, its score multiplied by ``factor``.

    A query of two parts carries no boost of its own: the parts that score carry it. What is negated has no score.
    """
    if factor == 1.0:
        return query
    part = query
    while isinstance(part, (AndNot, AndMaybe, Require)):
        if isinstance(part, AndMaybe):
            boosted(part.b, factor)
        part = part.a
    if not isinstance(part, Not):
        part.boost *= factor
    return query


def quoted(query: Query | None) -> Query | None:
    """``query`` itself, which stood in quotes and is to be taken to the letter."""
    if query is not None:
        query.quoted = True
    return query


def is_quoted(query: Query) -> bool:
    """Whether ``query`` stood in quotes."""
    return getattr(query, "quoted", False)


def _group(kind: type[Query], queries: Iterable[Query | None]) -> Query | None:
    parts: list[Query] = []
    for query in queries:
        if query is None:
            continue
        if type(query) is kind:
            parts.extend(boosted(part, query.boost) for part in query.subqueries)
        else:
            parts.append(query)
    if len(parts) > 1:
        parts = list(dict.fromkeys(parts))
    if len(parts) > 1:
        return kind(parts)
    return parts[0] if parts else None
