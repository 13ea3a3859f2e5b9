"""The operations on topics."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hatobin.companions.sns import attributes as rules
from hatobin.companions.sns import store
from hatobin.companions.sns.addresses import invalid, open_topic, topic_key
from hatobin.companions.sns.model import MAX_TOPIC_NAME_CHARACTERS, PAGE_SIZE, Topic, TopicKey
from hatobin.companions.sns.pages import cut_page, read_token
from hatobin.gateway import Call, operation
from hatobin.gateway.models.sns import (
    CreateTopicInput,
    CreateTopicResponse,
    DeleteTopicInput,
    GetTopicAttributesInput,
    GetTopicAttributesResponse,
    ListTagsForResourceRequest,
    ListTagsForResourceResponse,
    ListTopicsInput,
    ListTopicsResponse,
    SetTopicAttributesInput,
    Tag,
    TagResourceRequest,
    TagResourceResponse,
    UntagResourceRequest,
    UntagResourceResponse,
)
from hatobin.gateway.models.sns import Topic as ListedTopic
from hatobin.ports import Session
from hatobin.words.errors import CallerError

MAX_TAGS = 50

_NAME = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_TOPIC_NAME_CHARACTERS}}}")
_TOPICS = "topics"


@operation("sns", "CreateTopic")
async def create_topic(call: Call, request: CreateTopicInput) -> CreateTopicResponse:
    """Make a topic; asking again with the same attributes and tags gives the same topic."""
    if request.name.endswith(".fifo"):
        # Deviates: there are only standard topics.
        raise invalid("Name Reason: FIFO topics are not supported by this server")
    if not _NAME.fullmatch(request.name):
        raise invalid("Topic Name")
    wanted = rules.checked_topic(request.attributes or {}, rules.several_attributes)
    tags = {tag.key: tag.value for tag in request.tags or []}
    _check_tags(tags)
    key = TopicKey(call.account_id, call.region, request.name)
    now = call.ports.clock.now()

    def work(session: Session) -> None:
        existing = store.find_topic(session, key)
        if existing is None:
            store.insert_topic(session, Topic(key, _without_empty(wanted), tags, now))
            return
        if any(existing.attributes.get(name, "") != value for name, value in wanted.items()):
            raise invalid("Attributes Reason: Topic already exists with different attributes")
        if request.tags and dict(existing.tags) != tags:
            raise invalid("Tags Reason: Topic already exists with different tags")

    await call.ports.database.write(work)
    return CreateTopicResponse(topic_arn=key.arn)


@operation("sns", "DeleteTopic")
async def delete_topic(call: Call, request: DeleteTopicInput) -> None:
    """Remove a topic with its subscriptions; a missing one is fine."""
    key = topic_key(call, request.topic_arn)
    await call.ports.database.write(lambda session: store.delete_topic(session, key))


@operation("sns", "ListTopics")
async def list_topics(call: Call, request: ListTopicsInput) -> ListTopicsResponse:
    """List topic ARNs by name, 100 per page."""
    after = read_token(request.next_token, kind=_TOPICS)
    rows = await call.ports.database.read(
        lambda session: store.list_topics(
            session,
            account_id=call.account_id,
            region=call.region,
            after=after,
            limit=PAGE_SIZE + 1,
        )
    )
    listed = cut_page(rows, kind=_TOPICS, key=lambda topic: topic.name)
    return ListTopicsResponse(
        topics=[ListedTopic(topic_arn=topic.arn) for topic in listed.items], next_token=listed.next_token
    )


@operation("sns", "GetTopicAttributes")
async def get_topic_attributes(call: Call, request: GetTopicAttributesInput) -> GetTopicAttributesResponse:
    """Give all attributes of a topic and the numbers of its subscriptions."""
    key = topic_key(call, request.topic_arn)
    return GetTopicAttributesResponse(
        attributes=await call.ports.database.read(
            lambda session: rules.shown_topic(open_topic(session, key), store.count_subscriptions(session, key))
        )
    )


@operation("sns", "SetTopicAttributes")
async def set_topic_attributes(call: Call, request: SetTopicAttributesInput) -> None:
    """Set one attribute; an empty value brings the default back."""
    key = topic_key(call, request.topic_arn)
    changes = rules.checked_topic({request.attribute_name: request.attribute_value or ""}, rules.one_attribute)

    def work(session: Session) -> None:
        topic = open_topic(session, key)
        attributes = _without_empty({**topic.attributes, **changes})
        store.update_topic(session, key, attributes=attributes, tags=topic.tags)

    await call.ports.database.write(work)


@operation("sns", "ListTagsForResource")
async def list_tags_for_resource(call: Call, request: ListTagsForResourceRequest) -> ListTagsForResourceResponse:
    """Give the tags of a topic."""
    key = topic_key(call, request.resource_arn, parameter="ResourceArn")
    topic = await call.ports.database.read(lambda session: _tagged_topic(session, key))
    return ListTagsForResourceResponse(tags=[Tag(key=name, value=value) for name, value in topic.tags.items()])


@operation("sns", "TagResource")
async def tag_resource(call: Call, request: TagResourceRequest) -> TagResourceResponse:
    """Add or replace tags of a topic, at most 50 in all."""
    key = topic_key(call, request.resource_arn, parameter="ResourceArn")

    def work(session: Session) -> None:
        topic = _tagged_topic(session, key)
        tags = {**topic.tags, **{tag.key: tag.value for tag in request.tags}}
        _check_tags(tags)
        store.update_topic(session, key, attributes=topic.attributes, tags=tags)

    await call.ports.database.write(work)
    return TagResourceResponse()


@operation("sns", "UntagResource")
async def untag_resource(call: Call, request: UntagResourceRequest) -> UntagResourceResponse:
    """Remove tags of a topic by their keys; missing ones are fine."""
    key = topic_key(call, request.resource_arn, parameter="ResourceArn")

    def work(session: Session) -> None:
        topic = _tagged_topic(session, key)
        tags = {name: value for name, value in topic.tags.items() if name not in request.tag_keys}
        store.update_topic(session, key, attributes=topic.attributes, tags=tags)

    await call.ports.database.write(work)
    return UntagResourceResponse()


def _check_tags(tags: Mapping[str, str]) -> None:
    if len(tags) > MAX_TAGS:
        raise CallerError("TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded")


def _tagged_topic(session: Session, key: TopicKey) -> Topic:
    topic = store.find_topic(session, key)
    if topic is None:
        raise CallerError("ResourceNotFound", "Resource does not exist", status=404)
    return topic


def _without_empty(attributes: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if value != ""}
