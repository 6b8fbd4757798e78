"""A plain, slow search engine: every node of the query tree over Python dictionaries, BM25F as in the paper.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), section 3.6.
"""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from procsearch.corpus.procedure import Procedure
from procsearch.indexer import parameters
from procsearch.indexer.analysis import LINE, words
from procsearch.indexer.fields import (
    ALL,
    BOOSTS,
    FIELD_NUMBERS,
    FIELDS,
    NAMING,
    field_keywords,
    field_range,
    field_texts,
)
from procsearch.indexer.postings import LENGTHS
from procsearch.search.language import trees as q
from procsearch.search.words import InParts, Word

Scores = dict[str, float]

B = {field.name: field.b for field in FIELDS}
FIELD_NAMES = tuple(FIELD_NUMBERS)
KEYWORDS = frozenset(field.name for field in FIELDS if field.keyword)


def field_tokens(procedure: Procedure) -> dict[str, list[str]]:
    """The terms of each field in order, with an end-of-line mark between any two lines; keywords stand side by side."""
    tokens: dict[str, list[str]] = {}
    for number, text in field_texts(procedure):
        if words(text):
            before = tokens.get(FIELDS[number].name)
            tokens[FIELDS[number].name] = words(text) if before is None else [*before, LINE, *words(text)]
    for number, keyword in field_keywords(procedure):
        tokens.setdefault(FIELDS[number].name, []).append(keyword)
    return tokens


def rounded(length: int) -> float:
    """A field's length as the index keeps it."""
    return max(float(kept) for kept in LENGTHS if kept <= length)


@cache
def edits(first: str, second: str) -> int:
    """The Levenshtein distance of two words."""
    if not first or not second:
        return len(first) + len(second)
    return min(
        edits(first[1:], second) + 1,
        edits(first, second[1:]) + 1,
        edits(first[1:], second[1:]) + (first[0] != second[0]),
    )


