"""A Django project of one file with a search view of its own and the ready search page under /find/.

procsearch index corpus/samples/pages --index my-index
PROCSEARCH_INDEX=my-index uvicorn --app-dir examples django_app:application
"""

from __future__ import annotations

import os
import secrets
from functools import cache
from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_GET
from django.views.generic import RedirectView

import procsearch
from procsearch.search import web

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY=secrets.token_hex())
django.setup()


@cache
def index() -> procsearch.Index:
    """One index for all requests; it may be shared by threads and sees new commits by itself."""
    return procsearch.open_index(os.environ["PROCSEARCH_INDEX"])


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """A plain view: Django runs it in a thread, so that a search holds up no other request."""
    system = request.GET.getlist("system")
    filters = {"system": system} if system else None
    try:
        return JsonResponse(index().search(request.GET.get("q", ""), filters=filters).to_json())
    except procsearch.QueryError as error:
        return JsonResponse({"error": str(error), "position": error.position}, status=400)


urlpatterns = [path("search", search), path("find", RedirectView.as_view(url="/find/"))]

_django = get_asgi_application()


@cache
def _page() -> Any:
    return web.app(index())


async def application(scope: Any, receive: Any, send: Any) -> None:
    """What the server runs: the search page below /find/, Django everywhere else."""
    if scope["type"] == "http" and scope["path"].startswith("/find/"):
        await _page()({**scope, "root_path": "/find"}, receive, send)
    else:
        await _django(scope, receive, send)
