"""One message: its parts side by side with what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from hatobin.ports import Database, Ports, Threads
from hatobin.servers.console.html_view import SafeHtml, frame_policy, safe_html
from hatobin.servers.console.language import language_of
from hatobin.servers.console.rendering import Pages, fenced
from hatobin.servers.console.rows import TONES, sender_of, state_counts
from hatobin.servers.console.timeline import moment
from hatobin.servers.local import (
    CapturedMail,
    Explanation,
    InboxReader,
    bare_message_id,
    explain,
    explain_key,
)
from hatobin.words.settings import Settings

VIEWS = ("html", "text", "headers", "files", "source")
MAX_SHOWN_CHARACTERS = 512 * 1024
"""Characters of text or source on one page; the whole is in the download."""
CLEAN_INLINE_CHARACTERS = 64 * 1024
"""HTML of at most this length is cleaned on the event loop (about 1 ms)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as far as it is shown."""

    text: str
    is_cut: bool
    lang: str


class MessagePages:
    """The endpoints of one message."""

    def __init__(self, ports: Ports, settings: Settings, pages: Pages, reader: InboxReader) -> None:
        self._database: Database = ports.database
        self._threads: Threads = ports.threads
        self._settings = settings
        self._pages = pages
        self._reader = reader

    async def show(self, request: Request) -> Response:
        """Show a message: with its content where it was captured, else the story alone."""
        message_id = bare_message_id(request.path_params["message_id"])
        mail = await self._captured(message_id)
        if mail is None:
            return await self._story(request, message_id)
        view = _chosen_view(request.query_params.get("view", ""), mail)
        wants_images = request.query_params.get("images") == "1"
        values: dict[str, Any] = {"view": view, "wants_images": wants_images, "shown": None, "blocked": 0}
        if view == "html":
            values["blocked"] = (await self._safe(mail, remote_images=False)).blocked_images
        elif view == "text":
            values["shown"] = _shown(mail.body.text or "", mail.raw)
        elif view == "source":
            values["shown"] = _shown(_source(mail.raw), b"")
        explanation = await self._database.read(lambda session: explain_key(session, mail.key))
        return self._pages.page(
            request,
            "mail.html",
            mail=mail,
            sender=sender_of(next(iter(mail.addresses("from")), mail.reverse_path)),
            lang=language_of(f"{mail.subject} {(mail.body.text or '')[:500]}", mail.raw),
            **self._surroundings(),
            **values,
            **_story_values(explanation),
        )

    async def _story(self, request: Request, message_id: str) -> Response:
        explanation = await self._database.read(lambda session: explain(session, message_id))
        if explanation is None:
            return self._pages.page(request, "missing.html", status=404, **self._surroundings())
        return self._pages.page(
            request,
            "story.html",
            message=explanation.message,
            subject=explanation.message.subject,
            sender=sender_of(explanation.message.source),
            **self._surroundings(),
            **_story_values(explanation),
        )

    async def frame(self, request: Request) -> Response:
        """Give the HTML part, cleaned, for the sandboxed frame."""
        mail = await self._captured(bare_message_id(request.path_params["message_id"]))
        if mail is None or mail.body.html is None:
            return _nothing()
        remote_images = request.query_params.get("images") == "1"
        page = (await self._safe(mail, remote_images=remote_images)).page
        policy = frame_policy(remote_images=remote_images)
        return HTMLResponse(page, 200, {**fenced("SAMEORIGIN"), "content-security-policy": policy})

    async def file(self, request: Request) -> Response:
        """Give one attachment, always as a download of no type that a browser would open."""
        mail = await self._captured(bare_message_id(request.path_params["message_id"]))
        position = request.path_params["position"]
        if mail is None or not 1 <= position <= len(mail.body.files):
            return _nothing()
        file = mail.body.files[position - 1]
        return _download(file.content, file.name, "application/octet-stream")

    async def eml(self, request: Request) -> Response:
        """Give the message's octets as a download."""
        mail = await self._captured(bare_message_id(request.path_params["message_id"]))
        return _nothing() if mail is None else _download(mail.raw, f"{mail.key.message_id}.eml", "message/rfc822")

    async def delete(self, request: Request) -> Response:
        """Drop one captured message."""
        if self._settings.delivery.mode == "mailbox":
            await self._reader.clear(bare_message_id(request.path_params["message_id"]))
        return RedirectResponse("/console/", 303)

    async def delete_all(self, request: Request) -> Response:
        """Empty the inbox."""
        if self._settings.delivery.mode == "mailbox":
            await self._reader.clear()
        return RedirectResponse("/console/", 303)

    def _surroundings(self) -> dict[str, Any]:
        return {"place": "", "delivery": self._settings.delivery}

    async def _captured(self, message_id: str) -> CapturedMail | None:
        if self._settings.delivery.mode != "mailbox":
            return None
        entry = await self._reader.find(message_id)
        return None if entry is None else await self._reader.open(entry)

    async def _safe(self, mail: CapturedMail, *, remote_images: bool) -> SafeHtml:
        html, files = mail.body.html or "", mail.body.files
        lang = language_of(html, mail.raw)
        if len(html) <= CLEAN_INLINE_CHARACTERS:
            return safe_html(html, files, lang=lang, remote_images=remote_images)
        return await self._threads.run_long(lambda: safe_html(html, files, lang=lang, remote_images=remote_images))


def _chosen_view(wanted: str, mail: CapturedMail) -> str:
    """Give the view that was asked for, else the richest that the message has."""
    if wanted in VIEWS:
        return wanted
    if mail.body.html is not None:
        return "html"
    return "text" if mail.body.text is not None or not mail.body.files else "files"


def _story_values(explanation: Explanation | None) -> dict[str, Any]:
    if explanation is None:
        return {"recipients": (), "moments": (), "states": (), "tones": TONES}
    return {
        "recipients": explanation.recipients,
        "moments": [moment(event) for event in explanation.events],
        "states": state_counts(explanation.recipients),
        "tones": TONES,
    }


def _shown(text: str, raw: bytes) -> Shown:
    return Shown(text[:MAX_SHOWN_CHARACTERS], len(text) > MAX_SHOWN_CHARACTERS, language_of(text, raw))


def _source(raw: bytes) -> str:
    head = raw[: MAX_SHOWN_CHARACTERS * 2]
    try:
        return head.decode("utf-8", "strict" if len(head) == len(raw) else "ignore").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return head.decode("latin-1").replace("\r\n", "\n")


def _download(content: bytes, name: str, media_type: str) -> Response:
    """Answer with a file. Refs: RFC 6266 (Content-Disposition), RFC 8187 (the name in UTF-8)."""
    plain = "".join(character if character.isascii() and character.isalnum() else "_" for character in name)
    stem, dot, ending = name.rpartition(".")
    if dot and ending.isascii() and ending.isalnum():
        plain = f"{plain[: len(stem)]}.{ending}"
    headers = {
        **fenced("DENY"),
        "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "content-security-policy": "default-src 'none'; sandbox",
    }
    return Response(content, 200, headers, media_type)


def _nothing() -> Response:
    return PlainTextResponse("There is no such thing here.", 404, fenced("DENY"))
