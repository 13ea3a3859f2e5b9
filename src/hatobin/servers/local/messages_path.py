"""`/_hatobin/messages`: the message log, searched by what one knows of a mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hatobin.capabilities import message_log
from hatobin.capabilities.message_log import LogEntry, LogPage, LogQuery, Outcome
from hatobin.capabilities.queue import StoredRecipient
from hatobin.ports import Ports
from hatobin.servers.local.answers import BadQuery, json_answer, number_parameter, text_parameter
from hatobin.servers.local.clock_path import parse_duration
from hatobin.servers.local.explanation import parsed, state_name
from hatobin.words.instant import iso_ms, read_instant

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
"""Messages of one answer."""
MAX_CURSOR = 100

Ask = Callable[[str], str | None]
"""Gives a parameter by its name; None where it is not given."""


class MessagesPath:
    """The endpoint."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def search(self, request: Request) -> Response:
        """Give matching messages, newest first, and the cursor `before` of the next page."""
        limit = int(number_parameter(request, "limit", default=DEFAULT_LIMIT, low=1, high=MAX_LIMIT))
        query = log_query(lambda name: text_parameter(request, name), limit=limit, now=self._ports.clock.now())
        page = await self._ports.database.read(lambda session: message_log.search(session, query))
        return json_answer(page_json(page))


def log_query(ask: Ask, *, limit: int, now: float) -> LogQuery:
    """Read a search from its parameters. Raises `BadQuery`."""
    before = ask("before")
    if before is not None and (len(before) > MAX_CURSOR or not before.isascii()):
        raise BadQuery("before is the cursor that the last answer gave as next.")
    return LogQuery(
        limit=limit,
        recipient=ask("to"),
        source=ask("from"),
        identity=ask("identity"),
        configuration_set=ask("set"),
        tenant=ask("tenant"),
        subject=ask("subject"),
        tag=_tag(ask("tag")),
        outcome=_outcome(ask("outcome")),
        since=_instant("since", ask("since"), now),
        until=_instant("until", ask("until"), now),
        account_id=ask("account"),
        region=ask("region"),
        before=before,
    )


def _tag(text: str | None) -> tuple[str, str | None] | None:
    """Read NAME, NAME=VALUE or, as SES's own names have a colon, "ses:operation=SendEmail"."""
    if text is None:
        return None
    name, equals, value = text.partition("=")
    return name, value if equals else None


def _outcome(text: str | None) -> Outcome | None:
    try:
        return None if text is None else Outcome(text.lower().replace("_", "-"))
    except ValueError:
        raise BadQuery(f"outcome must be one of {', '.join(one.value for one in Outcome)}.") from None


def _instant(name: str, text: str | None, now: float) -> float | None:
    """Read an instant: ISO 8601, or how long ago ("24h", "7d")."""
    if text is None:
        return None
    try:
        return now - parse_duration(text) if text[-1:].isalpha() and "T" not in text else read_instant(text)
    except (ValueError, OverflowError):
        raise BadQuery(
            f"{name} must be a time such as 2026-11-28, 2026-11-28T09:00Z or 24h, not {text[:50]!r}."
        ) from None


def page_json(page: LogPage) -> dict[str, Any]:
    """Give a page as JSON members."""
    return {"messages": [entry_json(one) for one in page.entries], "next": page.next_before}


def entry_json(entry: LogEntry) -> dict[str, Any]:
    """Give an entry as JSON members."""
    message = entry.message
    return {
        "id": message.key.message_id,
        "account_id": message.key.account_id,
        "region": message.key.region,
        "accepted_at": iso_ms(message.accepted_at),
        "source": message.source,
        "subject": message.subject,
        "identity_arn": message.identity_arn,
        "configuration_set": message.configuration_set,
        "tenant": message.tenant,
        "tags": parsed(message.tags),
        "size": message.size,
        "recipients": [_recipient_json(recipient) for recipient in entry.recipients],
        "engagement": [
            {
                "type": one.kind.value,
                "count": one.count,
                "first_at": iso_ms(one.first_at),
                "last_at": iso_ms(one.last_at),
            }
            for one in entry.engagement
        ],
        "explain": f"/_hatobin/explain/{message.key.message_id}",
    }


def _recipient_json(recipient: StoredRecipient) -> dict[str, Any]:
    return {
        "address": recipient.address,
        "state": state_name(recipient.state),
        "attempts": recipient.attempts,
        "settled_at": None if recipient.settled_at is None else iso_ms(recipient.settled_at),
        "reply": recipient.reply,
    }
