"""Buckets of the server under test, reached as the product reaches them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from hatobin.companions import s3
from hatobin.companions.s3 import object_store, store
from hatobin.companions.s3.model import Bucket
from tests.api.harness import ACCOUNT, REGION, Api


def make_bucket(api: Api, name: str, *, account_id: str = ACCOUNT, policy: str | None = None) -> None:
    """Make a bucket of an account."""
    bucket = Bucket(account_id, name, REGION, api.world.clock.now())
    assert api.run(api.world.database.write(lambda session: store.insert_bucket(session, bucket)))
    api.run(api.world.database.write(lambda session: store.update_policy(session, bucket, policy)))


def put_object(api: Api, bucket: str, key: str, content: bytes) -> None:
    """Put an object, in place of a former one."""

    async def pieces() -> AsyncIterator[bytes]:
        yield content

    api.run(api.outbound.services.get(s3.Buckets).objects.put(bucket, key, pieces()))


def get_object(api: Api, bucket: str, key: str) -> bytes:
    """Give the octets of an object."""

    async def read() -> bytes:
        opened = await api.outbound.services.get(s3.Buckets).objects.open(bucket, key)
        return b"".join([piece async for piece in opened.pieces])

    return api.run(read())


def objects(api: Api, name: str) -> dict[str, bytes]:
    """Give what lies in a bucket, by key."""
    bucket = api.read(lambda session: store.find_bucket(session, name))
    assert bucket is not None
    found = api.read(
        lambda session: object_store.list_objects(session, bucket, low="", takes_low=True, high=None, limit=1000)
    )
    return {one.key: get_object(api, name, one.key) for one in found}
