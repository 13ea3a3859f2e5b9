"""Objects through boto3: put, read, listed, copied, deleted."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.companions import s3
from hatobin.companions.s3.paging import Start, Wanted, find_page
from hatobin.words.settings import Server, Settings
from tests.companions.s3.house import House, refused

LARGE = bytes(range(256)) * 5000
NOTHING = b""


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("algorithm", [None, "CRC32", "SHA1", "SHA256"])
@pytest.mark.parametrize("body", [NOTHING, b"short", LARGE], ids=["empty", "short", "large"])
def test_octets_come_back(house: House, scheme: str, algorithm: str | None, body: bytes) -> None:
    """Over http boto3 signs the whole body, over https it sends chunks with a checksum behind them."""
    client = house.client(scheme=scheme)
    client.create_bucket(Bucket="letters")
    extra = {"ChecksumAlgorithm": algorithm} if algorithm else {}
    put = client.put_object(
        Bucket="letters", Key="a/b", Body=body, ContentType="text/plain", Metadata={"k": "v"}, **extra
    )
    got = client.get_object(Bucket="letters", Key="a/b", ChecksumMode="ENABLED")
    assert got["Body"].read() == body
    assert put["ETag"] == got["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert (got["ContentType"], got["Metadata"], got["ContentLength"]) == ("text/plain", {"k": "v"}, len(body))
    name = f"Checksum{algorithm or 'CRC32'}"
    assert got[name] == put[name]
    assert got["ChecksumType"] == "FULL_OBJECT"
    assert client.head_object(Bucket="letters", Key="a/b")["ContentLength"] == len(body)


def test_what_is_said_of_an_object_comes_back(mine: Any) -> None:
    said = {
        "CacheControl": "no-cache",
        "ContentDisposition": 'attachment; filename="a b.txt"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "ja",
        "ContentType": "text/plain; charset=utf-8",
    }
    mine.put_object(Bucket="letters", Key="k", Body=b"x", **said)
    got = mine.get_object(Bucket="letters", Key="k")
    assert {name: got[name] for name in said} == said
    other = mine.get_object(Bucket="letters", Key="k", ResponseContentType="a/b", ResponseCacheControl="private")
    assert (other["ContentType"], other["CacheControl"], other["ContentLanguage"]) == ("a/b", "private", "ja")
    mine.put_object(Bucket="letters", Key="plain", Body=b"x")
    assert mine.get_object(Bucket="letters", Key="plain")["ContentType"] == "binary/octet-stream"


def test_line_ends_do_not_get_into_headers(mine: Any) -> None:
    mine.put_object(Bucket="letters", Key="k", Body=b"x")
    code = refused(mine.get_object, Bucket="letters", Key="k", ResponseContentType="a/b\r\nset-cookie: c=d")
    assert code == "InvalidArgument"


@pytest.mark.parametrize(
    "key", ["a b", "a+b", "あ/い", "../up", "a//b", "a/./b", "%2e%2e", "a?b#c&d=e", "/lead", "trail/", "x" * 1024]
)
def test_keys_are_text(mine: Any, house: House, key: str) -> None:
    mine.put_object(Bucket="letters", Key=key, Body=key.encode())
    assert mine.get_object(Bucket="letters", Key=key)["Body"].read() == key.encode()
    assert [one["Key"] for one in mine.list_objects_v2(Bucket="letters")["Contents"]] == [key]
    assert [one["Key"] for one in mine.list_objects(Bucket="letters")["Contents"]] == [key]
    # No key becomes the name of a blob.
    assert all(blob.startswith("s3/123456789012/") and key not in blob for blob in house.blobs.stored)
    mine.delete_object(Bucket="letters", Key=key)
    assert refused(mine.get_object, Bucket="letters", Key=key) == "NoSuchKey"


def test_parts_of_an_object(mine: Any) -> None:
    mine.put_object(Bucket="letters", Key="k", Body=LARGE)
    for text, start, end in (("bytes=0-9", 0, 10), ("bytes=300000-900000", 300_000, 900_001), ("bytes=-5", -5, None)):
        got = mine.get_object(Bucket="letters", Key="k", Range=text)
        assert got["Body"].read() == LARGE[start:end]
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert got["ContentRange"].endswith(f"/{len(LARGE)}")
    assert refused(mine.get_object, Bucket="letters", Key="k", Range=f"bytes={len(LARGE)}-") == "InvalidRange"
    assert mine.head_object(Bucket="letters", Key="k", Range="bytes=0-9")["ContentLength"] == 10


def test_conditions_of_reads(mine: Any, house: House) -> None:
    tag = mine.put_object(Bucket="letters", Key="k", Body=b"x")["ETag"]
    later = house.now().replace(tzinfo=UTC) + timedelta(hours=1)
    assert mine.get_object(Bucket="letters", Key="k", IfMatch=tag)["ETag"] == tag
    assert refused(mine.get_object, Bucket="letters", Key="k", IfMatch='"other"') == "PreconditionFailed"
    assert refused(mine.get_object, Bucket="letters", Key="k", IfNoneMatch=tag) == "304"
    assert refused(mine.head_object, Bucket="letters", Key="k", IfModifiedSince=later) == "304"
    early = datetime(2001, 1, 1, tzinfo=UTC)
    assert refused(mine.get_object, Bucket="letters", Key="k", IfUnmodifiedSince=early) == "PreconditionFailed"


def test_conditions_of_writes(mine: Any, house: House) -> None:
    tag = mine.put_object(Bucket="letters", Key="k", Body=b"first", IfNoneMatch="*")["ETag"]
    blobs = set(house.blobs.stored)
    assert refused(mine.put_object, Bucket="letters", Key="k", Body=b"second", IfNoneMatch="*") == "PreconditionFailed"
    assert refused(mine.put_object, Bucket="letters", Key="k", Body=b"x", IfMatch='"other"') == "PreconditionFailed"
    assert refused(mine.put_object, Bucket="letters", Key="n", Body=b"x", IfMatch=tag) == "NoSuchKey"
    assert set(house.blobs.stored) == blobs, "what was refused left octets"
    mine.put_object(Bucket="letters", Key="k", Body=b"third", IfMatch=tag)
    assert mine.get_object(Bucket="letters", Key="k")["Body"].read() == b"third"
    assert refused(mine.delete_object, Bucket="letters", Key="k", IfMatch=tag) == "PreconditionFailed"


def test_pages_of_keys(mine: Any) -> None:
    keys = ["a/1", "a/2", "b", "c/1/x", "c/2/y", "d", "あ"]
    for key in keys:
        mine.put_object(Bucket="letters", Key=key, Body=b"x")
    for name in ("list_objects_v2", "list_objects"):
        for size in (1, 2, 3, 1000):
            pages = list(mine.get_paginator(name).paginate(Bucket="letters", PaginationConfig={"PageSize": size}))
            assert [one["Key"] for page in pages for one in page.get("Contents", [])] == keys
            asked = {"Bucket": "letters", "Delimiter": "/", "PaginationConfig": {"PageSize": size}}
            rolled = list(mine.get_paginator(name).paginate(**asked))
            entries = [
                *(one["Prefix"] for page in rolled for one in page.get("CommonPrefixes", [])),
                *(one["Key"] for page in rolled for one in page.get("Contents", [])),
            ]
            assert entries == ["a/", "c/", "b", "d", "あ"]
    below = mine.list_objects_v2(Bucket="letters", Prefix="c/", Delimiter="/")
    assert [one["Prefix"] for one in below["CommonPrefixes"]] == ["c/1/", "c/2/"]
    assert below["KeyCount"] == 2
    assert mine.list_objects_v2(Bucket="letters", StartAfter="b")["KeyCount"] == 4
    none = mine.list_objects_v2(Bucket="letters", MaxKeys=0)
    assert (none["KeyCount"], none["IsTruncated"]) == (0, False)
    code = refused(mine.list_objects_v2, Bucket="letters", ContinuationToken="nonsense")
    assert code == "InvalidArgument"


@given(st.sets(st.text("ab/", min_size=1, max_size=5), max_size=25), st.text("ab/", max_size=2), st.integers(1, 4))
def test_any_page_size_shows_the_same_entries(keys: set[str], prefix: str, limit: int) -> None:
    """Against the definition: keys with the prefix, rolled up at the next slash, each once, in order."""
    ordered = sorted(keys)

    def fetch(start: Start, count: int) -> list[tuple[str, str, str]]:
        end = Wanted(prefix, "/", "", "", limit).end
        found = [
            k for k in ordered if (k >= start.key if start.takes_it else k > start.key) and (end is None or k < end)
        ]
        return [(key, "", key) for key in found[:count]]

    expected = []
    for key in ordered:
        if key.startswith(prefix):
            cut = key.find("/", len(prefix))
            entry = key if cut < 0 else key[: cut + 1]
            if entry not in expected:
                expected.append(entry)
    found: list[str] = []
    after = ""
    for _ in range(len(keys) + 1):
        page = find_page(fetch, Wanted(prefix, "/", after, "", limit))
        assert len(page.items) + len(page.prefixes) <= limit
        found += sorted([*page.items, *page.prefixes])
        if page.last is None:
            break
        after = page.last.key
    assert found == expected


def test_copies_share_their_octets(mine: Any, house: House) -> None:
    mine.put_object(Bucket="letters", Key="a", Body=LARGE, Metadata={"k": "v"}, ContentType="text/plain")
    blobs = dict(house.blobs.stored)
    mine.copy_object(Bucket="letters", Key="b", CopySource={"Bucket": "letters", "Key": "a"})
    mine.copy_object(
        Bucket="letters",
        Key="c",
        CopySource="letters/a",
        MetadataDirective="REPLACE",
        Metadata={"other": "w"},
    )
    assert house.blobs.stored == blobs
    got = mine.get_object(Bucket="letters", Key="b")
    assert (got["Metadata"], got["ContentType"], got["Body"].read()) == ({"k": "v"}, "text/plain", LARGE)
    assert mine.head_object(Bucket="letters", Key="c")["Metadata"] == {"other": "w"}
    mine.delete_object(Bucket="letters", Key="a")
    mine.put_object(Bucket="letters", Key="b", Body=b"other")
    house.clock.elapsed_s += 7200
    house.run(house.upkeep.once())
    assert mine.get_object(Bucket="letters", Key="c")["Body"].read() == LARGE
    mine.delete_object(Bucket="letters", Key="c")
    house.clock.elapsed_s += 7200
    house.run(house.upkeep.once())
    assert list(house.blobs.stored.values()) == [b"other"]


def test_copies_that_are_refused(mine: Any) -> None:
    mine.put_object(Bucket="letters", Key="a", Body=b"x")
    source = {"Bucket": "letters", "Key": "a"}
    assert refused(mine.copy_object, Bucket="letters", Key="a", CopySource=source) == "InvalidRequest"
    assert refused(mine.copy_object, Bucket="letters", Key="b", CopySource="letters/none") == "NoSuchKey"
    assert refused(mine.copy_object, Bucket="letters", Key="b", CopySource="nowhere/a") == "NoSuchBucket"
    code = refused(mine.copy_object, Bucket="letters", Key="b", CopySource=source, CopySourceIfMatch='"other"')
    assert code == "PreconditionFailed"


def test_many_are_deleted_at_once(mine: Any) -> None:
    for key in ("a", "b/c", "あ"):
        mine.put_object(Bucket="letters", Key=key, Body=b"x")
    named = [{"Key": key} for key in ("a", "あ", "never was")]
    answer = mine.delete_objects(Bucket="letters", Delete={"Objects": named})
    assert [one["Key"] for one in answer["Deleted"]] == ["a", "あ", "never was"]
    quiet = mine.delete_objects(Bucket="letters", Delete={"Objects": [{"Key": "b/c"}], "Quiet": True})
    assert "Deleted" not in quiet
    assert mine.list_objects_v2(Bucket="letters")["KeyCount"] == 0


def test_who_reads_comes_to_the_end_of_what_was_replaced(mine: Any, house: House) -> None:
    mine.put_object(Bucket="letters", Key="k", Body=LARGE)
    opened = house.run(house.objects.open("letters", "k"))
    first = house.run(anext(opened.pieces))
    mine.put_object(Bucket="letters", Key="k", Body=b"new")
    mine.delete_object(Bucket="letters", Key="k")
    house.run(house.upkeep.once())

    async def rest() -> bytes:
        return b"".join([piece async for piece in opened.pieces])

    assert first + house.run(rest()) == LARGE


@pytest.mark.parametrize("house", [Settings(server=Server(max_s3_body_bytes=5 * 1024 * 1024))], indirect=True)
def test_bodies_have_a_limit(mine: Any, house: House) -> None:
    assert refused(mine.put_object, Bucket="letters", Key="k", Body=bytes(5 * 1024 * 1024 + 1)) == "EntityTooLarge"
    assert not house.blobs.stored


def test_metadata_has_a_limit(mine: Any) -> None:
    code = refused(mine.put_object, Bucket="letters", Key="k", Body=b"", Metadata={"k": "v" * 2048})
    assert code == "MetadataTooLarge"


@pytest.mark.parametrize(
    "asked",
    [
        {"ServerSideEncryption": "aws:kms"},
        {"ServerSideEncryption": "AES256"},
        {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32},
        {"StorageClass": "GLACIER"},
        {"Tagging": "a=b"},
        {"WebsiteRedirectLocation": "/x"},
        {"ObjectLockLegalHoldStatus": "ON"},
        {"GrantRead": "id=x"},
    ],
    ids=lambda asked: next(iter(asked)),
)
def test_what_is_not_served_is_not_dropped(house: House, asked: dict[str, str]) -> None:
    client = house.client(scheme="https")  # boto3 sends keys of customers over https only.
    client.create_bucket(Bucket="letters")
    assert refused(client.put_object, Bucket="letters", Key="k", Body=b"x", **asked) == "NotImplemented"
    assert refused(client.head_object, Bucket="letters", Key="k") == "404"


def test_acls_are_the_owners_only(mine: Any) -> None:
    mine.put_object(Bucket="letters", Key="k", Body=b"x", ACL="private")
    mine.put_object(Bucket="letters", Key="k", Body=b"x", ACL="bucket-owner-full-control")
    code = refused(mine.put_object, Bucket="letters", Key="k", Body=b"x", ACL="public-read")
    assert code == "AccessControlListNotSupported"


def test_operations_that_are_not_served_say_so(mine: Any) -> None:
    for call, arguments in (
        (mine.get_bucket_versioning, {}),
        (mine.get_bucket_acl, {}),
        (mine.list_object_versions, {}),
        (mine.get_bucket_lifecycle_configuration, {}),
        (mine.get_object_tagging, {"Key": "k"}),
        (mine.get_object, {"Key": "k", "VersionId": "1"}),
        (mine.get_object, {"Key": "k", "PartNumber": 1}),
    ):
        assert refused(call, Bucket="letters", **arguments) == "NotImplemented"


def test_a_client_that_goes_away_leaves_nothing(house: House) -> None:
    house.client().create_bucket(Bucket="letters")
    request = house.signed("PUT", "/letters/k", LARGE)
    with pytest.raises(s3.ClientGone):
        house.send(request, stop_after=600_000)
    assert not house.blobs.stored
    assert house.client().list_objects_v2(Bucket="letters")["KeyCount"] == 0
