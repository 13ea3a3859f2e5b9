"""What becomes of opens and clicks when the store is slow or away, or the message is old or gone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hatobin.capabilities import events
from hatobin.capabilities.queue import MessageKey
from hatobin.capabilities.tracking import TrackedLink, Tracking, TrackingLinks
from hatobin.companions.kms import Vault
from hatobin.flow import engagement
from hatobin.flow.engagement import RECORD_WAIT_S, Visitor
from hatobin.ports.database import DatabaseUnavailable
from hatobin.words.event import EventKind
from tests.api.harness import ACCOUNT, REGION, Api
from tests.api.links import REACHABLE
from tests.api.tracked import Readers

pytestmark = pytest.mark.parametrize("api", [REACHABLE], indirect=True)
READER = Visitor("192.0.2.44", "Mozilla/5.0 (X11) Gecko")


@pytest.fixture
def readers(api: Api) -> Readers:
    return Readers(api)


def sent(readers: Readers) -> tuple[MessageKey, TrackedLink]:
    """Send a message, and give it with its link."""
    key = MessageKey(ACCOUNT, REGION, readers.send('<a href="http://a.test">x</a>'))
    seals = readers.api.run(readers.api.outbound.engagements.seals())
    written = seals.of(key, Tracking("app", opens=True, clicks=True)).link("http://a.test", 1, {})
    assert written is not None
    found = seals.read_link(written.split("/L0/")[1])
    assert found is not None
    return key, found


def clicks(api: Api, key: MessageKey) -> int:
    recorded = api.read(lambda session: events.recorded(session, key))
    return sum(one.kind is EventKind.CLICK for one in recorded)


def figures(api: Api) -> dict[str, int]:
    return vars(api.outbound.engagements.figures)


def test_an_event_is_written_before_the_answer(api: Api, readers: Readers) -> None:
    key, link = sent(readers)
    api.run(api.outbound.engagements.clicked(link, READER))
    assert clicks(api, key) == 1
    assert figures(api) == {"recorded": 1, "lost": 0, "over": 0}


def test_a_raw_queue_has_the_event_with_the_answer(api: Api, readers: Readers) -> None:
    _, link = sent(readers)
    api.run(api.outbound.engagements.clicked(link, READER))
    waiting, bodies = api.read(
        lambda session: (
            session.execute("SELECT target_arn FROM event_outbox"),
            [body for (body,) in session.execute("SELECT body FROM sqs_message WHERE body LIKE '%eventType%'")],
        )
    )
    assert waiting == [], "a later event must find nothing in the outbox that it could overtake"
    assert ['"eventType":"Click"' in body for body in bodies] == [True]


def test_a_slow_store_keeps_nobody_waiting_and_gets_the_event_all_the_same(
    api: Api, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, link = sent(readers)
    write, answers = api.world.database.write, asyncio.Event()

    async def slow(*arguments: Any, **more: Any) -> Any:
        await answers.wait()
        return await write(*arguments, **more)

    monkeypatch.setattr(api.world.database, "write", slow)
    before = api.world.clock.now()
    task = api._loop.create_task(api.outbound.engagements.clicked(link, READER))
    api.wait(task.done, limit_s=60)
    assert api.world.clock.now() - before == pytest.approx(RECORD_WAIT_S)
    assert clicks(api, key) == 0
    answers.set()
    api.wait(lambda: clicks_now(api, key) == 1)
    assert figures(api)["recorded"] == 1


def clicks_now(api: Api, key: MessageKey) -> int:
    sql = f"SELECT COUNT(*) FROM event_record WHERE kind = 'Click' AND message_id = '{key.message_id}'"
    return api.world.count(sql)


@pytest.mark.parametrize("error", [DatabaseUnavailable("away"), RuntimeError("our own bug")])
def test_without_a_store_the_answer_comes_and_the_loss_is_counted(
    api: Api, readers: Readers, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    key, link = sent(readers)

    async def away(*arguments: Any, **more: Any) -> Any:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(api.world.database, "write", away)
        api.run(api.outbound.engagements.clicked(link, READER))
    assert clicks(api, key) == 0
    assert figures(api) == {"recorded": 0, "lost": 1, "over": 0}


def test_only_so_many_events_wait_to_be_written(api: Api, readers: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    _, link = sent(readers)
    monkeypatch.setattr(engagement, "MAX_WAITING", 0)
    api.run(api.outbound.engagements.clicked(link, READER))
    assert figures(api)["lost"] == 1


def test_one_message_has_only_so_many_events(api: Api, readers: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    key, link = sent(readers)
    monkeypatch.setattr(engagement, "MAX_EVENTS", 5)  # Send and Delivery are two of them.
    for _ in range(6):
        api.run(api.outbound.engagements.clicked(link, READER))
    assert clicks(api, key) == 3
    assert figures(api) == {"recorded": 3, "lost": 0, "over": 3}


def test_after_sixty_days_nothing_is_counted(api: Api, readers: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    assert engagement.COLLECTED_S == 60 * 86_400
    monkeypatch.setattr(engagement, "COLLECTED_S", 3600)
    key, link = sent(readers)
    api.pass_time(3590)
    api.run(api.outbound.engagements.clicked(link, READER))
    assert clicks(api, key) == 1
    api.pass_time(20)
    api.run(api.outbound.engagements.clicked(link, READER))
    assert clicks(api, key) == 1
    assert figures(api)["over"] == 1


def test_of_a_message_that_is_gone_an_event_shows_what_its_link_knows(api: Api, readers: Readers) -> None:
    key, link = sent(readers)
    api.run(api.world.database.write(lambda session: session.execute("DELETE FROM queue_message", {})))
    api.run(api.outbound.engagements.clicked(link, READER))
    (event,) = readers.events()
    assert event["click"]["link"] == "http://a.test"
    assert event["mail"].pop("timestamp").endswith("Z")
    assert event["mail"] == {
        "sendingAccountId": ACCOUNT,
        "messageId": key.message_id,
        "destination": [],
        "headersTruncated": True,
        "tags": {"ses:configuration-set": ["app"]},
    }


def test_every_node_reads_every_link_and_a_restarted_one_too(api: Api, readers: Readers) -> None:
    key = MessageKey(ACCOUNT, REGION, "m")
    seals = api.run(api.outbound.engagements.seals())
    written = seals.of(key, Tracking("app", opens=True, clicks=False)).pixel().split("/I0/")[1]
    other = TrackingLinks(api.world.ports, api.outbound.services.get(Vault), api.world.settings)
    assert api.run(other.seals()).read_pixel(written) == seals.read_pixel(written) is not None


def test_a_very_long_user_agent_is_cut(api: Api, readers: Readers) -> None:
    key, link = sent(readers)
    api.run(api.outbound.engagements.clicked(link, Visitor("192.0.2.44", "x" * 50_000)))
    *_, click = api.read(lambda session: events.recorded(session, key))
    assert len(click.detail) < 3000
