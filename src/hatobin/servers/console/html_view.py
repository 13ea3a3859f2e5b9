"""A captured HTML part, made safe to look at.

Three fences: nh3 drops what is no formatting (scripts, forms, frames,
handlers), the page is served with a policy of its own that loads nothing and
runs nothing, and it is shown in a sandboxed frame. Style elements stay, so
that the mail looks as it does elsewhere. Pictures that the message carries
(`cid:`) become part of the page; remote ones only when the reader asks.

Refs: RFC 2392 (cid), CSP Level 3 §6.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import nh3

from hatobin.servers.local import AttachedFile

MAX_HTML_CHARACTERS = 4 * 1024 * 1024
"""Characters of HTML that are shown; real mail stays below 1 MB, Gmail shows 100 kB."""
MAX_INLINE_BYTES = 16 * 1024 * 1024
"""Octets of the message's own pictures that one page holds."""

_TAGS = nh3.ALLOWED_TAGS | {"style", "font", "big", "dir", "figure"}
_PRESENTATION = {
    *("style", "class", "id", "dir", "lang", "title", "role", "align", "valign", "width", "height"),
    *("bgcolor", "background", "border", "cellpadding", "cellspacing", "color", "face", "size", "hspace", "vspace"),
}
_ATTRIBUTES = {tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()}
_ATTRIBUTES["*"] = _ATTRIBUTES.get("*", set()) | _PRESENTATION
_ATTRIBUTES["a"] = _ATTRIBUTES.get("a", set()) | {"name"}
_PICTURE_ATTRIBUTES = frozenset({"src", "background"})
_DATA_PICTURE = re.compile(r"data:image/(?:png|gif|jpe?g|webp|avif|bmp|svg\+xml)[;,]", re.IGNORECASE)
_PICTURE_TYPE = re.compile(r"image/[a-z0-9.+-]{1,60}", re.ASCII)
_REMOTE_STYLE = re.compile(r"url\(\s*(?:['\"]|&quot;)?https?:", re.IGNORECASE)

_FRAME = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="color-scheme" content="light">
<style>
html {{ background: #fff; color: #111; }}
body {{ margin: 16px; font: 16px/1.5 system-ui, "Hiragino Sans", "Noto Sans JP", "Yu Gothic UI", Meiryo, sans-serif;
  overflow-wrap: anywhere; }}
img {{ max-width: 100%; }}
</style></head><body>
{body}
</body></html>
"""


@dataclass(frozen=True, slots=True)
class SafeHtml:
    """A page for the frame, and how many remote pictures are left out of it."""

    page: str
    blocked_images: int


def safe_html(html: str, files: Sequence[AttachedFile], *, lang: str, remote_images: bool) -> SafeHtml:
    """Make the page. Never fails, whatever the HTML is."""
    pictures = _Pictures(files, remote_images=remote_images)
    body = nh3.clean(
        html[:MAX_HTML_CHARACTERS],
        tags=_TAGS,
        clean_content_tags={"script", "title"},
        attributes=_ATTRIBUTES,
        attribute_filter=pictures.filter,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        # The word "deny" would drop addresses that begin with "//" before the filter sees them.
        url_relative=_no_address,
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    if not remote_images:
        pictures.blocked += len(_REMOTE_STYLE.findall(body))
    return SafeHtml(_FRAME.format(lang=lang, body=body), pictures.blocked)


def frame_policy(*, remote_images: bool) -> str:
    """Give the Content-Security-Policy of the page: styles of its own and pictures, nothing else; links open apart."""
    images = "data: http: https:" if remote_images else "data:"
    return (
        f"default-src 'none'; img-src {images}; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
    )


def _no_address(url: str) -> None:
    """Relative addresses mean nothing in a mail."""


class _Pictures:
    """Decides on each address of a picture while the HTML is cleaned; counts what it leaves out."""

    def __init__(self, files: Sequence[AttachedFile], *, remote_images: bool) -> None:
        self._by_id = {file.content_id: file for file in files if file.content_id}
        self._remote_images = remote_images
        self._room = MAX_INLINE_BYTES
        self.blocked = 0

    @property
    def filter(self) -> Callable[[str, str, str], str | None]:
        """The function that nh3 calls for each attribute."""
        return self._filtered

    def _filtered(self, tag: str, attribute: str, value: str) -> str | None:
        if attribute != "href" and attribute not in _PICTURE_ATTRIBUTES:
            return value
        address = value.strip()
        if address.startswith("//"):
            address = f"https:{address}"
        if attribute == "href":
            return None if address.lower().startswith(("data:", "cid:")) else address
        scheme = address.partition(":")[0].lower()
        if scheme == "cid":
            return self._inlined(unquote(address[4:]))
        if scheme == "data":
            return address if _DATA_PICTURE.match(address) else None
        if scheme not in ("http", "https"):
            return None
        if self._remote_images:
            return address
        self.blocked += 1
        return None

    def _inlined(self, content_id: str) -> str | None:
        file = self._by_id.get(content_id)
        if file is None or not _PICTURE_TYPE.fullmatch(file.content_type) or len(file.content) > self._room:
            return None
        self._room -= len(file.content)
        return f"data:{file.content_type};base64,{base64.b64encode(file.content).decode()}"
