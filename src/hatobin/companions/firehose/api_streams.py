"""The operations on delivery streams."""

from __future__ import annotations

from hatobin.companions.firehose import store
from hatobin.companions.firehose.destinations import described, read_destination
from hatobin.companions.firehose.errors import open_stream
from hatobin.companions.firehose.model import DIRECT_PUT, MAX_STREAMS, Stream, StreamKey
from hatobin.companions.firehose.tags import checked
from hatobin.gateway import Call, operation
from hatobin.gateway.models.firehose import (
    CreateDeliveryStreamInput,
    CreateDeliveryStreamOutput,
    DeleteDeliveryStreamInput,
    DeleteDeliveryStreamOutput,
    DeliveryStreamDescription,
    DescribeDeliveryStreamInput,
    DescribeDeliveryStreamOutput,
    ListDeliveryStreamsInput,
    ListDeliveryStreamsOutput,
)
from hatobin.ports import Session
from hatobin.words.errors import CallerError

LISTED = 10
"""Names of a page where the caller does not say (API reference, ListDeliveryStreams)."""
_VERSION = "1"


def key_of(call: Call, name: str) -> StreamKey:
    """Give the stream of this name in the caller's account and region."""
    return StreamKey(call.account_id, call.region, name)


@operation("firehose", "CreateDeliveryStream")
async def create_delivery_stream(call: Call, request: CreateDeliveryStreamInput) -> CreateDeliveryStreamOutput:
    """Make a stream; it takes records as soon as this returns."""
    key = key_of(call, request.delivery_stream_name)
    stream = Stream(
        key,
        call.ports.entropy.uuid(),
        read_destination(request),
        checked(request.tags),
        call.ports.clock.now(),
        lost_records=0,
    )

    def work(session: Session) -> None:
        if store.count_streams(session, key.account_id, key.region) >= MAX_STREAMS:
            raise CallerError(
                "LimitExceededException", f"You have already consumed your firehose quota of {MAX_STREAMS} streams."
            )
        if not store.insert_stream(session, stream):
            raise CallerError(
                "ResourceInUseException", f"Firehose {key.name} under accountId {key.account_id} already exists"
            )

    await call.ports.database.write(work)
    return CreateDeliveryStreamOutput(delivery_stream_arn=key.arn)


@operation("firehose", "DescribeDeliveryStream")
async def describe_delivery_stream(call: Call, request: DescribeDeliveryStreamInput) -> DescribeDeliveryStreamOutput:
    """Show a stream. Raises ResourceNotFoundException."""
    key = key_of(call, request.delivery_stream_name)
    stream = await call.ports.database.read(lambda session: open_stream(session, key))
    return DescribeDeliveryStreamOutput(
        delivery_stream_description=DeliveryStreamDescription(
            delivery_stream_name=key.name,
            delivery_stream_arn=key.arn,
            delivery_stream_status="ACTIVE",
            delivery_stream_type=DIRECT_PUT,
            version_id=_VERSION,
            create_timestamp=stream.created_at,
            destinations=[described(stream.destination)],
            has_more_destinations=False,
        )
    )


@operation("firehose", "ListDeliveryStreams")
async def list_delivery_streams(call: Call, request: ListDeliveryStreamsInput) -> ListDeliveryStreamsOutput:
    """Give names in their order, a page at a time."""
    limit = request.limit or LISTED
    if request.delivery_stream_type not in (None, DIRECT_PUT):
        return ListDeliveryStreamsOutput(delivery_stream_names=[], has_more_delivery_streams=False)
    after = request.exclusive_start_delivery_stream_name or ""
    names = await call.ports.database.read(
        lambda session: store.stream_names(session, call.account_id, call.region, after=after, limit=limit + 1)
    )
    return ListDeliveryStreamsOutput(delivery_stream_names=names[:limit], has_more_delivery_streams=len(names) > limit)


@operation("firehose", "DeleteDeliveryStream")
async def delete_delivery_stream(call: Call, request: DeleteDeliveryStreamInput) -> DeleteDeliveryStreamOutput:
    """Remove a stream, and what it has not delivered. Raises ResourceNotFoundException."""
    key = key_of(call, request.delivery_stream_name)

    def work(session: Session) -> None:
        open_stream(session, key)
        store.delete_stream(session, key)

    await call.ports.database.write(work)
    return DeleteDeliveryStreamOutput()
