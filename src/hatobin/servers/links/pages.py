"""The pages of links: small, escaped, fenced in.

Refs: CSP Level 3; Referrer Policy (`no-referrer`: the address of the page is
the right to change what it shows).
"""

from __future__ import annotations

import base64
import hashlib
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from hatobin.capabilities.contacts import Preferences
from hatobin.servers.links.texts import Texts, choose_texts

_STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;color:#222;"
    "background:#fff}h1{font-size:1.4rem}label{display:block;margin:.7rem 0}small{display:block;margin-left:1.7rem;"
    "color:#555}button{font:inherit;padding:.4rem 1rem;margin:.5rem .5rem .5rem 0}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#1b1b1b}small{color:#aaa}}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "vary": "accept-language",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
}


def redirection(url: str) -> Response:
    """Lead on to where a template says; the address of our page stays here."""
    return Response(status_code=302, headers={**_HEADERS, "location": url})


def notice(
    request: Request, title: str, text: str, *, status: int = 200, address: str = "", link: str | None = None
) -> Response:
    """Say one thing; `title` and `text` name words, `link` is a path of ours to go on to."""
    texts = choose_texts(request.headers.get("accept-language"))
    body = f"<p>{escape(texts[text].format(address=address))}</p>"
    if link is not None:
        body += f'\n<p><a href="{escape(link)}">{escape(texts["back"])}</a></p>'
    return _page(texts, texts[title], body, status)


def preference_page(request: Request, address: str, shown: Preferences) -> Response:
    """Show the topics of a list with what is wanted of them, as a form that posts to its own address."""
    texts = choose_texts(request.headers.get("accept-language"))
    parts = [f"<p>{escape(texts['of'].format(address=address))}</p>"]
    if shown.description:
        parts.append(f"<p>{escape(shown.description)}</p>")
    if shown.unsubscribe_all:
        parts.append(f"<p><strong>{escape(texts['left_now'])}</strong></p>")
    parts.append('<form method="post">')
    for topic, wanted in shown.topics:
        name = escape(topic.name)
        hint = f"<small>{escape(topic.description)}</small>" if topic.description else ""
        parts.append(
            f'<label><input type="hidden" name="shown" value="{name}">'
            f'<input type="checkbox" name="wanted" value="{name}"{" checked" if wanted else ""}> '
            f"{escape(topic.display_name)}{hint}</label>"
        )
    if not shown.topics:
        parts.append(f"<p>{escape(texts['no_topics'])}</p>")
    if shown.topics or shown.unsubscribe_all:
        save = texts["save"] if shown.topics else texts["subscribe"]
        parts.append(f'<button name="choice" value="topics">{escape(save)}</button>')
    if not shown.unsubscribe_all:
        parts.append(f'<button name="choice" value="none">{escape(texts["leave"])}</button>')
    parts.append("</form>")
    return _page(texts, texts["preferences"], "\n".join(parts), 200)


def _page(texts: Texts, title: str, body: str, status: int) -> Response:
    html = (
        f'<!doctype html>\n<html lang="{texts["lang"]}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )
    return HTMLResponse(html, status, {**_HEADERS, "content-language": texts["lang"]})
