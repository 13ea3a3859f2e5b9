"""The operations on queues."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from hatobin.companions.sqs import attributes as rules
from hatobin.companions.sqs import store
from hatobin.companions.sqs.model import (
    MAX_LISTED_QUEUES,
    QUEUE_NAME_CHARACTERS,
    Queue,
    QueueKey,
    parse_redrive,
    queue_url,
)
from hatobin.companions.sqs.queues import key_of, missing, open_queue
from hatobin.gateway import Call, operation
from hatobin.gateway.models.sqs import (
    CreateQueueRequest,
    CreateQueueResult,
    DeleteQueueRequest,
    GetQueueAttributesRequest,
    GetQueueAttributesResult,
    GetQueueUrlRequest,
    GetQueueUrlResult,
    ListQueuesRequest,
    ListQueuesResult,
    ListQueueTagsRequest,
    ListQueueTagsResult,
    PurgeQueueRequest,
    SetQueueAttributesRequest,
    TagQueueRequest,
    UntagQueueRequest,
)
from hatobin.ports import Session
from hatobin.words.errors import CallerError

_NAME = re.compile(rf"[A-Za-z0-9_-]{{1,{QUEUE_NAME_CHARACTERS}}}")
MAX_TAGS = 50

_PAGE_PREFIX = "queues "


@operation("sqs", "CreateQueue")
async def create_queue(call: Call, request: CreateQueueRequest) -> CreateQueueResult:
    """Make a queue; asking again with the same attributes gives the same queue."""
    wanted = dict(request.attributes or {})
    rules.refuse_fifo(request.queue_name, wanted)
    if not _NAME.fullmatch(request.queue_name):
        raise CallerError(
            "InvalidParameterValue",
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        )
    wanted = rules.checked(wanted)
    key = QueueKey(call.account_id, call.region, request.queue_name)
    now, queue_id = call.ports.clock.now(), call.ports.entropy.uuid()

    def work(session: Session) -> None:
        existing = store.find_queue(session, key)
        if existing is None:
            _check_redrive_target(session, key, wanted)
            store.insert_queue(session, Queue(key, queue_id, rules.with_defaults(wanted), now, now), request.tags or {})
            return
        different = rules.first_difference(existing.attributes, wanted)
        if different is not None:
            raise CallerError(
                "QueueNameExists",
                f"A queue already exists with the same name and a different value for attribute {different}",
            )

    await call.ports.database.write(work)
    return CreateQueueResult(queue_url=queue_url(call.settings, key))


@operation("sqs", "GetQueueUrl")
async def get_queue_url(call: Call, request: GetQueueUrlRequest) -> GetQueueUrlResult:
    """Give the URL of an existing queue of the caller."""
    if request.queue_owner_aws_account_id not in (None, "", call.account_id):
        raise missing()
    key = QueueKey(call.account_id, call.region, request.queue_name)
    if await call.ports.database.read(lambda session: store.find_queue(session, key)) is None:
        raise missing()
    return GetQueueUrlResult(queue_url=queue_url(call.settings, key))


@operation("sqs", "GetQueueAttributes")
async def get_queue_attributes(call: Call, request: GetQueueAttributesRequest) -> GetQueueAttributesResult:
    """Give the attributes that are asked for; the approximate numbers are exact here."""
    names = request.attribute_names or []
    wanted = rules.asked_for(names)
    now = call.ports.clock.now()

    def work(session: Session) -> dict[str, str]:
        queue = open_queue(session, call, request.queue_url)
        return _shown_attributes(session, queue, counting=wanted is None or bool(wanted & rules.COUNTED), now=now)

    shown = await call.ports.database.read(work)
    if wanted is not None:
        shown = {name: value for name, value in shown.items() if name in wanted}
    return GetQueueAttributesResult(attributes=shown or None)


@operation("sqs", "SetQueueAttributes")
async def set_queue_attributes(call: Call, request: SetQueueAttributesRequest) -> None:
    """Change attributes; they hold for messages and receipts from now on."""
    rules.refuse_fifo("", request.attributes)
    changes = rules.checked(request.attributes)
    now = call.ports.clock.now()

    def work(session: Session) -> None:
        queue = open_queue(session, call, request.queue_url)
        _check_redrive_target(session, queue.key, changes)
        store.update_attributes(session, queue.key, rules.updated(queue.attributes, changes), now=now)

    await call.ports.database.write(work)


@operation("sqs", "ListQueues")
async def list_queues(call: Call, request: ListQueuesRequest) -> ListQueuesResult:
    """List queue URLs by name; in pages only when MaxResults is given, as at AWS."""
    limit = request.max_results
    if limit is not None and not 1 <= limit <= MAX_LISTED_QUEUES:
        raise CallerError(
            "InvalidParameterValue",
            f"Value {limit} for parameter MaxResults is invalid. Reason: Must be between 1 and {MAX_LISTED_QUEUES}.",
        )
    size = limit or MAX_LISTED_QUEUES
    after = _read_token(request.next_token)
    names = await call.ports.database.read(
        lambda session: store.list_queue_names(
            session,
            account_id=call.account_id,
            region=call.region,
            prefix=request.queue_name_prefix or "",
            after=after,
            limit=size + 1,
        )
    )
    urls = [queue_url(call.settings, QueueKey(call.account_id, call.region, name)) for name in names[:size]]
    has_more = limit is not None and len(names) > size
    return ListQueuesResult(queue_urls=urls or None, next_token=_write_token(names[size - 1]) if has_more else None)


@operation("sqs", "PurgeQueue")
async def purge_queue(call: Call, request: PurgeQueueRequest) -> None:
    """Empty a queue.

    Deviates: it is empty when this returns and may be purged again at once;
    AWS takes a minute and answers PurgeQueueInProgress meanwhile.
    """
    new_queue_id = call.ports.entropy.uuid()
    await call.ports.database.write(
        lambda session: store.purge_queue(
            session, open_queue(session, call, request.queue_url), new_queue_id=new_queue_id
        )
    )


@operation("sqs", "DeleteQueue")
async def delete_queue(call: Call, request: DeleteQueueRequest) -> None:
    """Remove a queue with its messages; the name is free at once (AWS holds it for a minute)."""
    await call.ports.database.write(
        lambda session: store.delete_queue(session, open_queue(session, call, request.queue_url))
    )


@operation("sqs", "ListQueueTags")
async def list_queue_tags(call: Call, request: ListQueueTagsRequest) -> ListQueueTagsResult:
    """Give the tags of a queue."""
    tags = await call.ports.database.read(lambda session: _tags(session, call, request.queue_url))
    return ListQueueTagsResult(tags=tags or None)


@operation("sqs", "TagQueue")
async def tag_queue(call: Call, request: TagQueueRequest) -> None:
    """Add or replace tags, at most 50 in all."""

    def work(session: Session) -> None:
        tags = {**_tags(session, call, request.queue_url), **request.tags}
        if len(tags) > MAX_TAGS:
            raise CallerError("InvalidParameterValue", f"Too many tags added for queue, at most {MAX_TAGS}.")
        store.update_tags(session, key_of(call, request.queue_url), tags)

    await call.ports.database.write(work)


@operation("sqs", "UntagQueue")
async def untag_queue(call: Call, request: UntagQueueRequest) -> None:
    """Remove tags by their keys; missing ones are fine."""

    def work(session: Session) -> None:
        tags = _tags(session, call, request.queue_url)
        kept = {name: value for name, value in tags.items() if name not in request.tag_keys}
        store.update_tags(session, key_of(call, request.queue_url), kept)

    await call.ports.database.write(work)


def _tags(session: Session, call: Call, url: str) -> dict[str, str]:
    queue = open_queue(session, call, url)
    return store.queue_tags(session, queue.key) or {}


def _check_redrive_target(session: Session, key: QueueKey, changes: Mapping[str, str]) -> None:
    policy = changes.get("RedrivePolicy")
    redrive = parse_redrive(policy) if policy else None
    if redrive is None:
        return
    reason = None
    if (redrive.target.account_id, redrive.target.region) != (key.account_id, key.region):
        reason = "Dead-letter target must be in the same account and region as the queue"
    elif store.find_queue(session, redrive.target) is None:
        reason = "Dead letter target does not exist"
    if reason is not None:
        raise CallerError(
            "InvalidParameterValue", f"Value {policy} for parameter RedrivePolicy is invalid. Reason: {reason}."
        )


def _shown_attributes(session: Session, queue: Queue, *, counting: bool, now: float) -> dict[str, str]:
    shown = {
        **queue.attributes,
        "QueueArn": queue.key.arn,
        "CreatedTimestamp": str(int(queue.created_at)),
        "LastModifiedTimestamp": str(int(queue.modified_at)),
    }
    if counting:
        counts = store.count_messages(session, queue, now=now)
        shown["ApproximateNumberOfMessages"] = str(counts.visible)
        shown["ApproximateNumberOfMessagesNotVisible"] = str(counts.in_flight)
        shown["ApproximateNumberOfMessagesDelayed"] = str(counts.delayed)
    return shown


def _write_token(last_name: str) -> str:
    return base64.urlsafe_b64encode(f"{_PAGE_PREFIX}{last_name}".encode()).decode()


def _read_token(token: str | None) -> str:
    """Give the name to continue after; empty at the start."""
    if not token:
        return ""
    try:
        text = base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError:
        text = ""
    if not text.startswith(_PAGE_PREFIX):
        raise CallerError("InvalidParameterValue", "Invalid NextToken value.")
    return text.removeprefix(_PAGE_PREFIX)
