"""A whole outbound server in the simulated world, which can be killed and started again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa

from hatobin.app.outbound import Outbound, assemble_outbound
from hatobin.capabilities import events, queue, suppression
from hatobin.capabilities.identities.api_v2 import create_email_identity
from hatobin.capabilities.queue import MessageKey
from hatobin.companions import outward
from hatobin.companions.iam import AccessKeys
from hatobin.companions.kms import Vault
from hatobin.companions.sns import SnsSigner
from hatobin.flow.outbound.draft import Draft, Origin, RenderedContent
from hatobin.flow.outbound.recover import take_slot
from hatobin.gateway import Call, Principal, Services, all_permissions
from hatobin.gateway.models.sesv2 import CreateEmailIdentityRequest
from hatobin.ports import Ports
from hatobin.protocols.mail.rewrite import read_message
from hatobin.words.address import parse_address
from hatobin.words.outcome import RecipientState
from hatobin.words.settings import Account, Delivery, Service, Settings
from tests.inline_threads import InlineThreads
from tests.simulation.functions import SimulatedProcesses
from tests.simulation.world import (
    MemoryJournal,
    SeededEntropy,
    SimulatedBlobs,
    SimulatedClock,
    SimulatedDns,
    SimulatedHttp,
    SimulatedNetwork,
    run_until,
)
from tests.stores import open_store

ACCOUNT, REGION = "123456789012", "us-east-1"
RECEIVER_IP = "192.0.2.10"
SNS_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Killed(BaseException):
    """The process is dead from here on."""


@dataclass
class CrashPlan:
    """Kills at the n-th commit, before it is durable or right after."""

    at_commit: int | None = None
    after: bool = False
    commits: int = 0
    dead: bool = False

    def before_commit(self) -> None:
        if self.dead:
            raise Killed
        self.commits += 1
        if self.at_commit == self.commits and not self.after:
            self.dead = True
            raise Killed

    def after_commit(self) -> None:
        if self.at_commit == self.commits and self.after and not self.dead:
            self.dead = True
            raise Killed


@dataclass
class World:
    """What outlives a crash: the database, blobs, page cache, network and time."""

    seed: int = 1
    settings: Settings = field(
        default_factory=lambda: Settings(
            delivery=Delivery(mode="relay", relay=RECEIVER_IP, service_signature=False),
            service=Service(domain="mail.example"),
        )
    )
    crash: CrashPlan = field(default_factory=CrashPlan)

    def __post_init__(self) -> None:
        self.clock = SimulatedClock()
        self.entropy = SeededEntropy(self.seed)
        self.database = open_store(
            on_write=lambda: self.crash.before_commit(),
            on_written=lambda: self.crash.after_commit(),
        )
        self.dns = SimulatedDns()
        self.network = SimulatedNetwork(self.clock, self.entropy)
        self.journal = MemoryJournal()
        self.http = SimulatedHttp()
        self.blobs = SimulatedBlobs(self.clock)
        self.ports = Ports(
            self.clock,
            self.dns,
            self.network,
            self.http,
            self.entropy,
            self.database,
            self.blobs,
            InlineThreads(),
        )
        self.processes = SimulatedProcesses(self.clock)
        self.tasks: list[asyncio.Task[object]] = []

    async def start(self) -> Outbound:
        """Start a server on what the last one left."""
        self.crash = CrashPlan() if self.crash.dead else self.crash
        await self.database.write(lambda session: outward.install(session, self.settings))
        attempts = queue.AttemptLog(self.journal)
        lease, _ = await take_slot(self.ports, self.settings, attempts, 0)
        vault = Vault(b"k" * 32, self.entropy)
        outbound = assemble_outbound(
            self.ports,
            self.settings,
            lease=lease.lease,
            attempts=attempts,
            vault=vault,
            keys=AccessKeys(self.database, vault, self.clock, self.settings),
            sns_signer=SnsSigner(SNS_KEY, "https://localhost/cert.pem", link_base="https://localhost"),
            processes=self.processes,
            settled=lambda: None,
        )
        loop = asyncio.get_running_loop()
        self.tasks = [
            loop.create_task(outbound.dispatcher.run_claims()),
            loop.create_task(outbound.publisher.run()),
            loop.create_task(self._beat(lease, outbound)),
        ]
        if self.settings.aws.services or self.settings.webhooks:
            self.tasks.append(loop.create_task(outbound.calls.run()))
        return outbound

    async def _beat(self, lease: queue.WorkerLease, outbound: Outbound) -> None:
        while True:
            await self.clock.sleep(lease.beat_interval_s)
            begun = self.clock.monotonic()
            await lease.beat()
            outbound.dispatcher.renew_lease(begun)

    async def kill(self, outbound: Outbound) -> None:
        """End every task of the server without letting it write anything more."""
        self.crash.dead = True
        everything = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in everything:
            task.cancel()
        await asyncio.gather(*everything, return_exceptions=True)

    async def run(self, done: object, *, limit_s: float = 100_000.0) -> bool:
        """Let time pass until `done()`; False when it never comes."""
        return await run_until(self.clock, done, limit_s=limit_s)  # type: ignore[arg-type]

    async def verify(self, identity: str) -> None:
        """Make a verified identity, as the API would; nobody is written to."""
        request = CreateEmailIdentityRequest(email_identity=identity)
        await create_email_identity(self._call(), request)

    async def suppress(self, address: str) -> None:
        """Put an address on the account's suppression list."""
        await self.database.write(
            lambda session: suppression.add(session, ACCOUNT, REGION, address, reason="BOUNCE", now=self.clock.now())
        )

    def _call(self) -> Call:
        principal = Principal(ACCOUNT, "test", f"arn:aws:iam::{ACCOUNT}:user/test", "test", "AIDATEST")
        return Call(
            service="sesv2",
            operation="CreateEmailIdentity",
            principal=principal,
            permissions=all_permissions(),
            region=REGION,
            request_id="r",
            source_ip="127.0.0.1",
            tls_version=None,
            user_agent="",
            ports=self.ports,
            settings=msgspec.structs.replace(self.settings, account=Account(verification="instant")),
            services=Services({Vault: Vault(b"k" * 32, self.entropy)}),
        )

    # What a test looks at.

    def watch(self, key: MessageKey, state: RecipientState) -> Callable[[], bool]:
        """A condition: some recipient of the message is in `state`."""
        return lambda: bool(
            self._peek(
                "SELECT 1 FROM queue_recipient WHERE message_id = :id AND state = :state",
                {"id": key.message_id, "state": int(state)},
            )
        )

    def all_final(self) -> Callable[[], bool]:
        """A condition: no recipient is queued."""
        return lambda: not self._peek("SELECT 1 FROM queue_recipient WHERE state = 0", {})

    def count(self, sql: str) -> int:
        """Run a COUNT from outside, between two turns of the event loop."""
        (row,) = self._peek(sql, {})
        return int(row[0])  # type: ignore[index]

    def _peek(self, sql: str, parameters: dict[str, str | int]) -> list[object]:
        """Look at the database from outside, between two turns of the event loop."""
        found: list[object] = []
        work = self.database.read(lambda session: found.extend(session.execute(sql, parameters)))
        try:
            work.send(None)
        except StopIteration:
            return found
        raise AssertionError("the in-memory database answers at once")

    async def figures(self) -> queue.QueueFigures:
        """Count recipients by state."""
        return await self.database.read(queue.figures)

    async def states(self, key: MessageKey) -> list[RecipientState]:
        """The states of a message's recipients, in order."""
        return [r.state for r in await self.database.read(lambda s: queue.recipients(s, key))]

    async def kinds(self, key: MessageKey) -> list[str]:
        """The events of a message, in order."""
        return [e.kind.value for e in await self.database.read(lambda s: events.recorded(s, key))]

    async def open_recipients(self) -> int:
        """How many recipients are not final."""
        figures = await self.database.read(queue.figures)
        return figures.by_state.get(RecipientState.QUEUED, 0)


def draft(*recipients: str, configuration_set: str | None = None, body: str = "Hello") -> Draft:
    """A small message from a verified sender."""
    raw = f"From: sender@example.com\r\nTo: {', '.join(recipients)}\r\nSubject: Hi\r\n\r\n{body}\r\n".encode()
    principal = Principal(ACCOUNT, "test", f"arn:aws:iam::{ACCOUNT}:user/test", "test", "AIDATEST")
    return Draft(
        origin=Origin(principal, all_permissions(), REGION, "SendEmail", "127.0.0.1", None, 0.0),
        senders=(parse_address("sender@example.com"),),
        source="sender@example.com",
        recipients=tuple(parse_address(recipient) for recipient in recipients),
        content=RenderedContent(read_message(raw)),
        configuration_set=configuration_set,
    )
