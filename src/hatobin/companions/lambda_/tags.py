"""The tags of functions: checked, and changed by three operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from hatobin.companions.lambda_ import store
from hatobin.companions.lambda_.errors import invalid
from hatobin.companions.lambda_.model import MAX_TAGS, Function, FunctionKey
from hatobin.companions.lambda_.naming import named, open_function
from hatobin.gateway import Call, operation
from hatobin.gateway.models import lambda_ as models
from hatobin.ports import Session


def checked(tags: Mapping[str, str]) -> dict[str, str]:
    """Give tags as they are kept. Raises InvalidParameterValueException."""
    if len(tags) > MAX_TAGS:
        raise invalid(f"Number of tags exceeds resource tag limit of {MAX_TAGS}.")
    if any(name.lower().startswith("aws:") for name in tags):
        raise invalid("aws: prefixed tag key names are not allowed for external use.")
    return dict(tags)


@operation("lambda", "TagResource")
async def tag_resource(call: Call, request: models.TagResourceRequest) -> None:
    """Give a function tags, in place of those with the same keys."""
    await _change(call, request.resource, lambda tags: {**tags, **request.tags})


@operation("lambda", "UntagResource")
async def untag_resource(call: Call, request: models.UntagResourceRequest) -> None:
    """Take tags from a function; keys that it does not have are fine."""
    gone = frozenset(request.tag_keys)
    await _change(call, request.resource, lambda tags: {key: value for key, value in tags.items() if key not in gone})


@operation("lambda", "ListTags")
async def list_tags(call: Call, request: models.ListTagsRequest) -> models.ListTagsResponse:
    """Give the tags of a function."""
    key = _key(call, request.resource)
    function = await call.ports.database.read(lambda session: open_function(session, key))
    return models.ListTagsResponse(tags=function.tags)


async def _change(call: Call, resource: str, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    key = _key(call, resource)

    def work(session: Session) -> None:
        function: Function = open_function(session, key)
        store.update(session, replace(function, tags=checked(change(function.tags))))

    await call.ports.database.write(work, turn=f"lambda {key.account_id}")


def _key(call: Call, resource: str) -> FunctionKey:
    if FunctionKey.from_arn(resource) is None:
        raise invalid(f"{resource} is no function of this server.")
    return named(call, resource)
