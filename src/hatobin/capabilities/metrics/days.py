"""Counting by the day what the Virtual Deliverability Manager shows, for accounts that have switched it on.

A tally gathers the events of one transaction, and writes one row for each
identity, configuration set, provider and tenant among them. Who has not
switched the manager on pays one look at his settings for a group of events.

Counted per recipient and by UTC day, as observed. Never counted: mail to the
simulator, what a suppression list held back (but as sent), and opens and
clicks beyond a message's first, or of one with several recipients.

Refs: API reference v2, BatchGetMetricDataQuery.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from hatobin.capabilities import account, queue
from hatobin.capabilities.delivery import is_simulator
from hatobin.capabilities.metrics.day_store import Day, add_days
from hatobin.capabilities.metrics.isps import isp_of
from hatobin.capabilities.queue import MessageKey
from hatobin.ports import Session, remembered
from hatobin.words.event import EventKind
from hatobin.words.lane import Lane

DAY_S = 86_400
_TOLD_BY_FEEDBACK_LOOPS = frozenset(
    {"Hotmail", "Yahoo", "AOL", "Comcast", "Cox", "Charter", "Fastmail", "MailRu", "Yandex"}
)
"""Providers that tell senders of complaints: deliveries to others say nothing about their rate."""
_FIRST_ONLY = {EventKind.OPEN: "OPEN", EventKind.CLICK: "CLICK"}


class _Facts(Struct, frozen=True):
    identity: str
    configuration_set: str
    tenant: str
    tracked: int
    addresses: tuple[str, ...]


class DayTally:
    """The events of one transaction, counted by day. Events are in the store before they are added."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._facts: dict[MessageKey, _Facts | None] = {}
        self._counts: dict[Day, Counter[str]] = {}

    def counts(self, account_id: str, region: str) -> bool:
        """Say whether the account wants its events counted so."""
        session = self._session
        asked = ("counts by day", account_id, region)
        return remembered(session, asked, lambda: account.vdm_enabled(session, account_id, region))

    def add(self, key: MessageKey, kind: EventKind, at: float, detail: str, is_first: Callable[[], bool]) -> None:
        """Count an event of an account that wants it; `is_first` says whether its message has no other of its kind."""
        if (facts := self._of(key)) is None:
            return
        scope = (key.account_id, key.region)
        for address, metric in _counted(kind, detail, facts, is_first):
            if is_simulator(address.rpartition("@")[2].lower()):
                continue
            day = Day(*scope, int(at) // DAY_S, facts.identity, facts.configuration_set, isp_of(address), facts.tenant)
            self._counts.setdefault(day, Counter())[metric] += 1

    def record(self, lane: Lane) -> None:
        """Write the counts, in the transaction of the events."""
        if self._counts:
            add_days(self._session, self._counts, lane)

    def _of(self, key: MessageKey) -> _Facts | None:
        if key not in self._facts:
            message = queue.message(self._session, key)
            self._facts[key] = (
                None
                if message is None
                else _Facts(
                    identity=message.identity_arn.partition(":identity/")[2],
                    configuration_set=message.configuration_set or "",
                    tenant=message.tenant or "",
                    tracked=message.tracked,
                    addresses=tuple(recipient.address for recipient in queue.recipients(self._session, key)),
                )
            )
        return self._facts[key]


def _counted(kind: EventKind, detail: str, facts: _Facts, is_first: Callable[[], bool]) -> Iterator[tuple[str, str]]:
    """Give the recipients that an event counts for, with the names of metrics."""
    if kind is EventKind.SEND:
        yield from ((address, "SEND") for address in facts.addresses)
    elif kind in _FIRST_ONLY:
        if len(facts.addresses) == 1 and is_first():
            yield facts.addresses[0], _FIRST_ONLY[kind]
    elif kind is EventKind.DELIVERY:
        yield from _deliveries(_decoded(detail).get("recipients", ()), facts.tracked)
    elif kind is EventKind.BOUNCE:
        yield from _bounces(_decoded(detail))
    elif kind is EventKind.COMPLAINT:
        told = _decoded(detail)
        if not told.get("complaintSubType"):
            yield from ((one["emailAddress"], "COMPLAINT") for one in told["complainedRecipients"])


def _deliveries(addresses: Iterable[str], tracked: int) -> Iterator[tuple[str, str]]:
    for address in addresses:
        yield address, "DELIVERY"
        if tracked & queue.TRACKED_OPENS:
            yield address, "DELIVERY_OPEN"
        if tracked & queue.TRACKED_CLICKS:
            yield address, "DELIVERY_CLICK"
        if isp_of(address) in _TOLD_BY_FEEDBACK_LOOPS:
            yield address, "DELIVERY_COMPLAINT"


def _bounces(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    kinds = {"Permanent": "PERMANENT_BOUNCE", "Transient": "TRANSIENT_BOUNCE"}
    metric = kinds.get(told["bounceType"])
    held_back = str(told.get("bounceSubType")).startswith("On") or told.get("bounceSubType") == "UnsubscribedRecipient"
    if metric is None or held_back:
        return
    yield from ((one["emailAddress"], metric) for one in told["bouncedRecipients"])


def _decoded(detail: str) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(detail)
    return found
