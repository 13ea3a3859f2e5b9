"""The operations on messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hatobin.companions.sqs import messages as rules
from hatobin.companions.sqs import store
from hatobin.companions.sqs.digests import attributes_md5, body_md5
from hatobin.companions.sqs.model import (
    MAX_BATCH_BYTES,
    MAX_RECEIVED,
    MAX_WAIT_S,
    Draft,
    Message,
    MessageAttribute,
    Queue,
    Receipt,
)
from hatobin.companions.sqs.queues import key_of, open_queue
from hatobin.companions.sqs.waiters import SqsWaiters
from hatobin.gateway import Call, operation
from hatobin.gateway.models.sqs import (
    BatchResultErrorEntry,
    ChangeMessageVisibilityBatchRequest,
    ChangeMessageVisibilityBatchResult,
    ChangeMessageVisibilityBatchResultEntry,
    ChangeMessageVisibilityRequest,
    DeleteMessageBatchRequest,
    DeleteMessageBatchResult,
    DeleteMessageBatchResultEntry,
    DeleteMessageRequest,
    MessageAttributeValue,
    MessageSystemAttributeValue,
    ReceiveMessageRequest,
    ReceiveMessageResult,
    SendMessageBatchRequest,
    SendMessageBatchRequestEntry,
    SendMessageBatchResult,
    SendMessageBatchResultEntry,
    SendMessageRequest,
    SendMessageResult,
)
from hatobin.gateway.models.sqs import Message as ReceivedMessage
from hatobin.ports import Session
from hatobin.words.errors import CallerError
from hatobin.words.identifiers import ordered_uuid

# How often a long poll looks for what other processes sent and for what became visible by time.
LONG_POLL_LOOK_S = 0.25

_TRACE_HEADER = "AWSTraceHeader"


@dataclass(frozen=True, slots=True)
class _Letter:
    """A message that has been read but not sent; `delay_s` None leaves the delay to the queue."""

    body: str
    attributes: Mapping[str, MessageAttribute]
    trace_header: str | None
    delay_s: int | None

    @property
    def size(self) -> int:
        return len(self.body.encode()) + rules.attributes_size(self.attributes)

    def draft(self, call: Call, queue: Queue, message_id: str) -> Draft:
        delay_s = self.delay_s if self.delay_s is not None else queue.seconds("DelaySeconds")
        return Draft(message_id, self.body, self.attributes, call.principal.user_id, delay_s, self.trace_header)


@operation("sqs", "SendMessage")
async def send_message(call: Call, request: SendMessageRequest) -> SendMessageResult:
    """Put one message into a queue; it is durable when this returns."""
    letter = _read_letter(request)
    now = call.ports.clock.now()
    message_id = ordered_uuid(now, call.ports.entropy.uuid())

    def work(session: Session) -> None:
        queue = open_queue(session, call, request.queue_url)
        rules.check_size(letter.size, queue.seconds("MaximumMessageSize"))
        store.send(session, queue, [letter.draft(call, queue, message_id)], now=now)

    await call.ports.database.write(work)
    call.services.get(SqsWaiters).notify(key_of(call, request.queue_url))
    return SendMessageResult(
        message_id=message_id,
        md5_of_message_body=body_md5(letter.body),
        md5_of_message_attributes=attributes_md5(letter.attributes),
        md5_of_message_system_attributes=_trace_md5(letter),
    )


@operation("sqs", "SendMessageBatch")
async def send_message_batch(call: Call, request: SendMessageBatchRequest) -> SendMessageBatchResult:
    """Put up to ten messages into a queue; each is taken or refused by itself."""
    rules.check_batch(request.entries, "SendMessageBatchRequestEntry")
    letters: dict[str, _Letter] = {}
    failed: list[BatchResultErrorEntry] = []
    for entry in request.entries:
        try:
            letters[entry.id] = _read_letter(entry)
        except CallerError as error:
            failed.append(_failure(entry.id, error))
    total = sum(letter.size for letter in letters.values())
    if total > MAX_BATCH_BYTES:
        raise CallerError(
            "BatchRequestTooLong",
            f"Batch requests cannot be longer than {MAX_BATCH_BYTES} bytes. You have sent {total} bytes.",
        )
    now = call.ports.clock.now()
    message_ids = {entry_id: ordered_uuid(now, call.ports.entropy.uuid()) for entry_id in letters}

    def work(session: Session) -> list[BatchResultErrorEntry]:
        queue = open_queue(session, call, request.queue_url)
        refused: list[BatchResultErrorEntry] = []
        drafts: list[Draft] = []
        for entry_id, letter in letters.items():
            try:
                rules.check_size(letter.size, queue.seconds("MaximumMessageSize"))
                drafts.append(letter.draft(call, queue, message_ids[entry_id]))
            except CallerError as error:
                refused.append(_failure(entry_id, error))
        store.send(session, queue, drafts, now=now)
        return refused

    failed += await call.ports.database.write(work)
    call.services.get(SqsWaiters).notify(key_of(call, request.queue_url))
    refused_ids = {entry.id for entry in failed}
    return SendMessageBatchResult(
        successful=[
            _sent(entry_id, message_ids[entry_id], letter)
            for entry_id, letter in letters.items()
            if entry_id not in refused_ids
        ],
        failed=failed,
    )


@operation("sqs", "ReceiveMessage")
async def receive_message(call: Call, request: ReceiveMessageRequest) -> ReceiveMessageResult:
    """Take visible messages, waiting for the first one as long as the caller or the queue says."""
    limit = request.max_number_of_messages if request.max_number_of_messages is not None else 1
    rules.check_between(
        limit, "MaxNumberOfMessages", 1, MAX_RECEIVED, f"Must be between 1 and {MAX_RECEIVED}, if provided"
    )
    if request.wait_time_seconds is not None:
        rules.check_between(
            request.wait_time_seconds,
            "WaitTimeSeconds",
            0,
            MAX_WAIT_S,
            f"Must be >= 0 and <= {MAX_WAIT_S}, if provided",
        )
    if request.visibility_timeout is not None:
        rules.check_visibility(request.visibility_timeout)
    clock = call.ports.clock
    started = clock.monotonic()
    while True:
        queue, due = await call.ports.database.read(lambda session: _look(session, call, request.queue_url))
        messages = await _take(call, request, limit) if due else ()
        wait_s = request.wait_time_seconds
        if wait_s is None:
            wait_s = queue.seconds("ReceiveMessageWaitTimeSeconds")
        left_s = started + wait_s - clock.monotonic()
        if messages or left_s <= 0:
            return ReceiveMessageResult(messages=[_shown(message, request) for message in messages] or None)
        await call.services.get(SqsWaiters).wait(queue.key, min(left_s, LONG_POLL_LOOK_S))


@operation("sqs", "DeleteMessage")
async def delete_message(call: Call, request: DeleteMessageRequest) -> None:
    """Remove a received message.

    Only the latest receipt removes it; an older one is accepted and does
    nothing, which the API reference allows for standard queues.
    """
    receipt = _read_receipt(request.receipt_handle)
    await call.ports.database.write(lambda session: _delete(session, call, request.queue_url, [receipt]))


@operation("sqs", "DeleteMessageBatch")
async def delete_message_batch(call: Call, request: DeleteMessageBatchRequest) -> DeleteMessageBatchResult:
    """Remove up to ten received messages."""
    rules.check_batch(request.entries, "DeleteMessageBatchRequestEntry")
    receipts: dict[str, Receipt] = {}
    failed: list[BatchResultErrorEntry] = []
    for entry in request.entries:
        try:
            receipts[entry.id] = _read_receipt(entry.receipt_handle)
        except CallerError as error:
            failed.append(_failure(entry.id, error))
    await call.ports.database.write(lambda session: _delete(session, call, request.queue_url, list(receipts.values())))
    return DeleteMessageBatchResult(
        successful=[DeleteMessageBatchResultEntry(id=entry_id) for entry_id in receipts], failed=failed
    )


@operation("sqs", "ChangeMessageVisibility")
async def change_message_visibility(call: Call, request: ChangeMessageVisibilityRequest) -> None:
    """Set how long from now a message in flight stays out of sight; zero gives it back at once."""
    rules.check_visibility(request.visibility_timeout)
    receipt = _read_receipt(request.receipt_handle)
    now = call.ports.clock.now()
    await call.ports.database.write(
        lambda session: _change_visibility(
            session, open_queue(session, call, request.queue_url), receipt, request.visibility_timeout, now=now
        )
    )
    if request.visibility_timeout == 0:
        call.services.get(SqsWaiters).notify(key_of(call, request.queue_url))


@operation("sqs", "ChangeMessageVisibilityBatch")
async def change_message_visibility_batch(
    call: Call, request: ChangeMessageVisibilityBatchRequest
) -> ChangeMessageVisibilityBatchResult:
    """Set the visibility of up to ten messages in flight."""
    rules.check_batch(request.entries, "ChangeMessageVisibilityBatchRequestEntry")
    now = call.ports.clock.now()

    def work(session: Session) -> ChangeMessageVisibilityBatchResult:
        queue = open_queue(session, call, request.queue_url)
        changed: list[ChangeMessageVisibilityBatchResultEntry] = []
        failed: list[BatchResultErrorEntry] = []
        for entry in request.entries:
            visibility_s = entry.visibility_timeout or 0
            try:
                rules.check_visibility(visibility_s)
                _change_visibility(session, queue, _read_receipt(entry.receipt_handle), visibility_s, now=now)
                changed.append(ChangeMessageVisibilityBatchResultEntry(id=entry.id))
            except CallerError as error:
                failed.append(_failure(entry.id, error))
        return ChangeMessageVisibilityBatchResult(successful=changed, failed=failed)

    result = await call.ports.database.write(work)
    if any(not entry.visibility_timeout for entry in request.entries):
        call.services.get(SqsWaiters).notify(key_of(call, request.queue_url))
    return result


def _read_letter(request: SendMessageRequest | SendMessageBatchRequestEntry) -> _Letter:
    rules.check_body(request.message_body)
    if request.delay_seconds is not None:
        rules.check_delay(request.delay_seconds)
    return _Letter(
        body=request.message_body,
        attributes=rules.read_attributes(request.message_attributes),
        trace_header=_read_trace_header(request.message_system_attributes),
        delay_s=request.delay_seconds,
    )


def _read_trace_header(attributes: Mapping[str, MessageSystemAttributeValue] | None) -> str | None:
    for name, value in (attributes or {}).items():
        if name != _TRACE_HEADER or value.data_type != "String" or not value.string_value:
            raise CallerError("InvalidParameterValue", f"Message system attribute name '{name}' is invalid.")
        return value.string_value
    return None


def _trace_md5(letter: _Letter) -> str | None:
    if letter.trace_header is None:
        return None
    return attributes_md5({_TRACE_HEADER: MessageAttribute("String", string_value=letter.trace_header)})


def _sent(entry_id: str, message_id: str, letter: _Letter) -> SendMessageBatchResultEntry:
    return SendMessageBatchResultEntry(
        id=entry_id,
        message_id=message_id,
        md5_of_message_body=body_md5(letter.body),
        md5_of_message_attributes=attributes_md5(letter.attributes),
        md5_of_message_system_attributes=_trace_md5(letter),
    )


def _failure(entry_id: str, error: CallerError) -> BatchResultErrorEntry:
    return BatchResultErrorEntry(id=entry_id, sender_fault=True, code=error.code, message=error.message)


def _look(session: Session, call: Call, url: str) -> tuple[Queue, bool]:
    queue = open_queue(session, call, url)
    return queue, store.has_visible(session, queue, now=call.ports.clock.now())


async def _take(call: Call, request: ReceiveMessageRequest, limit: int) -> tuple[Message, ...]:
    now = call.ports.clock.now()

    def work(session: Session) -> store.Batch:
        queue = open_queue(session, call, request.queue_url)
        visibility_s = request.visibility_timeout
        if visibility_s is None:
            visibility_s = queue.seconds("VisibilityTimeout")
        return store.receive(session, queue, limit=limit, visibility_s=visibility_s, now=now)

    batch = await call.ports.database.write(work, turn=f"sqs {key_of(call, request.queue_url).arn}")
    for key in batch.moved_to:
        call.services.get(SqsWaiters).notify(key)
    return batch.messages


def _read_receipt(handle: str) -> Receipt:
    receipt = Receipt.parse(handle)
    if receipt is None:
        raise CallerError(
            "ReceiptHandleIsInvalid", f'The input receipt handle "{handle}" is not a valid receipt handle.'
        )
    return receipt


def _delete(session: Session, call: Call, url: str, receipts: list[Receipt]) -> None:
    queue = open_queue(session, call, url)
    for receipt in receipts:
        if receipt.queue_id == queue.queue_id:
            store.delete_message(session, queue, receipt)


def _change_visibility(session: Session, queue: Queue, receipt: Receipt, visibility_s: int, *, now: float) -> None:
    changed = store.change_visibility(session, queue, receipt, visible_at=now + visibility_s, now=now)
    if changed is None:
        raise CallerError(
            "InvalidParameterValue",
            f"Value {receipt.handle} for parameter ReceiptHandle is invalid."
            " Reason: Message does not exist or is not available for visibility timeout change.",
        )
    if not changed:
        raise CallerError("MessageNotInflight", "The message referred to is not in flight.")


def _shown(message: Message, request: ReceiveMessageRequest) -> ReceivedMessage:
    attributes = rules.selected_attributes(message.attributes, request.message_attribute_names or ())
    names = {*(request.attribute_names or ()), *(request.message_system_attribute_names or ())}
    system = _system_attributes(message)
    if "All" not in names:
        system = {name: value for name, value in system.items() if name in names}
    return ReceivedMessage(
        message_id=message.message_id,
        receipt_handle=message.receipt_handle,
        body=message.body,
        md5_of_body=body_md5(message.body),
        md5_of_message_attributes=attributes_md5(attributes),
        attributes=system or None,
        message_attributes={
            name: MessageAttributeValue(
                data_type=value.data_type, string_value=value.string_value, binary_value=value.binary_value
            )
            for name, value in attributes.items()
        }
        or None,
    )


def _system_attributes(message: Message) -> dict[str, str]:
    shown = {
        "SenderId": message.sender_id,
        "SentTimestamp": str(int(message.sent_at * 1000)),
        "ApproximateReceiveCount": str(message.receive_count),
        "ApproximateFirstReceiveTimestamp": str(int(message.first_received_at * 1000)),
    }
    if message.trace_header is not None:
        shown["AWSTraceHeader"] = message.trace_header
    if message.dead_letter_source is not None:
        shown["DeadLetterQueueSourceArn"] = message.dead_letter_source
    return shown
