"""Who may do what: the caller's policies and the bucket's, within an account and across."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from hatobin.companions import s3
from hatobin.protocols.aws.policy import Caller, Verdict
from tests.companions.s3.house import ACCOUNT, OTHER_ACCOUNT, House, refused

THEIRS = f"arn:aws:iam::{OTHER_ACCOUNT}:user/user"
MINE = f"arn:aws:iam::{ACCOUNT}:user/user"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(
    effect: str, action: str | list[str], resource: str, principal: Any = None, **more: Any
) -> dict[str, Any]:
    named = {} if principal is None else {"Principal": principal}
    return {"Effect": effect, "Action": action, "Resource": resource, **named, **more}


@pytest.fixture
def full(mine: Any) -> Any:
    """The bucket `letters` with two objects."""
    for key in ("in/a", "out/b"):
        mine.put_object(Bucket="letters", Key=key, Body=key.encode())
    return mine


def test_a_user_does_what_its_policies_allow(house: House, full: Any) -> None:
    house.credentials.policies["AKIAMINE"] = (
        policy(
            statement("Allow", ["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::letters/in/*"),
            statement(
                "Allow", "s3:ListBucket", "arn:aws:s3:::letters", Condition={"StringEquals": {"s3:prefix": "in/"}}
            ),
            statement("Deny", "s3:PutObject", "arn:aws:s3:::letters/in/fixed"),
        ),
    )
    assert full.get_object(Bucket="letters", Key="in/a")["Body"].read() == b"in/a"
    full.put_object(Bucket="letters", Key="in/c", Body=b"")
    assert full.list_objects_v2(Bucket="letters", Prefix="in/")["KeyCount"] == 2
    for call, arguments in (
        (full.get_object, {"Key": "out/b"}),
        (full.put_object, {"Key": "in/fixed"}),
        (full.delete_object, {"Key": "in/a"}),
        (full.list_objects_v2, {}),
        (full.list_objects_v2, {"Prefix": ""}),
        (full.list_objects_v2, {"Prefix": "out/"}),
        (full.copy_object, {"Key": "in/d", "CopySource": "letters/out/b"}),
        (full.put_bucket_policy, {"Policy": policy()}),
    ):
        assert refused(call, Bucket="letters", **arguments) == "AccessDenied", arguments
    # A key is text: what begins with "in/" is below "in/", and there is no such object.
    assert refused(full.get_object, Bucket="letters", Key="in/../out/b") == "NoSuchKey"
    assert refused(full.list_buckets) == "AccessDenied"
    assert refused(full.create_bucket, Bucket="more-letters") == "AccessDenied"


def test_denials_say_who_what_and_why(house: House, full: Any) -> None:
    house.credentials.policies["AKIAMINE"] = ()
    answer = house.send(house.signed("GET", "/letters/in/a"))
    expected = (
        f"User: {MINE} is not authorized to perform: s3:GetObject on resource: &quot;arn:aws:s3:::letters/in/a&quot; "
        "because no identity-based policy allows the s3:GetObject action"
    )
    assert expected in answer.body.decode()


def test_a_buckets_policy_lets_others_in_and_shuts_out(house: House, full: Any) -> None:
    theirs = house.client(OTHER_ACCOUNT)
    reading = statement("Allow", "s3:GetObject", "arn:aws:s3:::letters/out/*", {"AWS": THEIRS})
    writing = statement(
        "Allow", "s3:PutObject", "arn:aws:s3:::letters/in/*", {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"}
    )
    full.put_bucket_policy(Bucket="letters", Policy=policy(reading, writing))
    assert theirs.get_object(Bucket="letters", Key="out/b")["Body"].read() == b"out/b"
    theirs.put_object(Bucket="letters", Key="in/theirs", Body=b"by them")
    assert full.get_object(Bucket="letters", Key="in/theirs")["Body"].read() == b"by them"
    assert refused(theirs.get_object, Bucket="letters", Key="in/a") == "AccessDenied"
    assert refused(theirs.list_objects_v2, Bucket="letters") == "AccessDenied"
    # Both sides have to allow.
    house.credentials.policies["AKIATHEIRS"] = ()
    assert refused(theirs.get_object, Bucket="letters", Key="out/b") == "AccessDenied"
    # Within the account the bucket's word is enough, and its Deny goes before all.
    house.credentials.policies["AKIAMINE"] = ()
    assert refused(full.get_object, Bucket="letters", Key="out/b") == "AccessDenied"
    own = statement("Allow", "s3:*", "arn:aws:s3:::letters*", {"AWS": MINE})
    shut = statement("Deny", "s3:GetObject", "arn:aws:s3:::letters/out/*", "*")
    del house.credentials.policies["AKIAMINE"]
    full.put_bucket_policy(Bucket="letters", Policy=policy(own, shut))
    house.credentials.policies["AKIAMINE"] = ()
    assert full.get_object(Bucket="letters", Key="in/a")["Body"].read() == b"in/a"
    assert refused(full.get_object, Bucket="letters", Key="out/b") == "AccessDenied"


def test_what_a_bucket_says_to_a_service(house: House, full: Any) -> None:
    """The policy of the guide for receiving: only for rules of the own account."""
    condition = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    puts = statement(
        "Allow", "s3:PutObject", "arn:aws:s3:::letters/*", {"Service": "ses.amazonaws.com"}, Condition=condition
    )
    full.put_bucket_policy(Bucket="letters", Policy=policy(puts))
    text = house.run(house.objects.bucket("letters")).policy
    assert text is not None
    caller = Caller(ACCOUNT, "", "ses.amazonaws.com")

    def verdict(action: str, source: str) -> Verdict:
        context = {"aws:sourceaccount": (source,)}
        return s3.bucket_grant(text, caller, action, "arn:aws:s3:::letters/mail/1", context).verdict

    assert verdict("s3:PutObject", ACCOUNT) is Verdict.ALLOWED
    assert verdict("s3:PutObject", OTHER_ACCOUNT) is Verdict.NOT_ALLOWED
    assert verdict("s3:GetObject", ACCOUNT) is Verdict.NOT_ALLOWED


# Operation → method, target, the action that is asked for, on which resource.
LETTERS, IN_A = "arn:aws:s3:::letters", "arn:aws:s3:::letters/in/a"
ASKED = {
    "ListBuckets": ("GET", "/", "s3:ListAllMyBuckets", "*"),
    "CreateBucket": ("PUT", "/new-letters", "s3:CreateBucket", "arn:aws:s3:::new-letters"),
    "HeadBucket": ("HEAD", "/letters", "s3:ListBucket", LETTERS),
    "DeleteBucket": ("DELETE", "/letters", "s3:DeleteBucket", LETTERS),
    "ListObjects": ("GET", "/letters", "s3:ListBucket", LETTERS),
    "ListObjectsV2": ("GET", "/letters?list-type=2", "s3:ListBucket", LETTERS),
    "GetBucketLocation": ("GET", "/letters?location", "s3:GetBucketLocation", LETTERS),
    "GetBucketPolicy": ("GET", "/letters?policy", "s3:GetBucketPolicy", LETTERS),
    "PutBucketPolicy": ("PUT", "/letters?policy", "s3:PutBucketPolicy", LETTERS),
    "DeleteBucketPolicy": ("DELETE", "/letters?policy", "s3:DeleteBucketPolicy", LETTERS),
    "ListMultipartUploads": ("GET", "/letters?uploads", "s3:ListBucketMultipartUploads", LETTERS),
    "GetObject": ("GET", "/letters/in/a", "s3:GetObject", IN_A),
    "HeadObject": ("HEAD", "/letters/in/a", "s3:GetObject", IN_A),
    "PutObject": ("PUT", "/letters/in/a", "s3:PutObject", IN_A),
    "CopyObject": ("PUT", "/letters/in/a", "s3:PutObject", IN_A),
    "DeleteObject": ("DELETE", "/letters/in/a", "s3:DeleteObject", IN_A),
    "DeleteObjects": ("POST", "/letters?delete", "s3:DeleteObject", IN_A),
    "CreateMultipartUpload": ("POST", "/letters/in/a?uploads", "s3:PutObject", IN_A),
    "UploadPart": ("PUT", "/letters/in/a?uploadId=x&partNumber=1", "s3:PutObject", IN_A),
    "UploadPartCopy": ("PUT", "/letters/in/a?uploadId=x&partNumber=1", "s3:PutObject", IN_A),
    "ListParts": ("GET", "/letters/in/a?uploadId=x", "s3:ListMultipartUploadParts", IN_A),
    "CompleteMultipartUpload": ("POST", "/letters/in/a?uploadId=x", "s3:PutObject", IN_A),
    "AbortMultipartUpload": ("DELETE", "/letters/in/a?uploadId=x", "s3:AbortMultipartUpload", IN_A),
}


def test_the_table_has_every_operation() -> None:
    assert ASKED.keys() == s3.served_operations().keys()


@pytest.mark.parametrize("operation", ASKED)
def test_no_operation_is_done_without_a_policy(house: House, full: Any, operation: str) -> None:
    method, target, action, resource = ASKED[operation]
    before = dict(house.blobs.stored)
    house.credentials.policies["AKIAMINE"] = ()
    headers = {"x_amz_copy_source": "letters/out/b"} if "Copy" in operation else {}
    body = b""
    if operation == "DeleteObjects":
        body = b"<Delete><Object><Key>in/a</Key></Object></Delete>"
        headers["content_md5"] = base64.b64encode(hashlib.md5(body).digest()).decode()
    answer = house.send(house.signed(method, target, body, **headers))
    if operation == "DeleteObjects":  # Each key has its own outcome.
        assert (answer.status, answer.body.count(b"<Code>AccessDenied</Code>")) == (200, 1)
    else:
        assert answer.status == 403
    if method != "HEAD":
        place = "" if resource == "*" else f" on resource: &quot;{resource}&quot;"
        assert f"is not authorized to perform: {action}{place} because" in answer.body.decode()
    del house.credentials.policies["AKIAMINE"]
    assert house.blobs.stored == before
    assert full.list_objects_v2(Bucket="letters")["KeyCount"] == 2
    assert [one["Name"] for one in full.list_buckets()["Buckets"]] == ["letters"]