class SlowSearch:
    """Searches ``pages``, given by id."""

    def __init__(self, pages: Mapping[str, Procedure], boosts: Mapping[str, float] = BOOSTS) -> None:
        self._boosts = boosts
        self.tokens = {id: field_tokens(page) for id, page in pages.items()}
        self._lengths = {
            id: {name: rounded(sum(token != LINE for token in tokens)) for name, tokens in fields.items()}
            for id, fields in self.tokens.items()
        }
        self._averages = {}
        for name in BOOSTS:
            having = [lengths[name] for lengths in self._lengths.values() if lengths.get(name)]
            self._averages[name] = sum(having) / len(having) if having else 1.0

    def search(self, query: Any) -> Scores:
        """The score of each page that matches ``query``."""
        boost = getattr(query, "boost", 1.0)
        return {id: score * boost for id, score in self._search(query).items()}

    def _search(self, query: Any) -> Scores:  # noqa: PLR0911 - a case for each kind of node
        match query:
            case q.Or():
                return self._union([self.search(sub) for sub in query.subqueries], sum)
            case q.DisjunctionMax():

                def best(scores: list[float]) -> float:
                    return max(scores) + query.tiebreak * (sum(scores) - max(scores))

                return self._union([self.search(sub) for sub in query.subqueries], best)
            case q.And() if not isinstance(query, InParts):
                wanted = [self.search(sub) for sub in query.subqueries if not isinstance(sub, q.Not)]
                unwanted = {id for sub in query.subqueries if isinstance(sub, q.Not) for id in self.search(sub.query)}
                found = self._union(wanted or [self._search(q.Every())], sum)
                return {
                    id: score for id, score in found.items()
                    if id not in unwanted and all(id in part for part in wanted)
                }  # fmt: skip
            case q.Not():
                return self._search(q.AndNot(q.Every(), query.query))
            case q.AndNot():
                unwanted = self.search(query.b).keys()
                return {id: score for id, score in self.search(query.a).items() if id not in unwanted}
            case q.AndMaybe():
                bonus = self.search(query.b)
                return {id: score + bonus.get(id, 0.0) for id, score in self.search(query.a).items()}
            case q.Require():
                required = self.search(query.b).keys()
                return {id: score for id, score in self.search(query.a).items() if id in required}
            case q.ConstantScoreQuery():
                return dict.fromkeys(self.search(query.child), query.score)
            case InParts():
                return self._weigh_in_one_field(query.subqueries)
            case q.Every():
                fields = self._lengths.items()
                return {
                    id: 1.0 for id, fields in fields if query.fieldname in (None, ALL) or fields.get(query.fieldname)
                }
        return self._weigh(query)

    @staticmethod
    def _union(parts: Iterable[Scores], joined: Callable[[list[float]], float]) -> Scores:
        parts = list(parts)
        found = {id for part in parts for id in part}
        return {id: joined([part[id] for part in parts if id in part]) for id in found}

    def _weigh_in_one_field(self, parts: list[Any]) -> Scores:
        """The best of the naming fields that has all ``parts``, each weighed as if there were no other field."""
        in_fields = []
        for name in FIELD_NAMES[field_range(NAMING).start : field_range(NAMING).stop]:
            found = [self._weigh(part, [name]) for part in parts]
            in_fields.append({id: sum(part[id] for part in found) for id in found[0] if all(id in p for p in found)})
        return self._union(in_fields, max)

    def _weigh(self, query: Any, asked: Sequence[str] = FIELD_NAMES) -> Scores:
        count = self._counter(query)
        unasked = KEYWORDS if isinstance(query, q.Phrase) else ()  # no phrase joins two keywords
        frequencies = {}
        for id, fields in self.tokens.items():
            tf = sum(
                self._boost(query.fieldname, name) * count(tokens)
                / (1 - B[name] + B[name] * self._lengths[id][name] / self._averages[name])
                for name, tokens in fields.items() if name in asked and name not in unasked
            )  # fmt: skip
            if tf > 0:
                frequencies[id] = tf
        total, having = len(self.tokens), len(frequencies)
        rarity = math.log(1 + (total - having + 0.5) / (having + 0.5))
        return {id: rarity * tf / (parameters.K1 + tf) for id, tf in frequencies.items()}

    def _boost(self, asked: str, name: str) -> float:
        if asked == ALL:
            return self._boosts[name]
        return (self._boosts[name] or 1.0) if FIELD_NUMBERS[name] in field_range(asked) else 0.0

    def _counter(self, query: Any) -> Callable[[list[str]], float]:
        """How often the leaf ``query`` stands in the tokens of a field."""
        if isinstance(query, q.Phrase):
            return lambda tokens: phrase_ends(tokens, query.words, query.slop)
        weight = word_weights(query)
        return lambda tokens: sum(weight(token) for token in tokens if token != LINE)


def phrase_ends(tokens: list[str], phrase: list[str], slop: int) -> int:
    """How many places are the last of a phrase whose words stand at most ``slop`` places apart."""
    places = [place for place, token in enumerate(tokens) if token == phrase[0]]
    for word in phrase[1:]:
        places = [
            place for place, token in enumerate(tokens)
            if token == word and any(1 <= place - before <= slop for before in places)
        ]  # fmt: skip
    return len(places)


def word_weights(query: Any) -> Callable[[str], float]:
    """What one occurrence of a term counts for the leaf ``query``."""
    match query:
        case Word():
            weights = {variant.term: variant.weight for variant in query.variants}
            return lambda term: weights.get(term, 0.0)
        case q.Term():
            return lambda term: term == query.text
        case q.Prefix():
            return lambda term: term.startswith(query.text)
        case q.Wildcard():
            matches = re.compile(fnmatch.translate(query.text)).match
            return lambda term: matches(term) is not None
        case q.FuzzyTerm():
            prefix = query.text[: query.prefixlength]
            return lambda term: term.startswith(prefix) and edits(query.text, term) <= query.maxdist
        case q.TermRange():
            low, high = query.start, query.end
            return lambda term: (
                (low is None or term > low or (term == low and not query.startexcl))
                and (high is None or term < high or (term == high and not query.endexcl))
            )
    raise AssertionError(f"no slow way to evaluate {query!r}")
