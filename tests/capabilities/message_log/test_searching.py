"""The message log: every question against a plain loop over all that was sent, and no question without an index."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any, cast

import pytest
from msgspec.structs import replace

from hatobin.capabilities import events, message_log, queue
from hatobin.capabilities.events import Event
from hatobin.capabilities.message_log import LogQuery, Outcome
from hatobin.capabilities.queue import FinalState, MessageKey, NewMessage, NewRecipient, search_store
from hatobin.ports import Session
from hatobin.ports.database import Row, Value
from hatobin.words.event import EventKind
from hatobin.words.identifiers import message_id
from hatobin.words.outcome import RecipientState
from tests.capabilities.rooms import NOON, Room
from tests.stores import sqlite_only

PLACES = (("123456789012", "us-east-1"), ("123456789012", "eu-west-1"), ("210987654321", "ap-northeast-1"))
ADDRESSES = ("ann@example.net", "Bob@Example.net", "c_d@example.org", "cxd@example.org")
SUBJECTS = ("Your order", "100% off_today", "ご注文の確認", "")
SETS = (None, "news", "bills")
TAGS = ("", '{"campaign":["spring"]}', '{"campaign":["spring_sale"],"ses:operation":["SendEmail"]}')
IDENTITIES = ("example.com", "b.example")
STATES = tuple(RecipientState)
KINDS = (EventKind.DELIVERY, EventKind.COMPLAINT, EventKind.OPEN, EventKind.CLICK, EventKind.DELIVERY_DELAY)


class Sent:
    """Messages of every sort, and what is known of each."""

    def __init__(self, count: int) -> None:
        chance = random.Random(7)
        self.messages: list[NewMessage] = []
        self.kinds: dict[MessageKey, set[EventKind]] = {}
        for number in range(count):
            account_id, region = chance.choice(PLACES)
            at = NOON + number * 60.0
            key = MessageKey(account_id, region, message_id(region, at, f"{number:032x}"))
            states = [chance.choice(STATES) for _ in range(chance.choice((1, 1, 3)))]
            self.messages.append(
                NewMessage(
                    key=key,
                    accepted_at=at,
                    expires_at=at + 50_400,
                    source=chance.choice(("sender@example.com", "Shop <Shop@example.com>")),
                    reverse_path=f"{key.message_id}@mail.example",
                    identity_arn=f"arn:aws:ses:{region}:{account_id}:identity/{chance.choice(IDENTITIES)}",
                    configuration_set=chance.choice(SETS),
                    tls_required=False,
                    dkim=None,
                    tags=chance.choice(TAGS),
                    mail="",
                    content=b"content",
                    blob_key=None,
                    recipients=tuple(NewRecipient(chance.choice(ADDRESSES), "example.net", state) for state in states),
                    tenant=chance.choice((None, None, "acme")),
                    subject=chance.choice(SUBJECTS),
                )
            )
            self.kinds[key] = set(chance.sample(KINDS, chance.randrange(3)))

    def store(self, session: Session) -> None:
        """Put them into the store as the flow does."""
        queue.enqueue_all(session, [(message, None) for message in self.messages])
        happened = [
            Event(key, None, kind, NOON, "{}") for key, kinds in self.kinds.items() for kind in sorted(kinds, key=str)
        ]
        events.record_all(session, happened)

    def ids(self, query: LogQuery) -> list[str]:
        """Give the ids that a query wants, newest first, found the slow way."""
        found = [one for one in self.messages if self._fits(one, query)]
        return [one.key.message_id for one in sorted(found, key=lambda one: one.key.message_id[4:], reverse=True)]

    def _fits(self, one: NewMessage, query: LogQuery) -> bool:
        outcome, named = query.outcome, (query.recipient or "").lower()
        state = None if outcome is None else outcome.state
        fitting = [
            recipient
            for recipient in one.recipients
            if query.recipient is None or recipient.address.lower() == named
            if state is None or recipient.state is state
        ]
        kind = None if outcome is None else outcome.event
        source = one.source.partition("<")[2].rstrip(">") or one.source
        name, value = query.tag or ("", None)
        return all(
            (
                fitting,
                kind is None or kind in self.kinds[one.key],
                query.source is None or source.lower() == query.source.lower(),
                query.identity is None or query.identity in (one.identity_arn, one.identity_arn.rpartition("/")[2]),
                query.configuration_set in (None, one.configuration_set),
                query.tenant in (None, one.tenant),
                query.subject is None or query.subject.lower() in one.subject.lower(),
                query.tag is None or (f'"{name}":["{value}"' if value else f'"{name}":[') in one.tags,
                query.since is None or one.accepted_at >= query.since,
                query.until is None or one.accepted_at < query.until,
                query.account_id in (None, one.key.account_id),
                query.region in (None, one.key.region),
            )
        )


QUESTIONS: Mapping[str, Mapping[str, Any]] = {
    "everything": {},
    "a recipient": {"recipient": "bob@example.NET"},
    "a recipient with a character of LIKE": {"recipient": "c_d@example.org"},
    "a sender": {"source": "SENDER@example.com"},
    "a sender with a name": {"source": "shop@example.com"},
    "an identity by name": {"identity": "b.example"},
    "an identity by ARN": {"identity": "arn:aws:ses:eu-west-1:123456789012:identity/example.com"},
    "a configuration set": {"configuration_set": "news"},
    "a tenant": {"tenant": "acme"},
    "words of a subject": {"subject": "ORDER"},
    "characters of LIKE in a subject": {"subject": "0% off_t"},
    "a subject in Japanese": {"subject": "注文"},
    "the name of a tag": {"tag": ("campaign", None)},
    "a tag": {"tag": ("campaign", "spring")},
    "a time": {"since": NOON + 3600, "until": NOON + 3 * 3600},
    "an account": {"account_id": "210987654321"},
    "an account and region": {"account_id": "123456789012", "region": "eu-west-1"},
    "a recipient's bounces": {"recipient": "ann@example.net", "outcome": Outcome.BOUNCED},
    "a recipient's opens": {"recipient": "ann@example.net", "outcome": Outcome.OPENED},
    "what a set delivered": {"configuration_set": "news", "outcome": Outcome.DELIVERED},
    "complaints about a tenant": {"tenant": "acme", "outcome": Outcome.COMPLAINED},
    "all at once": {
        "recipient": "ann@example.net",
        "source": "sender@example.com",
        "identity": "example.com",
        "configuration_set": "news",
        "tag": ("campaign", "spring"),
        "since": NOON,
        "until": NOON + 86_400,
    },
    **{f"what is {outcome.value}": {"outcome": outcome} for outcome in Outcome},
}


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("limit", [1000, 7])
async def test_each_question_finds_what_a_plain_loop_finds(
    room: Room, name: str, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Small bounds, so that searches stop on the way and go on where they stopped.
    for module, bound, value in (
        (search_store, "LOOKED_AT_ONCE", 10),
        (search_store, "MOST_LOOKED_AT", 20),
        (search_store, "CANDIDATES", 10),
        (search_store, "MOST_CANDIDATES", 20),
        (message_log.searching, "EVENT_CANDIDATES", 10),
    ):
        monkeypatch.setattr(module, bound, value)
    sent = Sent(300)
    await room.database.write(sent.store)
    query = LogQuery(limit, **QUESTIONS[name])
    wanted = sent.ids(query)
    assert wanted, "the question has an answer"
    found: list[str] = []
    for _ in range(200):
        asked = query
        page = await room.database.read(lambda session, asked=asked: message_log.search(session, asked))  # type: ignore[misc]
        assert len(page.entries) <= limit
        found += [entry.message.key.message_id for entry in page.entries]
        if page.next_before is None:
            break
        assert query.before is None or page.next_before < query.before
        query = replace(query, before=page.next_before)
    assert found == wanted


async def test_an_entry_says_what_was_heard_afterwards(room: Room) -> None:
    sent = Sent(1)
    key = sent.messages[0].key
    await room.database.write(sent.store)

    def hear(session: Session) -> None:
        events.record_all(session, [Event(key, None, EventKind.CLICK, NOON + second, "{}") for second in (5.0, 9.0)])

    sent.kinds[key] = set()
    await room.database.write(hear)
    page = await room.database.read(lambda session: message_log.search(session, LogQuery(1)))
    clicks = [one for one in page.entries[0].engagement if one.kind is EventKind.CLICK]
    assert [(one.last_at) for one in clicks] == [NOON + 9.0]


async def test_a_final_state_that_comes_later_is_found(room: Room) -> None:
    sent = Sent(1)
    first = replace(sent.messages[0], recipients=(NewRecipient("ann@example.net", "example.net"),))
    await room.database.write(lambda session: queue.enqueue(session, first, None))
    query = LogQuery(5, outcome=Outcome.BOUNCED)
    assert not (await room.database.read(lambda session: message_log.search(session, query))).entries
    final = FinalState(first.key, 0, RecipientState.BOUNCED, NOON, "550 5.1.1 no")
    await room.database.write(lambda session: queue.finish_all(session, [final]))
    page = await room.database.read(lambda session: message_log.search(session, query))
    assert [entry.recipients[0].reply for entry in page.entries] == ["550 5.1.1 no"]


class _Explaining:
    """A session that writes down how SQLite will run each statement."""

    def __init__(self, session: Session, plans: dict[str, str]) -> None:
        self._session = session
        self._plans = plans
        self.dialect = session.dialect
        self.memo = session.memo

    def _explain(self, sql: str, parameters: Mapping[str, Value] | None) -> None:
        rows = self._session.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
        self._plans[sql] = "\n".join(row[3] for row in rows)

    def execute(self, sql: str, parameters: Mapping[str, Value] | None = None) -> list[Row]:
        self._explain(sql, parameters)
        return self._session.execute(sql, parameters)

    def one(self, sql: str, parameters: Mapping[str, Value] | None = None) -> Row | None:
        self._explain(sql, parameters)
        return self._session.one(sql, parameters)


# By which index SQLite is to find the messages of a question; the primary key is the time where there is no other.
LED_BY: Mapping[str, str] = {
    "a recipient": "queue_recipient_address",
    "a recipient's bounces": "queue_recipient_address",
    "a recipient's opens": "queue_recipient_address",
    "all at once": "queue_recipient_address",
    "a configuration set": "queue_message_set",
    "what a set delivered": "queue_message_set",
    "a tenant": "queue_message_tenant",
    "what is bounced": "queue_recipient_failed",
    "what is suppressed": "queue_recipient_failed",
    "what is complained": "event_record_told",
    "what is opened": "event_record_told",
    "complaints about a tenant": "event_record_told",
}


@sqlite_only
@pytest.mark.parametrize("name", QUESTIONS)
async def test_no_question_goes_through_a_table(room: Room, name: str) -> None:
    await room.database.write(Sent(100).store)
    plans: dict[str, str] = {}
    query = LogQuery(5, **QUESTIONS[name])
    await room.database.read(lambda s: message_log.search(cast(Session, _Explaining(s, plans)), query))
    assert plans
    for sql, plan in plans.items():
        assert not re.search(r"\bSCAN\b", plan), f"{sql}\n{plan}"
        # What is sorted are the sixteen rows of a part, or the three kinds of one message.
        assert "TEMP B-TREE" not in plan or "GROUP BY kind" in sql, f"{sql}\n{plan}"
    assert LED_BY.get(name, "sqlite_autoindex_queue_message") in "\n".join(plans.values())
