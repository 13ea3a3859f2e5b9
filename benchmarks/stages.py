"""What each stage of a message costs: micro-benchmarks that call the production functions.

`python -m benchmarks.stages` prints a Markdown table; `--docs` also puts it
into docs/performance.md. CPU is the time of all threads, wall includes waiting
(fsync, another thread). Transactions run in groups of fifty, as fifty sessions
at once make them, and include the way to the writer thread and back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import uvloop

from benchmarks.api_stage import api_cost
from benchmarks.hatobin_server import default_work
from benchmarks.machine import Machine
from benchmarks.machine import describe as machine_facts
from benchmarks.policy_stage import policy_costs
from benchmarks.report import describe, put_into_page
from benchmarks.smtp_load import RECIPIENT, SENDER
from benchmarks.stage_timing import Cost, measure, measure_once_each
from benchmarks.stage_world import (
    ACCOUNT,
    CONFIGURATION_SET,
    DOMAIN,
    GROUP,
    REGION,
    World,
    fresh_store,
    make_world,
    principal,
    submitted,
)
from benchmarks.tracking_stage import tracking_costs
from hatobin.capabilities import events, queue
from hatobin.capabilities.queue import MessageKey, QueuedRecipient, ReadyMessage
from hatobin.flow.handing_over import hand_over
from hatobin.flow.outbound.draft import Draft, Origin, RenderedContent
from hatobin.flow.outbound.feedback_header import feedback_id_header
from hatobin.flow.outbound.prepared import Prepared
from hatobin.flow.outbound.senders import message_senders
from hatobin.flow.outbound.settlement import Settlement, Settlements
from hatobin.flow.outbound.storing import Pending, Stored, store_group
from hatobin.gateway import all_permissions
from hatobin.ports import Session
from hatobin.protocols.mail import dkim_sign
from hatobin.protocols.mail.control import parse_control_headers
from hatobin.protocols.mail.dates import format_date
from hatobin.protocols.mail.rewrite import check_message, read_message, rewrite
from hatobin.protocols.smtp import (
    ClientSession,
    Connected,
    Finished,
    MailFrom,
    MessageReceived,
    RcptTo,
    ReadyForData,
    ServerConfig,
    ServerSession,
    replies,
)
from hatobin.words.address import parse_address
from hatobin.words.envelope import Envelope
from hatobin.words.event import EventKind
from hatobin.words.identifiers import message_id
from hatobin.words.outcome import Delivered, Hop
from hatobin.words.reply import Reply

_RELAY = Hop(host="127.0.0.1", local_ip="127.0.0.1", remote_ip="127.0.0.1")
_GROUPS = 10
_EVENTS_AT_ONCE = 200
_TOLD = "the same, with a set that tells a topic and CloudWatch"


class Message:
    """One message on its way: what each stage hands to the next, made once by the production code."""

    def __init__(self, world: World, size_bytes: int, configuration_set: str | None = None) -> None:
        self._world = world
        self._set = configuration_set
        self.raw = submitted(size_bytes)
        self.envelope = Envelope(SENDER, (RECIPIENT,), "7BIT", len(self.raw))
        self.draft = self.split()
        self.final = self.rewritten()
        self.unsigned = self.hashed()
        self.signature = self.sign()
        self.signed = dkim_sign.finish(self.unsigned, self.signature) + self.final

    def split(self) -> Draft:
        """Split, check, read the control headers and the senders."""
        message = read_message(self.raw)
        check_message(message)
        control = parse_control_headers(message.fields)
        reverse_path = parse_address(self.envelope.reverse_path)
        return Draft(
            origin=Origin(principal(), all_permissions(), REGION, "SendSMTPMessage", "127.0.0.1", None, 1567795934.0),
            senders=message_senders(message, reverse_path),
            source=self.envelope.reverse_path,
            recipients=tuple(parse_address(recipient) for recipient in self.envelope.recipients),
            content=RenderedContent(message),
            configuration_set=control.configuration_set or self._set,
            tags={tag.name: tag.value for tag in control.tags},
            return_path=self.envelope.reverse_path,
        )

    def rewritten(self) -> bytes:
        """Put in the headers that the service owns."""
        assert isinstance(self.draft.content, RenderedContent), "nothing was rendered"
        return rewrite(
            self.draft.content.message,
            message_id_header="<0100016d07eb7477-8e1938ce-475e-4e4b-89cb-000000@email.hatobin.localhost>",
            date=format_date(1567795934),
            extra=(("Feedback-ID", feedback_id_header(ACCOUNT, REGION, self._world.settings.service, {})),),
        )

    def split_and_rewrite(self) -> None:
        """Do both, as the SMTP door and the acceptor do."""
        self.draft = self.split()
        self.rewritten()

    def hashed(self) -> dkim_sign.Unsigned:
        """Hash body and header for the signature."""
        signer = dkim_sign.Signer(DOMAIN, "s" * 32, "rsa-sha256")
        return dkim_sign.prepare_all(self.final, [signer], timestamp=1567795934)[0]

    def sign(self) -> bytes:
        """Make the RSA signature."""
        return dkim_sign.sign_payload(self._world.key, self.unsigned.payload)

    def hash_and_finish(self) -> bytes:
        """Everything of DKIM but the RSA operation."""
        return b"".join([dkim_sign.finish(self.hashed(), self.signature), self.final])

    def prepared(self) -> Prepared:
        """Give a message with an id of its own, ready to be stored."""
        now = self._world.ports.clock.now()
        key = MessageKey(ACCOUNT, REGION, message_id(REGION, now, self._world.ports.entropy.uuid()))
        return Prepared(self.draft, key, now, f"{key.message_id}@hatobin.localhost", self.final, None)


def smtp_core(message: Message) -> Callable[[], object]:
    """Give one transaction of a server session that stays open."""
    session = ServerSession(ServerConfig(hostname="bench"))
    pieces = (b"MAIL FROM:<%s>\r\n" % SENDER.encode(), b"RCPT TO:<%s>\r\n" % RECIPIENT.encode(), b"DATA\r\n")
    content = message.raw + b".\r\n"
    accepted = Reply.of(250, "Ok 0100016d07eb7477-8e1938ce-475e-4e4b-89cb-000000")

    def serve(data: bytes) -> None:
        session.receive(data)
        while (event := session.next_event()) is not None:
            if isinstance(event, MailFrom | RcptTo | Connected):
                session.send(replies.OK)
            elif isinstance(event, MessageReceived):
                session.send(accepted)
        session.data_to_send()

    serve(b"EHLO client.example.com\r\n")

    def transaction() -> None:
        for piece in pieces:
            serve(piece)
        serve(content)

    return transaction


def client_core(message: Message) -> Callable[[], object]:
    """Give one pipelined transaction of a client session that stays open."""
    session = ClientSession("bench.example.com")
    session.receive(b"220 sink ESMTP\r\n")
    while session.next_event() is not None:
        pass
    session.receive(b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
    while session.next_event() is not None:
        pass
    session.data_to_send()

    def transaction() -> None:
        session.begin(Envelope(SENDER, (RECIPIENT,), "7BIT", len(message.signed)), message.signed)
        session.data_to_send()
        session.receive(b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n")
        while (event := session.next_event()) is not None:
            if isinstance(event, ReadyForData):
                session.give_content()
                session.end_content()
                session.data_to_send()
                session.receive(b"250 2.0.0 Ok\r\n")
            elif isinstance(event, Finished):
                assert event.taken, "the reply was 250"

    return transaction


def accepting(world: World, message: Message) -> Callable[[], list[ReadyMessage]]:
    """Give the accept transaction of a group: decide, insert, record."""

    def store(session: Session) -> list[ReadyMessage]:
        group = [Pending(message.prepared(), world.lease) for _ in range(GROUP)]
        stored = store_group(session, group, world.settings, world.ports.entropy)
        return [_ready(one.decision.message) for one in stored if isinstance(one, Stored)]

    return lambda: world.commit([store])[0]


def _ready(stored: queue.NewMessage) -> ReadyMessage:
    recipients = tuple(
        QueuedRecipient(position, recipient.address, recipient.domain)
        for position, recipient in enumerate(stored.recipients)
    )
    return ReadyMessage(
        stored.key, stored.accepted_at, stored.expires_at, stored.reverse_path, stored.configuration_set,
        stored.tls_required, stored.dkim, stored.content, stored.blob_key, recipients, len(stored.content),
        mail=stored.mail, tags=stored.tags,
    )  # fmt: skip


def settling(world: World, accept: Callable[[], list[ReadyMessage]], meaning: str) -> Cost:
    """Time the settle transaction of a group. A row is settled once, so each group is accepted before."""
    settlements = Settlements(world.settings, world.ports.entropy, world.lease)
    outcome = Delivered(Reply.of(250, "2.0.0 Ok"), _RELAY)

    def one_group() -> Callable[[], object]:
        now = world.ports.clock.now()
        group = [Settlement(message, ((message.recipients[0], outcome),), now) for message in accept()]
        return lambda: world.commit([lambda session: settlements.apply(session, group)])

    return measure_once_each(
        "settle transaction",
        meaning,
        lambda: ([one_group() for _ in range(_GROUPS)], _GROUPS * GROUP),
    )


def publishing(world: World, accept: Callable[[], list[ReadyMessage]]) -> Cost:
    """Time handing events over to a queue, per event; each is there once."""

    accepted = accept()[0]

    def fill(session: Session) -> None:
        """Record events as those do that wait for the publisher: without `entropy`."""
        mail = events.MailJson(accepted.mail, accepted.tags)
        event = events.Event(accepted.key, CONFIGURATION_SET, EventKind.SEND, accepted.accepted_at, "{}", mail)
        events.record_all(session, [event] * _EVENTS_AT_ONCE)

    def one_round() -> tuple[list[Callable[[], object]], int]:
        world.commit([fill])
        return [lambda: world.commit([lambda session: _hand_over(session, world)])], _EVENTS_AT_ONCE

    return measure_once_each("publish", "per event: outbox → SNS → SQS queue, raw delivery", one_round)


def _hand_over(session: Session, world: World) -> int:
    seen = events.oldest_in_outbox(session, 200)
    rows = events.take_outbox(session, seen[0].id, seen[-1].id)
    hand_over(session, rows, {}, {}, ports=world.ports, signer=world.signer)
    return len(rows)


def _hand_overs(world: World) -> list[Cost]:
    """Time the ways to other threads and back, many at once."""
    idle: list[Callable[[], object]] = [lambda: None] * GROUP
    empty: list[Callable[[Session], object]] = [lambda session: None] * GROUP
    return [
        measure("to a thread", f"threads port and back, {GROUP} at once", lambda: world.hand_over(idle), each=GROUP),
        measure("to the writer", f"database port and back, {GROUP} at once", lambda: world.commit(empty), each=GROUP),
    ]


def all_costs(folder: Path, size_bytes: int) -> list[Cost]:
    """Measure every stage over a fresh store in `folder`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        world = make_world(fresh_store(folder), runner)
        message = Message(world, size_bytes)
        accept = accepting(world, message)
        accept_told = accepting(world, Message(world, size_bytes, CONFIGURATION_SET))
        costs = [
            measure("smtp core", "server session: MAIL, RCPT, DATA, content", smtp_core(message)),
            measure("split + rewrite", "split, check, control headers, senders, ours", message.split_and_rewrite),
            *policy_costs(message.draft, message.prepared().key),
            *tracking_costs(),
            measure("accept transaction", f"decide, insert, record; {GROUP} per commit, fsync", accept, each=GROUP),
            measure("accept transaction", f"{_TOLD}; {GROUP} per commit, fsync", accept_told, each=GROUP),
            measure("dkim prepare", "canonicalise, hash, write the field", message.hash_and_finish),
            measure("rsa", "RSA-2048 signature, interpreter lock released", message.sign),
            measure("client transaction", "client session: pipelined envelope, content", client_core(message)),
            settling(world, accept, f"outcome, event, statistics, body dropped; {GROUP} per commit, fsync"),
            settling(world, accept_told, f"{_TOLD}; {GROUP} per commit, fsync"),
            publishing(world, accept_told),
            *_hand_overs(world),
            api_cost(world, size_bytes),
        ]
        runner.run(world.close())
    return costs


