"""Searching the queue's tables: the part of the message log that is about messages and recipients.

Newest first, in one account and region, within a range of ids (which begin
with the time of acceptance). Whatever is asked, a search looks at a bounded
number of messages and says how far it has come: what has an index of its own
(recipient, a state that few have, configuration set, tenant) leads it, the
rest is a condition on what is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from hatobin.capabilities.queue.model import MessageKey, StoredMessage
from hatobin.ports import Session, Value
from hatobin.words.outcome import RecipientState

LOOKED_AT_ONCE = 5_000
"""Messages that one statement looks at, where an index does not lead to those that are wanted."""
MOST_LOOKED_AT = 20_000
"""Messages that one search looks at before it gives what it has."""
CANDIDATES = 500
MOST_CANDIDATES = 2_000
"""The same where an index leads: each is read by its key."""
_AT_ONCE = 16

_SCOPE = "account_id = :account_id AND region = :region AND message_id >= :low AND message_id < :high"
_COLUMNS = (
    "message_id, accepted_at, expires_at, source, reverse_path, identity_arn, configuration_set, tags, mail, size,"
    " return_path, tenant, subject, tracked"
)


class MessageFilter(Struct, frozen=True):
    """Which messages; None leaves a member open.

    `recipient` and `source` are whole addresses in any case, `identity` its
    name or ARN, `subject` a part of it, `tag` a name and perhaps a value.
    `state` is what at least one recipient (the named one) has come to.
    """

    recipient: str | None = None
    state: RecipientState | None = None
    source: str | None = None
    identity: str | None = None
    configuration_set: str | None = None
    tenant: str | None = None
    subject: str | None = None
    tag: tuple[str, str | None] | None = None

    @property
    def leads_by_recipients(self) -> bool:
        """Whether an index of the recipients finds the messages."""
        return self.recipient is not None or (self.state is not None and self.state > RecipientState.DELIVERED)


class IdRange(Struct, frozen=True):
    """Ids of one account and region, from `low` on and below `high`."""

    account_id: str
    region: str
    low: str
    high: str


class Searched(Struct, frozen=True):
    """What a search found, and the id down to which it has looked; None where that is the end of its range."""

    found: list[StoredMessage]
    stopped_at: str | None


def search(session: Session, wanted: MessageFilter, within: IdRange, limit: int) -> Searched:
    """Give up to `limit` messages, the newest first."""
    if wanted.leads_by_recipients:
        return _by_recipients(session, wanted, within, limit)
    found: list[StoredMessage] = []
    high = within.high
    for _ in range(MOST_LOOKED_AT // LOOKED_AT_ONCE):
        piece = IdRange(within.account_id, within.region, within.low, high)
        bound = _bound(session, wanted, piece)
        low = within.low if bound is None else bound
        looked = IdRange(within.account_id, within.region, low, high)
        found += _matching(session, wanted, looked, limit - len(found))
        if len(found) >= limit:
            return Searched(found, found[-1].key.message_id)
        if bound is None:
            return Searched(found, None)
        high = bound
    return Searched(found, high)


def pick(session: Session, wanted: MessageFilter, scope: IdRange, ids: Sequence[str]) -> list[StoredMessage]:
    """Give those of some messages (by id, newest first) that a filter wants, in their order."""
    found: list[StoredMessage] = []
    conditions, parameters = _conditions(wanted, {"account_id": scope.account_id, "region": scope.region})
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        # Always as many places as fit, so that few statements are prepared.
        places = {f"id_{number}": part[min(number, len(part) - 1)] for number in range(_AT_ONCE)}
        listed = ", ".join(f":{place}" for place in places)
        rows = session.execute(
            f"""SELECT {_COLUMNS} FROM queue_message
            WHERE account_id = :account_id AND region = :region AND message_id IN ({listed}){conditions}""",
            {**parameters, **places},
        )
        found += _messages(scope, sorted(rows, reverse=True))
    return found


def _by_recipients(session: Session, wanted: MessageFilter, within: IdRange, limit: int) -> Searched:
    found: list[StoredMessage] = []
    high = within.high
    conditions, parameters = _recipient_conditions(wanted)
    at_once = CANDIDATES if _filters_messages(wanted) else min(CANDIDATES, limit)
    for _ in range(MOST_CANDIDATES // at_once):
        rows = session.execute(
            f"""SELECT DISTINCT message_id FROM queue_recipient WHERE {_SCOPE}{conditions}
            ORDER BY message_id DESC LIMIT :at_once""",
            {**_scope(within, high), **parameters, "at_once": at_once},
        )
        ids = [row[0] for row in rows]
        found += pick(session, wanted, within, ids)
        if len(found) >= limit:
            return Searched(found[:limit], found[limit - 1].key.message_id)
        if len(ids) < at_once:
            return Searched(found, None)
        high = ids[-1]
    return Searched(found, high)


def _bound(session: Session, wanted: MessageFilter, within: IdRange) -> str | None:
    """Give the id down to which the next statement looks; None where that is the end of the range."""
    conditions, parameters = _leading(wanted)
    row = session.one(
        f"""SELECT message_id FROM queue_message WHERE {_SCOPE}{conditions}
        ORDER BY message_id DESC LIMIT 1 OFFSET {LOOKED_AT_ONCE - 1}""",
        {**_scope(within, within.high), **parameters},
    )
    return None if row is None else row[0]


def _matching(session: Session, wanted: MessageFilter, within: IdRange, limit: int) -> list[StoredMessage]:
    conditions, parameters = _conditions(wanted, _scope(within, within.high))
    rows = session.execute(
        f"SELECT {_COLUMNS} FROM queue_message WHERE {_SCOPE}{conditions} ORDER BY message_id DESC LIMIT :limit",
        {**parameters, "limit": limit},
    )
    return _messages(within, rows)


def _scope(within: IdRange, high: str) -> dict[str, Value]:
    return {"account_id": within.account_id, "region": within.region, "low": within.low, "high": high}


def _messages(scope: IdRange, rows: Sequence[Sequence[Value]]) -> list[StoredMessage]:
    return [StoredMessage(MessageKey(scope.account_id, scope.region, row[0]), *row[1:]) for row in rows]  # type: ignore[arg-type]


def _filters_messages(wanted: MessageFilter) -> bool:
    by_state = wanted.recipient is not None and wanted.state is not None
    named = (wanted.source, wanted.identity, wanted.configuration_set, wanted.tenant, wanted.subject, wanted.tag)
    return by_state or any(named)


def _leading(wanted: MessageFilter) -> tuple[str, dict[str, Value]]:
    """Give the condition that has an index of its own, if there is one."""
    if wanted.configuration_set is not None:
        return " AND configuration_set = :configuration_set", {"configuration_set": wanted.configuration_set}
    if wanted.tenant is not None:
        return " AND tenant = :tenant", {"tenant": wanted.tenant}
    return "", {}


def _recipient_conditions(wanted: MessageFilter) -> tuple[str, dict[str, Value]]:
    """Give the condition that an index of the recipients answers alone: the address, else the state."""
    if wanted.recipient is not None:
        return " AND lower(address) = lower(:recipient)", {"recipient": wanted.recipient}
    assert wanted.state is not None, "one of both leads"
    # A number in the text, and the index's own condition: only so does SQLite see that the index will do.
    return f" AND state = {int(wanted.state)} AND state > 1", {}


def _conditions(wanted: MessageFilter, parameters: dict[str, Value]) -> tuple[str, dict[str, Value]]:
    """Give what is asked of the row of a message, beside the recipients that led to it."""
    sql, values = "", dict(parameters)
    if wanted.configuration_set is not None:
        sql += " AND configuration_set = :configuration_set"
        values["configuration_set"] = wanted.configuration_set
    if wanted.tenant is not None:
        sql += " AND tenant = :tenant"
        values["tenant"] = wanted.tenant
    if wanted.source is not None:
        sql += " AND (lower(source) = lower(:source) OR lower(source) LIKE lower(:named_source) ESCAPE '!')"
        values["source"], values["named_source"] = wanted.source, f"%<{_literal(wanted.source)}>"
    if wanted.identity is not None:
        sql += " AND lower(identity_arn) LIKE lower(:identity) ESCAPE '!'"
        whole = wanted.identity.startswith("arn:")
        values["identity"] = _literal(wanted.identity) if whole else f"%:identity/{_literal(wanted.identity)}"
    if wanted.subject is not None:
        sql += " AND lower(subject) LIKE lower(:subject) ESCAPE '!'"
        values["subject"] = f"%{_literal(wanted.subject)}%"
    if wanted.tag is not None:
        sql += " AND tags LIKE :tag ESCAPE '!'"
        values["tag"] = f"%{_tag(*wanted.tag)}%"
    if wanted.state is not None and (wanted.recipient is not None or not wanted.leads_by_recipients):
        whose = "" if wanted.recipient is None else " AND lower(r.address) = lower(:recipient)"
        if wanted.recipient is not None:
            values["recipient"] = wanted.recipient
        sql += f""" AND EXISTS (SELECT 1 FROM queue_recipient r WHERE r.account_id = queue_message.account_id
          AND r.region = queue_message.region AND r.message_id = queue_message.message_id
          AND r.state = {int(wanted.state)}{whose})"""
    return sql, values


def _tag(name: str, value: str | None) -> str:
    """Give how a tag stands in the JSON of `mail.tags`. Quotes in a value are escaped there, so this is exact."""
    return f'"{_literal(name)}":["{_literal(value)}"]' if value is not None else f'"{_literal(name)}":['


def _literal(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
