"""An HTTP subscriber as cheap as can be: answers every POST with 200 and counts it where others can read.

    python -m benchmarks.http_subscriber PORT FOLDER

`FOLDER/count` holds the number of notifications as eight bytes,
`FOLDER/confirmation` the body of a subscription's confirmation request. Runs
until it is ended.
"""

from __future__ import annotations

import asyncio
import mmap
import re
import sys
from pathlib import Path
from typing import cast

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
COUNT_BYTES = 8


class _Subscriber(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, folder: Path, counter: mmap.mmap) -> None:
        self._folder = folder
        self._counter = counter
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._received += data
        while True:
            head, separator, rest = self._received.partition(b"\r\n\r\n")
            length = _LENGTH.search(head) if separator else None
            if not separator or length is None or len(rest) < int(length[1]):
                return
            body, self._received = rest[: int(length[1])], rest[int(length[1]) :]
            if b"SubscriptionConfirmation" in head:
                (self._folder / "confirmation.new").write_bytes(body)
                (self._folder / "confirmation.new").replace(self._folder / "confirmation")
            else:
                count = int.from_bytes(self._counter[:COUNT_BYTES], "little") + 1
                self._counter[:COUNT_BYTES] = count.to_bytes(COUNT_BYTES, "little")
            assert self._transport is not None, "connected"
            self._transport.write(_OK)


async def _serve(port: int, folder: Path) -> None:
    with (folder / "count").open("w+b") as file:
        file.write(bytes(COUNT_BYTES))
        file.flush()
        counter = mmap.mmap(file.fileno(), COUNT_BYTES)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Subscriber(folder, counter), "127.0.0.1", port)
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), Path(sys.argv[2])))
