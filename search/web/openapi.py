"""The OpenAPI document of the service."""

from __future__ import annotations

from typing import Any

from procsearch import __version__

from ...corpus.procedure import SECTION_KINDS
from ...indexer.fields import FIELDS
from ..facets import FACETS
from ..words import TIERS
from .parameters import COMPLETIONS, HITS, MAX_COMPLETIONS, NEIGHBOURS
from .settings import Settings

Json = dict[str, Any]

_STRING: Json = {"type": "string"}
_MAYBE_STRING: Json = {"type": ["string", "null"]}
_COUNT: Json = {"type": "integer", "minimum": 0}


def document(root_path: str, settings: Settings) -> Json:
    """The document of a service mounted at ``root_path``."""
    search = [
        _query(settings),
        _number("limit", "How many hits to give.", HITS, 0, settings.max_hits),
        _number("offset", f"How many to pass over; with limit at most {settings.max_depth}.", 0, 0, settings.max_depth),
        _several("filter", "Only pages with this value in a field, as `system=CPT4`; several of one field widen it.",
                 {"type": "string", "pattern": f"^(?:(?:{'|'.join(field.name for field in FIELDS)})=|"
                                               f"section=(?:{'|'.join(SECTION_KINDS)})$)"}),
        _several("facet", "Count the matches by the values of this field.", {"enum": list(FACETS)}),
    ]  # fmt: skip
    limit = _number("limit", "How many completions to give.", COMPLETIONS, 1, MAX_COMPLETIONS)
    near = _number("limit", "How many to give.", NEIGHBOURS, 1, settings.max_hits)
    id_parameter: Json = {"name": "id", "in": "path", "required": True, "description": "The id of a procedure.",
                          "schema": {"type": "string", "minLength": 1}}  # fmt: skip
    paths: Json = {
        "/api/search": _get("Ranked hits for a query", "search", search, _ref("Results")),
        "/api/procedures/{id}": _get("One procedure", "procedure", [id_parameter], _ref("Procedure"), unknown=True),
        "/api/suggest": _get("As-you-type completions", "suggest", [_query(settings), limit], _list("Suggestion")),
        "/api/similar/{id}": _get("The procedures most like one", "similar", [id_parameter, near], _list("Hit"),
                                  unknown=True),
        "/healthz": _get("Whether the service lives and its index can be read", "health", [], _ref("Health")),
    }  # fmt: skip
    del paths["/healthz"]["get"]["responses"]["400"]
    described: Json = {
        "openapi": "3.1.0",
        "info": {"title": "procsearch", "version": __version__, "description": "Search medical procedure pages."},
        "servers": [{"url": root_path or "/"}],
        "paths": paths,
        "components": {"schemas": _schemas()},
    }
    if settings.token is not None:
        described["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        described["security"] = [{"token": []}]
        paths["/healthz"]["get"]["security"] = []
    return described


def _get(summary: str, name: str, parameters: list[Json], schema: Json, *, unknown: bool = False) -> Json:
    responses = {
        "200": {"description": "Found", "content": {"application/json": {"schema": schema}}},
        "400": _error("A query that cannot be read, or a parameter out of its bounds"),
    }
    if unknown:
        responses["404"] = _error("No procedure of this id")
    responses["default"] = _error("Refused or failed")
    return {"get": {"summary": summary, "operationId": name, "parameters": parameters, "responses": responses}}


def _error(description: str) -> Json:
    return {"description": description, "content": {"application/json": {"schema": _ref("Error")}}}


def _query(settings: Settings) -> Json:
    return {
        "name": "q", "in": "query", "required": True, "description": "Plain words or the query language.",
        "schema": {"type": "string", "maxLength": settings.max_query_characters}, "example": "clot in dialysis graft",
    }  # fmt: skip


def _number(name: str, description: str, default: int, least: int, most: int) -> Json:
    schema = {"type": "integer", "minimum": least, "maximum": most, "default": default}
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _several(name: str, description: str, items: Json) -> Json:
    return {
        "name": name, "in": "query", "description": description, "style": "form", "explode": True,
        "schema": {"type": "array", "items": items},
    }  # fmt: skip


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(name: str) -> Json:
    return {"type": "array", "items": _ref(name)}


def _object(properties: Json, optional: tuple[str, ...] = ()) -> Json:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _schemas() -> Json:
    strings: Json = {"type": "array", "items": _STRING}
    section = {"type": ["string", "null"], "enum": [*SECTION_KINDS, None]}
    mark: Json = {"type": "array", "items": _COUNT, "minItems": 2, "maxItems": 2}
    return {
        "Results": _object({
            "query": _STRING,
            "total": {**_COUNT, "description": "All matches, counted exactly."},
            "corrected": {**_MAYBE_STRING, "description": "The query with its misspellings put right."},
            "took": {"type": "number", "description": "Seconds."},
            "notes": {**strings, "description": "What was not taken literally, in words."},
            "hits": _list("Hit"),
            "facets": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": _COUNT}},
        }),
        "Hit": _object({
            "id": _STRING, "code": _MAYBE_STRING, "system": _MAYBE_STRING, "name": _STRING,
            "score": {"type": "number"},
            "section": section,
            "snippet": {**_STRING, "description": "Plain text of the section that answers best."},
            "marks": {"type": "array", "items": mark, "description": "[start, end) of each matched word."},
            "match": {"enum": list(TIERS), "description": "The loosest way in which a word had to match."},
        }),
        "Procedure": _object({
            "id": _STRING, "system": _MAYBE_STRING, "code": _MAYBE_STRING, "descriptor": _STRING, "name": _STRING,
            "common_names": strings, "medical_terms": strings,
            "sections": {"type": "array", "items": _object(
                {"kind": {"enum": list(SECTION_KINDS)}, "heading": _STRING, "text": _STRING})},
            "similar_codes": {"type": "array", "items": _object(
                {"system": _MAYBE_STRING, "code": _MAYBE_STRING, "descriptor": _STRING, "url": _MAYBE_STRING})},
            "source": _STRING, "warnings": strings,
        }),
        "Suggestion": _object({"text": _STRING, "kind": {"enum": ["name", "term", "code"]}, "id": _MAYBE_STRING}),
        "Health": _object({"status": {"const": "ok"}, "documents": _COUNT, "generation": _COUNT, "version": _STRING}),
        "Error": _object({"error": _object(
            {"code": _STRING, "message": _STRING,
             "position": {**_COUNT, "description": "The character of the query in question."}}, ("position",))}),
    }  # fmt: skip
