"""Presigned URLs of both versions: good as they are until they expire, and refused when anything is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.companions.s3.house import HOST, OTHER_ACCOUNT, House, Signed, changed

BODY = b"0123456789" * 10


# ── presigned URLs ───────────────────────────────────────────────────────────


@pytest.fixture
def signing(house: House, mine: Any) -> Any:
    """A client that presigns in Version 4."""
    return house.client(signature_version="s3v4")


@pytest.fixture
def link(mine: Any, signing: Any) -> str:
    """A URL that reads the object `k` for an hour."""
    mine.put_object(Bucket="letters", Key="k", Body=BODY)
    mine.put_object(Bucket="letters", Key="l", Body=b"secret")
    url: str = signing.generate_presigned_url("get_object", Params={"Bucket": "letters", "Key": "k"}, ExpiresIn=3600)
    return url


def test_a_presigned_url_needs_no_header(house: House, link: str) -> None:
    assert house.send(Signed("GET", link, {})).body == BODY
    ranged = house.send(Signed("GET", link, {"range": "bytes=0-3"}))
    assert (ranged.status, ranged.body) == (206, BODY[:4])


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("/k?", "/l?"),
        lambda url: url.replace("/k?", "/./k?"),
        lambda url: url.replace("/k?", "/k%2f?"),
        lambda url: url.replace("letters", "letters2"),
        lambda url: url.replace("Expires=3600", "Expires=36000"),
        lambda url: url + "&response-content-type=text/html",
        lambda url: url + "&x-amz-acl=public-read",
        lambda url: url + "&versionId=null",
        lambda url: url.replace("SignedHeaders=host", "SignedHeaders=host%3Brange"),
        lambda url: url.replace("us-east-1", "eu-west-1"),
        lambda url: url.replace("AKIAMINE", "AKIATHEIRS"),
        lambda url: url.replace("localhost", "s3.example.com"),
    ],
)
def test_a_presigned_url_changed_in_any_part_is_refused(house: House, link: str, change: Callable[[str], str]) -> None:
    assert change(link) != link
    assert house.send(Signed("GET", change(link), {})).code == "SignatureDoesNotMatch"


def test_a_presigned_url_is_for_one_method_and_its_time(house: House, link: str) -> None:
    assert house.send(Signed("DELETE", link, {})).code == "SignatureDoesNotMatch"
    assert house.send(Signed("PUT", link, {}, b"x")).code == "SignatureDoesNotMatch"
    house.clock.elapsed_s += 3601
    answer = house.send(Signed("GET", link, {}))
    assert (answer.code, b"Request has expired" in answer.body) == ("AccessDenied", True)


def test_a_header_that_a_presigned_url_does_not_sign_is_refused(house: House, link: str) -> None:
    assert house.send(Signed("GET", link, {"x-amz-expected-bucket-owner": OTHER_ACCOUNT})).code == "AccessDenied"


@pytest.mark.parametrize("expires", ["604801", "-1", "x", ""])
def test_lives_that_no_url_has(house: House, link: str, expires: str) -> None:
    url = link.replace("Expires=3600", f"Expires={expires}")
    assert house.send(Signed("GET", url, {})).code == "AuthorizationQueryParametersError"


def test_presigned_uploads(house: House, mine: Any, signing: Any) -> None:
    wanted = {"Bucket": "letters", "Key": "up", "ContentType": "text/plain", "Metadata": {"k": "v"}}
    url = signing.generate_presigned_url("put_object", Params=wanted)
    names = dict(part.split("=") for part in urlsplit(url).query.split("&"))
    headers = {"content-type": "text/plain", "x-amz-meta-k": "v"}
    assert "x-amz-meta-k" in names["X-Amz-SignedHeaders"] or "x-amz-meta-k" in names
    assert house.send(Signed("PUT", url, headers, BODY)).status == 200
    assert house.send(Signed("PUT", url, headers | {"content-type": "text/html"}, BODY)).code == "SignatureDoesNotMatch"
    got = mine.get_object(Bucket="letters", Key="up")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (BODY, "text/plain", {"k": "v"})


# ── presigned URLs of Signature Version 2 ────────────────────────────────────


@pytest.fixture
def old_link(mine: Any, monkeypatch: pytest.MonkeyPatch, house: House) -> str:
    """What boto3 makes by default in the oldest region."""
    monkeypatch.setattr("time.time", house.clock.now)
    mine.put_object(Bucket="letters", Key="k", Body=BODY)
    mine.put_object(Bucket="letters", Key="l", Body=b"secret")
    url: str = mine.generate_presigned_url("get_object", Params={"Bucket": "letters", "Key": "k"}, ExpiresIn=3600)
    assert "AWSAccessKeyId=" in url
    return url


def test_an_old_url_reads_its_object_until_it_expires(house: House, old_link: str) -> None:
    assert house.send(Signed("GET", old_link, {})).body == BODY
    assert house.send(Signed("GET", old_link.replace("/letters/k", "/k"), {"host": "letters.localhost"})).body == BODY
    house.clock.elapsed_s += 3601
    assert house.send(Signed("GET", old_link, {})).code == "AccessDenied"


@pytest.mark.parametrize(
    "change",
    [
        lambda r: changed(r, url=r.url.replace("/k?", "/l?")),
        lambda r: changed(r, url=r.url.replace("/k?", "/%6B?")),
        lambda r: changed(r, url=r.url.replace("Expires=", "Expires=1")),
        lambda r: changed(r, url=r.url.replace("AKIAMINE", "AKIATHEIRS")),
        lambda r: changed(r, url=r.url + "&response-content-type=text/html"),
        lambda r: changed(r, url=r.url + "&uploadId=x"),
        lambda r: changed(r, url=r.url + "&policy"),
        lambda r: changed(r, url=r.url + "&x-amz-acl=public-read"),
        lambda r: changed(r, method="PUT"),
        lambda r: changed(r, method="DELETE"),
        lambda r: changed(r, headers={"x-amz-copy-source": "letters/l"}),
        lambda r: changed(r, headers={"x-amz-meta-a": "b"}),
        lambda r: changed(r, headers={"content-type": "text/html"}),
        lambda r: changed(r, headers={"host": "other.localhost"}, url=r.url.replace("/letters/k", "/letters/k")),
    ],
)
def test_an_old_url_changed_where_it_matters_is_refused(
    house: House, old_link: str, change: Callable[[Signed], Signed]
) -> None:
    assert house.send(change(Signed("GET", old_link, {}))).code == "SignatureDoesNotMatch"


def test_old_uploads(house: House, mine: Any, old_link: str) -> None:
    url = mine.generate_presigned_url(
        "put_object", Params={"Bucket": "letters", "Key": "up é", "ContentType": "a/b", "Metadata": {"k": "v"}}
    )
    assert house.send(Signed("PUT", url, {"content-type": "a/b"}, BODY)).status == 200
    got = mine.get_object(Bucket="letters", Key="up é")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (BODY, "a/b", {"k": "v"})
    assert house.send(Signed("PUT", url, {"content-type": "c/d"}, BODY)).code == "SignatureDoesNotMatch"


def test_the_old_version_is_taken_in_urls_only(house: House, mine: Any) -> None:
    request = Signed("GET", f"http://{HOST}/letters/k", {"authorization": "AWS AKIAMINE:c2lnbmF0dXJl"})
    assert house.send(request).code == "AuthorizationHeaderMalformed"
    broken = f"http://{HOST}/letters/k?AWSAccessKeyId=AKIAMINE&Signature=x&Expires=soon"
    assert house.send(Signed("GET", broken, {})).code == "AccessDenied"
