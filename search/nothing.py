"""What to tell where nothing is found: values that no page has, and codes that were likely meant.

Codes are told, never searched for in place of what was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from ..corpus.procedure import Procedure
from ..indexer.analysis import has_digit, terms
from .facets import SECTION, SYSTEM
from .filters import values_of

Coded = Callable[[str, int], Sequence[Procedure]]
"""The first so many procedures whose code begins with something."""

_LOOK_ALIKE = str.maketrans("oil", "011")
"""Letters that are typed for digits; most systems have no codes with them, so that they are not mistaken."""
_SHORTEST = 3  # characters that a code may be meant to begin with
_LONGEST = 20  # characters of what may be a code, with its system and signs
_SHOWN = 3
_LOOKED_UP = 20  # values of a filter


def near_codes(coded: Coded, typed: str) -> list[str]:
    """The ids of the first procedures whose code was likely meant: by ``E-0570``, ``OFT44ZZ`` or ``hcpcs:e0570``."""
    if len(typed) > _LONGEST:
        return []
    for text in (typed, typed.rpartition(":")[2]):
        code = "".join(terms(text))
        for meant in dict.fromkeys((code, code.translate(_LOOK_ALIKE))):
            if len(meant) >= _SHORTEST and has_digit(meant) and (found := coded(meant, _SHOWN)):
                return [procedure.id for procedure in found]
    return []


def past_the_last(total: int) -> str:
    """What to tell where results are asked for past the last of ``total``."""
    return "there is only 1 result" if total == 1 else f"there are only {total} results"


def why_nothing(
    query: str,
    filters: Mapping[str, str | Sequence[str]],
    pages: int,
    systems: Sequence[str],
    has: Callable[[str, str], bool],
    coded: Coded,
) -> Iterator[str]:
    """What to tell where ``query`` finds none of the ``pages`` of an index.

    ``has`` tells whether any page has a value in a field, ``systems`` are the values that there are of that field.
    """
    if not pages:
        yield "the index has no pages yet"
    if not terms(query):
        yield "there is no word in the query"
    for field, wanted in filters.items():
        values = values_of(wanted)
        if len(values) > _LOOKED_UP:
            yield f"which values of {field} no page has was looked up for the first {_LOOKED_UP} only"
        for value in values[:_LOOKED_UP]:
            if field != SECTION and not has(field, value):
                known = ", ".join(filter(None, systems)) if field == SYSTEM else ""
                yield f"no page has {field}={value}" + (f"; there is {known}" if known else "")
    if near := near_codes(coded, query):
        yield f"codes like it: {', '.join(near)}"
