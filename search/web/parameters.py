"""The parameters of a request, read and bounded: the same for the API and the search page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from .errors import RequestError, bad_parameter
from .settings import Settings

HITS, COMPLETIONS, NEIGHBOURS = 10, 8, 5
"""How many of each an answer holds where ``limit`` does not say."""

MAX_COMPLETIONS = 50


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What a search asks for."""

    query: str
    limit: int
    offset: int
    filters: dict[str, list[str]]
    facets: tuple[str, ...]


def read_search(params: QueryParams, settings: Settings) -> SearchRequest:
    """The search that ``params`` ask for; RequestError where they ask too much or cannot be read."""
    limit = read_number(params, "limit", HITS, 0, settings.max_hits)
    offset = read_number(params, "offset", 0, 0, settings.max_depth)
    if limit + offset > settings.max_depth:
        raise bad_parameter(f"results can be read up to the {settings.max_depth}th; narrow the query instead")
    return SearchRequest(
        read_query(params, settings), limit, offset, read_filters(params), tuple(dict.fromkeys(params.getlist("facet")))
    )


def read_query(params: QueryParams, settings: Settings) -> str:
    """The parameter ``q``."""
    query = _single(params, "q")
    if query is None:
        raise bad_parameter("the parameter q is missing")
    if len(query) > settings.max_query_characters:
        raise RequestError(400, "bad_query", f"a query has at most {settings.max_query_characters:,} characters")
    return query


def read_filters(params: QueryParams) -> dict[str, list[str]]:
    """The parameters ``filter``, each of the form ``field=value``, as the values wanted of each field."""
    filters: dict[str, list[str]] = {}
    for item in params.getlist("filter"):
        name, equals, value = item.partition("=")
        if not equals:
            raise bad_parameter("a filter has the form field=value, as filter=system=CPT4")
        values = filters.setdefault(name.strip(), [])
        if value.strip() not in values:
            values.append(value.strip())
    return filters


def read_number(params: QueryParams, name: str, default: int, least: int, most: int) -> int:
    """A whole number from ``least`` to ``most``."""
    given = _single(params, name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and len(given) < 10 and least <= int(given) <= most):
        raise bad_parameter(f"{name} is a whole number from {least} to {most:,}")
    return int(given)


def only(params: QueryParams, names: Sequence[str]) -> None:
    """RequestError where there are parameters besides ``names``: a misspelt one must not pass in silence."""
    unknown = [name for name in params if name not in names]
    if unknown:
        raise bad_parameter(f"no parameter {unknown[0][:50]!r}; there is {', '.join(names) or 'none'}")


def _single(params: QueryParams, name: str) -> str | None:
    values = params.getlist(name)
    if len(values) > 1:
        raise bad_parameter(f"the parameter {name} stands {len(values)} times")
    return values[0] if values else None
