"""The files that pages load: styles, script and icon, kept in memory and named by their contents."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@cache
def _assets() -> dict[str, bytes]:
    folder = Path(__file__).parent / "static"
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in _MEDIA_TYPES}


@cache
def versioned(name: str) -> str:
    """The path of an asset below the app, changing with its contents, so that browsers may keep it for good."""
    return f"/static/{name}?v={sha256(_assets()[name]).hexdigest()[:12]}"


async def asset(request: Request) -> Response:
    """GET /static/{name}."""
    name = request.path_params["name"]
    if name not in _assets():
        raise HTTPException(404)
    kept = "max-age=31536000, immutable" if request.query_params.get("v") else "no-cache"
    return Response(_assets()[name], media_type=_MEDIA_TYPES[Path(name).suffix], headers={"Cache-Control": kept})
