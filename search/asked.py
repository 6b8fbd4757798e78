"""The words a query asks for, each with the terms that answer it: what hits are explained and marked by."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..indexer.fields import ALL
from .language import trees as q
from .words import TIERS, Word


@dataclass(frozen=True, slots=True)
class AskedWord:
    """One word, phrase or pattern of a query.

    ``tier_of(term)`` is the tier of a term of the index that answers it, or None. ``field`` is ALL or the one field
    asked for, ``node`` its part of the query tree.
    """

    node: Any
    field: str
    text: str
    tier_of: Callable[[str], str | None]

    def stands_in(self, field: str) -> bool:
        """Whether a term in ``field`` answers it."""
        return self.field in (ALL, field)


def asked_words(query: Any, fuzzy_terms: Callable[[Any], list[str]]) -> Iterator[AskedWord]:
    """The words of ``query`` but for those it excludes; ``fuzzy_terms`` gives the terms of a fuzzy node."""
    if isinstance(query, (q.Or, q.And, q.DisjunctionMax)):
        for sub in query.subqueries:
            yield from asked_words(sub, fuzzy_terms)
    elif isinstance(query, q.ConstantScoreQuery):
        yield from asked_words(query.child, fuzzy_terms)
    elif isinstance(query, q.AndNot):
        yield from asked_words(query.a, fuzzy_terms)
    elif isinstance(query, (q.AndMaybe, q.Require)):
        yield from asked_words(query.a, fuzzy_terms)
        yield from asked_words(query.b, fuzzy_terms)
    elif isinstance(query, q.Phrase):
        yield AskedWord(query, query.fieldname, " ".join(query.words), _among(dict.fromkeys(query.words, "exact")))
    else:
        found = _single_word(query, fuzzy_terms)
        if found is not None:
            yield found


def _single_word(query: Any, fuzzy_terms: Callable[[Any], list[str]]) -> AskedWord | None:
    tier_of: Callable[[str], str | None]
    if isinstance(query, Word):
        tier_of = _among({variant.term: variant.tier for variant in reversed(query.variants)})
    elif isinstance(query, q.Term):
        tier_of = _among({query.text: "exact"})
    elif isinstance(query, q.Prefix):
        prefix = query.text
        tier_of = lambda term: "prefix" if term.startswith(prefix) else None  # noqa: E731
    elif isinstance(query, q.Wildcard):
        matches = pattern(query.text).fullmatch
        tier_of = lambda term: "prefix" if matches(term) else None  # noqa: E731
    elif isinstance(query, q.FuzzyTerm):
        tier_of = _among({**dict.fromkeys(fuzzy_terms(query), "corrected"), query.text: "exact"})
    elif isinstance(query, q.TermRange):
        start, end = query.start or "", query.end
        tier_of = lambda term: "exact" if start <= term and (end is None or term <= end) else None  # noqa: E731
        return AskedWord(query, query.fieldname, f"{start} to {end or ''}", tier_of)
    else:
        return None
    return AskedWord(query, query.fieldname, query.text, tier_of)


def _among(tiers: dict[str, str]) -> Callable[[str], str | None]:
    return tiers.get


def pattern(wildcard: str) -> re.Pattern[str]:
    """A pattern of the query language, where ``?`` is one character and ``*`` any number, as a regular expression."""
    return re.compile("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in wildcard), re.DOTALL)


def loosest(tiers: list[str]) -> str:
    """The loosest of ``tiers``; ``exact`` where there is none."""
    return max(tiers, key=TIERS.index, default="exact")
