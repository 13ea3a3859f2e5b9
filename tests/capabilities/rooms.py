"""What the tests of rooms need of the world: a store in memory, a clock that is set, chance that repeats.

Only ports are stood in for. `Room.call` makes the `Call` that an operation
gets from the gateway, so that operations can be called without a wire.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import msgspec
import pytest

from hatobin.app.tagged import tagged_kinds
from hatobin.capabilities import identities, tenants
from hatobin.capabilities.configuration_sets import DomainOwnership
from hatobin.capabilities.suppression import TenantLists
from hatobin.capabilities.tags import TaggedKinds
from hatobin.companions.kms import KEY_BYTES, Vault
from hatobin.gateway import Call, Principal, Services, all_permissions
from hatobin.ports import Answer, AnswerStatus, Ports, Session, Timer
from hatobin.words.errors import CallerError
from hatobin.words.settings import Settings
from tests.inline_threads import InlineThreads
from tests.stores import open_store

T = TypeVar("T")

ACCOUNT, OTHER_ACCOUNT = "123456789012", "210987654321"
REGION, OTHER_REGION = "us-east-1", "ap-northeast-1"
NOON = 1_767_268_800.0  # 2026-01-01T12:00:00Z


class SetClock:
    """Stands still until it is set; sleeping moves it on."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, delay_s: float) -> None:
        self.time += delay_s

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        raise NotImplementedError

    async def within(self, timeout_s: float, work: Awaitable[T]) -> T:
        return await work


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


class WrittenDns:
    """Answers what a test wrote into `zones`; everything else does not exist."""

    def __init__(self) -> None:
        self.zones: dict[tuple[str, str], Answer] = {}
        self.asked: list[tuple[str, str]] = []

    def put(self, name: str, record_type: str, *records: str) -> None:
        self.zones[name, record_type] = Answer(AnswerStatus.FOUND, records, 60)

    async def resolve(self, name: str, record_type: str) -> Answer:
        self.asked.append((name, record_type))
        return self.zones.get((name, record_type), Answer(AnswerStatus.NXDOMAIN))


@dataclass
class Room:
    """One store with the whole schema, and the ports around it."""

    settings: Settings = field(default_factory=Settings)
    clock: SetClock = field(default_factory=SetClock)
    dns: WrittenDns = field(default_factory=WrittenDns)
    chance: RepeatedChance = field(default_factory=RepeatedChance)
    services: Mapping[type, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.database = open_store()
        self.vault = Vault(bytes(KEY_BYTES), self.chance)
        self.ports = Ports(
            clock=self.clock,
            dns=self.dns,
            network=cast(Any, None),
            http=cast(Any, None),
            entropy=self.chance,
            database=self.database,
            blobs=cast(Any, None),
            threads=InlineThreads(),
        )

    def configure(self, **sections: dict[str, object]) -> None:
        """Change settings: `configure(account={"sandbox": True})`."""
        changed = {name: msgspec.structs.replace(getattr(self.settings, name), **new) for name, new in sections.items()}
        self.settings = msgspec.structs.replace(self.settings, **changed)

    def call(self, *, service: str = "sesv2", account_id: str = ACCOUNT, region: str = REGION) -> Call:
        """Make the call that an operation gets; the operations do not look at its name."""
        known: dict[type, object] = {
            Vault: self.vault,
            DomainOwnership: DomainOwnership(identities.is_verified_domain),
            TaggedKinds: tagged_kinds(),
            TenantLists: TenantLists(tenants.find_id),
        }
        return Call(
            service=service,
            operation="",
            principal=Principal(account_id, "AKIATEST", f"arn:aws:iam::{account_id}:root", "root", account_id),
            permissions=all_permissions(),
            region=region,
            request_id="00000000-0000-4000-8000-000000000000",
            source_ip="127.0.0.1",
            tls_version=None,
            user_agent="test",
            ports=self.ports,
            settings=self.settings,
            services=Services({**known, **self.services}),
        )

    def transact(self, work: Callable[[Session], T]) -> T:
        """Run work over a session at once, rolled back when it raises."""
        return self.database._at_start(work)


async def refused(answer: Awaitable[object]) -> CallerError:
    """Await an operation that must refuse its caller, and give the error."""
    with pytest.raises(CallerError) as caught:
        await answer
    return caught.value
