"""Signatures made before the transaction that publishes.

An RSA signature takes a quarter of a millisecond. Made for two hundred events
inside their transaction, all that time nothing else could be written; made
before, on other threads, they cost the store nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hatobin.companions.sns import store
from hatobin.companions.sns.envelope import Notice, Seal
from hatobin.companions.sns.model import HTTP_PROTOCOLS, Kind, TopicKey
from hatobin.companions.sns.signer import SnsSigner
from hatobin.ports import Session


@dataclass(frozen=True, slots=True)
class SealedMessage:
    """What a message to a topic will be called, when it was published, and the signature of its envelopes."""

    message_id: str
    published_at: float
    seal: Seal


def seal_versions(session: Session, topic_arns: Iterable[str]) -> dict[str, str]:
    """Give the signature version of those topics that have queues which get signed envelopes, by ARN."""
    versions: dict[str, str] = {}
    for arn in set(topic_arns):
        key = TopicKey.from_arn(arn)
        topic = store.find_topic(session, key) if key is not None else None
        if topic is None:
            continue
        subscriptions = store.confirmed_subscriptions(session, topic.key)
        if any(not one.is_raw and one.protocol not in HTTP_PROTOCOLS for one in subscriptions):
            versions[arn] = topic.signature_version
    return versions


def seal_message(
    signer: SnsSigner, topic_arn: str, message: str, *, subject: str | None, version: str, message_id: str, now: float
) -> SealedMessage:
    """Sign the envelope of a message before it is published; takes a quarter of a millisecond."""
    notice = Notice(Kind.NOTIFICATION, message_id, topic_arn, message, now, subject)
    return SealedMessage(message_id, now, signer.seal(notice, version))
