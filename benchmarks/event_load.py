"""Events from the outbox to their subscribers: many are put in at once, and the clock runs while they leave.

The events are those of one real message, which was sent and delivered before:
its own Delivery event, recorded again and again by the room's own function
under new message ids. One transaction makes them all visible; the clock
starts when the first ones have left, because the publisher looks once a second.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import apsw
import boto3
from msgspec import structs

from benchmarks.api_requests import KEY, REGION, SECRET, client
from benchmarks.http_subscriber import COUNT_BYTES
from benchmarks.measuring import Arrivals, Invalid
from benchmarks.processes import cpu_s, end, free_port, wait_for_port
from benchmarks.smtp_load import SENDER
from benchmarks.systems import Place, Running, System
from hatobin.app.data_folder import DataFolder
from hatobin.app.store import open_store
from hatobin.capabilities import events, queue
from hatobin.capabilities.events import Event, MailJson
from hatobin.capabilities.queue import MessageKey
from hatobin.ports import Session
from hatobin.words.event import EventKind
from hatobin.words.identifiers import message_id
from hatobin.words.settings import Settings

T = TypeVar("T")

ACCOUNT = "123456789012"
SET, TOPIC, QUEUE = "bench", "bench", "bench"
_WAIT_S = 20.0
_ALL_KINDS = (
    *("SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "OPEN", "CLICK"),
    *("RENDERING_FAILURE", "DELIVERY_DELAY", "SUBSCRIPTION"),
)
_BESIDE = 63
"""A worker's number that no server here uses: it does not checkpoint."""


def _service(url: str, name: str) -> Any:
    return boto3.session.Session(KEY, SECRET, region_name=REGION).client(name, endpoint_url=url)


class EventLoad:
    """Puts `messages` events into the outbox of a running server, all at once."""

    def __init__(self, running: Running, messages: int) -> None:
        assert running.data is not None, "hatobin's folder"
        assert running.kept is not None, "subscribers that count"
        self.messages = messages
        self.answered = 0
        self.latencies_s: list[float] = []
        self._folder = DataFolder(running.data)
        self._arrivals = running.kept
        self._url = f"http://{running.http}"

    def prepare(self) -> None:
        """Fill the outbox, and wait until the first event has arrived."""
        pattern = _pattern(self._url, self._folder)
        base = self._arrivals.count()
        chance, now = random.Random(self.messages), time.time()
        copies = [
            structs.replace(pattern, key=structs.replace(pattern.key, message_id=_identifier(chance, now)))
            for _ in range(self.messages)
        ]
        with_store(self._folder, lambda session: events.record_all(session, copies))
        deadline = time.monotonic() + _WAIT_S
        while (arrived := self._arrivals.count() - base) <= 0:
            if time.monotonic() > deadline:
                raise Invalid("no event left the outbox")
            time.sleep(0.002)
        if arrived >= self.messages:
            raise Invalid("all events had left before the clock could start: more are needed")
        self.messages -= arrived

    def start(self) -> None:
        """They leave by themselves."""

    def step(self, timeout_s: float) -> bool:
        """Nothing is to be sent."""
        return True

    def cpu_s(self) -> float:
        """Nothing is sent while the clock runs."""
        return 0.0

    def close(self) -> None:
        """Nothing is open."""


def _identifier(chance: random.Random, now: float) -> str:
    return message_id(REGION, now, str(uuid.UUID(int=chance.getrandbits(128), version=4)))


def with_store(folder: DataFolder, work: Callable[[Session], T]) -> T:
    """Run one transaction on the store of a folder, beside the server that serves it."""

    async def run() -> T:
        database = open_store(Settings(), folder, worker=_BESIDE)
        try:
            return await database.write(work)
        finally:
            await database.close()

    return asyncio.run(run())


def _pattern(url: str, folder: DataFolder) -> Event:
    """Send one message and give its Delivery event, as it was recorded."""
    answer = client(url).send_email(
        FromEmailAddress=SENDER,
        Destination={"ToAddresses": ["reader@example.net"]},
        Content={"Simple": {"Subject": {"Data": "Pattern"}, "Body": {"Text": {"Data": "Hello"}}}},
    )
    key = MessageKey(ACCOUNT, REGION, answer["MessageId"])

    def look(session: Session) -> Event | None:
        delivered = [event for event in events.recorded(session, key) if event.kind is EventKind.DELIVERY]
        stored = queue.message(session, key)
        if not delivered or stored is None:
            return None
        mail = MailJson(stored.mail, stored.tags)
        return Event(key, SET, EventKind.DELIVERY, delivered[0].at, delivered[0].detail, mail=mail)

    deadline = time.monotonic() + _WAIT_S
    while (found := with_store(folder, look)) is None:
        if time.monotonic() > deadline:
            raise Invalid("the pattern's Delivery event was not recorded")
        time.sleep(0.02)
    return found


