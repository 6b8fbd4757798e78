"""Whoosh itself: an index in its default codec, and the few queries it must be asked in another way."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from procsearch.corpus.procedure import Procedure
from procsearch.indexer.analysis import LINE
from procsearch.indexer.fields import ALL, BOOSTS, FIELDS, schema
from procsearch.search.language import trees as q

from .slow import field_tokens

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from whoosh.analysis import Token, Tokenizer
    from whoosh.fields import TEXT, Schema
    from whoosh.filedb.filestore import RamStorage
    from whoosh.query import Regex
    from whoosh.searching import Searcher

__all__ = ["Regex", "Searcher", "for_whoosh", "stock_searcher", "whoosh_ids"]

_FAR_APART = 100_000
_UNPLACED = frozenset(("id", *(field.name for field in FIELDS if field.keyword)))


class _Placed(Tokenizer):
    """Takes words with their positions, as JSON."""

    def __call__(self, value: str, **kwargs: Any) -> Iterator[Token]:
        token = Token(positions=True)
        for text, position in json.loads(value):
            token.text, token.pos, token.boost, token.stopped = text, position, 1.0, False
            yield token


def stock_searcher(pages: Mapping[str, Procedure]) -> Searcher:
    """Whoosh's searcher over an index of ``pages`` in its default codec, with the fields of our schema.

    The field ``all`` holds the words of all fields that bare words rank by, each field's far from the others'.
    """
    types = {name: field if name in _UNPLACED else TEXT(analyzer=_Placed()) for name, field in schema().items()}
    index = RamStorage().create_index(Schema(**types))
    writer = index.writer()
    for id, page in pages.items():
        tokens = field_tokens(page)
        everything = [
            (token, place)
            for number, (name, boost) in enumerate(BOOSTS.items()) if boost > 0
            for token, place in _placed(tokens.get(name, []), number * _FAR_APART)
        ]  # fmt: skip
        values = {name: found if name in _UNPLACED else json.dumps(_placed(found)) for name, found in tokens.items()}
        writer.add_document(id=id, **values, **{ALL: json.dumps(everything)})
    writer.commit()
    return index.searcher()


def _placed(tokens: list[str], first: int = 0) -> list[tuple[str, int]]:
    return [(token, place) for place, token in enumerate(tokens, first) if token != LINE]


def whoosh_ids(searcher: Searcher, query: Any) -> set[str]:
    """The ids of the documents that Whoosh finds."""
    return {searcher.stored_fields(number)["id"] for number in searcher.docs_for_query(for_whoosh(query))}


def for_whoosh(query: Any) -> Any:
    """``query`` in words that Whoosh gets right.

    Whoosh 2.7.4 excludes what REQUIRE requires where that is not at the top, finds the first page under ANDNOT though
    it is excluded, finds deleted pages under a bare NOT, and takes all pages with a word for all pages.
    """
    if isinstance(query, q.Require):
        return q.And([for_whoosh(query.a), for_whoosh(query.b)])
    if isinstance(query, q.Not):
        return q.And([q.Every(), q.Not(for_whoosh(query.query))])
    if isinstance(query, q.AndNot):
        return q.And([for_whoosh(query.a), q.Not(for_whoosh(query.b))])
    if isinstance(query, q.Every) and query.fieldname == ALL:
        return q.Every()
    return query if query.is_leaf() else query.apply(for_whoosh)
