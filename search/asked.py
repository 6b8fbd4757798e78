"""The words a query asks for, each with the terms that answer it: what hits are explained and marked by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from os.path import commonprefix
from typing import Any

from ..indexer.fields import FIELD_NUMBERS, field_range
from .language import trees as q
from .words import TIERS, Word


@dataclass(frozen=True, slots=True)
class AskedWord:
    """One word, phrase or pattern of a query.

    ``tier_of(term)`` is the tier of a term of the index that answers it, or None; ``terms`` are all of these terms, or
    None where only looking at a term can tell; then they begin with ``beginning``. ``phrases`` are the terms of several
    words that answer it, with their tiers. ``field`` is ALL, NAMING or the one field asked for, ``node`` its part of
    the query tree, ``instead_of`` the words of the query that it says in other words.
    """

    node: Any
    field: str
    text: str
    tier_of: Callable[[str], str | None]
    terms: frozenset[str] | None = None
    beginning: str = ""
    phrases: tuple[tuple[str, str], ...] = ()
    instead_of: tuple[str, ...] = ()

    def stands_in(self, field: str) -> bool:
        """Whether a term in ``field`` answers it."""
        return FIELD_NUMBERS[field] in field_range(self.field)


def asked_words(query: Any, expanded: Callable[[Any], list[str]]) -> Iterator[AskedWord]:
    """The words of ``query`` but for those it excludes; ``expanded`` gives what a fuzzy word or pattern stands for."""
    if isinstance(query, (q.Or, q.And, q.DisjunctionMax)):
        for sub in query.subqueries:
            yield from asked_words(sub, expanded)
    elif isinstance(query, q.ConstantScoreQuery):
        yield from asked_words(query.child, expanded)
    elif isinstance(query, q.AndNot):
        yield from asked_words(query.a, expanded)
    elif isinstance(query, (q.AndMaybe, q.Require)):
        yield from asked_words(query.a, expanded)
        yield from asked_words(query.b, expanded)
    elif isinstance(query, q.Phrase):
        yield _listed(query, " ".join(query.words), dict.fromkeys(query.words, "exact"))
    else:
        found = _single_word(query, expanded)
        if found is not None:
            yield found


def _single_word(  # noqa: PLR0911 - a case for each kind of node
    query: Any, expanded: Callable[[Any], list[str]]
) -> AskedWord | None:
    if isinstance(query, Word):
        tiers = {variant.term: variant.tier for variant in reversed(query.variants)}
        phrases = tuple((term, tier) for term, tier in tiers.items() if " " in term)
        words = {term: tier for term, tier in tiers.items() if " " not in term}
        return replace(_listed(query, query.text, words), phrases=phrases, instead_of=query.instead_of)
    if isinstance(query, q.Term):
        return _listed(query, query.text, {query.text: "exact"})
    if isinstance(query, q.FuzzyTerm):
        tiers = {**dict.fromkeys(expanded(query), "corrected"), query.text: "exact"}
        return _listed(query, query.text, tiers)
    if isinstance(query, q.Prefix):
        prefix = query.text
        return AskedWord(
            query, query.fieldname, prefix, lambda term: "prefix" if term.startswith(prefix) else None, beginning=prefix
        )
    if isinstance(query, q.Wildcard):
        return _listed(query, query.text, dict.fromkeys(expanded(query), "prefix"))
    if isinstance(query, q.TermRange):
        start, end = query.start or "", query.end
        return AskedWord(
            query, query.fieldname, f"{start} to {end or ''}",
            lambda term: "exact" if start <= term and (end is None or term <= end) else None,
            beginning=commonprefix([start, end or ""]),  # noqa: RUF071 - letters, not paths
        )  # fmt: skip
    return None


def _listed(query: Any, text: str, tiers: dict[str, str]) -> AskedWord:
    return AskedWord(query, query.fieldname, text, tiers.get, frozenset(tiers))


def loosest(tiers: list[str]) -> str:
    """The loosest of ``tiers``; ``exact`` where there is none."""
    return max(tiers, key=TIERS.index, default="exact")
