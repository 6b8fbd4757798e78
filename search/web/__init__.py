"""The service: an HTTP API and a search page, as an ASGI app and as a server of its own.

>>> from procsearch.search import web
>>> application = web.app(procsearch.open_index("my-index"))   # mounts under any path

Needs the extra ``web``.
"""

from __future__ import annotations

from .application import app
from .serving import serve
from .settings import Settings

__all__ = ["Settings", "app", "serve"]
