"""Buckets and keys out of hosts and paths; nothing of a key is resolved."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.protocols.aws.s3.addressing import (
    Place,
    bucket_of_host,
    copy_source,
    find_place,
    is_bucket_name,
    is_s3_host,
    successor,
)
from hatobin.protocols.aws.s3.errors import S3Error
from hatobin.protocols.aws.s3.operations import find_operation, operation_names, read_query

OWN = frozenset({"localhost", "hatobin.localhost", "127.0.0.1", "mail.example.com"})


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("localhost:8005", None),
        ("hatobin.localhost", None),
        ("127.0.0.1:8005", None),
        ("10.1.2.3", None),
        ("[::1]:8005", None),
        ("s3.localhost", None),
        ("s3.eu-west-1.amazonaws.com", None),
        ("s3-eu-west-1.amazonaws.com", None),
        ("elsewhere.example.net", None),
        ("", None),
        ("b.localhost:8005", "b"),
        ("b.hatobin.localhost", "b"),
        ("a.b.mail.example.com", "a.b"),
        ("b.s3.example.org", "b"),
        ("B.S3.example.org", "b"),
        ("b.s3", "b"),
        ("a.b.s3.eu-west-1.amazonaws.com", "a.b"),
        ("b.s3-eu-west-1.amazonaws.com", "b"),
    ],
)
def test_buckets_of_hosts(host: str, bucket: str | None) -> None:
    assert bucket_of_host(host, OWN) == bucket


@pytest.mark.parametrize(
    ("path", "host", "place"),
    [
        ("/", "localhost", Place()),
        ("/b", "localhost", Place("b")),
        ("/b/", "localhost", Place("b")),
        ("/b/k", "localhost", Place("b", "k")),
        ("/b//k", "localhost", Place("b", "/k")),
        ("/b/../c/k", "localhost", Place("b", "../c/k")),
        ("/b/%2e%2e/%2E/k", "localhost", Place("b", ".././k")),
        ("/b/a%2Fb%252Fc+d", "localhost", Place("b", "a/b%2Fc+d")),
        ("/b/%E3%81%82", "localhost", Place("b", "あ")),
        ("/b/k?", "localhost", Place("b", "k?")),
        ("/", "b.localhost", Place("b")),
        ("/k/l", "b.localhost", Place("b", "k/l")),
        ("/c/k", "b.localhost", Place("b", "c/k")),
        ("//k", "b.localhost", Place("b", "/k")),
    ],
)
def test_places(path: str, host: str, place: Place) -> None:
    assert find_place(path, host, OWN) == place


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/b/" + "k" * 1025, "KeyTooLongError"),
        ("/b/" + "%E3%81%82" * 342, "KeyTooLongError"),
        ("/b/a%00b", "InvalidURI"),
        ("/b/%FF", "InvalidURI"),
        ("/b/%ED%A0%80", "InvalidURI"),
    ],
)
def test_keys_that_no_object_can_have(path: str, code: str) -> None:
    with pytest.raises(S3Error) as caught:
        find_place(path, "localhost", OWN)
    assert caught.value.code == code


def test_the_longest_key() -> None:
    assert find_place("/b/" + "k" * 1024, "localhost", OWN).key == "k" * 1024


@pytest.mark.parametrize(
    "name", ["ab", "a" * 64, "Abc", "a_b", "a..b", "a.-b", "a-.b", "-ab", "ab-", ".ab", "1.2.3.4", "xn--a", "a-s3alias"]
)
def test_names_that_no_bucket_can_have(name: str) -> None:
    assert not is_bucket_name(name)


@pytest.mark.parametrize("name", ["abc", "a" * 63, "a.b-c.1", "1.2.3.4.5", "123"])
def test_names_of_buckets(name: str) -> None:
    assert is_bucket_name(name)


def test_hosts_that_say_s3() -> None:
    assert all(is_s3_host(host) for host in ("s3.localhost:8005", "b.s3.example.com", "s3-eu-west-1.example.com"))
    assert not any(is_s3_host(host) for host in ("localhost", "email.eu-west-1.example.com", "s3x.example.com", ""))


@given(st.text(max_size=5), st.text(max_size=5))
def test_the_successor_is_above_all_that_begin_so(prefix: str, more: str) -> None:
    above = successor(prefix)
    text = (prefix + more).encode("utf-8", "surrogatepass")
    assert above is None or text < above.encode("utf-8", "surrogatepass")
    if above is not None:
        assert not above.startswith(prefix)


def test_copy_sources() -> None:
    assert copy_source("b/a%20b") == copy_source("/b/a%20b") == copy_source("b/a%20b?versionId=null")
    assert copy_source("b/a/../c") == Place("b", "a/../c")
    for text, code in (("b", "InvalidArgument"), ("/", "InvalidArgument"), ("b/k?versionId=1", "NotImplemented")):
        with pytest.raises(S3Error) as caught:
            copy_source(text)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("method", "place", "query", "name"),
    [
        ("GET", Place(), "", "ListBuckets"),
        ("GET", Place("b"), "list-type=2&prefix=x", "ListObjectsV2"),
        ("GET", Place("b"), "prefix=x", "ListObjects"),
        ("GET", Place("b"), "location", "GetBucketLocation"),
        ("GET", Place("b", "k"), "versionId=null", "GetObject"),
        ("GET", Place("b", "k"), "versionId=1", None),
        ("GET", Place("b", "k"), "acl", None),
        ("GET", Place("b", "k"), "acl&location", None),
        ("PUT", Place("b", "k"), "partNumber=1&uploadId=u", "UploadPart"),
        ("PUT", Place("b", "k"), "partNumber=1", None),
        ("POST", Place("b"), "", None),
        ("PUT", Place("b"), "versioning", None),
        ("PATCH", Place("b", "k"), "", None),
    ],
)
def test_requests_mean_operations(method: str, place: Place, query: str, name: str | None) -> None:
    assert find_operation(method, place, read_query(query), {}) == name
    assert name is None or name in operation_names()


def test_a_query_is_decoded_once_and_strictly() -> None:
    assert read_query("a=%2525&b=+&a=2&c&=x") == {"a": "%25", "b": "+", "c": ""}
    for text in ("a=%FF", "a=%00"):
        with pytest.raises(S3Error, match="InvalidURI"):
            read_query(text)
