"""What tests of companions need of the world: a clock that is moved by hand, endpoints that answer as told.

Only ports are stood in for. Operations are called as the gateway calls them.
"""

from __future__ import annotations

import asyncio
import heapq
import random
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar, cast

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from hatobin.companions import iam, sns, sqs
from hatobin.companions.kms import KEY_BYTES, Vault
from hatobin.gateway import Call, Principal, Services, all_permissions
from hatobin.gateway.models import sns as sns_models
from hatobin.gateway.models import sqs as sqs_models
from hatobin.ports import HttpReply, HttpUnreachable, Ports, Session, Timer
from hatobin.words.errors import CallerError
from hatobin.words.settings import Settings
from tests.inline_threads import InlineThreads
from tests.stores import open_store

T = TypeVar("T")

ACCOUNT, OTHER_ACCOUNT, REGION = "123456789012", "210987654321", "us-east-1"
NOON = 1_767_268_800.0  # 2026-01-01T12:00:00Z
CERTIFICATE_URL = "https://localhost:8006/SimpleNotificationService-test.pem"
LINK_BASE = "http://127.0.0.1:8005"

# How often the loop is given a turn before everything that can run is taken to have run.
_TURNS = 40


@dataclass(order=True)
class _Alarm:
    at: float
    number: int
    callback: Callable[[], None] = field(compare=False)
    is_off: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.is_off = True


class HandClock:
    """Time that moves only when a test says so; waiting tasks then run in the order of their moments."""

    def __init__(self) -> None:
        self._time = NOON
        self._alarms: list[_Alarm] = []
        self._count = 0

    def now(self) -> float:
        return self._time

    def monotonic(self) -> float:
        return self._time - NOON

    async def sleep(self, delay_s: float) -> None:
        if delay_s <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.Event()
        self.call_later(delay_s, woken.set)
        await woken.wait()

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        self._count += 1
        alarm = _Alarm(self._time + delay_s, self._count, callback)
        heapq.heappush(self._alarms, alarm)
        return alarm

    async def within(self, timeout_s: float, work: Awaitable[T]) -> T:
        raise NotImplementedError

    async def advance(self, seconds: float) -> None:
        """Let everything happen that happens in the next `seconds`."""
        end = self._time + seconds
        await _run_what_can()
        while self._alarms and self._alarms[0].at <= end:
            alarm = heapq.heappop(self._alarms)
            if alarm.is_off:
                continue
            self._time = max(self._time, alarm.at)
            alarm.callback()
            await _run_what_can()
        self._time = end


class RepeatedChance:
    """The same draws in every run."""

    def __init__(self) -> None:
        self._random = random.Random(20260101)

    def token_bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def uuid(self) -> str:
        return str(uuid.UUID(bytes=self._random.randbytes(16), version=4))

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    def below(self, bound: int) -> int:
        return self._random.randrange(bound)


@dataclass(frozen=True)
class Post:
    """One request that an endpoint got."""

    at: float
    url: str
    headers: Mapping[str, str]
    body: str


class Endpoints:
    """HTTP endpoints: all requests are kept, each is answered with what `answers` says for its URL.

    An answer is a status, an error, or an awaited gate to hold the request at.
    """

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self.posts: list[Post] = []
        self.answers: dict[str, list[int | Exception]] = {}
        self.default: int | Exception = 200
        self.gate: asyncio.Event | None = None
        self.open_now = 0
        self.most_open = 0

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> HttpReply:
        assert method == "POST"
        self.posts.append(Post(self._clock.now(), url, headers, body.decode()))
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            if self.gate is not None:
                await self.gate.wait()
        finally:
            self.open_now -= 1
        planned = self.answers.get(url)
        answer = planned.pop(0) if planned else self.default
        if isinstance(answer, Exception):
            raise answer
        return HttpReply(answer, {}, b"")


