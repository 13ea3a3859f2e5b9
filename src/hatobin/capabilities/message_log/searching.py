"""A search: the fitting index of each account and region, and the answers in one order.

A cursor is the id of a message without the four digits of its region: what
then comes first is the time of acceptance, so it says in every region where to
go on.
"""

from __future__ import annotations

from collections.abc import Iterator

from hatobin.capabilities import events, queue
from hatobin.capabilities.message_log.model import LogEntry, LogPage, LogQuery
from hatobin.capabilities.queue import IdRange, MessageFilter, Searched, StoredMessage
from hatobin.ports import Session
from hatobin.words.event import EventKind
from hatobin.words.identifiers import id_bound

EVENT_CANDIDATES = 500
"""Messages with an event of the wanted kind that one search looks at, in one account and region."""
_PREFIX = 4
_AFTER_ANY_ID = "g"  # Ids begin with a hexadecimal digit.


def search(session: Session, query: LogQuery) -> LogPage:
    """Give the newest messages that a query wants, and where to go on."""
    found: list[StoredMessage] = []
    looked_to = ""
    for scope in _scopes(session, query):
        part = _in_scope(session, query, scope)
        found += part.found
        if part.stopped_at is not None:
            looked_to = max(looked_to, part.stopped_at[_PREFIX:])
    # What is older than where the slowest account has come to may have neighbours there that nobody saw yet.
    known = sorted((one for one in found if _cursor(one) >= looked_to), key=_cursor, reverse=True)
    shown = known[: query.limit]
    next_before = _cursor(shown[-1]) if len(known) > query.limit else looked_to or None
    return LogPage(tuple(entry(session, message) for message in shown), next_before)


def entry(session: Session, message: StoredMessage) -> LogEntry:
    """Read what belongs to a message."""
    key = message.key
    return LogEntry(message, tuple(queue.recipients(session, key)), tuple(events.engagement(session, key)))


def _cursor(message: StoredMessage) -> str:
    return message.key.message_id[_PREFIX:]


def _scopes(session: Session, query: LogQuery) -> Iterator[IdRange]:
    """Give the accounts and regions to look in, each with the ids that the query's time and cursor leave."""
    if query.account_id is not None and query.region is not None:
        places: Iterator[tuple[str, str]] = iter([(query.account_id, query.region)])
    else:
        places = queue.scopes(session)
    for account_id, region in places:
        if query.account_id not in (None, account_id) or query.region not in (None, region):
            continue
        first = id_bound(region, 0.0)[:_PREFIX]
        low = first if query.since is None else id_bound(region, query.since)
        high = first + _AFTER_ANY_ID if query.until is None else id_bound(region, query.until)
        if query.before is not None:
            high = min(high, first + query.before)
        if low < high:
            yield IdRange(account_id, region, low, high)


def _in_scope(session: Session, query: LogQuery, scope: IdRange) -> Searched:
    outcome = query.outcome
    wanted = MessageFilter(
        recipient=query.recipient,
        state=None if outcome is None else outcome.state,
        source=query.source,
        identity=query.identity,
        configuration_set=query.configuration_set,
        tenant=query.tenant,
        subject=query.subject,
        tag=query.tag,
    )
    kind = None if outcome is None else outcome.event
    if kind is None:
        return queue.search(session, wanted, scope, query.limit + 1)
    if query.recipient is None:
        return _by_event(session, kind, wanted, scope, query.limit + 1)
    part = queue.search(session, wanted, scope, EVENT_CANDIDATES)
    return Searched([one for one in part.found if events.has(session, one.key, kind)], part.stopped_at)


def _by_event(session: Session, kind: EventKind, wanted: MessageFilter, scope: IdRange, limit: int) -> Searched:
    ids = events.messages_with(session, kind, scope, EVENT_CANDIDATES)
    found = queue.pick(session, wanted, scope, ids)
    if len(found) > limit:
        return Searched(found[:limit], found[limit - 1].key.message_id)
    return Searched(found, ids[-1] if len(ids) == EVENT_CANDIDATES else None)
