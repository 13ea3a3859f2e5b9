"""The operations on the tags of streams."""

from __future__ import annotations

from collections.abc import Callable

from hatobin.companions.firehose import store
from hatobin.companions.firehose.api_streams import key_of
from hatobin.companions.firehose.errors import open_stream
from hatobin.companions.firehose.model import MAX_TAGS
from hatobin.companions.firehose.tags import Pairs, checked, merged
from hatobin.gateway import Call, operation
from hatobin.gateway.models.firehose import (
    ListTagsForDeliveryStreamInput,
    ListTagsForDeliveryStreamOutput,
    Tag,
    TagDeliveryStreamInput,
    TagDeliveryStreamOutput,
    UntagDeliveryStreamInput,
    UntagDeliveryStreamOutput,
)
from hatobin.ports import Session


@operation("firehose", "TagDeliveryStream")
async def tag_delivery_stream(call: Call, request: TagDeliveryStreamInput) -> TagDeliveryStreamOutput:
    """Add tags, or change their values."""
    new = checked(request.tags)
    await _change(call, request.delivery_stream_name, lambda old: merged(old, new))
    return TagDeliveryStreamOutput()


@operation("firehose", "UntagDeliveryStream")
async def untag_delivery_stream(call: Call, request: UntagDeliveryStreamInput) -> UntagDeliveryStreamOutput:
    """Take tags away; those that are not there are fine."""
    gone = set(request.tag_keys)
    await _change(call, request.delivery_stream_name, lambda old: tuple(pair for pair in old if pair[0] not in gone))
    return UntagDeliveryStreamOutput()


@operation("firehose", "ListTagsForDeliveryStream")
async def list_tags_for_delivery_stream(
    call: Call, request: ListTagsForDeliveryStreamInput
) -> ListTagsForDeliveryStreamOutput:
    """Give tags by their keys, in the order of these, a page at a time."""
    key = key_of(call, request.delivery_stream_name)
    stream = await call.ports.database.read(lambda session: open_stream(session, key))
    after, limit = request.exclusive_start_tag_key or "", request.limit or MAX_TAGS
    found = [pair for pair in sorted(stream.tags) if pair[0] > after]
    return ListTagsForDeliveryStreamOutput(
        tags=[Tag(key=name, value=value) for name, value in found[:limit]], has_more_tags=len(found) > limit
    )


async def _change(call: Call, name: str, change: Callable[[Pairs], Pairs]) -> None:
    key = key_of(call, name)

    def work(session: Session) -> None:
        store.set_tags(session, key, change(open_stream(session, key).tags))

    await call.ports.database.write(work)
