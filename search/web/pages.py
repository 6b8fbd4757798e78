"""The half of the service for people: the search page, a procedure's page and help, made on the server."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from ...corpus.errors import QueryError
from ...corpus.procedure import Procedure, Section, SimilarCode
from ..facets import FACETS
from ..index import Index
from ..printing import printable
from ..results import Results
from . import labels
from .addresses import Addresses
from .errors import RequestError
from .help import EXAMPLES, TOPICS
from .marking import mark_terms, marked, matched_terms
from .parameters import HITS, SearchRequest, read_query, read_search
from .queries import Queries
from .settings import Settings


class SearchPages:
    """The endpoints for people."""

    def __init__(self, index: Index, queries: Queries, settings: Settings) -> None:
        self._index = index
        self._queries = queries
        self._settings = settings

    async def search(self, request: Request) -> Response:
        """GET /: the results for ``q``, or a place to begin."""
        params = request.query_params
        if not params.get("q", "").strip():
            return await self._page(lambda: self._home(request.scope))
        asked = read_search(params, self._settings)
        return await self._page(lambda: self._results(request.scope, asked))

    def _home(self, scope: Scope) -> str:
        return self._render("home.html", scope, query="", stats=self._index.stats())

    def _results(self, scope: Scope, asked: SearchRequest) -> str:
        try:
            results = self._index.search(
                asked.query, limit=HITS, offset=asked.offset, filters=asked.filters, facets=FACETS
            )
            facets = [self._facet(field, asked, results) for field in FACETS]
        except QueryError as error:
            place = min(error.position, len(asked.query))
            raise _ProblemError(self._render("problem.html", scope, query=asked.query, reason=error.reason,
                                       before=asked.query[:place], after=asked.query[place:])) from None  # fmt: skip
        last = min(results.total, self._settings.max_depth)
        return self._render(
            "results.html", scope, query=asked.query, asked=asked, results=results,
            facets=[facet for facet in facets if facet["values"]],
            previous=max(0, asked.offset - HITS) if asked.offset else None,
            next=asked.offset + HITS if asked.offset + 2 * HITS <= self._settings.max_depth
            and asked.offset + HITS < last else None,
        )  # fmt: skip

    def _facet(self, field: str, asked: SearchRequest, results: Results) -> dict[str, Any]:
        """A facet with its values; the counts of a filtered one are those that other values would give."""
        chosen = asked.filters.get(field, [])
        counts = dict(results.facets[field])
        if chosen:
            others = {name: values for name, values in asked.filters.items() if name != field}
            counts = dict(self._index.search(asked.query, limit=0, filters=others, facets=(field,)).facets[field])
        values = [
            {"value": value, "label": labels.facet_value(field, value), "count": count, "chosen": value in chosen}
            for value, count in {**counts, **{value: 0 for value in chosen if value not in counts}}.items()
        ]
        return {"field": field, "label": labels.FACETS[field], "values": values}

    async def procedure(self, request: Request) -> Response:
        """GET /procedures/{id}: a procedure, with the words of ``q`` marked."""
        params = request.query_params
        query = read_query(params, self._settings) if "q" in params else ""
        id = request.path_params["id"]
        return await self._page(lambda: self._procedure(request.scope, id, query))

    def _procedure(self, scope: Scope, id: str, query: str) -> str:
        procedure = self._index.get(id)
        explanation = None
        if query.strip():
            with suppress(QueryError):  # the page is worth showing without marks too
                explanation = self._index.explain(query, id)
        terms = matched_terms(explanation) if explanation else {}
        return self._render(
            "procedure.html", scope, query=query, procedure=procedure, explanation=explanation,
            sections=[
                _shown(section, anchor, terms.get(section.kind, set()))
                for section, anchor in zip(procedure.sections, _anchors(procedure), strict=True)
            ],
            title=mark_terms(procedure.title, terms.get("name" if procedure.name else "descriptor", set())),
            descriptor=mark_terms(procedure.descriptor, terms.get("descriptor", set())),
            similar=self._index.similar(id),
            codes=[(similar, self._id_of(similar)) for similar in procedure.similar_codes],
        )  # fmt: skip

    def _id_of(self, similar: SimilarCode) -> str | None:
        """The id of the procedure that a reference means, where it is in the index."""
        if not similar.system or not similar.code:
            return None
        id = f"{similar.system.lower()}:{similar.code.upper()}"
        return id if id in self._index else None

    async def help(self, request: Request) -> Response:
        """GET /help: the query language."""
        return _html(self._render("help.html", request.scope, query="", topics=TOPICS))

    def error(self, scope: Scope, error: RequestError) -> tuple[bytes, bytes]:
        """The page of an error."""
        title = HTTPStatus(error.status).phrase
        page = self._render("error.html", scope, query="", error=error, title=title)
        return b"text/html; charset=utf-8", page.encode("utf-8", "replace")

    def _render(self, template: str, scope: Scope, **context: Any) -> str:
        """A template as it reads for the request of ``scope``."""
        to, most = Addresses(scope.get("root_path", "")), self._settings.max_query_characters
        return _templates().get_template(template).render(to=to, max_query_characters=most, **context)

    async def _page(self, make: Callable[[], str]) -> Response:
        """The page that ``make`` makes, beside other queries and within their limits."""
        try:
            return _html(await self._queries.run(make))
        except _ProblemError as problem:
            return _html(problem.page, 400)


class _ProblemError(Exception):
    """A query that cannot be read; ``page`` says why."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page


def _html(page: str, status: int = 200) -> Response:
    return Response(page.encode("utf-8", "replace"), status, {"Cache-Control": "no-store"}, "text/html")


def _anchors(procedure: Procedure) -> list[str]:
    """The anchor of each section: its kind, numbered from the second of a kind on."""
    seen: dict[str, int] = {}
    anchors = []
    for section in procedure.sections:
        seen[section.kind] = seen.get(section.kind, 0) + 1
        anchors.append(section.kind if seen[section.kind] == 1 else f"{section.kind}-{seen[section.kind]}")
    return anchors


def _shown(section: Section, anchor: str, terms: set[str]) -> dict[str, Any]:
    """A section as its template takes it; several short lines are shown as a list, steps with numbers."""
    lines = section.text.split("\n")
    short = len(lines) > 1 and max(map(len, lines)) < 240
    return {
        "anchor": anchor,
        "heading": section.heading or labels.SECTIONS[section.kind],
        "listed": ("ol" if section.kind == "steps" else "ul") if short else None,
        "lines": [mark_terms(line, terms) for line in lines],
    }


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        auto_reload=False,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Texts of pages and queries may hold control characters and marks of writing direction.
        finalize=lambda value: printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
    )
    environment.globals.update(labels=labels, examples=EXAMPLES)
    environment.filters.update(
        name=lambda hit: marked(hit.name, hit.name_marks or ()),
        marked=lambda hit: marked(hit.snippet, hit.marks),
        count=lambda number: f"{number:,}",
    )
    return environment
