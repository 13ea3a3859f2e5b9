"""Requests that were signed once and changed, signed wrongly, or by somebody else: none does anything."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from hatobin.protocols.aws.s3.chunked import SIGNED, SIGNED_TRAILER, ChunkSigning
from hatobin.protocols.aws.sigv4 import signing_key
from tests.companions.s3.house import ACCOUNT, HOST, KEYS, OTHER_ACCOUNT, REGION, House, Signed, changed, refused

BODY = b"0123456789" * 10
EMPTY = hashlib.sha256(b"").hexdigest()


@pytest.fixture
def written(mine: Any, house: House) -> Signed:
    """A request that puts an object, not sent yet."""
    return house.signed("PUT", "/letters/k", BODY, x_amz_content_sha256=hashlib.sha256(BODY).hexdigest())


CHANGES: dict[str, tuple[Callable[[Signed], Signed], str]] = {
    "another body": (lambda r: changed(r, body=BODY[::-1]), "XAmzContentSHA256Mismatch"),
    "a shorter body": (lambda r: changed(r, body=BODY[:-1], headers={"content-length": "100"}), "IncompleteBody"),
    "a longer body": (lambda r: changed(r, body=BODY + b"x", headers={"content-length": "100"}), "IncompleteBody"),
    "another key": (lambda r: changed(r, url=r.url[:-1] + "l"), "SignatureDoesNotMatch"),
    "a key below": (lambda r: changed(r, url=r.url + "/../k"), "SignatureDoesNotMatch"),
    "doubled slashes": (lambda r: changed(r, url=r.url.replace("/k", "//k")), "SignatureDoesNotMatch"),
    "another bucket": (lambda r: changed(r, url=r.url.replace("letters", "other-letters")), "SignatureDoesNotMatch"),
    "another method": (lambda r: changed(r, method="DELETE"), "SignatureDoesNotMatch"),
    "a query": (lambda r: changed(r, url=r.url + "?acl"), "SignatureDoesNotMatch"),
    "another host": (lambda r: changed(r, headers={"host": "s3.example.com"}), "SignatureDoesNotMatch"),
    "another digest": (
        lambda r: changed(r, headers={"X-Amz-Content-SHA256": EMPTY}),
        "SignatureDoesNotMatch",
    ),
    "no digest any more": (
        lambda r: changed(r, headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}),
        "SignatureDoesNotMatch",
    ),
    "a copy source": (lambda r: changed(r, headers={"x-amz-copy-source": "letters/secret"}), "AccessDenied"),
    "metadata": (lambda r: changed(r, headers={"x-amz-meta-a": "b"}), "AccessDenied"),
    "an ACL": (lambda r: changed(r, headers={"x-amz-acl": "public-read"}), "AccessDenied"),
    "a token": (lambda r: changed(r, headers={"x-amz-security-token": "t"}), "AccessDenied"),
    "another date": (lambda r: changed(r, headers={"X-Amz-Date": "20231114T221321Z"}), "SignatureDoesNotMatch"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_after_it_was_signed_is_refused(house: House, mine: Any, written: Signed, name: str) -> None:
    change, expected = CHANGES[name]
    mine.create_bucket(Bucket="other-letters")
    assert house.send(change(written)).code == expected
    assert not house.blobs.stored
    assert mine.list_objects_v2(Bucket="letters")["KeyCount"] == 0
    assert house.send(written).status == 200, "the request itself is good"


@pytest.mark.parametrize(
    ("signed", "expected"),
    [
        ({"service": "ses"}, "AuthorizationHeaderMalformed"),
        ({"service": "S3"}, "AuthorizationHeaderMalformed"),
        ({"region": "eu-west-1"}, "AuthorizationHeaderMalformed"),
        ({"x_amz_content_sha256": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}, "NotImplemented"),
        ({"x_amz_content_sha256": "none"}, "InvalidArgument"),
        ({"x_amz_content_sha256": EMPTY}, "XAmzContentSHA256Mismatch"),
    ],
)
def test_what_was_signed_wrongly_is_refused(mine: Any, house: House, signed: dict[str, str], expected: str) -> None:
    assert house.send(house.signed("PUT", "/letters/k", BODY, **signed)).code == expected
    assert not house.blobs.stored


def test_a_digest_must_be_stated(mine: Any, house: House, written: Signed) -> None:
    kept = {name: value for name, value in written.headers.items() if name.lower() != "x-amz-content-sha256"}
    assert house.send(Signed("PUT", written.url, kept, BODY)).code == "InvalidRequest"


def test_unsigned_requests_are_refused(mine: Any, house: House) -> None:
    for method, target in (("GET", "/letters/k"), ("PUT", "/letters/k"), ("GET", "/"), ("GET", "/nowhere")):
        answer = house.send(Signed(method, f"http://{HOST}{target}", {}, b""))
        assert (answer.status, answer.code) == (403, "AccessDenied")


def test_old_and_early_signatures_are_refused(mine: Any, house: House, written: Signed) -> None:
    for seconds in (901, -901):
        house.clock.elapsed_s += seconds
        assert house.send(written).code == "RequestTimeTooSkewed"
        house.clock.elapsed_s -= seconds
    house.clock.elapsed_s += 890
    assert house.send(written).status == 200  # Equal requests are good for a quarter of an hour, as at AWS.


def test_keys_that_are_not_there_or_wrong(mine: Any, house: House, written: Signed) -> None:
    text = written.headers["Authorization"]
    nobody = changed(written, headers={"Authorization": text.replace("AKIAMINE", "AKIANOBODY")})
    assert house.send(nobody).code == "InvalidAccessKeyId"
    theirs = changed(written, headers={"Authorization": text.replace("AKIAMINE", "AKIATHEIRS")})
    assert house.send(theirs).code == "SignatureDoesNotMatch"
    assert house.credentials.used[-1][1:] == ("s3", "us-east-1")
    house.credentials.session_tokens["AKIAMINE"] = "the token"
    assert house.send(written).code == "InvalidToken"


def test_temporary_keys_end(house: House, mine: Any) -> None:
    house.credentials.expires_at = house.clock.now() + 60
    assert mine.list_buckets()["Buckets"]
    house.clock.elapsed_s += 60
    assert refused(mine.list_buckets) == "ExpiredToken"


def test_another_account_may_do_nothing(mine: Any, house: House) -> None:
    mine.put_object(Bucket="letters", Key="k", Body=BODY)
    begun = mine.create_multipart_upload(Bucket="letters", Key="u")["UploadId"]
    theirs = house.client(OTHER_ACCOUNT)
    theirs.create_bucket(Bucket="theirs")
    in_bucket = {"Bucket": "letters"}
    in_key = {"Bucket": "letters", "Key": "k"}
    of_upload = {"Bucket": "letters", "Key": "u", "UploadId": begun}
    parts = {"MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": "x"}]}}
    source = {"CopySource": "letters/k", "Bucket": "theirs", "Key": "stolen"}
    own = theirs.create_multipart_upload(Bucket="theirs", Key="stolen")["UploadId"]
    for call, arguments in (
        (theirs.list_objects_v2, in_bucket),
        (theirs.list_objects, in_bucket),
        (theirs.delete_bucket, in_bucket),
        (theirs.get_bucket_location, in_bucket),
        (theirs.get_bucket_policy, in_bucket),
        (theirs.delete_bucket_policy, in_bucket),
        (theirs.put_bucket_policy, in_bucket | {"Policy": "{}"}),
        (theirs.list_multipart_uploads, in_bucket),
        (theirs.get_object, in_key),
        (theirs.put_object, in_key | {"Body": b"x"}),
        (theirs.delete_object, in_key),
        (theirs.create_multipart_upload, in_key),
        (theirs.upload_part, of_upload | {"PartNumber": 1, "Body": b"x"}),
        (theirs.list_parts, of_upload),
        (theirs.complete_multipart_upload, of_upload | parts),
        (theirs.abort_multipart_upload, of_upload),
        (theirs.copy_object, source),
        (theirs.upload_part_copy, source | {"UploadId": own, "PartNumber": 1}),
    ):
        assert refused(call, **arguments) == "AccessDenied", call
    for call, arguments in ((theirs.head_bucket, in_bucket), (theirs.head_object, in_key)):
        assert refused(call, **arguments) == "403"
    outcome = theirs.delete_objects(Bucket="letters", Delete={"Objects": [{"Key": "k"}]})
    assert [one["Code"] for one in outcome["Errors"]] == ["AccessDenied"]
    assert mine.get_object(Bucket="letters", Key="k")["Body"].read() == BODY


# ── chunks ───────────────────────────────────────────────────────────────────


def in_chunks(house: House, key: str, mode: str = SIGNED, *, length: int | None = None) -> Signed:
    """Sign a body of two chunks as SDKs do; the body is made from the signature of the head."""
    extra = {"x_amz_trailer": "x-amz-checksum-crc32"} if mode == SIGNED_TRAILER else {}
    head = house.signed(
        "PUT",
        f"/letters/{key}",
        b"",
        x_amz_content_sha256=mode,
        x_amz_decoded_content_length=str(len(BODY) if length is None else length),
        **extra,
    )
    text = head.headers["Authorization"]
    seed = text.rpartition("Signature=")[2]
    date = head.headers["X-Amz-Date"]
    scope = f"{date[:8]}/{REGION}/s3/aws4_request"
    maker = ChunkSigning(signing_key(KEYS[ACCOUNT][1], date[:8], REGION, "s3"), date, scope, seed)
    body, previous = b"", seed
    for chunk in (BODY[:60], BODY[60:], b""):
        previous = maker.chunk(previous, hashlib.sha256(chunk).hexdigest())
        body += b"%x;chunk-signature=%s\r\n" % (len(chunk), previous.encode()) + chunk + (b"\r\n" if chunk else b"")
    if mode == SIGNED_TRAILER:
        import base64
        import zlib

        field = f"x-amz-checksum-crc32:{base64.b64encode(zlib.crc32(BODY).to_bytes(4, 'big')).decode()}"
        signature = maker.trailer(previous, hashlib.sha256(f"{field}\n".encode()).hexdigest())
        body += f"{field}\r\nx-amz-trailer-signature:{signature}\r\n".encode()
    return changed(head, body=body + b"\r\n", headers={"content-length": str(len(body) + 2)})


@pytest.mark.parametrize("mode", [SIGNED, SIGNED_TRAILER])
def test_signed_chunks(mine: Any, house: House, mode: str) -> None:
    assert house.send(in_chunks(house, "k", mode)).status == 200
    assert mine.get_object(Bucket="letters", Key="k")["Body"].read() == BODY


def test_chunks_of_another_request_are_refused(mine: Any, house: House) -> None:
    one, other = in_chunks(house, "k"), in_chunks(house, "l")
    assert house.send(changed(one, body=other.body)).code == "SignatureDoesNotMatch"
    assert house.send(changed(one, url=other.url)).code == "SignatureDoesNotMatch"
    house.clock.elapsed_s += 60
    assert house.send(changed(in_chunks(house, "k"), body=one.body)).code == "SignatureDoesNotMatch"
    assert not house.blobs.stored


def test_forged_chunks_and_trailers_are_refused(mine: Any, house: House) -> None:
    good = in_chunks(house, "k", SIGNED_TRAILER)
    for forged, expected in (
        (good.body.replace(b"0123456789", b"9876543210", 1), "SignatureDoesNotMatch"),
        (good.body.replace(b"chunk-signature=", b"chunk-signature=0", 1), "InvalidRequest"),
        (good.body[: good.body.index(b"x-amz-checksum")] + b"\r\n", "MalformedTrailerError"),
        (good.body.replace(b"crc32:", b"crc32:A"), "SignatureDoesNotMatch"),
        (good.body[:-4], "IncompleteBody"),
        (good.body.partition(b"0;chunk")[0], "IncompleteBody"),
    ):
        assert house.send(changed(good, body=forged)).code == expected
    assert not house.blobs.stored


@pytest.mark.parametrize("length", [len(BODY) - 1, len(BODY) + 1, 0])
def test_a_wrong_length_of_the_payload_is_refused(mine: Any, house: House, length: int) -> None:
    assert house.send(in_chunks(house, "k", length=length)).code == "IncompleteBody"
    assert not house.blobs.stored


def test_a_downgrade_to_unsigned_chunks_is_refused(mine: Any, house: House) -> None:
    good = in_chunks(house, "k")
    plain = changed(good, body=BODY, headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD", "content-length": "100"})
    assert house.send(plain).code == "SignatureDoesNotMatch"
