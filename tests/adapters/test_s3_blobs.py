"""Blobs in a bucket: what is sent where, and what is said when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hatobin.adapters import s3_blobs
from hatobin.adapters.s3_blobs import S3Address, S3Blobs, S3Unavailable
from hatobin.ports.blobs import BlobMissing
from tests.peers.object_store import SECRET, ObjectStore

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "from-environment",
    "AWS_SECRET_ACCESS_KEY": "its-secret",
    "AWS_SESSION_TOKEN": "its-token",
    "AWS_REGION": "eu-west-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:8005",
}


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectStore]:
    """An object store for these tests."""
    with ObjectStore() as running:
        yield running


@pytest.fixture
def bucket(server: ObjectStore) -> Any:
    """boto3's client of a server with an empty bucket `mail`."""
    client = server.client()
    client.create_bucket(Bucket="mail")
    yield client
    for found in client.list_objects_v2(Bucket="mail").get("Contents", []):
        client.delete_object(Bucket="mail", Key=found["Key"])
    client.delete_bucket(Bucket="mail")


async def test_a_key_lies_below_the_prefix(server: ObjectStore, bucket: Any) -> None:
    await S3Blobs(server.url("mail/one/two/")).put("messages/1", b"body")
    assert bucket.get_object(Bucket="mail", Key="one/two/messages/1")["Body"].read() == b"body"
    assert await S3Blobs(server.url("mail")).get("one/two/messages/1") == b"body"
    with pytest.raises(BlobMissing):
        await S3Blobs(server.url("mail/one")).get("messages/1")


async def test_a_large_object_goes_up_in_parts(
    server: ObjectStore, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_blobs, "PART_BYTES", 5 * 1024 * 1024)
    blobs = S3Blobs(server.url("mail"))
    large = bytes(range(256)) * 45_000
    await blobs.put("large", large)
    await blobs.put("small", large[:1000])
    # S3 shows the number of parts behind the digest of an object that was made of some.
    assert bucket.head_object(Bucket="mail", Key="large")["ETag"].endswith('-3"')
    assert "-" not in bucket.head_object(Bucket="mail", Key="small")["ETag"]
    assert await blobs.get("large") == large


async def test_a_store_that_answers_passes_the_check(server: ObjectStore, bucket: Any) -> None:
    await S3Blobs(server.url("mail/x")).check()


async def test_a_bucket_that_is_missing_is_not_a_missing_blob(server: ObjectStore) -> None:
    blobs = S3Blobs(server.url("nowhere/x"))
    for call in (blobs.check(), blobs.get("a"), blobs.put("a", b""), blobs.delete("a")):
        with pytest.raises(S3Unavailable, match="NoSuchBucket"):
            await call


async def test_a_store_that_is_away_is_said_without_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(s3_blobs.RETRIES, "max_retries", 0)
    blobs = S3Blobs(f"s3://mail/x?endpoint=http://127.0.0.1:1&access_key_id=a&secret_access_key={SECRET}")
    for name, call in (("put", blobs.put("k", b"")), ("get", blobs.get("k")), ("delete", blobs.delete("k"))):
        with pytest.raises(S3Unavailable, match=rf"{name} s3://mail/x/k at http://127.0.0.1:1: ") as caught:
            await call
        assert SECRET not in str(caught.value)
        assert isinstance(caught.value, OSError)


def test_the_url_says_everything() -> None:
    url = "s3://b/p/q?endpoint=http://minio:9000&region=r&access_key_id=a&secret_access_key=s&session_token=t"
    assert S3Address.parse(url, ENVIRONMENT) == S3Address("b", "p/q", "r", "http://minio:9000", "a", "s", "t", False)


def test_what_the_url_leaves_out_comes_from_the_environment_but_never_the_endpoint() -> None:
    assert S3Address.parse("s3://b", ENVIRONMENT) == S3Address(
        "b", "", "eu-west-1", "https://s3.eu-west-1.amazonaws.com", "from-environment", "its-secret", "its-token", False
    )


def test_a_key_of_the_url_goes_without_a_token_from_elsewhere() -> None:
    address = S3Address.parse("s3://b?access_key_id=a&secret_access_key=s", ENVIRONMENT)
    assert (address.access_key_id, address.session_token) == ("a", None)


def test_without_any_key_the_machine_s_role_is_left_to_obstore() -> None:
    address = S3Address.parse("s3://b", {})
    assert (address.region, address.access_key_id) == ("us-east-1", None)
    assert "access_key_id" not in s3_blobs._config(address)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:/tmp/x", "s3://BUCKET"),
        ("s3://", "s3://BUCKET"),
        ("s3://b?endpiont=http://x", "no option endpiont"),
        ("s3://b?access_key_id=a", "belong together"),
        ("s3://b/a/../c", "not a blob key"),
    ],
)
def test_a_wrong_url_is_refused(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        S3Blobs(url)
