"""Buckets: names, owners, regions, policies, and the hosts they are found under."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hatobin.words.settings import S3, Aws, Settings
from tests.companions.s3.house import OTHER_ACCOUNT, House, refused

POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ses.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": "arn:aws:s3:::letters/*",
            }
        ],
    }
)


def test_a_bucket_and_its_end(house: House) -> None:
    client = house.client()
    assert client.list_buckets()["Buckets"] == []
    assert client.create_bucket(Bucket="letters")["Location"] == "/letters"
    client.create_bucket(Bucket="letters")  # In the oldest region that is no mistake.
    assert client.head_bucket(Bucket="letters")["BucketRegion"] == "us-east-1"
    assert [one["Name"] for one in client.list_buckets()["Buckets"]] == ["letters"]
    client.put_object(Bucket="letters", Key="k", Body=b"x")
    assert refused(client.delete_bucket, Bucket="letters") == "BucketNotEmpty"
    client.delete_object(Bucket="letters", Key="k")
    client.create_multipart_upload(Bucket="letters", Key="unfinished")
    client.delete_bucket(Bucket="letters")
    assert refused(client.head_bucket, Bucket="letters") == "404"
    for call in (client.delete_bucket, client.list_objects_v2, client.get_bucket_location):
        assert refused(call, Bucket="letters") == "NoSuchBucket"
    assert refused(client.put_object, Bucket="letters", Key="k", Body=b"x") == "NoSuchBucket"


def test_names_that_no_bucket_can_have(house: House) -> None:
    for name in ("ab", "UPPER", "a..b", "192.168.0.1", "..", "a_b"):
        assert house.send(house.signed("PUT", f"/{name}")).code == "InvalidBucketName"


def test_a_name_is_taken_on_the_whole_server(house: House) -> None:
    mine, theirs = house.client(), house.client(OTHER_ACCOUNT)
    mine.create_bucket(Bucket="letters")
    assert refused(theirs.create_bucket, Bucket="letters") == "BucketAlreadyExists"
    assert theirs.list_buckets()["Buckets"] == []


def test_a_bucket_is_in_its_region(house: House) -> None:
    ireland, virginia = house.client(region="eu-west-1"), house.client()
    configuration = {"LocationConstraint": "eu-west-1"}
    assert refused(ireland.create_bucket, Bucket="letters") == "IllegalLocationConstraintException"
    ireland.create_bucket(Bucket="letters", CreateBucketConfiguration=configuration)
    code = refused(ireland.create_bucket, Bucket="letters", CreateBucketConfiguration=configuration)
    assert code == "BucketAlreadyOwnedByYou"
    assert virginia.get_bucket_location(Bucket="letters")["LocationConstraint"] == "eu-west-1"
    answer = house.send(house.signed("PUT", "/letters/k", b"x", region="ap-south-1"))
    assert (answer.code, answer.headers["x-amz-bucket-region"]) == ("AuthorizationHeaderMalformed", "eu-west-1")
    # boto3 reads the region from that answer and asks again.
    virginia.put_object(Bucket="letters", Key="k", Body=b"x")
    assert ireland.get_object(Bucket="letters", Key="k")["Body"].read() == b"x"
    virginia.create_bucket(Bucket="elsewhere")
    assert virginia.get_bucket_location(Bucket="elsewhere")["LocationConstraint"] is None
    assert [one["Name"] for one in ireland.list_buckets()["Buckets"]] == ["elsewhere", "letters"]
    assert [one["Name"] for one in ireland.list_buckets(BucketRegion="eu-west-1")["Buckets"]] == ["letters"]


def test_buckets_are_listed_in_pages(house: House) -> None:
    client = house.client()
    for number in range(5):
        client.create_bucket(Bucket=f"letters-{number}")
    client.create_bucket(Bucket="other")
    pages = client.get_paginator("list_buckets").paginate(Prefix="letters", PaginationConfig={"PageSize": 2})
    assert [one["Name"] for page in pages for one in page["Buckets"]] == [f"letters-{number}" for number in range(5)]


def test_a_policy_is_kept_as_it_was_put(mine: Any, house: House) -> None:
    assert refused(mine.get_bucket_policy, Bucket="letters") == "NoSuchBucketPolicy"
    mine.put_bucket_policy(Bucket="letters", Policy=POLICY)
    assert mine.get_bucket_policy(Bucket="letters")["Policy"] == POLICY
    assert house.run(house.objects.bucket("letters")).policy == POLICY
    for broken in ("", "[]", "{", '{"Version":"2012-10-17"}', '{"Statement":[{"Effect":"Allow"}]}', "[" * 5000):
        assert refused(mine.put_bucket_policy, Bucket="letters", Policy=broken) == "MalformedPolicy"
    assert refused(mine.put_bucket_policy, Bucket="letters", Policy=" " * 20_481) == "PolicyTooLarge"
    mine.delete_bucket_policy(Bucket="letters")
    mine.delete_bucket_policy(Bucket="letters")
    assert refused(mine.get_bucket_policy, Bucket="letters") == "NoSuchBucketPolicy"


def test_the_expected_owner_is_the_owner(mine: Any) -> None:
    mine.head_bucket(Bucket="letters", ExpectedBucketOwner="123456789012")
    code = refused(mine.list_objects_v2, Bucket="letters", ExpectedBucketOwner=OTHER_ACCOUNT)
    assert code == "AccessDenied"


@pytest.mark.parametrize("host", ["letters.localhost:8005", "letters.s3.example.com", "letters.hatobin.localhost"])
def test_a_bucket_may_stand_in_the_host(mine: Any, house: House, host: str) -> None:
    assert house.send(house.signed("PUT", "/a/b", b"x", host=host)).status == 200
    assert mine.get_object(Bucket="letters", Key="a/b")["Body"].read() == b"x"
    assert house.send(house.signed("GET", "/a/b", host=host)).body == b"x"
    assert b"<Key>a/b</Key>" in house.send(house.signed("GET", "/?list-type=2", host=host)).body


def test_virtual_host_style_of_boto3(house: House) -> None:
    client = house.client(s3={"addressing_style": "virtual"})
    client.create_bucket(Bucket="letters")
    client.put_object(Bucket="letters", Key="k", Body=b"x")
    assert client.get_object(Bucket="letters", Key="k")["Body"].read() == b"x"
    assert all("letters.localhost" in request.url for request in house.sent)


@pytest.mark.parametrize("house", [Settings(aws=Aws(s3=S3(endpoint_url="http://127.0.0.1:1")))], indirect=True)
def test_buckets_of_a_real_s3_are_not_served_here(house: House) -> None:
    answer = house.send(house.signed("GET", "/"))
    assert (answer.status, answer.code) == (501, "NotImplemented")
    assert b"aws.s3.endpoint_url" in answer.body


def test_every_answer_has_its_ids(mine: Any, house: House) -> None:
    for target in ("/", "/letters?list-type=2", "/nowhere/k"):
        answer = house.send(house.signed("GET", target))
        assert len(answer.headers["x-amz-request-id"]) == 16
        assert len(answer.headers["x-amz-id-2"]) == 64
    assert answer.headers["x-amz-request-id"].encode() in answer.body
    assert b"<Resource>/nowhere/k</Resource>" in answer.body
