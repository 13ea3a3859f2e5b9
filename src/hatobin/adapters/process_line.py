"""The line of a child: an HTTP/1.1 server on loopback that answers one child and nobody else.

It listens on a free port for as long as the child lives. Who connects must be
a process of the user that the child runs as; the kernel says whose a
connection is. The child's clients keep connections open, send a length, and
ask one thing at a time on each.

Refs: RFC 9112 §6.3 (length of a body), proc(5) (/proc/net/tcp).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from hatobin.ports.processes import LineAnswer, LineReply, LineRequest

MAX_HEAD_BYTES = 2 * 1024 * 1024
"""An error's cause comes as a header, of a megabyte at most."""
MAX_CONNECTIONS = 16
PIECE_BYTES = 256 * 1024
_TABLE = Path("/proc/net/tcp")


class ProcessLine:
    """One listening line."""

    def __init__(self, answer: LineAnswer, *, user_id: int, max_body_bytes: int) -> None:
        self._answer = answer
        self._user_id = user_id
        self._max_body_bytes = max_body_bytes
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def open(self) -> str:
        """Listen, and give where: `host:port`."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=MAX_HEAD_BYTES)
        port = self._server.sockets[0].getsockname()[1]
        return f"127.0.0.1:{port}"

    def close(self) -> None:
        """Stop listening and drop who is connected."""
        if self._server is not None:
            self._server.close()
        for task in self._serving:
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio.start_server makes a task for each connection"
        self._serving.add(task)
        try:
            if len(self._serving) <= MAX_CONNECTIONS and _is_of(writer.get_extra_info("peername"), self._user_id):
                while await self._serve(reader, writer):
                    pass
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # The child went away, or does not speak HTTP.
        finally:
            self._serving.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; false at the end of the connection."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        first, *lines = head[:-4].decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await self._body(reader, headers)
        reply = await self._answer(LineRequest(method, path, headers, body))
        await _write(writer, reply)
        return True

    async def _body(self, reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes | None:
        if "transfer-encoding" in headers:
            raise ValueError("a body without a length")
        size = int(headers.get("content-length", "0"))
        if size <= self._max_body_bytes:
            return await reader.readexactly(size)
        while size > 0:
            size -= len(await reader.readexactly(min(size, PIECE_BYTES)))
        return None


async def _write(writer: asyncio.StreamWriter, reply: LineReply) -> None:
    status = HTTPStatus(reply.status)
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", f"Content-Length: {len(reply.body)}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    writer.write("\r\n".join([*lines, "\r\n"]).encode("latin-1"))
    writer.write(reply.body)
    with contextlib.suppress(ConnectionError):
        await writer.drain()


def _is_of(peer: tuple[str, int], user_id: int) -> bool:
    """Say whether the other end of a loopback connection is of this user."""
    address = f"{'0100007F' if _is_little() else '7F000001'}:{peer[1]:04X}"
    for line in _TABLE.read_text().splitlines()[1:]:
        words = line.split()
        if words[1] == address and words[3] == "01":
            return int(words[7]) == user_id
    return False


def _is_little() -> bool:
    import sys

    return sys.byteorder == "little"
