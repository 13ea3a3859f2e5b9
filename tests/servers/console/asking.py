"""Asks the console without a browser, and reads its pages as a person would."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.message import EmailMessage
from html import unescape

from hatobin.servers.console import ConsoleApp
from hatobin.words.settings import Settings
from tests.asgi import Answer, call
from tests.servers.world import World, mode

INBOX = mode("mailbox")


async def get(
    world: World, target: str, settings: Settings = INBOX, headers: Mapping[str, str] | None = None
) -> Answer:
    """Ask for a page."""
    return await call(ConsoleApp(world.ports, settings), "GET", target, headers=dict(headers or {}))


async def post(world: World, target: str, headers: Mapping[str, str]) -> Answer:
    """Send a form."""
    return await call(ConsoleApp(world.ports, INBOX), "POST", target, headers=dict(headers))


def text_of(answer: Answer) -> str:
    """Give what a reader sees, roughly: the page without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def subjects(answer: Answer) -> list[str]:
    """Give the subjects of a list."""
    return [unescape(found) for found in re.findall(r'<span class="subject">([^<]*)</span>', answer.text)]


def shop_mail() -> bytes:
    """A mail with everything: text, HTML with a script, a picture, an attachment."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "Shop <shop@example.com>", "Ann <ann@example.net>"
    mail["Subject"] = "Your order"
    mail.set_content("See https://shop.example.com/orders/1 <soon>\n")
    mail.add_alternative('<p onclick="x()">Hi <img src="cid:logo"><script>alert(1)</script></p>', subtype="html")
    mail.get_payload()[1].add_related(b"PNG", "image", "png", cid="<logo>")  # type: ignore[index,union-attr]
    mail.add_attachment(b"<script>", maintype="text", subtype="html", filename='über "uns".html')
    return bytes(mail)
