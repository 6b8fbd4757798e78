"""The JSON half of the service: what the command line prints with ``--json``, over HTTP."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from procsearch import __version__

from ...corpus.errors import ProcsearchError
from ..index import Index
from ..printing import shown_json
from .metrics import Metrics
from .openapi import document
from .parameters import COMPLETIONS, MAX_COMPLETIONS, NEIGHBOURS, only, read_number, read_query, read_search
from .queries import Queries
from .settings import Settings


class Api:
    """The endpoints for programs."""

    def __init__(self, index: Index, queries: Queries, metrics: Metrics, settings: Settings) -> None:
        self._index = index
        self._queries = queries
        self._metrics = metrics
        self._settings = settings
        self._started = time.time()

    async def search(self, request: Request) -> Response:
        """GET /api/search."""
        params = request.query_params
        only(params, ("q", "limit", "offset", "filter", "facet"))
        asked = read_search(params, self._settings)
        return await self._answer(
            lambda: self._index.search(
                asked.query, limit=asked.limit, offset=asked.offset, filters=asked.filters, facets=asked.facets
            ).to_json()
        )

    async def procedures(self, request: Request) -> Response:
        """GET /api/procedures/{id}."""
        only(request.query_params, ())
        return await self._answer(lambda: self._index.get(request.path_params["id"]).to_json())

    async def suggest(self, request: Request) -> Response:
        """GET /api/suggest."""
        params = request.query_params
        only(params, ("q", "limit"))
        query = read_query(params, self._settings)
        limit = read_number(params, "limit", COMPLETIONS, 1, MAX_COMPLETIONS)
        return await self._answer(lambda: [found.to_json() for found in self._index.suggest(query, limit=limit)])

    async def similar(self, request: Request) -> Response:
        """GET /api/similar/{id}."""
        only(request.query_params, ("limit",))
        limit = read_number(request.query_params, "limit", NEIGHBOURS, 1, self._settings.max_hits)
        id = request.path_params["id"]
        return await self._answer(lambda: [hit.to_json() for hit in self._index.similar(id, limit=limit)])

    async def healthz(self, request: Request) -> Response:
        """GET /healthz: the service lives, and its index can be read."""
        stats = await self._stats()
        return _json(
            _dumped(
                {
                    "status": "ok",
                    "documents": stats["documents"],
                    "generation": stats["generation"],
                    "version": __version__,
                }
            )
        )

    async def metrics(self, request: Request) -> Response:
        """GET /metrics."""
        gauges: dict[str, tuple[str, float]] = {
            "procsearch_queries_running": ("Queries that run or wait in the answering process.", self._queries.running),
            "process_start_time_seconds": ("When the answering process began.", self._started),
            "procsearch_index_readable": ("Whether the index can be read.", 1),
        }
        try:
            stats = await self._stats()
        except ProcsearchError:
            gauges["procsearch_index_readable"] = (gauges["procsearch_index_readable"][0], 0)
        else:
            gauges["procsearch_documents"] = ("Procedures in the index.", stats["documents"])
            gauges["procsearch_generation"] = ("The commit that is served.", stats["generation"])
        return Response(
            self._metrics.text(gauges), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )

    async def openapi(self, request: Request) -> Response:
        """GET /openapi.json."""
        return _json(_dumped(document(request.scope.get("root_path", ""), self._settings)))

    async def _answer(self, query: Callable[[], Any]) -> Response:
        return _json(await self._queries.run(lambda: _dumped(query())))

    async def _stats(self) -> dict[str, Any]:
        """What the index holds; asked beside the queries, so that a busy service still tells that it lives."""
        return await asyncio.to_thread(self._index.stats)


def _dumped(value: Any) -> bytes:
    try:
        dumped = orjson.dumps(value)
    except TypeError:  # a lone surrogate, which UTF-8 cannot hold
        dumped = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    return shown_json(dumped)


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json", headers={"Cache-Control": "no-store"})
