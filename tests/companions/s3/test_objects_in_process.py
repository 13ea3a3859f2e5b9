"""What other rooms do with buckets: the port `Objects`, answered by the companion and by a real S3 alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from hatobin.adapters.s3_objects import S3Login, S3Objects
from hatobin.companions import s3
from hatobin.ports.blobs import BlobsUnavailable
from hatobin.ports.objects import (
    BucketMissing,
    ObjectMissing,
    Objects,
    ObjectsRefused,
    ObjectsUnavailable,
)
from hatobin.protocols.aws.s3.errors import S3Error
from hatobin.words.settings import S3, Aws, Settings
from tests.companions.s3.house import House
from tests.peers.object_store import ACCESS_KEY, SECRET, ObjectStore

LARGE = bytes(range(251)) * 50_000


async def in_pieces(body: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def read(objects: Objects, bucket: str, key: str, start: int = 0) -> bytes:
    opened = await objects.open(bucket, key, start=start)
    pieces = [piece async for piece in opened.pieces]
    assert all(len(piece) < 1_000_000 for piece in pieces)
    return b"".join(pieces)


async def keep_their_promises(objects: Objects) -> None:
    """What the port says, on a bucket `letters` that is empty."""
    for key, body in (("empty", b""), ("a b/あ+%.csv", b"short"), ("large", LARGE)):
        headers = {"content-type": "text/csv", "x-amz-meta-made-by": "a test"}
        put = await objects.put("letters", key, in_pieces(body), headers=headers)
        assert put.size == len(body)
        opened = await objects.open("letters", key)
        assert (opened.facts.size, opened.facts.etag) == (put.size, put.etag)
        assert opened.facts.headers["content-type"] == "text/csv"
        assert opened.facts.headers["x-amz-meta-made-by"] == "a test"
        await opened.pieces.aclose()
        assert await read(objects, "letters", key) == body
    assert await read(objects, "letters", "large", start=10_000_000) == LARGE[10_000_000:]
    await objects.put("letters", "large", in_pieces(b"replaced"))
    assert await read(objects, "letters", "large") == b"replaced"
    assert (await objects.bucket("letters")).name == "letters"
    with pytest.raises(ObjectMissing):
        await objects.open("letters", "none")
    for call in (objects.bucket("nowhere"), objects.open("nowhere", "k"), objects.put("nowhere", "k", in_pieces(b"x"))):
        with pytest.raises(BucketMissing):
            await call

    async def broken() -> AsyncIterator[bytes]:
        yield LARGE
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError):
        await objects.put("letters", "broken", broken())
    with pytest.raises(ObjectMissing):
        await objects.open("letters", "broken")


def test_the_companion(house: House, mine: Any) -> None:
    house.run(keep_their_promises(house.objects))
    facts = house.run(house.objects.bucket("letters"))
    assert (facts.account_id, facts.region) == ("123456789012", "us-east-1")
    # What rooms put is what clients read.
    got = mine.get_object(Bucket="letters", Key="a b/あ+%.csv")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (b"short", "text/csv", {"made-by": "a test"})


@pytest.fixture(scope="module")
def real() -> Iterator[ObjectStore]:
    with ObjectStore() as running:
        running.client().create_bucket(Bucket="letters")
        yield running


async def test_a_real_s3(real: ObjectStore) -> None:
    await keep_their_promises(S3Objects(S3Login(real.endpoint, "us-east-1", ACCESS_KEY, SECRET)))
    got = real.client().get_object(Bucket="letters", Key="a b/あ+%.csv")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (b"short", "text/csv", {"made-by": "a test"})


async def test_a_real_s3_that_is_away() -> None:
    objects = S3Objects(S3Login("http://127.0.0.1:1", "us-east-1", "a", "the secret"))
    for call in (objects.bucket("letters"), objects.open("letters", "k"), objects.put("letters", "k", in_pieces(b"x"))):
        with pytest.raises(ObjectsUnavailable) as caught:
            await call
        assert "the secret" not in str(caught.value)


async def test_keys_that_only_the_companion_can_name(real: ObjectStore) -> None:
    objects = S3Objects(S3Login(real.endpoint, "us-east-1", ACCESS_KEY, SECRET))
    for key in ("", "/a", "a//b", "a/../b"):
        with pytest.raises(ObjectsRefused):
            await objects.open("letters", key)


def test_keys_that_no_object_can_have(house: House, mine: Any) -> None:
    with pytest.raises(S3Error):
        house.run(house.objects.put("letters", "k" * 1025, in_pieces(b"x")))


def test_a_blob_that_is_lost_is_never_less_for_all(house: House, mine: Any) -> None:
    """Whoever reads hears of it; what came before was right."""
    house.run(house.objects.put("letters", "k", in_pieces(b"0123456789")))
    blob = next(iter(house.blobs.stored))
    house.blobs.stored[blob] = b"01234"
    with pytest.raises(ObjectsUnavailable):
        house.run(read(house.objects, "letters", "k"))
    del house.blobs.stored[blob]
    with pytest.raises(ObjectsUnavailable):
        house.run(read(house.objects, "letters", "k"))
    request = house.signed("GET", "/letters/k")
    with pytest.raises(BlobsUnavailable):
        house.send(request)


def test_settings_choose(house: House) -> None:
    from hatobin.app.store import open_objects

    assert isinstance(open_objects(house.settings, house.ports), s3.LocalObjects)
    real = Settings(aws=Aws(s3=S3(endpoint_url="http://127.0.0.1:1")))
    assert isinstance(open_objects(real, house.ports, {}), S3Objects)
