"""What tests of links in mails share: a server that writes absolute links, and somebody who follows them."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

from hatobin.capabilities import inbox
from hatobin.servers.links import LinksApp
from hatobin.words.settings import Service, Settings
from tests import asgi
from tests.api.harness import Api

REACHABLE = Settings(service=Service(public_http="http://mail.test", public_https="https://mail.test"))


def follow(api: Api, url: str, method: str = "GET", **more: Any) -> asgi.Answer:
    """Ask for a link's address, as a browser or a mail program does."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    return api.run(asgi.call(LinksApp(api.world.ports, api.outbound.subscriptions), method, target, **more))


def post(api: Api, url: str, form: str, content_type: str = "application/x-www-form-urlencoded") -> asgi.Answer:
    """Send a form to a link's address."""
    return follow(api, url, "POST", headers={"content-type": content_type}, body=form.encode())


def mail_to(api: Api, address: str) -> EmailMessage:
    """Wait for deliveries and give the newest message to an address."""
    api.wait_until_delivered()
    for entry in api.read(lambda session: inbox.search(session, limit=100)):
        if entry.recipients == (address,):
            return message_from_bytes(entry.content, policy=policy.default)  # type: ignore[return-value]
    raise AssertionError(f"nothing came for {address}")


def html_of(message: EmailMessage) -> str:
    """Give the decoded HTML part of a message."""
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def link_in(text: str, path: str) -> str:
    """Find the first link of ours with this path."""
    found = re.search(rf"https?://mail\.test{re.escape(path)}[A-Za-z0-9_-]+", text)
    assert found is not None, text
    return found[0]
