"""Where the classic notifications of an identity's mail go.

An address's own topic wins over that of its domain, which serves where the
address has none (surface.md §4.3; DEV-IS-14).
"""

from __future__ import annotations

from dataclasses import dataclass

from hatobin.capabilities.identities import store
from hatobin.capabilities.identities.model import IdentityKind, lookup_key
from hatobin.ports import Session


@dataclass(frozen=True, slots=True)
class NoticeRoute:
    """The identity whose topic it is, the topic, and whether the headers of the mail are shown."""

    identity: str
    topic_arn: str
    with_headers: bool


def any_notices(session: Session, account_id: str, region: str) -> bool:
    """Say whether any identity of an account has a topic; one look into a small index."""
    row = session.one(
        "SELECT 1 FROM identities WHERE account_id = :account_id AND region = :region AND notifications <> '' LIMIT 1",
        {"account_id": account_id, "region": region},
    )
    return row is not None


def forwards_feedback(session: Session, account_id: str, region: str, identity: str) -> bool | None:
    """Say whether an identity has its bounces and complaints forwarded by mail; None where there is none."""
    found = store.find(session, account_id, region, lookup_key(identity))
    return None if found is None else found.feedback_forwarding


def notice_route(session: Session, account_id: str, region: str, identity: str, kind: str) -> NoticeRoute | None:
    """Give where a notification of one kind goes: "Bounce", "Complaint" or "Delivery"; None for nowhere."""
    key = lookup_key(identity)
    found = store.find(session, account_id, region, key)
    domain = key.rpartition("@")[2]
    parent = store.find(session, account_id, region, domain) if domain != key else None
    for one in (found, parent if parent is not None and parent.kind is IdentityKind.DOMAIN else None):
        topic = None if one is None else one.notifications.topic(kind)
        if one is not None and topic is not None:
            return NoticeRoute(one.name, topic, kind in one.notifications.with_headers)
    return None
