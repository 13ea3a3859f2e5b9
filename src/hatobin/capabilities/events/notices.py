"""The classic notifications of identities: bounces, complaints and deliveries, in their own JSON.

The same facts as in the events of configuration sets, but `notificationType`
in place of `eventType`, no tags, who called and from where, and the headers
only where the identity asks for them.

Refs: AWS developer guide "notification-contents", "notification-examples";
surface.md §4.3 (Legacy) and appendix C; DEV-IS-14.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hatobin.capabilities import identities, queue
from hatobin.capabilities.events.model import NOTICE_PREFIX, Event, MailJson
from hatobin.capabilities.queue import StoredMessage
from hatobin.ports import Session, remembered
from hatobin.words.event import EventKind
from hatobin.words.instant import iso_ms

_KINDS = {EventKind.BOUNCE: "Bounce", EventKind.COMPLAINT: "Complaint", EventKind.DELIVERY: "Delivery"}
_HEADER_MEMBERS = ("headersTruncated", "headers", "commonHeaders")


class Notices:
    """Makes the notifications of one group of events."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def may_notify(self, event: Event) -> bool:
        """Say whether somebody in the event's account and region wants notifications, and of events of its kind."""
        if event.kind not in _KINDS:
            return False
        session, account_id, region = self._session, event.key.account_id, event.key.region
        asked = ("any notices", account_id, region)
        return remembered(session, asked, lambda: identities.any_notices(session, account_id, region))

    def notice(self, event: Event) -> tuple[str, str, str] | None:
        """Give the notification of an event that `may_notify`: destination, topic, JSON; None where nobody asked."""
        kind, key = _KINDS[event.kind], event.key
        message = queue.message(self._session, key)
        if message is None:
            return None
        identity = message.identity_arn.partition(":identity/")[2]
        route = identities.notice_route(self._session, key.account_id, key.region, identity, kind)
        if route is None:
            return None
        mail = _mail(self._session, message, event.mail, with_headers=route.with_headers)
        return f"{NOTICE_PREFIX}{route.identity}", route.topic_arn, notice(kind, event, mail)


def notice(kind: str, event: Event, mail: dict[str, Any]) -> str:
    """Write a notification."""
    detail: dict[str, Any] = msgspec.json.decode(event.detail)
    if event.remote_ip and event.kind in (EventKind.BOUNCE, EventKind.DELIVERY):
        detail["remoteMtaIp"] = event.remote_ip
    document = {"notificationType": kind, event.kind.detail_name: detail, "mail": mail}
    return msgspec.json.encode(document).decode()


def _mail(session: Session, message: StoredMessage, given: MailJson | None, *, with_headers: bool) -> dict[str, Any]:
    """Give the notification's `mail`: what acceptance kept, or the facts of the row where it kept nothing."""
    stored = given or MailJson(message.mail, message.tags)
    known: dict[str, Any] = msgspec.json.decode(stored.head) if stored.head else _facts(session, message)
    tags: dict[str, list[str]] = msgspec.json.decode(stored.tags) if stored.tags else {}
    mail: dict[str, Any] = {}
    for name, value in known.items():
        if name in _HEADER_MEMBERS and not with_headers:
            continue
        mail[name] = value
        if name == "sourceArn":
            for member, tag in (("sourceIp", "ses:source-ip"), ("callerIdentity", "ses:caller-identity")):
                if tags.get(tag):
                    mail[member] = tags[tag][0]
    return mail


def _facts(session: Session, message: StoredMessage) -> dict[str, Any]:
    """Put `mail` together for a message that was accepted before its identity had a topic."""
    return {
        "timestamp": iso_ms(message.accepted_at),
        "source": message.source,
        "sourceArn": message.identity_arn,
        "sendingAccountId": message.key.account_id,
        "messageId": message.key.message_id,
        "destination": [recipient.address for recipient in queue.recipients(session, message.key)],
    }
