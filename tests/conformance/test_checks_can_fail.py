"""The suites themselves: an adapter that breaks a promise is found out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest

from hatobin.adapters.clock import SystemClock
from hatobin.adapters.sqlite import SqliteDatabase
from hatobin.ports.database import Database, Session
from hatobin.testing import check_blobs, check_clock, check_database

T = TypeVar("T")


class _ForgetfulBlobs:
    async def put(self, key: str, data: bytes) -> None:
        return None

    async def get(self, key: str) -> bytes:
        return b""

    async def delete(self, key: str) -> None:
        return None


async def test_forgetful_blob_store_is_found_out() -> None:
    @asynccontextmanager
    async def make() -> AsyncIterator[_ForgetfulBlobs]:
        yield _ForgetfulBlobs()

    with pytest.raises(AssertionError, match="came back changed"):
        await check_blobs(make)


class _EndlessClock(SystemClock):
    async def within(self, timeout_s: float, work: Awaitable[T]) -> T:
        return await super().within(timeout_s + 0.1, work)

    def call_later(self, delay_s: float, callback: Callable[[], None]):  # type: ignore[no-untyped-def]
        timer = super().call_later(delay_s, callback)
        super().call_later(delay_s, callback)
        return timer


async def test_clock_that_calls_twice_is_found_out() -> None:
    with pytest.raises(AssertionError, match="timers fired"):
        await check_clock(_EndlessClock)


class _KeepingDatabase:
    """Commits what raised."""

    def __init__(self) -> None:
        self._inner = SqliteDatabase.open(":memory:")

    async def read(self, work: Callable[[Session], T]) -> T:
        return await self._inner.read(work)

    async def write(self, work: Callable[[Session], T], *, shares_memo: bool = False, turn: str = "") -> T:
        def keep(session: Session) -> tuple[T | None, Exception | None]:
            try:
                return work(session), None
            except Exception as error:
                return None, error

        result, error = await self._inner.write(keep)
        if error is not None:
            raise error
        return result  # type: ignore[return-value]


async def test_database_that_keeps_what_raised_is_found_out() -> None:
    @asynccontextmanager
    async def make() -> AsyncIterator[Database]:
        yield _KeepingDatabase()

    with pytest.raises(AssertionError):
        await check_database(make)
