"""The operations that publish."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hatobin.companions.sns.addresses import invalid, open_topic, topic_key
from hatobin.companions.sns.announcement import announce
from hatobin.companions.sns.messages import Letter, read_letter
from hatobin.companions.sns.model import MAX_MESSAGE_BYTES, Published, TopicKey, TopicMissing
from hatobin.companions.sns.publishing import publish as publish_message
from hatobin.companions.sns.signer import SnsSigner
from hatobin.gateway import Call, operation
from hatobin.gateway.models.sns import (
    BatchResultErrorEntry,
    PublishBatchInput,
    PublishBatchRequestEntry,
    PublishBatchResponse,
    PublishBatchResultEntry,
    PublishInput,
    PublishResponse,
)
from hatobin.ports import Session
from hatobin.words.errors import CallerError

MAX_BATCH_ENTRIES = 10

_BATCH_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


@operation("sns", "Publish")
async def publish(call: Call, request: PublishInput) -> PublishResponse:
    """Publish one message to a topic; every delivery is durable when this returns."""
    if request.phone_number:
        raise invalid("PhoneNumber Reason: SMS is not supported by this server")
    arn = request.topic_arn or request.target_arn
    if not arn:
        raise invalid("TopicArn or TargetArn Reason: no value for required parameter")
    key = topic_key(call, arn, parameter="TopicArn" if request.topic_arn else "TargetArn")
    letter = read_letter(request)
    published = await call.ports.database.write(lambda session: _publish(session, call, key, letter))
    announce(call.services, published)
    return PublishResponse(message_id=published.message_id)


@operation("sns", "PublishBatch")
async def publish_batch(call: Call, request: PublishBatchInput) -> PublishBatchResponse:
    """Publish up to ten messages to a topic in one transaction; each is taken or refused by itself."""
    key = topic_key(call, request.topic_arn)
    _check_batch(request.publish_batch_request_entries)
    letters: dict[str, Letter] = {}
    failed: list[BatchResultErrorEntry] = []
    for entry in request.publish_batch_request_entries:
        try:
            letters[entry.id] = read_letter(entry)
        except CallerError as error:
            failed.append(BatchResultErrorEntry(id=entry.id, code=error.code, message=error.message, sender_fault=True))
    if sum(letter.size for letter in letters.values()) > MAX_MESSAGE_BYTES:
        raise CallerError(
            "BatchRequestTooLong", "The length of all the batch messages put together is more than the limit."
        )

    def work(session: Session) -> dict[str, Published]:
        open_topic(session, key)
        return {entry_id: _publish(session, call, key, letter) for entry_id, letter in letters.items()}

    published = await call.ports.database.write(work)
    for item in published.values():
        announce(call.services, item)
    return PublishBatchResponse(
        successful=[
            PublishBatchResultEntry(id=entry_id, message_id=item.message_id) for entry_id, item in published.items()
        ],
        failed=failed,
    )


def _publish(session: Session, call: Call, key: TopicKey, letter: Letter) -> Published:
    published = publish_message(
        session,
        key.arn,
        letter.message,
        subject=letter.subject,
        attributes=letter.attributes,
        by_protocol=letter.by_protocol,
        now=call.ports.clock.now(),
        entropy=call.ports.entropy,
        signer=call.services.get(SnsSigner),
    )
    if isinstance(published, TopicMissing):
        raise CallerError("NotFound", "Topic does not exist", status=404)
    return published


def _check_batch(entries: Sequence[PublishBatchRequestEntry]) -> None:
    ids = [entry.id for entry in entries]
    if not ids:
        raise CallerError("EmptyBatchRequest", "The batch request doesn't contain any entries.")
    if len(ids) > MAX_BATCH_ENTRIES:
        raise CallerError("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.")
    if not all(_BATCH_ID.fullmatch(entry_id) for entry_id in ids):
        raise CallerError(
            "InvalidBatchEntryId",
            "The Id of a batch entry in a batch request doesn't abide by the specification.",
        )
    if len(set(ids)) != len(ids):
        raise CallerError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
