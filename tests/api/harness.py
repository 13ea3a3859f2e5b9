"""A whole server in this process, called by real boto3 clients without a socket.

botocore signs and serializes, its `before-send` hook hands the request to our
gateway, and its parser reads our answer. Behind the gateway stand the
production stages over a store in memory and the simulated world: time is the
world's, also for the clients' signatures, and passes only in `wait`.

Tests are plain functions: the server's event loop runs while a client calls
and while a test waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from msgspec.structs import replace

from hatobin.app import operations
from hatobin.app.outbound import Outbound
from hatobin.capabilities import queue
from hatobin.companions import iam
from hatobin.companions.forward import Forwarding
from hatobin.companions.kms import Vault
from hatobin.gateway import Gateway, HttpRequest, HttpResponse
from hatobin.ports import Session
from hatobin.ports.http import HttpStreams
from hatobin.words.outcome import RecipientState
from hatobin.words.settings import Settings
from tests.gateway.exchange import Client
from tests.simulation.server import World

T = TypeVar("T")

ACCOUNT, OTHER_ACCOUNT = iam.FIRST_ACCOUNT_ID, "210987654321"
REGION = "us-east-1"
PEER_IP = "127.0.0.1"


class Api:
    """One server and the clients that talk to it."""

    def __init__(self, settings: Settings | None = None, *, streams: HttpStreams | None = None) -> None:
        """Start; `streams` is what calls to services elsewhere go through."""
        self._loop = asyncio.new_event_loop()
        self._keys: dict[str, tuple[str, str]] = {ACCOUNT: (iam.FIRST_ACCESS_KEY_ID, iam.FIRST_SECRET)}
        self.answers: list[HttpResponse] = []
        self.world = World(settings=settings or Settings())
        self.outbound: Outbound = self.run(self.world.start())
        self._vault = self.outbound.services.get(Vault)
        access_keys = self.outbound.services.get(iam.AccessKeys)
        self.run(access_keys.ensure_first_key(self.world.entropy))
        # Nothing asks for streams unless a test has an endpoint for them.
        self.elsewhere = Forwarding(self.world.ports, self.world.settings, cast(HttpStreams, streams))
        self.gateway = Gateway(
            ports=self.world.ports,
            settings=self.world.settings,
            services=self.outbound.services,
            credentials=access_keys,
            handlers=operations.handlers(),
            elsewhere=self.elsewhere,
        )

    def client(self, service: str, *, region: str = REGION, account_id: str = ACCOUNT, **options: Any) -> Any:
        """Make a boto3 client of an account in a region; options go to boto3."""
        return self.client_with(*self._key(account_id), service, region=region, **options)

    def client_with(
        self, access_key_id: str, secret: str, service: str, *, region: str = REGION, **options: Any
    ) -> Any:
        """Make a boto3 client that signs with these keys; a session token is among the options."""
        client = Client(service, region=region, access_key_id=access_key_id, secret=secret, **options)
        client.server = self._serve
        return client.boto

    def run(self, work: Awaitable[T]) -> T:
        """Run something of the server's own on its loop."""
        return self._loop.run_until_complete(_awaited(work))

    def read(self, work: Callable[[Session], T]) -> T:
        """Look into the store."""
        return self.run(self.world.database.read(work))

    def wait(self, done: Callable[[], bool], *, limit_s: float = 3600.0) -> None:
        """Let the world's time pass until `done`; fails when that does not come within `limit_s` of it."""
        assert self.run(self.world.run(done, limit_s=limit_s)), "what the test waits for never came"

    def pass_time(self, seconds: float) -> None:
        """Let so much of the world's time pass."""
        end = self.world.clock.now() + seconds
        self.world.clock.call_later(seconds, lambda: None)
        self.wait(lambda: self.world.clock.now() >= end, limit_s=seconds + 1)

    def wait_until_delivered(self) -> None:
        """Let time pass until no recipient is queued any more."""
        self.wait(lambda: not self.open_recipients())

    def open_recipients(self) -> int:
        """Count the recipients that are not final."""
        return _at_once(self.world.database.read(queue.figures)).by_state.get(RecipientState.QUEUED, 0)

    def now(self) -> datetime:
        """The world's time, as botocore asks for it: UTC, without a zone."""
        return datetime.fromtimestamp(self.world.clock.now(), UTC).replace(tzinfo=None)

    def close(self) -> None:
        """End the server's tasks and its loop."""
        self.run(self.world.kill(self.outbound))
        self.run(self.world.database.close())
        self._loop.close()

    def _serve(self, request: HttpRequest) -> HttpResponse:
        # The documented first key works from the same machine only.
        answer = self.run(_whole(self.gateway.handle(replace(request, source_ip=PEER_IP))))
        self.answers.append(answer)
        return answer

    def _key(self, account_id: str) -> tuple[str, str]:
        if account_id not in self._keys:
            now = self.world.clock.now()
            new = self.run(
                self.world.database.write(
                    lambda session: iam.create_access_key(
                        session, self._vault, self.world.entropy, account_id=account_id, user_name="user", now=now
                    )
                )
            )
            self._keys[account_id] = (new.key.access_key_id, new.secret)
        return self._keys[account_id]


async def _whole(work: Awaitable[HttpResponse]) -> HttpResponse:
    """Wait for an answer, and for all of its pieces."""
    answer = await work
    if answer.pieces is None:
        return answer
    return HttpResponse(answer.status, answer.headers, b"".join([piece async for piece in answer.pieces]))


async def _awaited(work: Awaitable[T]) -> T:
    return await work


def _at_once(work: Any) -> Any:
    """Run what never has to wait: the store in memory answers at once, also while the loop runs."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("the store in memory answers at once")
