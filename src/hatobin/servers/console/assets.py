"""The console's own files: one style sheet, one script, one picture. Their addresses change with their content."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

_FOLDER = Path(__file__).parent / "assets"
_TYPES = {
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
CACHE_S = 31_536_000


@cache
def _content(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()


@cache
def asset_url(name: str) -> str:
    """Give the address of a file, with a mark of its content so that it may be kept for ever."""
    return f"/console/assets/{name}?v={hashlib.sha256(_content(name)).hexdigest()[:12]}"


async def asset(request: Request) -> Response:
    """Serve one of the files."""
    name = request.path_params["name"]
    if name not in _TYPES:
        return PlainTextResponse("There is no such file.", 404)
    headers = {
        "cache-control": f"public, max-age={CACHE_S}, immutable",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
    }
    return Response(_content(name), 200, headers, _TYPES[name])
