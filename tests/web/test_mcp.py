"""The tools for language models, through a real client over standard input and output."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import procsearch

anyio = pytest.importorskip("anyio", reason="the extra mcp is not installed")
mcp = pytest.importorskip("mcp", reason="the extra mcp is not installed")

_START = "import sys; from procsearch.search import mcp; mcp.serve(sys.argv[1])"


def with_session(index_path: Path, talk: Callable[[Any], Awaitable[None]]) -> None:
    async def run() -> None:
        server = mcp.StdioServerParameters(command=sys.executable, args=["-c", _START, str(index_path)])
        async with mcp.stdio_client(server) as (read, write), mcp.ClientSession(read, write) as session:
            await session.initialize()
            await talk(session)

    anyio.run(run)


def test_the_tools_and_what_they_give(index_path: Path, index: procsearch.Index) -> None:
    async def talk(session: Any) -> None:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        assert sorted(tools) == ["search", "show", "similar"]
        for tool in tools.values():
            assert tool.description
            assert tool.annotations.read_only_hint
            assert all("description" in schema for schema in tool.input_schema["properties"].values())
        found = await session.call_tool("search", {"query": "kidney stone", "limit": 2, "system": "ICD10PCS"})
        ours = index.search("kidney stone", limit=2, filters={"system": "ICD10PCS"}).to_json()
        assert {**found.structured_content, "took": ours["took"]} == ours
        shown = await session.call_tool("show", {"id": "icd10pcs:05CD3ZZ"})
        assert shown.structured_content == index.get("icd10pcs:05CD3ZZ").to_json()
        part = await session.call_tool("show", {"id": "icd10pcs:05CD3ZZ", "section": "risks"})
        assert [section["kind"] for section in part.structured_content["sections"]] == ["risks"]
        near = await session.call_tool("similar", {"id": "icd10pcs:05CD3ZZ", "limit": 3})
        assert [hit["id"] for hit in near.structured_content["hits"]] == [
            hit.id for hit in index.similar("icd10pcs:05CD3ZZ", limit=3)
        ]

    with_session(index_path, talk)


def test_what_is_refused_is_told_so_that_a_model_can_ask_better(index_path: Path) -> None:
    async def talk(session: Any) -> None:
        for tool, arguments, told in (
            ("search", {"query": "clot AND OR graft"}, "cannot be read at character"),
            ("search", {"query": "clot", "limit": 1000}, "50"),
            ("show", {"id": "cpt4:00000"}, "no procedure 'cpt4:00000'"),
            ("show", {"id": "icd10pcs:05CD3ZZ", "section": "dangers"}, "risks"),
            ("similar", {}, "id"),
        ):
            answer = await session.call_tool(tool, arguments)
            assert answer.is_error
            assert told in answer.content[0].text
        assert not (await session.call_tool("search", {"query": "kidney"})).is_error

    with_session(index_path, talk)
