"""The HTTP client against real listeners on loopback."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hatobin.adapters.guard import LOOPBACK_NETWORKS, OutboundGuard
from hatobin.adapters.http import AiohttpHttp
from hatobin.app.certificates import ensure_certificates, server_context
from hatobin.ports.dns import Answer, AnswerStatus
from hatobin.ports.http import HttpReply, HttpUnreachable
from tests.adapters.loops import Run, on_both_loops

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Thing: a\r\n\r\nok"
LOOPBACK = OutboundGuard(LOOPBACK_NETWORKS)


class Listener:
    """Answers every request with the same bytes and keeps what was asked."""

    def __init__(self, reply: bytes) -> None:
        self.reply = reply
        self.requests: list[bytes] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
                )
                self.requests.append(head + await reader.readexactly(length))
                writer.write(self.reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@asynccontextmanager
async def listening(reply: bytes = OK, tls: ssl.SSLContext | None = None) -> AsyncIterator[Listener]:
    listener = Listener(reply)
    server = await asyncio.start_server(listener.serve, "127.0.0.1", 0, ssl=tls)
    listener.port = server.sockets[0].getsockname()[1]
    yield listener
    server.close()
    await asyncio.sleep(0.01)


async def post(http: AiohttpHttp, url: str, *, timeout_s: float = 5, body: bytes = b"body") -> HttpReply:
    try:
        return await http.request("POST", url, headers={"X-Signed": "yes"}, body=body, timeout_s=timeout_s)
    finally:
        await http.close()


@on_both_loops
def test_request_goes_out_as_it_was_given(run: Run) -> None:
    async def scenario() -> None:
        async with listening() as listener:
            reply = await post(AiohttpHttp(LOOPBACK), f"http://127.0.0.1:{listener.port}/a%2Fb/?x=%7e&y=1")
            assert (reply.status, reply.body, reply.headers["x-thing"]) == (200, b"ok", "a")
        head, _, body = listener.requests[0].partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        # Nothing is normalized or added: what was signed is what is sent.
        assert lines[0] == b"POST /a%2Fb/?x=%7e&y=1 HTTP/1.1"
        assert {line.split(b":")[0].lower() for line in lines[1:]} == {b"host", b"x-signed", b"content-length"}
        assert body == b"body"

    run(scenario())


@on_both_loops
def test_redirect_is_not_followed(run: Run) -> None:
    async def scenario() -> None:
        moved = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
        async with listening(moved) as listener:
            reply = await post(AiohttpHttp(LOOPBACK), f"http://127.0.0.1:{listener.port}/")
            assert reply.status == 302
            assert len(listener.requests) == 1

    run(scenario())


@on_both_loops
def test_long_body_is_cut(run: Run) -> None:
    async def scenario() -> None:
        long = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000
        async with listening(long) as listener:
            http = AiohttpHttp(LOOPBACK, max_reply_bytes=1000)
            assert (await post(http, f"http://127.0.0.1:{listener.port}/")).body == b"x" * 1000

    run(scenario())


@on_both_loops
def test_cookies_are_not_kept(run: Run) -> None:
    async def scenario() -> None:
        async with listening(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n") as listener:
            http = AiohttpHttp(LOOPBACK)
            for _ in range(2):
                await http.request("GET", f"http://127.0.0.1:{listener.port}/", headers={}, body=b"", timeout_s=5)
            await http.close()
            assert len(listener.requests) == 2
            assert b"cookie" not in listener.requests[1].lower()

    run(scenario())


@on_both_loops
def test_proxy_of_the_environment_is_ignored(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    async def scenario() -> None:
        async with listening() as listener:
            assert (await post(AiohttpHttp(LOOPBACK), f"http://127.0.0.1:{listener.port}/")).status == 200

    run(scenario())


@on_both_loops
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
def test_guard_refuses_however_the_address_is_written(run: Run, host: str) -> None:
    async def scenario() -> None:
        async with listening() as listener:
            with pytest.raises(HttpUnreachable):
                await post(AiohttpHttp(OutboundGuard([])), f"http://{host}:{listener.port}/")
            assert listener.requests == []

    run(scenario())


class Names:
    """A DNS that says one thing first and another thing afterwards."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)

    async def resolve(self, name: str, record_type: str) -> Answer:
        if record_type != "A" or name == "nowhere.example":
            return Answer(AnswerStatus.NO_DATA)
        return Answer(AnswerStatus.FOUND, (self._answers.pop(0),), 60)


@on_both_loops
def test_name_that_points_inside_is_refused_by_its_address(run: Run) -> None:
    async def scenario() -> None:
        async with listening() as listener:
            http = AiohttpHttp(OutboundGuard([]), dns=Names("127.0.0.1"))
            with pytest.raises(HttpUnreachable, match=r"127\.0\.0\.1 port \d+ is not a public address"):
                await post(http, f"http://hook.example:{listener.port}/")
            assert listener.requests == []

    run(scenario())


