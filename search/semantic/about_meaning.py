"""Which queries are about meaning: plain words, none of which names a code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...corpus.errors import QueryError
from ...indexer.analysis import has_digit, terms
from ...indexer.fields import ALL
from ...indexer.snapshot import Snapshot
from ..evaluator import Evaluator
from ..language import Bounds, parse_query
from ..language import trees as q
from ..rewrite import query_fields, tokens

_QUOTES = frozenset('"“”„‟')


def is_about_meaning(text: str, plain: bool, snapshot: Snapshot, evaluator: Evaluator) -> bool:
    """Whether the query ``text`` is ranked by meaning too.

    Any operator, field, quotation, pattern or boost asks for words as they are, and so does the code of a page. With
    ``plain`` the text is nothing but words.
    """
    systems = snapshot.system_terms
    words = list[str | None](terms(text)) if plain else list(_read(text, systems))
    if None in words:
        return False
    numbers = [word for word in words if word and has_digit(word)]
    if all(word in systems or word in numbers for word in words):
        return False
    return not any(len(evaluator.evaluate(q.Term("code", number))) for number in numbers)


def _read(text: str, systems: frozenset[str]) -> Iterator[str | None]:
    if not _QUOTES.isdisjoint(text):
        return iter([None])
    try:
        parsed = parse_query(text, fields=query_fields(systems), default_field=ALL, tokens=tokens, bounds=Bounds())
    except QueryError:
        return iter([None])
    return _words(parsed.query)


def _words(tree: Any) -> Iterator[str | None]:
    """The words of a query, None for what is more than words."""
    if getattr(tree, "boost", 1.0) != 1.0:
        yield None
    elif isinstance(tree, q.Or):
        for sub in tree.subqueries:
            yield from _words(sub)
    elif isinstance(tree, q.Term) and tree.fieldname == ALL:
        yield tree.text
    elif isinstance(tree, q.Phrase) and tree.fieldname == ALL:  # x-ray: what is quoted does not come here
        yield from tree.words
    else:
        yield None
