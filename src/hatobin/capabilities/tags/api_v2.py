"""TagResource, UntagResource and ListTagsForResource. SES v1 has none.

Refs: API reference v2; surface.md §4.6, appendix F (the texts and the order of checks are probed).
"""

from __future__ import annotations

from hatobin.capabilities.tags.model import TagPair, merged, validate
from hatobin.capabilities.tags.resources import Change, Resource, TaggedKinds, read_resource_arn
from hatobin.gateway import Call, operation
from hatobin.gateway.models.sesv2 import (
    ListTagsForResourceRequest,
    ListTagsForResourceResponse,
    Tag,
    TagResourceRequest,
    UntagResourceRequest,
)
from hatobin.ports import Session
from hatobin.words.errors import CallerError


@operation("sesv2", "TagResource")
async def tag_resource(call: Call, request: TagResourceRequest) -> None:
    """Add tags to a resource; a key that it has gets the new value. No tags at all are no error (probed)."""
    resource = _resource(call, request.resource_arn)
    await _change(call, resource, lambda old: merged(old, validate(request.tags)), failure="Failed to tag resource")


@operation("sesv2", "UntagResource")
async def untag_resource(call: Call, request: UntagResourceRequest) -> None:
    """Take tags off a resource; keys that it does not have are no error."""
    if not request.tag_keys:
        raise CallerError("ValidationException", None)  # Observed: no text at all.
    resource, gone = _resource(call, request.resource_arn), frozenset(request.tag_keys)
    await _change(
        call,
        resource,
        lambda old: tuple(pair for pair in old if pair[0] not in gone),
        failure="Failed to untag resource",
    )


@operation("sesv2", "ListTagsForResource")
async def list_tags_for_resource(call: Call, request: ListTagsForResourceRequest) -> ListTagsForResourceResponse:
    """Show the tags of a resource, in the order in which they came; those of a tenant by key (observed).

    An ARN of another region has none, if there is a resource of its name in this one (probed).
    """
    resource = _resource(call, request.resource_arn)
    pairs = await call.ports.database.read(lambda s: _read(s, call, resource))
    if resource.region != call.region:
        pairs = ()
    if resource.kind.by_key:
        pairs = tuple(sorted(pairs))
    return ListTagsForResourceResponse(tags=[Tag(key=key, value=value) for key, value in pairs])


def _resource(call: Call, arn: str) -> Resource:
    return read_resource_arn(arn, call.services.get(TaggedKinds), call.account_id)


def _read(session: Session, call: Call, resource: Resource) -> tuple[TagPair, ...]:
    found = resource.kind.read(session, call.account_id, call.region, resource.name)
    if found is None:
        raise resource.kind.missing(resource.name)
    return found


async def _change(call: Call, resource: Resource, change: Change, *, failure: str) -> None:
    def work(session: Session) -> None:
        _read(session, call, resource)
        if resource.region != call.region:
            raise CallerError("BadRequestException", failure)
        resource.kind.change(session, call.account_id, call.region, resource.name, change)

    await call.ports.database.write(work)