@cache
def signing_key() -> rsa.RSAPrivateKey:
    """One key for all tests: making one takes longer than most of them."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class World:
    """One store with the whole schema, the ports around it, and the services of the companions."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.clock = HandClock()
        self.chance = RepeatedChance()
        self.endpoints = Endpoints(self.clock)
        self.database = open_store()
        self.ports = Ports(
            clock=self.clock,
            dns=cast(Any, None),
            network=cast(Any, None),
            http=self.endpoints,
            entropy=self.chance,
            database=self.database,
            blobs=cast(Any, None),
            threads=InlineThreads(),
        )
        self.vault = Vault(bytes(KEY_BYTES), self.chance)
        self.signer = sns.SnsSigner(signing_key(), CERTIFICATE_URL, link_base=LINK_BASE)
        self.waiters = sqs.SqsWaiters(self.clock)
        self.counts = sns.QueueCounts(self.ports)
        self.deliveries = self.another_worker()
        self.services = Services(
            {
                Vault: self.vault,
                iam.AccessKeys: iam.AccessKeys(self.database, self.vault, self.clock, self.settings),
                sns.SnsSigner: self.signer,
                sns.SnsDeliveries: self.deliveries,
                sqs.SqsWaiters: self.waiters,
            }
        )

    def another_worker(self) -> sns.SnsDeliveries:
        """Make a delivery worker on the same store."""
        return sns.SnsDeliveries(self.ports, self.settings, self.signer, self.waiters)

    def call(
        self, operation: str = "", *, account_id: str = ACCOUNT, region: str = REGION, signed: bool = True
    ) -> Call:
        """Make the call that an operation gets."""
        user = f"arn:aws:iam::{account_id}:user/test"
        principal = (
            Principal(account_id, "AKIATEST", user, "test", "AIDATEST")
            if signed
            else Principal(account_id, "", "", "anonymous", "")
        )
        return Call(
            service="",
            operation=operation,
            principal=principal,
            permissions=all_permissions(),
            region=region,
            request_id="00000000-0000-4000-8000-000000000000",
            source_ip="127.0.0.1",
            tls_version=None,
            user_agent="test",
            ports=self.ports,
            settings=self.settings,
            services=self.services,
        )

    def topic(self, name: str = "events", **attributes: str) -> str:
        """Make a topic and give its ARN."""
        arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"
        request = sns_models.CreateTopicInput(name=name, attributes=attributes or None)
        _finish(sns.api_topics.create_topic(self.call(), request))
        return arn

    def subscribed(self, topic_arn: str, url: str, **attributes: str) -> str:
        """Subscribe an HTTP endpoint, confirm it without sending anything, and give the subscription's ARN."""
        protocol = url.partition(":")[0]
        request = sns_models.SubscribeInput(
            topic_arn=topic_arn,
            protocol=protocol,
            endpoint=url,
            attributes=attributes or None,
            return_subscription_arn=True,
        )
        arn = _finish(sns.api_subscriptions.subscribe(self.call(), request)).subscription_arn
        self.transact(lambda session: session.execute("DELETE FROM sns_delivery WHERE kind <> 'Notification'"))
        self.transact(
            lambda session: session.execute(
                "UPDATE sns_subscription SET state = 1 WHERE subscription_id = :id", {"id": arn.rpartition(":")[2]}
            )
        )
        return cast(str, arn)

    def queue(self, name: str = "mail", **attributes: str) -> str:
        """Make a queue and give its ARN."""
        request = sqs_models.CreateQueueRequest(queue_name=name, attributes=attributes or None)
        _finish(sqs.api_queues.create_queue(self.call(), request))
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def received(self, queue_name: str = "mail", **options: Any) -> list[Any]:
        """Receive up to ten messages of a queue, with everything there is to show."""
        request = sqs_models.ReceiveMessageRequest(
            queue_url=f"http://any/{ACCOUNT}/{queue_name}",
            max_number_of_messages=10,
            message_attribute_names=["All"],
            message_system_attribute_names=["All"],
            **options,
        )
        return _finish(sqs.api_messages.receive_message(self.call(), request)).messages or []

    def publish(self, topic_arn: str, message: str = "hello", **options: Any) -> sns.Published:
        """Publish as another room does, in a transaction of its own."""
        given: dict[str, Any] = {"subject": None, **options}
        published = self.transact(
            lambda session: sns.publish(
                session,
                topic_arn,
                message,
                now=self.clock.now(),
                entropy=self.chance,
                signer=self.signer,
                **given,
            )
        )
        assert isinstance(published, sns.Published)
        sns.announce(self.services, published)
        return published

    def transact(self, work: Callable[[Session], T]) -> T:
        """Run work over a session at once."""
        return self.database._at_start(work)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Look into the store."""
        return self.transact(lambda session: session.execute(sql))


async def refused(answer: Awaitable[object]) -> CallerError:
    """Await an operation that must refuse its caller, and give the error."""
    with pytest.raises(CallerError) as caught:
        await answer
    return caught.value


def unreachable(text: str = "connection refused") -> HttpUnreachable:
    """The error of an endpoint that is not there."""
    return HttpUnreachable(text)


async def _run_what_can() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def _finish(work: Any) -> Any:
    """Run an operation that never has to wait: the store in memory answers at once."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("the operation waited")
