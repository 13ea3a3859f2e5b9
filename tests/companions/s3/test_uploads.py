"""Uploads in parts: any order, checked, put together without copying, given up."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any

import pytest

from hatobin.companions.s3.model import MIN_PART_OCTETS
from hatobin.ports import Session
from tests.companions.s3.house import House, refused

FIRST = b"a" * MIN_PART_OCTETS
SECOND = b"b" * (MIN_PART_OCTETS + 1)
LAST = b"the end"


def upload(client: Any, parts: dict[int, bytes], **extra: Any) -> tuple[str, list[dict[str, Any]]]:
    of_part = {name: value for name, value in extra.items() if name == "ChecksumAlgorithm"}
    begun = client.create_multipart_upload(Bucket="letters", Key="k", **extra)["UploadId"]
    named = []
    for number, body in parts.items():
        done = client.upload_part(Bucket="letters", Key="k", UploadId=begun, PartNumber=number, Body=body, **of_part)
        found = {name: value for name, value in done.items() if name == "ETag" or name.startswith("Checksum")}
        named.append({"PartNumber": number, **found})
    return begun, sorted(named, key=lambda part: part["PartNumber"])


def complete(client: Any, begun: str, parts: list[dict[str, Any]], **extra: Any) -> Any:
    return client.complete_multipart_upload(
        Bucket="letters", Key="k", UploadId=begun, MultipartUpload={"Parts": parts}, **extra
    )


def tag_of(*parts: bytes) -> str:
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f'"{hashlib.md5(digests).hexdigest()}-{len(parts)}"'


def rows(house: House, table: str) -> int:
    def count(session: Session) -> int:
        row = session.one(f"SELECT COUNT(*) FROM {table}")
        assert row is not None
        return int(row[0])

    return house.read(count)


def test_parts_become_one_object(mine: Any, house: House) -> None:
    begun, parts = upload(mine, {3: LAST, 1: FIRST, 2: SECOND}, Metadata={"k": "v"}, ContentType="a/b")
    assert mine.list_objects_v2(Bucket="letters")["KeyCount"] == 0
    blobs = dict(house.blobs.stored)
    done = complete(mine, begun, parts)
    assert done["ETag"] == tag_of(FIRST, SECOND, LAST)
    assert house.blobs.stored == blobs, "octets were copied"
    got = mine.get_object(Bucket="letters", Key="k")
    assert got["Body"].read() == FIRST + SECOND + LAST
    assert (got["Metadata"], got["ContentType"], got["ETag"]) == ({"k": "v"}, "a/b", done["ETag"])
    start = MIN_PART_OCTETS - 3
    ranged = mine.get_object(Bucket="letters", Key="k", Range=f"bytes={start}-{2 * MIN_PART_OCTETS + 4}")
    assert ranged["Body"].read() == (FIRST + SECOND + LAST)[start : 2 * MIN_PART_OCTETS + 5]
    assert rows(house, "s3_upload") == rows(house, "s3_part") == 0


def test_the_answer_is_the_same_when_it_was_lost(mine: Any) -> None:
    begun, parts = upload(mine, {1: FIRST, 2: LAST})
    assert complete(mine, begun, parts)["ETag"] == complete(mine, begun, parts)["ETag"]
    mine.put_object(Bucket="letters", Key="k", Body=b"other")
    assert refused(complete, client=mine, begun=begun, parts=parts) == "NoSuchUpload"


def test_a_part_may_be_sent_again_and_left_out(mine: Any, house: House) -> None:
    begun, parts = upload(mine, {1: SECOND, 2: b"left out", 3: LAST})
    tag = mine.upload_part(Bucket="letters", Key="k", UploadId=begun, PartNumber=1, Body=FIRST)["ETag"]
    assert refused(complete, client=mine, begun=begun, parts=parts) == "InvalidPart"
    complete(mine, begun, [{"PartNumber": 1, "ETag": tag}, parts[2]])
    assert mine.get_object(Bucket="letters", Key="k")["Body"].read() == FIRST + LAST
    house.clock.elapsed_s += 7200
    house.run(house.upkeep.once())
    assert sorted(map(len, house.blobs.stored.values())) == [len(LAST), len(FIRST)]


def test_what_cannot_be_put_together(mine: Any) -> None:
    begun, parts = upload(mine, {1: LAST, 2: FIRST, 3: LAST})

    def code(*named: dict[str, Any], **extra: Any) -> str:
        return refused(complete, client=mine, begun=begun, parts=list(named), **extra)

    assert code(parts[0], parts[1]) == "EntityTooSmall"
    assert code(parts[2], parts[1]) == "InvalidPartOrder"
    assert code({"PartNumber": 9, "ETag": '"x"'}) == "InvalidPart"
    assert code(parts[1] | {"ETag": '"0"'}) == "InvalidPart"
    assert code(parts[1], MpuObjectSize=1) == "InvalidRequest"
    assert code(parts[1], IfMatch='"x"') == "NoSuchKey"
    assert refused(complete, client=mine, begun="none", parts=parts) == "NoSuchUpload"
    complete(mine, begun, parts[1:], MpuObjectSize=len(FIRST) + len(LAST))  # Nothing was lost by refusals.
    other, others = upload(mine, {1: b"x"})
    assert refused(complete, client=mine, begun=other, parts=others, IfNoneMatch="*") == "PreconditionFailed"


@pytest.mark.parametrize("number", [0, 10_001, "one"])
def test_numbers_of_parts(mine: Any, house: House, number: Any) -> None:
    begun = mine.create_multipart_upload(Bucket="letters", Key="k")["UploadId"]
    answer = house.send(house.signed("PUT", f"/letters/k?uploadId={begun}&partNumber={number}", b"x"))
    assert answer.code == "InvalidArgument"


def test_parts_of_an_upload_that_is_not_there(mine: Any, house: House) -> None:
    begun = mine.create_multipart_upload(Bucket="letters", Key="k")["UploadId"]
    arguments = {"Bucket": "letters", "PartNumber": 1, "Body": b"x"}
    assert refused(mine.upload_part, Key="k", UploadId="none", **arguments) == "NoSuchUpload"
    assert refused(mine.upload_part, Key="other", UploadId=begun, **arguments) == "NoSuchUpload"
    mine.abort_multipart_upload(Bucket="letters", Key="k", UploadId=begun)
    assert refused(mine.upload_part, Key="k", UploadId=begun, **arguments) == "NoSuchUpload"
    code = refused(mine.abort_multipart_upload, Bucket="letters", Key="k", UploadId=begun)
    assert code == "NoSuchUpload"
    assert not house.blobs.stored


def test_an_upload_given_up_leaves_nothing(mine: Any, house: House) -> None:
    begun, _ = upload(mine, {1: FIRST, 2: LAST})
    mine.abort_multipart_upload(Bucket="letters", Key="k", UploadId=begun)
    house.clock.elapsed_s += 7200
    house.run(house.upkeep.once())
    assert not house.blobs.stored
    assert rows(house, "s3_part") == rows(house, "s3_piece") == rows(house, "s3_retired") == 0


def test_an_upload_that_nobody_ends_is_given_up(mine: Any, house: House) -> None:
    upload(mine, {1: LAST})
    house.clock.elapsed_s += 6 * 86_400
    house.run(house.upkeep.once())
    assert mine.list_multipart_uploads(Bucket="letters")["Uploads"]
    house.clock.elapsed_s += 86_401
    house.run(house.upkeep.once())
    assert "Uploads" not in mine.list_multipart_uploads(Bucket="letters")


def test_uploads_and_parts_are_listed_in_pages(mine: Any, house: House) -> None:
    begun = []
    for key in ("b", "a/1", "a/1", "a/2"):
        begun.append((key, mine.create_multipart_upload(Bucket="letters", Key=key)["UploadId"]))
        house.clock.elapsed_s += 1
    ordered = sorted(begun, key=lambda one: (one[0], begun.index(one)))
    for size in (1, 2, 10):
        pages = mine.get_paginator("list_multipart_uploads").paginate(
            Bucket="letters", PaginationConfig={"PageSize": size}
        )
        found = [(one["Key"], one["UploadId"]) for page in pages for one in page.get("Uploads", [])]
        assert found == ordered
    rolled = mine.list_multipart_uploads(Bucket="letters", Delimiter="/")
    assert ([one["Prefix"] for one in rolled["CommonPrefixes"]], len(rolled["Uploads"])) == (["a/"], 1)
    upload_id = begun[0][1]
    for number in (3, 1, 2):
        mine.upload_part(Bucket="letters", Key="b", UploadId=upload_id, PartNumber=number, Body=b"x" * number)
    for size in (1, 2, 10):
        pages = mine.get_paginator("list_parts").paginate(
            Bucket="letters", Key="b", UploadId=upload_id, PaginationConfig={"PageSize": size}
        )
        assert [(one["PartNumber"], one["Size"]) for page in pages for one in page.get("Parts", [])] == [
            (1, 1),
            (2, 2),
            (3, 3),
        ]


def test_a_composite_checksum(mine: Any) -> None:
    begun, parts = upload(mine, {1: FIRST, 2: LAST}, ChecksumAlgorithm="SHA256")
    done = complete(mine, begun, parts)
    digests = hashlib.sha256(FIRST).digest() + hashlib.sha256(LAST).digest()
    expected = base64.b64encode(hashlib.sha256(digests).digest()).decode() + "-2"
    assert (done["ChecksumSHA256"], done["ChecksumType"]) == (expected, "COMPOSITE")
    head = mine.head_object(Bucket="letters", Key="k", ChecksumMode="ENABLED")
    assert (head["ChecksumSHA256"], head["ChecksumType"]) == (expected, "COMPOSITE")


def test_a_checksum_of_the_whole(mine: Any) -> None:
    whole = base64.b64encode(zlib.crc32(FIRST + LAST).to_bytes(4, "big")).decode()
    extra = {"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT"}
    begun, parts = upload(mine, {1: FIRST, 2: LAST}, **extra)
    assert refused(complete, client=mine, begun=begun, parts=parts, ChecksumCRC32="AAAAAA==") == "BadDigest"
    assert complete(mine, begun, parts, ChecksumCRC32=whole)["ChecksumCRC32"] == whole


def test_checksums_that_do_not_go_together(mine: Any) -> None:
    def begin(**extra: str) -> str:
        return refused(mine.create_multipart_upload, Bucket="letters", Key="k", **extra)

    assert begin(ChecksumAlgorithm="SHA256", ChecksumType="FULL_OBJECT") == "InvalidRequest"
    assert begin(ChecksumAlgorithm="CRC64NVME", ChecksumType="COMPOSITE") == "InvalidRequest"
    upload_id = mine.create_multipart_upload(Bucket="letters", Key="k", ChecksumAlgorithm="SHA1")["UploadId"]
    code = refused(
        mine.upload_part,
        Bucket="letters",
        Key="k",
        UploadId=upload_id,
        PartNumber=1,
        Body=b"x",
        ChecksumAlgorithm="CRC32",
    )
    assert code == "InvalidRequest"


def test_parts_are_made_of_ranges_of_objects(mine: Any, house: House) -> None:
    mine.put_object(Bucket="letters", Key="source", Body=b"-" + FIRST + b"-")
    blobs = dict(house.blobs.stored)
    begun = mine.create_multipart_upload(Bucket="letters", Key="k")["UploadId"]
    named = []
    for number, text in ((1, f"bytes=1-{MIN_PART_OCTETS}"), (2, "bytes=0-0")):
        done = mine.upload_part_copy(
            Bucket="letters",
            Key="k",
            UploadId=begun,
            PartNumber=number,
            CopySource="letters/source",
            CopySourceRange=text,
        )
        named.append({"PartNumber": number, "ETag": done["CopyPartResult"]["ETag"]})
    assert complete(mine, begun, named)["ETag"] == tag_of(FIRST, b"-")
    mine.delete_object(Bucket="letters", Key="source")
    house.clock.elapsed_s += 7200
    house.run(house.upkeep.once())
    assert house.blobs.stored == blobs, "octets were copied, or lost"
    assert mine.get_object(Bucket="letters", Key="k")["Body"].read() == FIRST + b"-"
