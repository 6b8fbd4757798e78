"""The fields of the index and their standing weights: one table, and the Whoosh schema made of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from ..corpus.procedure import SECTION_KINDS, Procedure
from .analysis import sound
from .parameters import FIELD_WEIGHTS

if TYPE_CHECKING:
    from whoosh.fields import Schema

FIELDS_VERSION = 1
"""Raised when a field is added, dropped or means something else; an index of another version is built anew."""

ALL = "all"
"""The field that stands for all fields at once; a bare word of a query is a term of it."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its default ``boost`` in BM25F and its length normalisation ``b`` (0 to 1).

    A ``keyword`` field holds its value as one lower-case term; other fields are analysed into words.
    """

    name: str
    boost: float
    b: float
    keyword: bool


_KEYWORDS = ("code", "system", "similar_codes")

FIELDS: tuple[Field, ...] = tuple(
    Field(name, boost, b, name in _KEYWORDS) for name, (boost, b) in FIELD_WEIGHTS.items()
)
"""Every field by number; a boost of 0 keeps a field out of bare-word ranking while ``field:word`` still works."""

FIELD_NUMBERS: Mapping[str, int] = {field.name: number for number, field in enumerate(FIELDS)}
BOOSTS: Mapping[str, float] = {field.name: field.boost for field in FIELDS}

assert set(SECTION_KINDS) < set(FIELD_NUMBERS)

NAMING = "naming"
"""The field that stands for those that tell what a procedure is: elsewhere words stand side by side by chance."""

_NAMING_FIELDS = ("name", "common_names", "medical_terms", "descriptor", "summary")
assert tuple(FIELD_NUMBERS)[: len(_NAMING_FIELDS)] == _NAMING_FIELDS


def field_range(field: str) -> range:
    """The numbers of the fields that ``field`` stands for; empty where there is no such field."""
    if field == ALL:
        return range(len(FIELDS))
    if field == NAMING:
        return range(len(_NAMING_FIELDS))
    number = FIELD_NUMBERS.get(field)
    return range(0) if number is None else range(number, number + 1)


def field_texts(procedure: Procedure) -> Iterator[tuple[int, str]]:
    """The texts of ``procedure`` by field number: all that bare words and phrases can find.

    A field may come several times; each text stands on lines of its own.
    """
    yield 0, procedure.name
    for text in procedure.common_names:
        yield 1, text
    for text in procedure.medical_terms:
        yield 2, text
    yield 3, procedure.descriptor
    for section in procedure.sections:
        number = FIELD_NUMBERS[section.kind]
        # A heading that fits no kind is content: nothing else tells what the text is about.
        if section.kind == "other" and section.heading:
            yield number, section.heading
        yield number, section.text


def field_keywords(procedure: Procedure) -> Iterator[tuple[int, str]]:
    """The values of the keyword fields of ``procedure`` by ascending field number, as the terms they are indexed as."""
    if procedure.code:
        yield FIELD_NUMBERS["code"], sound(procedure.code.lower())
    if procedure.system:
        yield FIELD_NUMBERS["system"], sound(procedure.system.lower())
    for code in sorted({sound(similar.code.lower()) for similar in procedure.similar_codes if similar.code}):
        yield FIELD_NUMBERS["similar_codes"], code


@cache
def schema() -> Schema:
    """The Whoosh schema of the index: every field of the table, ``all``, and the ``id`` a stored page is known by."""
    from .analysis import whoosh_analyzer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        from whoosh import fields as whoosh_fields

    def field_type(field: Field) -> Any:
        if field.keyword:
            return whoosh_fields.KEYWORD(lowercase=True)
        return whoosh_fields.TEXT(analyzer=whoosh_analyzer(), multitoken_query="phrase")

    types = {field.name: field_type(field) for field in FIELDS}
    types[ALL] = whoosh_fields.TEXT(analyzer=whoosh_analyzer(), multitoken_query="phrase")
    types["id"] = whoosh_fields.STORED()
    return whoosh_fields.Schema(**types)
