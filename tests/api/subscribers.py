"""What SNS tests share: the endpoints' side, links that are followed, errors that are read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from hatobin.gateway import HttpRequest
from tests.api.harness import Api

HOOK = "http://app.test/hook"


class Posts:
    """What endpoints get from a delivery worker that runs while time passes."""

    def __init__(self, api: Api) -> None:
        self._api = api

        async def start() -> None:
            self._task = asyncio.get_running_loop().create_task(api.outbound.sns_deliveries.run())

        api.run(start())

    @property
    def count(self) -> int:
        """How many came so far."""
        return len(self._api.world.http.posts)

    def wait(self, count: int) -> list[dict[str, Any]]:
        """Let time pass until `count` came, and give all."""
        self._api.wait(lambda: self.count >= count)
        return [json.loads(body) for body in self._api.world.http.posts]


def error_of(work: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        work()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def visit(api: Api, url: str) -> tuple[int, str]:
    """Follow a link as a person or a program does: an unsigned GET."""
    parts = urlsplit(url)
    answer = api.run(
        api.gateway.handle(HttpRequest("GET", parts.path, parts.query, {"host": parts.netloc}, b"", "192.0.2.7"))
    )
    return answer.status, answer.body.decode()


def confirmed(sns: Any, posts: Posts, topic: str, **arguments: Any) -> str:
    """Subscribe an HTTP endpoint and confirm with the token it gets."""
    before = posts.count
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=HOOK, **arguments)
    [*_, asked] = posts.wait(before + 1)
    return str(sns.confirm_subscription(TopicArn=topic, Token=asked["Token"])["SubscriptionArn"])
