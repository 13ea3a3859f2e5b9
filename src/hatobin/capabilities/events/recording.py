"""Recording events: written down, counted, and put on their way to whoever wants them, in one transaction.

Events of one kind and one configuration set that follow each other are a run:
what is the same for all of them is looked up once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter

from msgspec import Struct

from hatobin.capabilities import queue
from hatobin.capabilities.configuration_sets import CloudWatchTarget
from hatobin.capabilities.events import store
from hatobin.capabilities.events.listeners import Listeners, listeners_of
from hatobin.capabilities.events.model import Event, MailJson
from hatobin.capabilities.events.notices import Notices
from hatobin.capabilities.events.search_store import number_of_kind
from hatobin.capabilities.metrics import DayTally, EventFacts, Tally
from hatobin.capabilities.queue import MessageKey
from hatobin.companions import outward, sns
from hatobin.ports import Entropy, Session
from hatobin.words.lane import Lane


class Recorded(Struct, frozen=True):
    """What follows the commit of recorded events."""

    waits: bool = False
    """Some wait in the outbox."""
    at_once: sns.DoneAtOnce = sns.DoneAtOnce()
    """What is in queues already."""


def record(session: Session, event: Event, lane: Lane = Lane.SETTLE, *, entropy: Entropy | None = None) -> Recorded:
    """Write an event down, count it, and queue it for every matching destination and its identity's topic."""
    return record_all(session, [event], lane, entropy=entropy)


def record_all(
    session: Session, happened: Sequence[Event], lane: Lane = Lane.SETTLE, *, entropy: Entropy | None = None
) -> Recorded:
    """Write events down, in order, count them, and queue each for its matching destinations and its identity's topic.

    With `entropy` topics that have nothing but queues behind them put them there at once (see `sns.QueuesAtOnce`);
    all events of a message have to be recorded so, or a later one may overtake an earlier one that waits.
    """
    if not happened:
        return Recorded()
    store.write_down(session, happened)
    return _Recording(session, entropy, happened).finish(lane)


class _Recording:
    """Events of one transaction that are written down already, on their way to those who want them."""

    def __init__(self, session: Session, entropy: Entropy | None, happened: Sequence[Event]) -> None:
        self._session = session
        self._notices, self._tally, self._days = Notices(session), Tally(), DayTally(session)
        self._at_once = None if entropy is None else sns.QueuesAtOnce(session, entropy, now=happened[-1].at)
        self._outbox: list[tuple[int, store.Outgoing]] = []
        for first, run in _runs(happened):
            self._count(run)
            self._notify(first, run)
            self._tell(first, run)

    def finish(self, lane: Lane) -> Recorded:
        """Write what has been gathered."""
        # As the events happened, whatever their targets.
        outgoing = [one for _, one in sorted(self._outbox, key=itemgetter(0))]
        measured = self._tally.chosen() if outward.places(self._session).has("cloudwatch") else []
        store.fill_outbox(self._session, outgoing, measured)
        self._tally.record(self._session, lane)
        self._days.record(lane)
        return Recorded(bool(outgoing), sns.DoneAtOnce() if self._at_once is None else self._at_once.finish())

    def _count(self, run: Sequence[Event]) -> None:
        key, kind = run[0].key, run[0].kind
        minutes: Counter[int] = Counter()
        for event in run:
            minutes[_minute(event)] += event.count
        for minute, count in minutes.items():
            self._tally.add(key.account_id, key.region, kind, minute, count)
        if self._days.counts(key.account_id, key.region):
            for event in run:
                self._days.add(event.key, kind, event.at, event.detail, partial(_is_first, self._session, event))

    def _notify(self, first: int, run: Sequence[Event]) -> None:
        if not self._notices.may_notify(run[0]):
            return
        for number, event in enumerate(run, first):
            if (notice := self._notices.notice(event)) is not None:
                self._outbox.append((number, store.Outgoing(event, *notice)))

    def _tell(self, first: int, run: Sequence[Event]) -> None:
        """Count a run for its set's CloudWatch destinations, and publish it to the others."""
        listeners = listeners_of(self._session, run[0])
        if not listeners.counted and not listeners.told:
            return
        mails = [event.mail or _stored_mail(self._session, event.key) for event in run]
        tags = [event.tags(mail) for event, mail in zip(run, mails, strict=True)]
        for target in listeners.counted:
            counts = _by_facts(target, run, mails, tags)
            self._tally.add_chosen(run[0].key.account_id, run[0].key.region, run[0].kind, target, counts)
        if listeners.told:
            heads = (mail.head for mail in mails)
            payloads = [event.payload(*parts) for event, *parts in zip(run, heads, tags, strict=True)]
            self._publish(first, run, listeners, payloads)

    def _publish(self, first: int, run: Sequence[Event], listeners: Listeners, payloads: Sequence[str]) -> None:
        for destination, target_arn in listeners.told:
            everything = range(len(run))
            left = everything if self._at_once is None else self._at_once.publish(target_arn, payloads)
            for place in left:
                outgoing = store.Outgoing(run[place], destination, target_arn, payloads[place])
                self._outbox.append((first + place, outgoing))


def _runs(happened: Sequence[Event]) -> Iterator[tuple[int, list[Event]]]:
    """Give runs in order, each with the place of its first event."""
    first = 0
    for _, events in groupby(happened, key=_alike):
        run = list(events)
        yield first, run
        first += len(run)


def _alike(event: Event) -> tuple[object, ...]:
    return event.kind, event.configuration_set, event.key.account_id, event.key.region


def _minute(event: Event) -> int:
    return int(event.at) // 60 * 60


def _by_facts(
    target: CloudWatchTarget, run: Sequence[Event], mails: Sequence[MailJson], tags: Sequence[str]
) -> dict[tuple[int, EventFacts], int]:
    """Count a run by minute and by what the dimensions of a destination look at."""
    counts: Counter[tuple[int, EventFacts]] = Counter()
    if not target.asks_tags_alone:
        for event, mail, text in zip(run, mails, tags, strict=True):
            counts[_minute(event), EventFacts(mail.head, text, event.detail)] += event.count
        return counts
    # Messages of one sender mostly have the same tags: they are counted before anything is read.
    by_tags: Counter[tuple[int, str]] = Counter()
    for event, text in zip(run, tags, strict=True):
        by_tags[_minute(event), text] += event.count
    return {(minute, EventFacts("", text, "")): count for (minute, text), count in by_tags.items()}


def _is_first(session: Session, event: Event) -> bool:
    return number_of_kind(session, event.key, event.kind, limit=2) == 1


def _stored_mail(session: Session, key: MessageKey) -> MailJson:
    stored = queue.message(session, key)
    if stored is None:
        raise LookupError(f"an event of {key.message_id} has no message row")
    return MailJson(stored.mail, stored.tags)
