"""AND, OR, NOT and the rest: how the parts of one pair of parentheses are joined.

The order is Whoosh's: NOT binds tightest, then AND, OR, ANDNOT, ANDMAYBE, REQUIRE; parts that merely stand side by side
are joined by OR in the end. So ``a b AND c OR d`` is ``a OR ((b AND c) OR d)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import TypeAlias

from .reading import Reading
from .trees import AndMaybe, AndNot, Not, Query, Require, all_of, any_of, negated

NOT = "NOT"


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator where it stands in the query."""

    name: str
    position: int


Part: TypeAlias = Query | Operator | None
"""A part of a group; None is an operand that held nothing to search for."""

Join: TypeAlias = Callable[[Reading, Operator, list[Query | None]], Query | None]


def join(reading: Reading, parts: list[Part]) -> Query | None:
    """The query that ``parts`` make; every operator in it has its operands."""
    _refuse_neighbours(reading, parts)
    parts = _fold_not(parts)
    for name, joined in _JOINS.items():
        parts = _fold(reading, parts, name, joined)
    queries = [part for part in parts if part is not None]
    if len(queries) > 1 and any(type(query) is Not for query in queries):
        reading.note("NOT beside other words leaves pages out, as AND NOT does")
    return any_of(queries)


def _refuse_neighbours(reading: Reading, parts: list[Part]) -> None:
    for part, following in pairwise(parts):
        if isinstance(part, Operator) and isinstance(following, Operator) and following.name != NOT:
            raise reading.error(
                f"{following.name} follows {part.name}; a word belongs between them", following.position
            )


def _fold_not(parts: list[Part]) -> list[Part]:
    folded: list[Part] = []
    negative = False
    for part in parts:
        if isinstance(part, Operator) and part.name == NOT:
            negative = not negative
        else:
            folded.append(negated(part) if negative else part)
            negative = False
    return folded


def _fold(reading: Reading, parts: list[Part], name: str, joined: Join) -> list[Part]:
    """Every run ``a OP b OP c`` of the operator ``name`` made one part."""
    folded: list[Part] = []
    at = 0
    while at < len(parts):
        part = parts[at]
        if isinstance(part, Operator) and part.name == name:
            operands = [folded.pop(), parts[at + 1]]
            at += 2
            while at < len(parts) and isinstance(also := parts[at], Operator) and also.name == name:
                operands.append(parts[at + 1])
                at += 2
            folded.append(joined(reading, part, operands))
        else:
            folded.append(part)
            at += 1
    return folded


def _and(_reading: Reading, _operator: Operator, operands: list[Query | None]) -> Query | None:
    return all_of(operands)


def _or(_reading: Reading, _operator: Operator, operands: list[Query | None]) -> Query | None:
    return any_of(operands)


def _pairwise(kind: Callable[[Query, Query], Query]) -> Join:
    """Joins from left to right, two by two, each result being the left side of the next."""

    def joined(reading: Reading, operator: Operator, operands: list[Query | None]) -> Query | None:
        if len(operands) - 1 > reading.bounds.depth:
            reason = f"{operator.name} may stand {reading.bounds.depth} times in a row at most"
            raise reading.error(reason, operator.position)
        queries = [operand for operand in operands if operand is not None]
        if queries and operands[0] is None and kind is AndNot:
            raise reading.error("ANDNOT needs something to search for on its left", operator.position)
        return reduce(kind, queries) if queries else None

    return joined


_JOINS: dict[str, Join] = {
    "AND": _and,
    "OR": _or,
    "ANDNOT": _pairwise(AndNot),
    "ANDMAYBE": _pairwise(AndMaybe),
    "REQUIRE": _pairwise(Require),
}
"""How each operator joins its operands, the tightest first."""

OPERATORS = frozenset({NOT, *_JOINS})
