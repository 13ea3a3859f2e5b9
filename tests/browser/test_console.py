"""The console in Chromium: what only a browser can tell about policies, frames, forms and the script."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from hatobin.adapters.clock import SystemClock
from hatobin.servers.console import ConsoleApp
from hatobin.servers.local import LocalApp
from hatobin.servers.root import RootApp
from tests.programs import require_program
from tests.servers.world import World, mode, simple

pytestmark = pytest.mark.browser

BROWSER_TIMEOUT_S = 90.0
# Virtual milliseconds: the browser's own clock runs ahead as soon as nothing is under way.
VIRTUAL_MS = 6000
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    f"--virtual-time-budget={VIRTUAL_MS}",
)


@dataclass
class Site:
    """A running server, what was asked of it, and what happens just before an answer."""

    world: World
    app: ASGIApp
    port: int
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    before: Callable[[str], Coroutine[Any, Any, None]] | None = None
    extra: dict[str, bytes] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        """The paths that were asked for."""
        return [path for _, path, _ in self.asked]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the request, then answer it as the product does, or with a page of the test's own."""
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.asked.append((scope["method"], scope["path"], headers))
        if self.before is not None:
            await self.before(scope["path"])
        if scope["path"] in self.extra:
            head = [(b"content-type", b"text/html"), (b"referrer-policy", b"same-origin")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": self.extra[scope["path"]]})
            return
        await self.app(scope, receive, send)


@asynccontextmanager
async def served(name: str = "mailbox") -> AsyncIterator[Site]:
    """Serve the root app on a free port of loopback, over a world on real time."""
    world = World()
    world.clock = cast(Any, SystemClock())
    world.ports = dataclasses.replace(world.ports, clock=world.clock)
    settings = mode(name)

    async def no_api(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("the console asked an AWS API")

    local = LocalApp(world.ports, settings, waiters=world.waiters)
    console = ConsoleApp(world.ports, settings)
    app = RootApp(no_api, console, local, no_api, sns_certificate=b"", settings=settings)
    listener = socket.create_server(("127.0.0.1", 0))
    site = Site(world, app, listener.getsockname()[1])
    config = uvicorn.Config(cast(Any, site), lifespan="off", ws="none", log_config=None)
    server = uvicorn.Server(config)
    task = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        yield site
    finally:
        server.should_exit = True
        await task
        listener.close()
        await world.close()


async def browse(url: str, profile: Path, *options: str) -> tuple[str, str]:
    """Load a page in a fresh browser; give its DOM at the end and what the browser complained of."""
    chromium = require_program("chromium")
    process = await asyncio.create_subprocess_exec(
        chromium,
        *_OPTIONS,
        f"--user-data-dir={profile}",
        *(options or ("--dump-dom",)),
        url,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(BROWSER_TIMEOUT_S):
            out, err = await process.communicate()
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise
    return out.decode(), err.decode(errors="replace")


def complaints(log: str) -> list[str]:
    """The lines of the browser's log that tell of a broken policy or script."""
    signs = ("Content Security Policy", "Refused to", "Uncaught", "SyntaxError", "MIME type")
    return [line for line in log.splitlines() if any(sign in line for sign in signs)]


async def test_pages_break_none_of_their_own_rules(tmp_path: Path) -> None:
    async with served() as site:
        key = await site.world.deliver(simple("Hello", "See https://example.com/"))
        for number, target in enumerate(("/console/", f"/console/messages/{key.message_id}", "/console/sent")):
            dom, log = await browse(site.url + target, tmp_path / str(number))
            assert "ann@example.net" in dom
            assert complaints(log) == []
            # The script has run: times are the reader's, with the instant in their title.
            assert "\n2" in dom.partition('<time datetime="')[2].partition(">")[0]
        assert "/console/assets/console.css" in site.paths()


async def test_a_broken_rule_would_be_noticed(tmp_path: Path) -> None:
    async with served() as site:
        policy = b"<meta http-equiv=content-security-policy content=\"default-src 'none'\">"
        site.extra["/broken"] = policy + b"<p style='color:red'>x</p>"
        _, log = await browse(f"{site.url}/broken", tmp_path)
        assert complaints(log)


async def test_new_mail_appears_without_a_reload(tmp_path: Path) -> None:
    async with served() as site:
        delivered = False

        async def mail_comes(path: str) -> None:
            nonlocal delivered
            if path == "/console/newest" and not delivered:
                delivered = True
                await site.world.deliver(simple("Came by itself"))

        site.before = mail_comes
        dom, log = await browse(f"{site.url}/console/", tmp_path)
        assert "Came by itself" in dom
        assert "row is-new" in dom
        assert complaints(log) == []


HOSTILE = """<html><body onload="document.title='pwned'"><script>document.title='pwned'</script>
<style>body { background: url(/stolen/style.gif); }</style>
<h1 style="background:url('%(url)s/stolen/inline.gif')">Shop</h1>
<img src="%(url)s/stolen/remote.gif"><img src="/stolen/relative.gif">
<iframe src="%(url)s/stolen/frame.html"></iframe>
<form action="%(url)s/stolen/form"><button>x</button></form></body></html>"""


def html_mail(html: str) -> bytes:
    return f"Subject: Shop\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n".encode()


async def test_a_hostile_mail_loads_and_runs_nothing(tmp_path: Path) -> None:
    async with served() as site:
        key = await site.world.deliver(html_mail(HOSTILE % {"url": site.url}))
        target = f"{site.url}/console/messages/{key.message_id}"
        dom, _ = await browse(target, tmp_path / "blocked")
        assert f"/console/messages/{key.message_id}/html" in site.paths(), "the frame was loaded"
        assert "pwned" not in dom.partition("</title>")[0]
        assert [path for path in site.paths() if path.startswith("/stolen/")] == []


async def test_remote_pictures_come_when_asked_for_and_nothing_else(tmp_path: Path) -> None:
    async with served() as site:
        key = await site.world.deliver(html_mail(HOSTILE % {"url": site.url}))
        dom, _ = await browse(f"{site.url}/console/messages/{key.message_id}?images=1", tmp_path)
        assert "pwned" not in dom.partition("</title>")[0]
        stolen = {path for path in site.paths() if path.startswith("/stolen/")}
        # `/stolen/style.gif` stands in the mail's own style, so it is a picture like the others.
        assert "/stolen/remote.gif" in stolen
        assert stolen <= {"/stolen/remote.gif", "/stolen/inline.gif", "/stolen/style.gif"}


SUBMITS = b"""<form method="post" action="%s/console/delete-all"></form><script>document.forms[0].submit()</script>"""


async def test_a_form_of_our_own_page_deletes(tmp_path: Path) -> None:
    async with served() as site:
        await site.world.deliver(simple("doomed"))
        site.extra["/console/own-page"] = SUBMITS % b""
        dom, _ = await browse(f"{site.url}/console/own-page", tmp_path)
        assert "No mail yet" in dom


async def test_a_form_of_another_page_deletes_nothing(tmp_path: Path) -> None:
    async with served() as site:
        await site.world.deliver(simple("stays"))
        site.extra["/other-page"] = SUBMITS % site.url.encode()
        # The same server under another name is another origin to the browser.
        dom, _ = await browse(f"http://localhost:{site.port}/other-page", tmp_path)
        assert ("POST", "/console/delete-all") in [(method, path) for method, path, _ in site.asked]
        assert "other sites may not" in dom


async def test_the_page_can_be_seen(tmp_path: Path) -> None:
    async with served() as site:
        await site.world.deliver(simple("=?utf-8?b?44GU5rOo5paH?=", "ありがとうございます"))
        picture = tmp_path / "console.png"
        await browse(f"{site.url}/console/", tmp_path / "profile", f"--screenshot={picture}", "--window-size=1280,720")
        assert picture.stat().st_size > 10_000, "a white page is smaller"