class _Queue:
    """Counts what a queue holds, with a reading connection beside the server."""

    def __init__(self, database: Path) -> None:
        self._connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
        self._connection.set_busy_timeout(10_000)
        self._seen = 0

    def count(self) -> int:
        """How many events the queue got.

        While the outbox has rows only its two ends are looked at: an event leaves it in the transaction that
        puts it into the queue. The queue itself, which costs a scan, is counted when the outbox is empty.
        """
        ends = self._connection.execute("SELECT MIN(id), MAX(id) FROM event_outbox").fetchall()[0]
        if ends[0] is None:
            self._seen = int(self._connection.execute("SELECT COUNT(*) FROM sqs_message").get)
            return self._seen
        # The first id of a filling is 1: the outbox was empty, and SQLite numbers an empty table anew.
        return self._seen + int(ends[0]) - 1

    def cpu_s(self) -> float:
        """It is part of the server."""
        return 0.0

    def close(self) -> None:
        self._connection.close()


class _Posted:
    """Counts what the subscriber's process was given."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self._path = folder / "count"
        self._process = process

    def count(self) -> int:
        """How many notifications."""
        return int.from_bytes(self._path.read_bytes()[:COUNT_BYTES], "little")

    def cpu_s(self) -> float:
        """CPU seconds of the subscriber."""
        return cpu_s([self._process.pid])


def _make_set(url: str, topic: str) -> None:
    """Make the configuration set whose Delivery events go to the topic; it announces itself there."""
    client(url).create_configuration_set(ConfigurationSetName=SET)
    _destine(url, "all", ["DELIVERY"], SnsDestination={"TopicArn": topic})


def _destine(url: str, name: str, kinds: Sequence[str], **target: Any) -> None:
    client(url).create_configuration_set_event_destination(
        ConfigurationSetName=SET,
        EventDestinationName=name,
        EventDestination={"Enabled": True, "MatchingEventTypes": list(kinds), **target},
    )


def _until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + _WAIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not come")
        time.sleep(0.02)


def with_queue(system: System, *, raw: bool) -> System:
    """Give the same system with one SQS queue subscribed to the events."""

    @contextmanager
    def start(place: Place) -> Iterator[Running]:
        with system.start(place) as running:
            url = f"http://{running.http}"
            _make_set(url, _topic_to_queue(url, raw=raw))
            assert running.data is not None, "hatobin's folder"
            arrivals = _Queue(running.data / "hatobin.sqlite")
            try:
                yield _kept_by(running, arrivals)
            finally:
                arrivals.close()

    return replace(system, start=start)


def _topic_to_queue(url: str, *, raw: bool) -> str:
    """Make a topic with a queue subscribed to it, and give its ARN."""
    topic: str = _service(url, "sns").create_topic(Name=TOPIC)["TopicArn"]
    _service(url, "sqs").create_queue(QueueName=QUEUE)
    _service(url, "sns").subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{QUEUE}",
        Attributes={"RawMessageDelivery": "true" if raw else "false"},
    )
    return topic


def watched(system: System) -> System:
    """Give the same system with everything told of its mail.

    The sender's default set tracks opens and clicks, counts all events in
    CloudWatch and sends them to a topic with a queue.
    """

    @contextmanager
    def start(place: Place) -> Iterator[Running]:
        with system.start(place) as running:
            url = f"http://{running.http}"
            topic = _topic_to_queue(url, raw=True)
            client(url).create_configuration_set(ConfigurationSetName=SET)
            dimension = {"DimensionName": "kind", "DimensionValueSource": "MESSAGE_TAG"}
            dimension["DefaultDimensionValue"] = "none"
            _destine(url, "figures", _ALL_KINDS, CloudWatchDestination={"DimensionConfigurations": [dimension]})
            _destine(url, "events", _ALL_KINDS, SnsDestination={"TopicArn": topic})
            client(url).put_email_identity_configuration_set_attributes(
                EmailIdentity=SENDER.partition("@")[2], ConfigurationSetName=SET
            )
            yield running

    return replace(system, start=start)


def with_http_subscriber(system: System) -> System:
    """Give the same system with one confirmed HTTP subscriber of the events."""

    @contextmanager
    def start(place: Place) -> Iterator[Running]:
        folder = place.folder / "subscriber"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "confirmation").unlink(missing_ok=True)
        port = free_port()
        process = subprocess.Popen([sys.executable, "-m", "benchmarks.http_subscriber", str(port), str(folder)])
        try:
            wait_for_port(port, process)
            with system.start(place) as running:
                url = f"http://{running.http}"
                topic = _service(url, "sns").create_topic(Name=TOPIC)["TopicArn"]
                endpoint = f"http://127.0.0.1:{port}/events"
                _service(url, "sns").subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint)
                _until((folder / "confirmation").exists, "the confirmation")
                confirmation = json.loads((folder / "confirmation").read_bytes())
                with urllib.request.urlopen(confirmation["SubscribeURL"], timeout=10) as answer:
                    answer.read()
                arrivals = _Posted(folder, process)
                _make_set(url, topic)
                _until(arrivals.count, "the topic's first notification")
                yield _kept_by(running, arrivals)
        finally:
            end(process)

    return replace(system, start=start)


def _kept_by(running: Running, arrivals: Arrivals) -> Running:
    return replace(running, kept=arrivals)
