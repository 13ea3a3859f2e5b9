"""Pages from templates: escaping, times, sizes, and the headers that fence every page in.

Refs: CSP Level 3; Referrer Policy §3.7 (`same-origin`, because forms of a page
with `no-referrer` send `Origin: null`).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from hatobin.ports import Clock, Entropy
from hatobin.servers.console.assets import asset_url
from hatobin.servers.console.texts import choose_texts
from hatobin.words.instant import iso_ms

if TYPE_CHECKING:
    from jinja2 import Environment

NONCE_BYTES = 18
_TEMPLATES = Path(__file__).parent / "templates"
_DAY_S = 86_400

_COMMON_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Pages:
    """Renders the console's templates."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy

    def page(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        """Render one page in the reader's language."""
        texts = choose_texts(request.headers.get("accept-language"))
        nonce = base64.b64encode(self._entropy.token_bytes(NONCE_BYTES)).decode()
        html = _environment().get_template(template).render(t=texts, nonce=nonce, now=self._clock.now(), **values)
        headers = {
            **fenced("DENY"),
            "content-security-policy": (
                f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; "
                "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            ),
            "content-language": texts["lang"],
            "vary": "accept-language",
        }
        return HTMLResponse(html, status, headers)


def fenced(framing: str) -> Mapping[str, str]:
    """Give the headers of every answer; `framing` is DENY, or SAMEORIGIN for what the console frames itself."""
    return {**_COMMON_HEADERS, "x-frame-options": framing}


@cache
def _environment() -> Environment:
    """Make the environment when the first page is wanted: templates take longer to import than a server to start."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"iso": iso_ms, "moment": _moment, "size": _size}
    environment.globals["asset"] = asset_url
    return environment


def _moment(at: float, now: float) -> str:
    """Write an instant short, in UTC; the script makes it local."""
    then = datetime.fromtimestamp(at, UTC)
    if int(at // _DAY_S) == int(now // _DAY_S):
        return f"{then:%H:%M:%S}"
    return f"{then:%Y-%m-%d %H:%M}"


def _size(octets: int) -> str:
    """Write a size for people.

    >>> _size(17), _size(2048), _size(5_500_000)
    ('17 B', '2.0 kB', '5.5 MB')
    """
    if octets < 1000:
        return f"{octets} B"
    if octets < 1_000_000:
        return f"{octets / 1000:.1f} kB"
    return f"{octets / 1_000_000:.1f} MB"
