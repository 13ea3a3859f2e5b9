"""`/_hatobin/explain/{message-id}`: everything that is recorded about one message, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from hatobin.capabilities import events, queue
from hatobin.capabilities.events import RecordedEvent
from hatobin.capabilities.queue import MessageKey, StoredMessage, StoredRecipient
from hatobin.ports import Database, Session
from hatobin.servers.local.answers import json_answer, problem
from hatobin.servers.local.reading import bare_message_id
from hatobin.words.instant import iso_ms
from hatobin.words.outcome import RecipientState


@dataclass(frozen=True, slots=True)
class Explanation:
    """A message with its recipients and its events, each in order."""

    message: StoredMessage
    recipients: tuple[StoredRecipient, ...]
    events: tuple[RecordedEvent, ...]


def explain(session: Session, message_id: str) -> Explanation | None:
    """Find a message by its id in any account and region."""
    keys = queue.recent(session, message_id)
    return explain_key(session, keys[0]) if keys else None


def explain_key(session: Session, key: MessageKey) -> Explanation | None:
    """Read what is recorded about a message; None when its row is gone."""
    message = queue.message(session, key)
    if message is None:
        return None
    return Explanation(message, tuple(queue.recipients(session, key)), tuple(events.recorded(session, key)))


class ExplainPath:
    """The endpoint."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def explain(self, request: Request) -> Response:
        """Tell the story of one message."""
        message_id = bare_message_id(request.path_params["message_id"])
        found = await self._database.read(lambda session: explain(session, message_id))
        if found is None:
            hint = "Give the MessageId that the API or the reply to DATA returned."
            return problem(404, f"No message {message_id[:100]!r} was accepted here. {hint}")
        return json_answer(explanation_json(found))


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """Give an explanation as JSON members."""
    message = explanation.message
    return {
        "message": {
            "id": message.key.message_id,
            "account_id": message.key.account_id,
            "region": message.key.region,
            "accepted_at": iso_ms(message.accepted_at),
            "expires_at": iso_ms(message.expires_at),
            "source": message.source,
            "subject": message.subject,
            "reverse_path": message.reverse_path,
            "identity_arn": message.identity_arn,
            "configuration_set": message.configuration_set,
            "tenant": message.tenant,
            "size": message.size,
            "tags": parsed(message.tags),
        },
        "recipients": [_recipient_json(recipient) for recipient in explanation.recipients],
        "events": [
            {"type": event.kind.value, "at": iso_ms(event.at), "detail": parsed(event.detail)}
            for event in explanation.events
        ],
    }


def _recipient_json(recipient: StoredRecipient) -> dict[str, Any]:
    waits = recipient.state is RecipientState.QUEUED
    return {
        "address": recipient.address,
        "state": state_name(recipient.state),
        "attempts": recipient.attempts,
        "next_attempt_at": iso_ms(recipient.due_at) if waits else None,
        "settled_at": None if recipient.settled_at is None else iso_ms(recipient.settled_at),
        "reply": recipient.reply,
        "possible_duplicates": recipient.possible_duplicates,
    }


def state_name(state: RecipientState) -> str:
    """Spell a state as the documents do.

    >>> state_name(RecipientState.RENDERING_FAILED)
    'RenderingFailed'
    """
    return "".join(word.capitalize() for word in state.name.split("_"))


def parsed(text: str) -> Any:
    """Give stored JSON as values; an empty text is an empty object."""
    return msgspec.json.decode(text) if text else {}
