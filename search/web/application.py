"""The service as an ASGI app, to run alone or to mount under any path of another one."""

from __future__ import annotations

from starlette.routing import Route, Router
from starlette.types import Scope

from ..index import Index
from ..scaleout.index import ClusterIndex
from .api import Api
from .assets import asset
from .errors import RequestError
from .gate import Gate, json_error, path_of
from .metrics import Metrics
from .pages import SearchPages
from .queries import Queries
from .settings import Settings

_FOR_PROGRAMS = ("/api/", "/healthz", "/metrics", "/openapi.json")
_PATHS = (  # those asked for most come first
    "/api/search", "/api/suggest", "/", "/procedures/{id:path}", "/static/{name}",
    "/api/procedures/{id:path}", "/api/similar/{id:path}", "/help",
    "/healthz", "/metrics", "/openapi.json",
)  # fmt: skip


def app(index: Index, settings: Settings | None = None) -> Gate:
    """The API and the search page over ``index`` as an ASGI app.

    It needs no start or stop of its own, so that it can be mounted; it serves new commits as they come.
    """
    settings = settings or Settings()
    queries = Queries(settings, waits=isinstance(index, ClusterIndex))
    metrics = Metrics(_PATHS, settings.metrics_folder)
    pages = SearchPages(index, queries, settings)
    api = Api(index, queries, metrics, settings)
    endpoints = (
        api.search, api.suggest, pages.search, pages.procedure, asset,
        api.procedures, api.similar, pages.help,
        api.healthz, api.metrics, api.openapi,
    )  # fmt: skip
    routes = [Route(path, endpoint) for path, endpoint in zip(_PATHS, endpoints, strict=True)]

    def error_page(scope: Scope, error: RequestError) -> tuple[bytes, bytes]:
        return json_error(error) if path_of(scope).startswith(_FOR_PROGRAMS) else pages.error(scope, error)

    routes_of = dict(zip(endpoints, _PATHS, strict=True))
    return Gate(Router(routes, redirect_slashes=False), settings, metrics, routes_of, error_page)