@on_both_loops
def test_name_goes_through_the_given_dns(run: Run) -> None:
    async def scenario() -> None:
        async with listening() as listener:
            http = AiohttpHttp(LOOPBACK, dns=Names("127.0.0.1"))
            assert (await post(http, f"http://hook.example:{listener.port}/")).status == 200
            with pytest.raises(HttpUnreachable, match=r"nowhere\.example"):
                await post(AiohttpHttp(LOOPBACK, dns=Names()), f"http://nowhere.example:{listener.port}/")
            # RFC 6761: localhost and what is below it need no name server.
            for name in ("localhost", "hatobin.localhost"):
                http = AiohttpHttp(LOOPBACK, dns=Names())
                assert (await post(http, f"http://{name}:{listener.port}/")).status == 200

    run(scenario())


@on_both_loops
def test_own_listener_is_refused(run: Run) -> None:
    async def scenario() -> None:
        async with listening() as listener:
            guard = OutboundGuard(LOOPBACK_NETWORKS, [("127.0.0.1", listener.port)])
            with pytest.raises(HttpUnreachable, match="listener of this server"):
                await post(AiohttpHttp(guard), f"http://127.0.0.1:{listener.port}/")

    run(scenario())


@on_both_loops
def test_silence_is_unreachable(run: Run) -> None:
    async def scenario() -> None:
        async with listening(b"") as listener:
            with pytest.raises(HttpUnreachable, match=r"within 0\.05 s"):
                await post(AiohttpHttp(LOOPBACK), f"http://127.0.0.1:{listener.port}/", timeout_s=0.05)

    run(scenario())


@on_both_loops
@pytest.mark.parametrize("reply", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"])
def test_rubbish_is_unreachable(run: Run, reply: bytes) -> None:
    async def scenario() -> None:
        async with listening(reply) as listener:
            with pytest.raises(HttpUnreachable):
                await post(AiohttpHttp(LOOPBACK), f"http://127.0.0.1:{listener.port}/")

    run(scenario())


@on_both_loops
@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "file:///etc/passwd", "http://", "nothing", "", "http://[::1", "http://a:99999/"]
)
def test_strange_url_is_unreachable(run: Run, url: str) -> None:
    async def scenario() -> None:
        with pytest.raises(HttpUnreachable):
            await post(AiohttpHttp(LOOPBACK), url)

    run(scenario())


@on_both_loops
def test_https_wants_a_certificate_that_it_knows(run: Run, tmp_path: Path) -> None:
    made = ensure_certificates(tmp_path, names=["localhost"], service_domain="x.example", now_s=time.time())

    async def scenario() -> None:
        async with listening(tls=server_context(made.server)) as listener:
            url = f"https://localhost:{listener.port}/"
            with pytest.raises(HttpUnreachable, match=r"(?i)certificate"):
                await post(AiohttpHttp(LOOPBACK), url)
            trusting = AiohttpHttp(LOOPBACK, extra_ca=str(made.authority.certificate))
            assert (await post(trusting, url)).status == 200

    run(scenario())


@on_both_loops
def test_an_answer_of_any_size_comes_in_pieces_as_it_was_sent(run: Run) -> None:
    async def scenario() -> None:
        body = bytes(range(256)) * 4096
        lines = ("HTTP/1.1 201 Created", f"Content-Length: {len(body)}", "X-A: 1", "X-A: 2", "Content-Encoding: gzip")
        head = "\r\n".join((*lines, "", ""))
        async with listening(head.encode() + body) as listener:
            http = AiohttpHttp(LOOPBACK, max_reply_bytes=1000)
            url = f"http://127.0.0.1:{listener.port}/a%2Fb?x=%7e"
            stream = await http.open("POST", url, headers={"X-Signed": "yes"}, body=b"b", timeout_s=5)
            assert stream.status == 201
            assert [value for name, value in stream.headers if name == "X-A"] == ["1", "2"]
            pieces = [piece async for piece in stream.pieces]
            assert len(pieces) > 1
            assert b"".join(pieces) == body
            await http.close()
        assert listener.requests[0].startswith(b"POST /a%2Fb?x=%7e HTTP/1.1\r\n")

    run(scenario())


@on_both_loops
def test_an_answer_that_breaks_off_says_so(run: Run) -> None:
    async def scenario() -> None:
        async with listening(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") as listener:
            http = AiohttpHttp(LOOPBACK)
            url = f"http://127.0.0.1:{listener.port}/"
            stream = await http.open("GET", url, headers={}, body=b"", timeout_s=1.0)
            assert await anext(stream.pieces) == b"half"
            with pytest.raises(HttpUnreachable, match="broke off"):
                await anext(stream.pieces)
            await http.close()

    run(scenario())


@on_both_loops
def test_a_streamed_answer_obeys_the_guard_and_its_time(run: Run) -> None:
    async def scenario() -> None:
        async with listening(b"") as listener:
            url = f"http://127.0.0.1:{listener.port}/"
            for guard, text in ((OutboundGuard([]), "not a public"), (LOOPBACK, r"within 0\.05 s")):
                http = AiohttpHttp(guard)
                with pytest.raises(HttpUnreachable, match=text):
                    await http.open("GET", url, headers={}, body=b"", timeout_s=0.05)
                await http.close()

    run(scenario())
