"""Who may do what: the caller's policies and the bucket's, within an account and across."""

from __future__ import annotations

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