def markdown(costs: Sequence[Cost]) -> str:
    """Give the table."""
    lines = ["| stage | µs CPU | µs wall | what |", "|---|---:|---:|---|"]
    lines += [f"| {cost.name} | {cost.cpu_us:,.1f} | {cost.wall_us:,.1f} | {cost.meaning} |" for cost in costs]
    return "\n".join(lines) + "\n"


def put_into_docs(work: Path, size_bytes: int, machine: Machine) -> str:
    """Measure, put the table into docs/performance.md and give it."""
    text = f"Measured {datetime.now(UTC):%Y-%m-%d} on {describe(machine)}\n\n{markdown(all_costs(work, size_bytes))}"
    put_into_page("stages", text)
    return text


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--size", "size_bytes", type=click.IntRange(100, 1_000_000), default=4096, show_default=True)
@click.option("--work", type=click.Path(file_okay=False, path_type=Path), default=default_work)
@click.option("--docs", is_flag=True, help="Also put the table into docs/performance.md.")
def main(size_bytes: int, work: Path, docs: bool) -> None:
    """Print what each stage of one message costs, as Markdown."""
    work.mkdir(parents=True, exist_ok=True)
    if docs:
        click.echo(put_into_docs(work, size_bytes, machine_facts(work, seconds=1.0)))
    else:
        click.echo(markdown(all_costs(work, size_bytes)))


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.stages")
