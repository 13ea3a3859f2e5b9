"""XML that comes in, and errors that go out."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.protocols.aws.s3.answers import document, moment
from hatobin.protocols.aws.s3.documents import read_deletion, read_location, read_parts
from hatobin.protocols.aws.s3.errors import S3Error, error_document, refusal

NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
LAUGHS = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>'


def test_keys_to_delete() -> None:
    body = f'<Delete {NS}><Object><Key>a/&amp;&#13;b</Key></Object><Object><Key>c</Key><ETag>"t"</ETag></Object>'
    found = read_deletion(f"{body}<Quiet>true</Quiet></Delete>".encode())
    assert found.keys == (("a/&\rb", None), ("c", '"t"'))
    assert found.is_quiet


def test_parts_to_put_together() -> None:
    part = "<Part><PartNumber>{}</PartNumber><ETag>&quot;{}&quot;</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part>"
    body = f"<CompleteMultipartUpload {NS}>{part.format(1, 'x')}{part.format(3, 'y')}</CompleteMultipartUpload>"
    found = read_parts(body.encode())
    assert [(one.number, one.etag, one.checksum) for one in found] == [
        (1, "x", ("CRC32", "AAAAAA==")),
        (3, "y", ("CRC32", "AAAAAA==")),
    ]
    for numbers in ((2, 1), (1, 1)):
        parts = "".join(part.format(number, "x") for number in numbers)
        with pytest.raises(S3Error, match="InvalidPartOrder"):
            read_parts(f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode())


def test_regions_of_new_buckets() -> None:
    body = f"<CreateBucketConfiguration {NS}><LocationConstraint>eu-west-1</LocationConstraint>"
    assert read_location(f"{body}</CreateBucketConfiguration>".encode()) == "eu-west-1"
    assert read_location(b"") == ""
    directory = b"<CreateBucketConfiguration><Bucket><Type>Directory</Type></Bucket></CreateBucketConfiguration>"
    with pytest.raises(S3Error, match="NotImplemented"):
        read_location(directory)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<Delete>",
        b"<Delete></Delete>",
        b"<Other><Object><Key>a</Key></Object></Other>",
        b"<Delete><Object></Object></Delete>",
        b"<Delete><Object><Key></Key></Object></Delete>",
        b"<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>",
        b"<Delete><Object><Key><a/></Key></Object></Delete>",
        b"<Delete>" + b"<Object><Key>a</Key></Object>" * 1001 + b"</Delete>",
        b"<Delete>" + b"<a>" * 50 + b"</a>" * 50 + b"</Delete>",
        b'<?xml version="1.0" encoding="utf-9"?><Delete/>',
        LAUGHS,
    ],
)
def test_documents_that_are_none(body: bytes) -> None:
    with pytest.raises(S3Error, match="MalformedXML"):
        read_deletion(body)


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_malformed(body: bytes) -> None:
    for read in (read_deletion, read_parts):
        with pytest.raises(S3Error):
            read(body)


def test_answers_are_escaped() -> None:
    text = document("Name", ("Key", 'a<b>&"\r'), ("Gone", None), ("Is", True), ("Size", 3), ("In", [("X", "y")]))
    root = ElementTree.fromstring(text)
    assert [child.text for child in root] == ['a<b>&"\r', "true", "3", None]
    assert moment(0) == "1970-01-01T00:00:00.000Z"
    assert moment(1.5) == "1970-01-01T00:00:01.500Z"


def test_errors_carry_their_ids_and_details() -> None:
    body = error_document(refusal("NoSuchKey", Key="a&b"), resource="/x", request_id="1", host_id="2")
    root = ElementTree.fromstring(body)
    found = {child.tag: child.text for child in root}
    assert found["Code"] == "NoSuchKey"
    assert (found["Key"], found["RequestId"], found["HostId"]) == ("a&b", "1", "2")
