"""The directive ``{openapi}``: the parameters and answers of the HTTP API as tables, from its own description."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docutils.nodes import Element, Node
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from procsearch.search.web import Settings
from procsearch.search.web.openapi import document

Json = dict[str, Any]


class OpenApi(SphinxDirective):
    """Write one table for each address, then one for each kind of answer."""

    def run(self) -> list[Node]:
        """The tables, for the place where the directive stands."""
        described = document("", Settings())
        holder = Element()
        lines = [*_addresses(described["paths"]), *_answers(described["components"]["schemas"])]
        self.state.nested_parse(StringList(lines, "openapi"), self.content_offset, holder, match_titles=True)
        return holder.children


def _addresses(paths: Json) -> Iterator[str]:
    for path, methods in paths.items():
        told = methods["get"]
        content = told["responses"]["200"]["content"]["application/json"]["schema"]
        yield from ("", f"**`GET {path}`**: {told['summary'].lower()}; gives {_type(content)}.", "")
        if told.get("parameters"):
            yield from ("| parameter | type | |", "| --- | --- | --- |")
        for parameter in told.get("parameters", ()):
            default = parameter["schema"].get("default")
            more = "" if default is None else f" {default} unless told."
            yield f"| `{parameter['name']}` | {_type(parameter['schema'])} | {parameter['description']}{more} |"


def _answers(schemas: Json) -> Iterator[str]:
    for name, schema in schemas.items():
        yield from ("", f"**{name}**", "", "| member | type | |", "| --- | --- | --- |")
        for member, told in schema["properties"].items():
            yield f"| `{member}` | {_type(told)} | {told.get('description', '')} |"


def _type(schema: Json) -> str:
    """A schema in words."""
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[1]
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join("null" if value is None else f"`{value}`" for value in schema["enum"])
    if schema["type"] == "array":
        return f"list of: {_type(schema['items'])}"
    if schema["type"] == "object":
        members = ", ".join(f"`{member}`" for member in schema.get("properties", ()))
        return f"object of {members}" if members else f"object, each value: {_type(schema['additionalProperties'])}"
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(kinds)


def setup(app: Any) -> Json:
    """Make the directive known to Sphinx."""
    app.add_directive("openapi", OpenApi)
    return {"parallel_read_safe": True}
