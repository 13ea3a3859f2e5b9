"""Blobs that nobody names: deleted when they are old, and never one that somebody names."""

from __future__ import annotations

from typing import Any

import pytest

from hatobin.companions.s3.upkeep import BLOB_AGE_S, RETIRED_FOR_S
from hatobin.ports.blobs import BlobsUnavailable
from tests.companions.s3.house import House


def test_what_was_replaced_or_deleted_goes_after_an_hour(mine: Any, house: House) -> None:
    for body in (b"one", b"two"):
        mine.put_object(Bucket="letters", Key="k", Body=body)
    mine.put_object(Bucket="letters", Key="l", Body=b"three")
    mine.delete_object(Bucket="letters", Key="l")
    house.clock.elapsed_s += RETIRED_FOR_S - 1
    house.run(house.upkeep.once())
    assert sorted(house.blobs.stored.values()) == [b"one", b"three", b"two"]
    house.clock.elapsed_s += 2
    house.run(house.upkeep.once())
    assert list(house.blobs.stored.values()) == [b"two"]
    house.run(house.upkeep.once())
    assert mine.get_object(Bucket="letters", Key="k")["Body"].read() == b"two"


def test_what_a_crash_left_goes_after_a_day(mine: Any, house: House) -> None:
    mine.put_object(Bucket="letters", Key="k", Body=b"kept")
    begun = mine.create_multipart_upload(Bucket="letters", Key="u")["UploadId"]
    mine.upload_part(Bucket="letters", Key="u", UploadId=begun, PartNumber=1, Body=b"a part")
    mine.put_object(Bucket="letters", Key="gone", Body=b"retired")
    house.clock.elapsed_s += BLOB_AGE_S - 60
    mine.delete_object(Bucket="letters", Key="gone")
    house.clock.elapsed_s += 120
    house.run(house.blobs.put("s3/123456789012/ab/fresh", b"on its way"))
    house.blobs.stored["s3/123456789012/ab/orphan"] = b"an orphan"
    house.blobs.put_at["s3/123456789012/ab/orphan"] = 0.0
    house.blobs.stored["mail/123456789012/us-east-1/x"] = b"not ours"
    house.blobs.put_at["mail/123456789012/us-east-1/x"] = 0.0
    assert house.run(house.upkeep.collect_blobs()) == 1
    assert sorted(house.blobs.stored.values()) == [b"a part", b"kept", b"not ours", b"on its way", b"retired"]


def test_a_blob_that_resists_is_deleted_later(mine: Any, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    mine.put_object(Bucket="letters", Key="k", Body=b"x")
    mine.delete_object(Bucket="letters", Key="k")
    house.clock.elapsed_s += RETIRED_FOR_S + 1

    async def resist(key: str) -> None:
        raise BlobsUnavailable("the disk does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(house.blobs, "delete", resist)
        with pytest.raises(BlobsUnavailable):
            house.run(house.upkeep.once())
    assert house.blobs.stored
    house.run(house.upkeep.once())
    assert not house.blobs.stored


def test_the_store_is_away_between_octets_and_row(mine: Any, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit may have been kept, so the octets stay; the client is told to try again."""
    from hatobin.ports.database import DatabaseUnavailable

    async def away(*_: Any, **__: Any) -> None:
        raise DatabaseUnavailable("no room")

    request = house.signed("PUT", "/letters/k", b"x")
    with monkeypatch.context() as patched:
        patched.setattr(house.database, "write", away)
        answer = house.send(request)
    assert (answer.status, answer.code) == (503, "ServiceUnavailable")
    assert list(house.blobs.stored.values()) == [b"x"]
    house.clock.elapsed_s += BLOB_AGE_S + 1
    assert house.run(house.upkeep.collect_blobs()) == 1
