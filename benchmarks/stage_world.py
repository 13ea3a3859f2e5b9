"""What the stages work on: the production parts over a real store, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import load_der_private_key

from benchmarks.api_requests import text_of
from benchmarks.smtp_load import RECIPIENT, SENDER
from hatobin.adapters.clock import SystemClock
from hatobin.adapters.entropy import OsEntropy
from hatobin.adapters.sqlite import SqliteDatabase
from hatobin.adapters.threads import ThreadPool
from hatobin.app import operations
from hatobin.app.schema import VOLATILE_TABLES, schema
from hatobin.capabilities import identities, queue
from hatobin.companions import sns, sqs
from hatobin.companions.kms import Vault
from hatobin.gateway import Call, Principal, Services, all_permissions
from hatobin.gateway.models import sesv2
from hatobin.gateway.models import sns as sns_model
from hatobin.gateway.models import sqs as sqs_model
from hatobin.ports import Ports, Session
from hatobin.protocols.mail.dkim_sign import SigningKey
from hatobin.words.address import parse_address
from hatobin.words.settings import Account, Delivery, Settings

T = TypeVar("T")

ACCOUNT, REGION, DOMAIN = "123456789012", "us-east-1", "example.com"
CONFIGURATION_SET = "bench"
GROUP = 50
"""Members of a group commit: what fifty sessions at once lead to."""


@dataclass(frozen=True, slots=True)
class World:
    """The ports over a real store, and an identity that signs."""

    runner: asyncio.Runner
    ports: Ports
    settings: Settings
    database: SqliteDatabase
    threads: ThreadPool
    key: SigningKey
    signer: sns.SnsSigner
    lease: queue.Lease

    def commit(self, works: Sequence[Callable[[Session], T]]) -> list[T]:
        """Run functions over the session, all at once: one group commit, fsync included. Give their results."""

        async def write() -> list[T]:
            return await asyncio.gather(*(self.database.write(work) for work in works))

        return self.runner.run(write())

    def hand_over(self, works: Sequence[Callable[[], object]]) -> None:
        """Run functions on the signing threads, all at once."""

        async def run() -> None:
            await asyncio.gather(*(self.threads.run(work) for work in works))

        self.runner.run(run())

    async def close(self) -> None:
        """End the threads and close the store."""
        await self.threads.close()
        await self.database.close()


def principal() -> Principal:
    """Give the caller of everything."""
    return Principal(ACCOUNT, "test", f"arn:aws:iam::{ACCOUNT}:user/test", "test", "AIDATEST")


def submitted(size_bytes: int) -> bytes:
    """Give a message as smtp-source sends it."""
    return (
        f"From: <{SENDER}>\r\nTo: <{RECIPIENT}>\r\n".encode("ascii")
        + b"Date: Wed, 25 Nov 2026 03:48:27 +0000 (UTC)\r\nMessage-Id: <6b30.0003.0000@vm>\r\n\r\n"
        + text_of(size_bytes).encode()
        + b"\r\n"
    )


def fresh_store(folder: Path) -> Path:
    """Give the path of a store in `folder` that does not exist yet."""
    for old in folder.glob("stages.sqlite*"):
        old.unlink()
    return folder / "stages.sqlite"


def make_world(path: Path, runner: asyncio.Runner) -> World:
    """Make a store with a verified identity, and a configuration set that publishes to a queue."""
    database = SqliteDatabase.open(str(path), volatile=VOLATILE_TABLES)
    database.apply_schema(schema())
    entropy = OsEntropy()
    nothing = cast(Any, None)  # These stages ask neither DNS nor the network.
    threads = ThreadPool(2)
    ports = Ports(SystemClock(), nothing, nothing, nothing, entropy, database, nothing, threads)
    settings = Settings(
        delivery=Delivery(mode="relay", relay="127.0.0.1:25", service_signature=False),
        account=Account(verification="instant"),
    )
    vault = Vault(entropy.token_bytes(32), entropy)
    rsa_key = generate_private_key(public_exponent=65537, key_size=2048)
    signer = sns.SnsSigner(rsa_key, "https://localhost/key.pem", link_base="https://localhost")
    call = Call(
        "sesv2", "Setup", principal(), all_permissions(), REGION, "0", "127.0.0.1", None, "bench", ports, settings,
        Services({Vault: vault, sns.SnsSigner: signer, sqs.SqsWaiters: sqs.SqsWaiters(ports.clock)}),
    )  # fmt: skip
    runner.run(_set_up(call))
    identity = runner.run(
        database.read(lambda session: identities.find_sending_identity(session, ACCOUNT, REGION, parse_address(SENDER)))
    )
    assert identity is not None, "it was just made"
    assert identity.dkim is not None, "a domain has a key"
    key_id = identity.dkim.key_id
    der = runner.run(database.read(lambda session: identities.dkim_private_key(session, vault, key_id)))
    key = cast(SigningKey, load_der_private_key(der, None))
    return World(runner, ports, settings, database, threads, key, signer, queue.Lease(0, 1))


async def _set_up(call: Call) -> None:
    """Make everything through the operations that users call."""
    handlers = operations.handlers()

    async def ask(service: str, name: str, request: Any) -> Any:
        return await handlers[service, name](call, request)

    await ask("sesv2", "CreateEmailIdentity", sesv2.CreateEmailIdentityRequest(email_identity=DOMAIN))
    topic = await ask("sns", "CreateTopic", sns_model.CreateTopicInput(name="bench"))
    await ask("sqs", "CreateQueue", sqs_model.CreateQueueRequest(queue_name="bench"))
    subscription = sns_model.SubscribeInput(
        topic_arn=topic.topic_arn,
        protocol="sqs",
        endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:bench",
        attributes={"RawMessageDelivery": "true"},
    )
    await ask("sns", "Subscribe", subscription)
    await ask(
        "sesv2",
        "CreateConfigurationSet",
        sesv2.CreateConfigurationSetRequest(configuration_set_name=CONFIGURATION_SET),
    )
    dimension = sesv2.CloudWatchDimensionConfiguration(
        dimension_name="kind", dimension_value_source="MESSAGE_TAG", default_dimension_value="none"
    )
    figures = sesv2.CloudWatchDestination(dimension_configurations=[dimension])
    targets: dict[str, dict[str, Any]] = {
        "events": {"sns_destination": sesv2.SnsDestination(topic_arn=topic.topic_arn)},
        "figures": {"cloud_watch_destination": figures},
    }
    for name, target in targets.items():
        destination = sesv2.EventDestinationDefinition(
            enabled=True, matching_event_types=["SEND", "DELIVERY"], **target
        )
        await ask(
            "sesv2",
            "CreateConfigurationSetEventDestination",
            sesv2.CreateConfigurationSetEventDestinationRequest(
                configuration_set_name=CONFIGURATION_SET, event_destination_name=name, event_destination=destination
            ),
        )
