"""From a query tree to a query of the cluster: the same pages, in an order that comes near to ours.

Every node becomes the query for just the pages that :mod:`~...evaluator` finds for it. Its score only has to bring the
best pages among the first few hundred, which are then ranked by our own scoring (see :mod:`.candidates`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...corpus.errors import QueryError
from ...indexer.fields import ALL, FIELD_NUMBERS, FIELDS, NAMING, field_range
from ...indexer.scaleout.documents import ALL_WORDS, BARE, FIRST_TERM, LIVE, NAMED, NAMES, token
from ..expansion import Expansion
from ..language import trees as q
from ..phrases import telling
from ..scoring import field_boosts
from ..words import InParts, Together, Word
from .leaves import in_field

Query = dict[str, Any]

NOTHING: Query = {"match_none": {}}

_NAMING_BOOST = 2.5
_SCORED_TERMS = (50, 6)  # of one word, in a query of few words and of many; others count as much as the last of them
_FEW_WORDS = 8
_SCORED_WORDS = 110  # in longer queries a word is one part: servers take about a thousand
_KEYWORDS = frozenset(field.name for field in FIELDS if field.keyword)


class Translator:
    """Translates the trees of one query.

    ``boosts`` are those of the query, ``expand`` gives the terms of a wildcard or a fuzzy word, ``inflections`` those
    with the stem of a word, ``rarity`` about how telling some terms are; ``bonus`` is what having all words of a short
    query counts, ``words`` how many words, patterns and phrases the query has. Where a method is told ``scored`` pages
    are put in order, else only found.
    """

    def __init__(
        self,
        boosts: Mapping[str, float],
        expand: Callable[[Any], Expansion],
        inflections: Callable[[str], Sequence[str]],
        rarity: Callable[[Sequence[str]], float],
        bonus: float,
        words: int,
    ) -> None:
        self._is_long = words > _SCORED_WORDS
        self._scored_terms = _SCORED_TERMS[words > _FEW_WORDS]
        self._boosts = boosts
        self._expand = expand
        self._inflections = inflections
        self._rarity = rarity
        self._bonus = bonus
        counting = {name for name, boost in boosts.items() if boost}
        self._joint = ALL_WORDS if counting == BARE else NAMES if counting == NAMED else None

    def query(self, node: Any, scored: bool = True) -> Query:
        """The query for the pages that match ``node``."""
        method = _METHODS.get(type(node))
        if method is None:
            if isinstance(node, type(q.NullQuery)):
                return NOTHING
            raise QueryError(f"a query of the kind {type(node).__name__} cannot be evaluated")
        found = method(self, node, scored)
        boost = getattr(node, "boost", 1.0)
        return boosted(found, boost) if scored and boost != 1.0 else found

    # Compound nodes

    def _or(self, node: Any, scored: bool) -> Query:
        return any_of([self.query(sub, scored) for sub in node.subqueries])

    def _together(self, node: Together, scored: bool) -> Query:
        found = self._or(node, scored)
        if not scored:
            return found
        every = [any_of([self.query(way, False) for way in ways]) for ways in node.words]
        lift = constant({"bool": {"filter": every}}, self._bonus)
        return {"bool": {"must": [found], "should": [lift]}}

    def _and(self, node: Any, scored: bool) -> Query:
        excluded = [self.query(sub.query, False) for sub in node.subqueries if isinstance(sub, q.Not)]
        wanted = [self.query(sub, scored) for sub in node.subqueries if not isinstance(sub, q.Not)]
        return {"bool": {"must" if scored else "filter": wanted or [LIVE], "must_not": excluded}}

    def _not(self, node: Any, scored: bool) -> Query:
        return {"bool": {"filter": [LIVE], "must_not": [self.query(node.query, False)]}}

    def _and_not(self, node: Any, scored: bool) -> Query:
        return {"bool": {"must": [self.query(node.a, scored)], "must_not": [self.query(node.b, False)]}}

    def _and_maybe(self, node: Any, scored: bool) -> Query:
        if not scored:
            return self.query(node.a, False)
        return {"bool": {"must": [self.query(node.a)], "should": [self.query(node.b)]}}

    def _require(self, node: Any, scored: bool) -> Query:
        return {"bool": {"must": [self.query(node.a, scored)], "filter": [self.query(node.b, False)]}}

    def _best(self, node: Any, scored: bool) -> Query:
        parts = [self.query(sub, scored) for sub in node.subqueries]
        return {"dis_max": {"queries": parts, "tie_breaker": node.tiebreak}} if scored and parts else any_of(parts)

    def _in_parts(self, node: InParts, scored: bool) -> Query:
        """Pages that have all parts in one and the same field."""
        fields = [FIELDS[number].name for number in field_range(NAMING)]
        return any_of([self._and(q.And([in_field(part, name) for part in node.subqueries]), scored) for name in fields])

    def _constant(self, node: Any, scored: bool) -> Query:
        return {"constant_score": {"filter": self.query(node.child, False), "boost": float(node.score)}}

    def _every(self, node: Any, scored: bool) -> Query:
        if node.fieldname in (None, ALL):
            return LIVE
        return {"exists": {"field": f"lengths.{node.fieldname}"}} if node.fieldname in FIELD_NUMBERS else NOTHING

    # Words

    def _word(self, node: Word, scored: bool) -> Query:
        return self._terms(node.fieldname, [(variant.term, variant.weight) for variant in node.variants], scored)

    def _term(self, node: Any, scored: bool) -> Query:
        return self._terms(node.fieldname, [(node.text, 1.0)], scored)

    def _pattern(self, node: Any, scored: bool) -> Query:
        return self._terms(node.fieldname, [(term, 1.0) for term in self._expand(node).terms], scored)

    def _prefix(self, node: Any, scored: bool) -> Query:
        start = {"gte": FIRST_TERM} if not node.text else None
        return self._in_fields(node.fieldname, lambda field: (
            {"range": {field: start}} if start else {"prefix": {field: token(node.text)}}
        ))  # fmt: skip

    def _range(self, node: Any, scored: bool) -> Query:
        low = {"gt" if node.startexcl else "gte": token(node.start)} if node.start else {"gte": FIRST_TERM}
        high = {} if node.end is None else {"lt" if node.endexcl else "lte": token(node.end)}
        return self._in_fields(node.fieldname, lambda field: {"range": {field: {**low, **high}}})

    def _phrase(self, node: Any, scored: bool) -> Query:
        words = [token(word) for word in node.words]
        if node.slop <= 1:
            return any_of([side_by_side(path, words) for path in self._joint_or_texts(node.fieldname)])
        places, steps = [[word] for word in words], [node.slop] * (len(words) - 1)
        return any_of([near(path, places, steps) for path in self._texts(node.fieldname)])

    def _terms(self, field: str, terms: Sequence[tuple[str, float]], scored: bool) -> Query:
        """Pages with any of some terms, each of which counts as much as its weight says."""
        words = [(token(term), weight) for term, weight in terms if " " not in term]
        parts = [self._of_several(field, term, weight, scored) for term, weight in terms if " " in term]
        if words:
            parts.append(self._scored(field, words) if scored else self._any(field, [word for word, _ in words]))
        return any_of(parts)

    def _of_several(self, field: str, term: str, weight: float, scored: bool) -> Query:
        """Pages with a term of several words, each of them in any inflection."""
        words, steps = telling(term.split())
        places = [list(map(token, self._inflections(word))) for word in words]
        if not all(places):
            return NOTHING
        found = any_of([near(path, places, steps) for path in self._joint_or_texts(field)])
        return constant(found, weight * max(map(self._rarity, places))) if scored else found

    def _any(self, field: str, words: Sequence[str]) -> Query:
        return self._in_fields(field, lambda path: {"terms": {path: list(words)}})

    def _scored(self, field: str, words: Sequence[tuple[str, float]]) -> Query:
        """The same, in order: by BM25 in the text, and by a constant where a term stands in a name."""
        rarity = self._rarity([word for word, _ in words])
        if self._is_long:
            return constant(self._any(field, [word for word, _ in words]), rarity)
        if field == ALL and not self._joint:
            boosts = field_boosts(self._boosts, field)
            some = {name: {"terms": {f"words.{name}": [word for word, _ in words]}} for name in boosts}
            return any_of([constant(some[name], rarity * boost) for name, boost in boosts.items() if boost])
        path = self._joint if field == ALL and self._joint else f"words.{field}"
        first = sorted(words, key=lambda word: -word[1])
        told, rest = first[: self._scored_terms], first[self._scored_terms :]
        parts: list[Query] = [{"term": {path: {"value": word, "boost": weight}}} for word, weight in told]
        if rest:
            parts.append(constant({"terms": {path: [word for word, _ in rest]}}, rarity * rest[0][1]))
        if path == ALL_WORDS:
            parts += [
                constant({"terms": {NAMES: some}}, _NAMING_BOOST * rarity * weight)
                for weight, some in _by_weight(words)
            ]
        return any_of(parts)

    # Fields

    def _in_fields(self, field: str, query: Callable[[str], Query]) -> Query:
        """A query in the field asked for; for a bare word in all that count, at once where one field holds them all."""
        if field == ALL and self._joint:
            return query(self._joint)
        return any_of([query(path) for path in self._one_by_one(field)])

    def _joint_or_texts(self, field: str) -> list[str]:
        """Where words side by side, or nearly so, are looked for: at once where one field holds them all."""
        return [self._joint] if field == ALL and self._joint else self._texts(field)

    def _texts(self, field: str) -> list[str]:
        return [path for path in self._one_by_one(field) if path.removeprefix("words.") not in _KEYWORDS]

    def _one_by_one(self, field: str) -> list[str]:
        if field == ALL:
            return [f"words.{name}" for name, boost in self._boosts.items() if boost]
        return [f"words.{FIELDS[number].name}" for number in field_range(field)]


def any_of(queries: Iterable[Query]) -> Query:
    """Pages that match any of ``queries``; scores add up."""
    parts = [query for query in queries if query is not NOTHING]
    if len(parts) < 2:
        return parts[0] if parts else NOTHING
    return {"bool": {"should": parts, "minimum_should_match": 1}}


def constant(query: Query, score: float) -> Query:
    """The pages of ``query``, all with one score."""
    return {"constant_score": {"filter": query, "boost": max(score, 0.0)}}


def boosted(query: Query, boost: float) -> Query:
    """``query`` with its scores times ``boost``."""
    return {"bool": {"must": [query], "boost": boost}}


_METHODS: dict[type, Callable[[Translator, Any, bool], Query]] = {
    q.Or: Translator._or,
    Together: Translator._together,
    InParts: Translator._in_parts,
    q.And: Translator._and,
    q.Not: Translator._not,
    q.AndNot: Translator._and_not,
    q.AndMaybe: Translator._and_maybe,
    q.Require: Translator._require,
    q.DisjunctionMax: Translator._best,
    q.ConstantScoreQuery: Translator._constant,
    q.Every: Translator._every,
    q.Term: Translator._term,
    Word: Translator._word,
    q.Prefix: Translator._prefix,
    q.Wildcard: Translator._pattern,
    q.FuzzyTerm: Translator._pattern,
    q.TermRange: Translator._range,
    q.Phrase: Translator._phrase,
}


def side_by_side(field: str, words: Sequence[str]) -> Query:
    """Pages that have ``words`` side by side in a field."""
    return {"match_phrase": {field: {"query": " ".join(words), "analyzer": "whitespace"}}}


def near(field: str, places: Sequence[Sequence[str]], steps: Sequence[int]) -> Query:
    """Pages that have a term for each of ``places`` in a field, in order, each at most so many ``steps`` after another.

    It is put together from its end: the server tries each beginning with the nearest rest only.
    """
    if all(len(terms) == 1 for terms in places) and set(steps) == {1}:
        return side_by_side(field, [terms[0] for terms in places])
    found = _any_span(field, places[-1])
    for terms, step in zip(places[-2::-1], steps[::-1], strict=True):
        found = {"span_near": {"clauses": [_any_span(field, terms), found], "slop": step - 1, "in_order": True}}
    return found


def _any_span(field: str, terms: Sequence[str]) -> Query:
    spans: list[Query] = [{"span_term": {field: term}} for term in terms]
    return spans[0] if len(spans) == 1 else {"span_or": {"clauses": spans}}


def _by_weight(words: Sequence[tuple[str, float]]) -> Iterator[tuple[float, list[str]]]:
    """Words of one weight together."""
    found: dict[float, list[str]] = {}
    for word, weight in words:
        found.setdefault(weight, []).append(word)
    yield from found.items()
