"""What uvicorn writes in pieces leaves in one."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from hatobin.servers.api.joined_writes import JoinedWrites


class _Transport:
    def __init__(self) -> None:
        self.said: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.said.append(data)

    def close(self) -> None:
        self.said.append("closed")

    def abort(self) -> None:
        self.said.append("aborted")

    def is_closing(self) -> bool:
        return "closed" in self.said


@pytest.fixture
def transport() -> _Transport:
    return _Transport()


@pytest.fixture
async def joined(transport: _Transport) -> JoinedWrites:
    return JoinedWrites(cast(asyncio.Transport, transport), asyncio.get_running_loop())


async def test_head_and_body_leave_together(transport: _Transport, joined: JoinedWrites) -> None:
    joined.write(b"head ")
    joined.write(b"body")
    assert not transport.said
    await asyncio.sleep(0)
    assert transport.said == [b"head body"]
    joined.write(b"the next answer")
    await asyncio.sleep(0)
    assert transport.said == [b"head body", b"the next answer"]


async def test_what_was_written_leaves_before_the_close(transport: _Transport, joined: JoinedWrites) -> None:
    joined.write(b"last words")
    joined.close()
    await asyncio.sleep(0)
    assert transport.said == [b"last words", "closed"]
    assert joined.is_closing()


async def test_nothing_leaves_after_an_abort(transport: _Transport, joined: JoinedWrites) -> None:
    joined.write(b"lost")
    joined.abort()
    await asyncio.sleep(0)
    assert transport.said == ["aborted"]


async def test_a_client_that_left_meanwhile_is_told_nothing(transport: _Transport, joined: JoinedWrites) -> None:
    joined.write(b"too late")
    transport.said.append("closed")
    await asyncio.sleep(0)
    assert transport.said == ["closed"]
