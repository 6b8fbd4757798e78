"""A JSON search service in FastAPI.

procsearch index corpus/samples/pages --index my-index
PROCSEARCH_INDEX=my-index uvicorn --factory --app-dir examples fastapi_app:create_app
"""

from __future__ import annotations

import os
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse

import procsearch


def create_app(path: str | None = None) -> FastAPI:
    """The app over the index at ``path``, which may be shared by all requests and sees new commits by itself."""
    app = FastAPI(title="Procedures")
    index = procsearch.open_index(path or os.environ["PROCSEARCH_INDEX"])

    # Plain functions, not coroutines: FastAPI runs them in threads, so that a search holds up no other request.

    @app.get("/search")
    def search(
        q: str, system: str | None = None, limit: Annotated[int, Query(ge=0, le=100)] = 10, offset: int = 0
    ) -> dict[str, Any]:
        filters = {"system": system} if system else None
        return index.search(q, limit=limit, offset=offset, filters=filters, facets=["system"]).to_json()

    @app.get("/suggest")
    def suggest(q: str) -> list[dict[str, Any]]:
        return [suggestion.to_json() for suggestion in index.suggest(q)]

    @app.get("/procedures/{id:path}")
    def procedure(id: str) -> dict[str, Any]:
        return index.get(id).to_json()

    @app.exception_handler(procsearch.ProcsearchError)
    def refuse(request: Request, error: procsearch.ProcsearchError) -> JSONResponse:
        status = {procsearch.QueryError: 400, procsearch.UnknownId: 404}.get(type(error), 503)
        return JSONResponse({"error": str(error)}, status)

    return app
