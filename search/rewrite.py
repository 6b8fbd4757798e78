"""From the query as it was read to the query as it is evaluated: words get their variants, and what people mean by
NOT and by common words is made explicit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from copy import copy
from functools import lru_cache
from itertools import zip_longest
from typing import Any

from ..indexer import parameters
from ..indexer.analysis import STOP_WORDS, has_digit, terms
from ..indexer.fields import ALL, FIELD_NUMBERS, FIELDS
from .language import trees as q
from .vocabulary.groups import hyphenated, pairs_of, support, terms_of
from .vocabulary.morphemes import take_apart
from .vocabulary.parts import Parts
from .vocabulary.synonyms import Synonyms
from .words import Together, Variant, Word

_MODIFIER = re.compile(r"[0-9a-z]{2}")
"""What may stand after a code and a dash: ``36904-59`` is page 36904."""

_IN_TWO = re.compile(r"([a-z]{1,4})([0-9]{1,3})")
"""What is written with a hyphen as well: B12 and B-12, L4, CD4."""

_SHORTEST_CODE = 5
"""Characters of a code that may begin a range without ``code:`` before it; shorter ones are numbers."""

KEYWORD_FIELDS = frozenset(field.name for field in FIELDS if field.keyword)


class Rewriter:
    """Rewrites one query. ``expand`` gives the variants of a word, ``synonyms`` those of terms, ``parts`` what clinical
    words are made of, which is asked for ``most_parts`` of them.

    ``notes`` collects what was not taken literally.
    """

    def __init__(
        self,
        expand: Callable[[str], tuple[Variant, ...]],
        synonyms: Synonyms,
        parts: Parts,
        systems: frozenset[str],
        most_parts: int = 8,
    ) -> None:
        self._expand = expand
        self._synonyms = synonyms
        self._parts = parts
        self._systems = systems
        self._most_parts = most_parts
        self._taken_apart: set[str] = set()
        self._left_whole: dict[str, None] = {}
        self._common: dict[str, None] = {}

    def rewrite(self, query: Any) -> Any:  # noqa: PLR0911 - a case for each kind of node
        """The tree to evaluate for ``query``."""
        if getattr(query, "fieldname", None) in self._systems:
            return self._in_system(query)
        if isinstance(query, q.Term):
            return self._word(query)
        if isinstance(query, q.Phrase):
            return self._phrase(query)
        if isinstance(query, q.Or):
            return self._or(query)
        if isinstance(query, q.And):
            return q.And([self.rewrite(sub) for sub in query.subqueries], boost=query.boost)
        if isinstance(query, q.Not):
            return q.Not(self.rewrite(query.query))
        if isinstance(query, (q.AndNot, q.AndMaybe, q.Require)):
            rewritten = type(query)(self.rewrite(query.a), self.rewrite(query.b))
            rewritten.boost = query.boost
            return rewritten
        return query

    @property
    def notes(self) -> list[str]:
        """What was not taken literally, in words for the user."""
        notes = [f"too common to rank by: {', '.join(self._common)}"] if self._common else []
        if self._left_whole:
            left = ", ".join(self._left_whole)
            notes.append(f"not looked for by their parts, as {self._most_parts} words at most are: {left}")
        return notes

    def _word(self, term: Any) -> Any:
        if term.fieldname == ALL and has_digit(term.text):
            # What looks like a code is more likely the code of a page than a word on it.
            ways = [term, q.Term("code", term.text, boost=parameters.CODE_WEIGHT)]
            if pieces := _IN_TWO.fullmatch(term.text):
                ways.append(q.Phrase(ALL, list(pieces.groups())))
            return q.Or(ways, boost=term.boost)
        if term.fieldname in KEYWORD_FIELDS or has_digit(term.text):
            return term
        word = Word(term.fieldname, term.text, self._expand(term.text), term.boost)
        word.startchar, word.endchar = getattr(term, "startchar", None), getattr(term, "endchar", None)
        return word

    def _phrase(self, phrase: Any) -> Any:
        """A phrase as it is, but for a code with its system (``ICD-10-PCS:0TY00Z0``), which names a page, for two codes
        (``36901-36909``), which are a range, and for a word with a hyphen that the vocabulary knows (``c-section``).
        """
        *words, code = phrase.words
        if phrase.fieldname == ALL and (system := "".join(words)) in self._systems:
            named = q.And([q.Term("system", system), q.Term("code", code)], boost=parameters.CODE_WEIGHT)
            return q.Or([named, phrase], boost=phrase.boost)
        if phrase.fieldname == ALL and len(phrase.words) == 2 and _MODIFIER.fullmatch(code) and has_digit(words[0]):
            return q.Or([q.Term("code", words[0], boost=parameters.CODE_WEIGHT), phrase], boost=phrase.boost)
        if phrase.fieldname == ALL and _is_range(phrase.words):
            return q.Or([q.TermRange("code", *phrase.words), phrase], boost=phrase.boost)
        if phrase.fieldname == ALL and _IN_TWO.fullmatch("".join(phrase.words)) and len(phrase.words) == 2:
            return q.Or([phrase, q.Term(ALL, "".join(phrase.words))], boost=phrase.boost)
        if phrase.fieldname == ALL and not q.is_quoted(phrase):
            term = hyphenated(phrase.words, self._synonyms.of)
            if term is not None:
                term.boost = phrase.boost
                return term
        return phrase

    def _in_system(self, query: Any) -> Any:
        """``cpt4:36904`` and ``cpt4:36901-36909``: codes of one system; ``hcpcs:oxygen``: its pages with a word."""
        system, query = query.fieldname, copy(query)
        if isinstance(query, q.Phrase) and len(query.words) == 2 and all(map(has_digit, query.words)):
            query = q.TermRange("code", *query.words, boost=query.boost)
        text = getattr(query, "text", None)
        query.fieldname = ALL if isinstance(query, q.Phrase) or (text and text.isalpha()) else "code"
        return q.And([q.Term("system", system), self.rewrite(query)], boost=query.boost)

    def _or(self, query: Any) -> Any:
        """Pages with any part; what is under NOT is left out instead of adding all the pages without it."""
        excluded = [self.rewrite(sub.query) for sub in query.subqueries if isinstance(sub, q.Not)]
        wanted = [sub for sub in query.subqueries if not isinstance(sub, q.Not)]
        telling = [sub for sub in wanted if not _is_common(sub)]
        if telling and len(telling) < len(wanted):
            self._common.update((sub.text, None) for sub in wanted if _is_common(sub))
            wanted = telling
        positive = self._together(self._with_systems(wanted)) if wanted else q.Every()
        rewritten = q.AndNot(positive, q.Or(excluded)) if excluded else positive
        rewritten.boost = query.boost
        return rewritten

    def _with_systems(self, parts: list[Any]) -> list[Any]:
        """The parts rewritten; a code system right before a code (``HCPCS G0121``) only says which one is meant."""
        rewritten: list[Any] = []
        system: Any = None
        for part, following in zip_longest(parts, parts[1:]):
            if system is None and _is_bare(part) and part.text in self._systems and _is_bare(following, digits=True):
                system = part
                continue
            found = self.rewrite(part)
            rewritten.append(found if system is None else q.AndMaybe(found, q.Term("system", system.text)))
            system = None
        return rewritten

    def _together(self, parts: list[Any]) -> Any:
        """Any of the parts, with what the vocabulary knows of words that stand together."""
        words = [part for part in parts if isinstance(part, Word) and part.fieldname == ALL]
        for word in words:
            support(word, words, self._synonyms.of)
        telling = [word for word in words if word.text not in STOP_WORDS]
        found = [*terms_of(telling, self._synonyms.of), *self._parts.in_one_word(telling)]
        if parameters.PAIRS_FROM <= len(telling) <= parameters.PAIRS_TO:
            found += pairs_of(telling, found)
        spoken = [self._in_plain_words(part) for part in parts]
        if not 2 <= len(parts) <= parameters.COVERAGE_WORDS or len(telling) < len(parts):
            return q.Or([*spoken, *found])
        ways = [
            [part, *(other for other in found if word.text in other.instead_of)]
            for part, word in zip(spoken, words, strict=True)
        ]
        return Together([*spoken, *found], ways)

    def _in_plain_words(self, part: Any) -> Any:
        """A clinical word, or what its parts say."""
        if not isinstance(part, Word) or part.fieldname != ALL:
            return part
        if take_apart(part.text) is None:
            return part
        if len(self._taken_apart) >= self._most_parts and part.text not in self._taken_apart:
            self._left_whole[part.text] = None
            return part
        self._taken_apart.add(part.text)
        plain = self._parts.in_plain_words(part.text)
        return part if plain is None else q.DisjunctionMax([part, plain])


def plain_query(text: str) -> Any:
    """The query for pages with any word of ``text``, whatever stands in it.

    A word that comes several times counts more: by (k3 + 1) n / (k3 + n), as BM25 weighs the words of long queries
    (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, section 3.4).
    """
    k3 = parameters.K3
    return q.Or([q.Term(ALL, word, boost=(k3 + 1) * n / (k3 + n)) for word, n in Counter(terms(text)).items()])


def _is_bare(query: Any, *, digits: bool = False) -> bool:
    """Whether a part of a query is one word without a field, with ``digits`` one that may be a code."""
    return isinstance(query, q.Term) and query.fieldname == ALL and (not digits or has_digit(query.text))


def _is_range(words: list[str]) -> bool:
    """Whether two words are the ends of a range of codes."""
    first, *others = words
    return (
        len(others) == 1
        and len(first) == len(others[0]) >= _SHORTEST_CODE
        and all(map(has_digit, words))
        and first < others[0]
    )


def _is_common(query: Any) -> bool:
    return isinstance(query, q.Term) and query.fieldname == ALL and query.text in STOP_WORDS


def tokens(field: str, text: str) -> list[str]:
    """The terms that ``field`` makes of a piece of a query."""
    return [text.lower()] if field in KEYWORD_FIELDS else terms(text)


@lru_cache(maxsize=64)
def query_fields(systems: frozenset[str] = frozenset()) -> frozenset[str]:
    """The names that may stand before a colon: those of fields and of code systems."""
    return frozenset((*FIELD_NUMBERS, ALL)) | systems
