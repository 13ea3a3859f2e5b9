"""Decisions of policies, from the documented semantics: one row is one question and its answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hatobin.protocols.aws.policy import Context, Verdict, read_policies

A, N, D = Verdict.ALLOWED, Verdict.NOT_ALLOWED, Verdict.DENIED
ACCOUNT = "123456789012"
SITE = f"arn:aws:ses:eu-west-1:{ACCOUNT}:identity/example.com"
OTHER = f"arn:aws:ses:eu-west-1:{ACCOUNT}:identity/example.net"
SET = f"arn:aws:ses:eu-west-1:{ACCOUNT}:configuration-set/main"
SEND = "ses:SendEmail"


def allow(action: Any = SEND, resource: Any = "*", **rest: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource} | rest


def deny(action: Any = SEND, resource: Any = "*", **rest: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource} | rest


def when(operator: str, key: str, *values: Any) -> dict[str, Any]:
    """An Allow of everything under one condition."""
    return allow("*", "*", Condition={operator: {key: values[0] if len(values) == 1 else list(values)}})


def no_when(operator: str, key: str, *values: Any) -> dict[str, Any]:
    """A Deny of everything under one condition, beside an Allow of everything."""
    return deny("*", "*", Condition={operator: {key: values[0] if len(values) == 1 else list(values)}})


# Action, NotAction, Resource, NotResource: (what it shows, statements, action, resource, answer).
ELEMENTS: list[tuple[str, list[dict[str, Any]], str, str, Verdict]] = [
    ("another action is not allowed", [allow("ses:GetAccount")], SEND, SITE, N),
    ("an action is allowed", [allow()], SEND, SITE, A),
    ("case does not matter in policies' actions", [allow("SES:sendEMAIL")], SEND, SITE, A),
    ("case does not matter in the call's action", [allow("ses:SendEmail")], "ses:sendemail", SITE, A),
    ("case does not help around a Deny", [allow("*"), deny("ses:sendemail")], SEND, SITE, D),
    ("a star is every action of the service", [allow("ses:*")], SEND, SITE, A),
    ("a star of one service is not another's", [allow("ses:*")], "sns:Publish", SITE, N),
    ("a bare star is every action", [allow("*")], "sns:Publish", SITE, A),
    ("a star inside", [allow("ses:Send*Email")], "ses:SendRawEmail", SITE, A),
    ("a star may be nothing", [allow("ses:Send*Email")], SEND, SITE, A),
    ("a star inside that does not fit", [allow("ses:Send*Email")], "ses:SendBounce", SITE, N),
    ("a question mark is one character", [allow("ses:SendEmai?")], SEND, SITE, A),
    ("a question mark is not none", [allow("ses:SendEmail?")], SEND, SITE, N),
    ("question marks and stars", [allow("ses:?end*l")], SEND, SITE, A),
    ("a list of actions", [allow(["ses:GetAccount", SEND])], SEND, SITE, A),
    ("the prefix sesv2 matches nothing", [allow("sesv2:SendEmail")], SEND, SITE, N),
    ("a Deny of the prefix sesv2 matches nothing", [allow("*"), deny("sesv2:*")], SEND, SITE, A),
    ("SendEmail is not SendRawEmail", [allow()], "ses:SendRawEmail", SITE, N),
    ("NotAction allows the others", [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], SEND, SITE, A),
    (
        "NotAction does not allow what it names",
        [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}],
        "iam:CreateUser",
        "*",
        N,
    ),
    (
        "NotAction of a Deny denies the others",
        [allow("*"), {"Effect": "Deny", "NotAction": "ses:Send*", "Resource": "*"}],
        "ses:GetAccount",
        "*",
        D,
    ),
    (
        "NotAction of a Deny spares what it names",
        [allow("*"), {"Effect": "Deny", "NotAction": "ses:Send*", "Resource": "*"}],
        SEND,
        SITE,
        A,
    ),
    (
        "NotAction with a list",
        [{"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"}],
        "sts:AssumeRole",
        "*",
        N,
    ),
    ("a resource is allowed", [allow(resource=SITE)], SEND, SITE, A),
    ("another resource is not", [allow(resource=SITE)], SEND, OTHER, N),
    ("case matters in resources", [allow(resource=SITE.upper().replace("ARN:AWS:SES", "arn:aws:ses"))], SEND, SITE, N),
    ("a list of resources", [allow(resource=[OTHER, SITE])], SEND, SITE, A),
    ("an identity's ARN does not cover a set's", [allow(resource=SITE)], SEND, SET, N),
    ("a star in the region", [allow(resource=f"arn:aws:ses:*:{ACCOUNT}:identity/example.com")], SEND, SITE, A),
    ("a star in the account", [allow(resource="arn:aws:ses:eu-west-1:*:identity/example.com")], SEND, SITE, A),
    ("a star in the resource", [allow(resource=f"arn:aws:ses:eu-west-1:{ACCOUNT}:identity/*")], SEND, SITE, A),
    ("a star after a dot", [allow(resource=f"arn:aws:ses:eu-west-1:{ACCOUNT}:identity/*.com")], SEND, SITE, A),
    ("a star that leads elsewhere", [allow(resource=f"arn:aws:ses:eu-west-1:{ACCOUNT}:identity/*.org")], SEND, SITE, N),
    ("a question mark in a resource", [allow(resource=SITE.replace("example.com", "exampl?.com"))], SEND, SITE, A),
    ("an identity in another region", [allow(resource=SITE)], SEND, SITE.replace("eu-west-1", "us-east-1"), N),
    ("an identity of another account", [allow(resource=SITE)], SEND, SITE.replace(ACCOUNT, "210987654321"), N),
    (
        "a domain does not cover its subdomain's ARN",
        [allow(resource=SITE)],
        SEND,
        SITE.replace("example", "a.example"),
        N,
    ),
    ("a suffix is not the whole", [allow(resource="example.com")], SEND, SITE, N),
    (
        "a statement on star covers a call without a resource",
        [allow("ses:ListIdentities")],
        "ses:ListIdentities",
        "*",
        A,
    ),
    ("a statement on an ARN does not", [allow("ses:ListIdentities", SITE)], "ses:ListIdentities", "*", N),
    (
        "NotResource allows the others",
        [{"Effect": "Allow", "Action": SEND, "NotResource": OTHER}],
        SEND,
        SITE,
        A,
    ),
    (
        "NotResource does not allow what it names",
        [{"Effect": "Allow", "Action": SEND, "NotResource": SITE}],
        SEND,
        SITE,
        N,
    ),
    (
        "NotResource of a Deny",
        [allow(), {"Effect": "Deny", "Action": SEND, "NotResource": SITE}],
        SEND,
        OTHER,
        D,
    ),
    (
        "NotResource of a Deny spares what it names",
        [allow(), {"Effect": "Deny", "Action": SEND, "NotResource": SITE}],
        SEND,
        SITE,
        A,
    ),
    ("a Deny beats an Allow", [allow(), deny()], SEND, SITE, D),
    ("the order does not matter", [deny(), allow()], SEND, SITE, D),
    ("a Deny without an Allow", [deny()], SEND, SITE, D),
    ("a Deny of another resource", [allow(), deny(resource=OTHER)], SEND, SITE, A),
    ("a Deny of this resource alone", [allow(), deny(resource=SITE)], SEND, SITE, D),
    ("a Deny of another action", [allow("ses:*"), deny("ses:Delete*")], SEND, SITE, A),
    ("a narrow Deny beats a wide Allow", [allow("*", "*"), deny(SEND, SITE)], SEND, SITE, D),
    ("a narrow Allow does not beat a wide Deny", [deny("*", "*"), allow(SEND, SITE)], SEND, SITE, D),
    ("two statements allow together", [allow(SEND, OTHER), allow(SEND, SITE)], SEND, SITE, A),
    ("one statement object stands for a list", [allow()], SEND, SITE, A),
    (
        "the account's identities of every kind",
        [allow("ses:*", f"arn:aws:ses:*:{ACCOUNT}:*")],
        "ses:GetTemplate",
        SET,
        A,
    ),
]

# Conditions on one key: (operator, key, the policy's values, the request's values or None, does it hold).
CONDITIONS: list[tuple[str, str, tuple[Any, ...], tuple[str, ...] | None, bool]] = [
    ("StringEquals", "aws:UserAgent", ("boto3",), ("boto3",), True),
    ("StringEquals", "aws:UserAgent", ("boto3",), ("Boto3",), False),
    ("StringEquals", "aws:UserAgent", ("boto3", "aws-cli"), ("aws-cli",), True),
    ("StringEquals", "aws:UserAgent", ("boto*",), ("boto3",), False),
    ("StringEquals", "aws:UserAgent", ("boto3",), None, False),
    ("StringEquals", "AWS:USERAGENT", ("boto3",), ("boto3",), True),
    ("stringequals", "aws:UserAgent", ("boto3",), ("boto3",), True),
    ("StringNotEquals", "aws:UserAgent", ("boto3",), ("aws-cli",), True),
    ("StringNotEquals", "aws:UserAgent", ("boto3",), ("boto3",), False),
    ("StringNotEquals", "aws:UserAgent", ("boto3",), None, True),
    ("StringNotEquals", "aws:UserAgent", ("boto3", "aws-cli"), ("aws-cli",), False),
    ("StringNotEquals", "aws:UserAgent", ("boto3", "aws-cli"), ("curl",), True),
    ("StringEqualsIgnoreCase", "aws:UserAgent", ("BOTO3",), ("boto3",), True),
    ("StringNotEqualsIgnoreCase", "aws:UserAgent", ("BOTO3",), ("boto3",), False),
    ("StringLike", "aws:UserAgent", ("boto*",), ("boto3",), True),
    ("StringLike", "aws:UserAgent", ("boto?",), ("boto3",), True),
    ("StringLike", "aws:UserAgent", ("boto?",), ("boto33",), False),
    ("StringLike", "aws:UserAgent", ("*3",), ("boto3",), True),
    ("StringLike", "aws:UserAgent", ("*",), None, False),
    ("StringLike", "aws:UserAgent", ("Boto*",), ("boto3",), False),
    ("StringNotLike", "aws:UserAgent", ("boto*",), ("boto3",), False),
    ("StringNotLike", "aws:UserAgent", ("boto*",), ("curl",), True),
    ("StringNotLike", "aws:UserAgent", ("boto*",), None, True),
    ("StringEqualsIfExists", "aws:UserAgent", ("boto3",), None, True),
    ("StringEqualsIfExists", "aws:UserAgent", ("boto3",), ("curl",), False),
    ("StringLikeIfExists", "aws:UserAgent", ("boto*",), None, True),
    ("StringNotEqualsIfExists", "aws:UserAgent", ("boto3",), None, True),
    ("Null", "aws:UserAgent", ("true",), None, True),
    ("Null", "aws:UserAgent", ("true",), ("boto3",), False),
    ("Null", "aws:UserAgent", ("false",), ("boto3",), True),
    ("Null", "aws:UserAgent", ("false",), None, False),
    ("Null", "aws:UserAgent", (True,), None, True),
    ("StringLike", "ses:FromAddress", ("*@example.com",), ("ann@example.com",), True),
    ("StringLike", "ses:FromAddress", ("*@example.com",), ("ann@EXAMPLE.com",), True),
    ("StringLike", "ses:FromAddress", ("*@Example.com",), ("ann@example.com",), True),
    ("StringLike", "ses:FromAddress", ("*@example.com",), ("ann@example.com.evil.example",), False),
    ("StringEquals", "ses:FromAddress", ("ann@example.com",), ("Ann@Example.com",), True),
    ("StringNotEquals", "ses:FromAddress", ("boss@example.com",), ("BOSS@example.com",), False),
    ("StringNotLike", "ses:FromAddress", ("boss@*",), ("Boss@example.com",), False),
    ("StringEquals", "ses:FromDisplayName", ("Ann",), ("Ann",), True),
    ("StringEquals", "ses:FromDisplayName", ("Ann",), ("ann",), False),
    ("StringEquals", "ses:FeedbackAddress", ("bounces@example.com",), ("bounces@example.com",), True),
    ("StringEquals", "ses:ApiVersion", ("2",), ("2",), True),
    ("StringEquals", "ses:ApiVersion", ("2",), ("1",), False),
    ("NumericEquals", "ses:ApiVersion", (2,), ("2",), True),
    ("StringEquals", "ses:TenantName", ("a",), ("a",), True),
    ("ForAllValues:StringLike", "ses:Recipients", ("*@a.example",), ("x@a.example", "y@a.example"), True),
    ("ForAllValues:StringLike", "ses:Recipients", ("*@a.example",), ("x@a.example", "y@b.example"), False),
    ("ForAllValues:StringLike", "ses:Recipients", ("*@a.example", "*@b.example"), ("x@a.example", "y@b.example"), True),
    ("ForAllValues:StringLike", "ses:Recipients", ("*@a.example",), None, True),
    ("ForAnyValue:StringLike", "ses:Recipients", ("*@a.example",), ("x@a.example", "y@b.example"), True),
    ("ForAnyValue:StringLike", "ses:Recipients", ("*@a.example",), ("x@c.example", "y@b.example"), False),
    ("ForAnyValue:StringLike", "ses:Recipients", ("*@a.example",), None, False),
    ("ForAllValues:StringNotLike", "ses:Recipients", ("*@a.example",), ("x@b.example", "y@c.example"), True),
    ("ForAllValues:StringNotLike", "ses:Recipients", ("*@a.example",), ("x@a.example", "y@c.example"), False),
    ("ForAnyValue:StringNotLike", "ses:Recipients", ("*@a.example",), ("x@a.example", "y@c.example"), True),
    ("ForAnyValue:StringNotLike", "ses:Recipients", ("*@a.example",), ("x@a.example",), False),
    ("ForAnyValue:StringNotLike", "ses:Recipients", ("*@a.example",), None, False),
    ("StringLike", "ses:Recipients", ("*@a.example",), ("x@b.example", "y@a.example"), True),
    ("StringNotLike", "ses:Recipients", ("*@a.example",), ("x@b.example", "y@a.example"), False),
    ("IpAddress", "aws:SourceIp", ("192.0.2.0/24",), ("192.0.2.7",), True),
    ("IpAddress", "aws:SourceIp", ("192.0.2.0/24",), ("198.51.100.7",), False),
    ("IpAddress", "aws:SourceIp", ("192.0.2.7",), ("192.0.2.7",), True),
    ("IpAddress", "aws:SourceIp", ("192.0.2.0/24", "198.51.100.0/24"), ("198.51.100.7",), True),
    ("IpAddress", "aws:SourceIp", ("192.0.2.0/24",), ("::ffff:192.0.2.7",), True),
    ("IpAddress", "aws:SourceIp", ("2001:db8::/32",), ("2001:db8::1",), True),
    ("IpAddress", "aws:SourceIp", ("2001:db8::/32",), ("192.0.2.7",), False),
    ("IpAddress", "aws:SourceIp", ("no network",), ("192.0.2.7",), False),
    ("IpAddress", "aws:SourceIp", ("0.0.0.0/0",), None, False),
    ("NotIpAddress", "aws:SourceIp", ("192.0.2.0/24",), ("198.51.100.7",), True),
    ("NotIpAddress", "aws:SourceIp", ("192.0.2.0/24",), ("192.0.2.7",), False),
    ("NotIpAddress", "aws:SourceIp", ("192.0.2.0/24",), None, True),
    ("Bool", "aws:SecureTransport", ("true",), ("true",), True),
    ("Bool", "aws:SecureTransport", ("true",), ("false",), False),
    ("Bool", "aws:SecureTransport", (False,), ("false",), True),
    ("Bool", "aws:SecureTransport", ("true",), None, False),
    ("BoolIfExists", "aws:MultiFactorAuthPresent", ("true",), None, True),
    ("DateGreaterThan", "aws:CurrentTime", ("2026-01-01T00:00:00Z",), ("2026-06-01T12:00:00Z",), True),
    ("DateGreaterThan", "aws:CurrentTime", ("2027-01-01T00:00:00Z",), ("2026-06-01T12:00:00Z",), False),
    ("DateLessThan", "aws:CurrentTime", ("2027-01-01T00:00:00Z",), ("2026-06-01T12:00:00Z",), True),
    ("DateLessThan", "aws:CurrentTime", ("2027-01-01T00:00:00+09:00",), ("2026-12-31T16:00:00Z",), False),
    ("DateLessThanEquals", "aws:CurrentTime", ("2026-06-01",), ("2026-06-01T00:00:00Z",), True),
    ("DateGreaterThanEquals", "aws:CurrentTime", ("2026-06-01",), ("2026-05-31T23:59:59Z",), False),
    ("DateEquals", "aws:CurrentTime", ("2026-06-01T00:00:00Z",), ("2026-06-01T00:00:00Z",), True),
    ("DateNotEquals", "aws:CurrentTime", ("2026-06-01T00:00:00Z",), ("2026-06-01T00:00:01Z",), True),
    ("DateGreaterThan", "aws:EpochTime", ("1700000000",), ("1764277526",), True),
    ("DateGreaterThan", "aws:CurrentTime", ("soon",), ("2026-06-01T12:00:00Z",), False),
    ("NumericEquals", "s3:max-keys", ("10",), ("10",), True),
    ("NumericEquals", "s3:max-keys", ("10",), ("10.0",), True),
    ("NumericNotEquals", "s3:max-keys", ("10",), ("11",), True),
    ("NumericLessThan", "s3:max-keys", ("10",), ("9",), True),
    ("NumericLessThan", "s3:max-keys", ("10",), ("10",), False),
    ("NumericLessThanEquals", "s3:max-keys", ("10",), ("10",), True),
    ("NumericGreaterThan", "s3:max-keys", ("10",), ("9",), False),
    ("NumericGreaterThanEquals", "s3:max-keys", ("10",), ("10",), True),
    ("NumericLessThan", "s3:max-keys", ("10",), ("many",), False),
    ("NumericLessThanIfExists", "s3:max-keys", ("10",), None, True),
    ("BinaryEquals", "key", ("QQ==",), ("QQ==",), True),
    ("BinaryEquals", "key", ("QQ==",), ("Qg==",), False),
    (
        "ArnEquals",
        "aws:SourceArn",
        ("arn:aws:sns:*:123456789012:topic",),
        ("arn:aws:sns:eu-west-1:123456789012:topic",),
        True,
    ),
    ("ArnLike", "aws:SourceArn", ("arn:aws:sns:*:*:top*",), ("arn:aws:sns:eu-west-1:123456789012:topic",), True),
    ("ArnLike", "aws:SourceArn", ("arn:aws:sns:*:topic",), ("arn:aws:sns:eu-west-1:123456789012:topic",), False),
    ("ArnLike", "aws:SourceArn", ("arn:aws:sns:*:*:a*",), ("arn:aws:sns:eu-west-1:123456789012:a:b",), True),
    ("ArnLike", "aws:SourceArn", ("arn:aws:s*:eu-west-1:*:x",), ("arn:aws:sns:us-east-1:1:x",), False),
    ("ArnNotEquals", "aws:SourceArn", ("arn:aws:sns:*:*:a",), ("arn:aws:sns:eu-west-1:1:b",), True),
    ("ArnNotLike", "aws:SourceArn", ("arn:aws:sns:*:*:a",), ("arn:aws:sns:eu-west-1:1:a",), False),
    ("ArnLike", "aws:PrincipalArn", ("arn:aws:iam::*:user/ops/*",), ("arn:aws:iam::123456789012:user/ops/ann",), True),
    ("StringEquals", "aws:PrincipalTag/team", ("mail",), ("mail",), True),
    ("StringEquals", "aws:PrincipalTag/team", ("mail",), ("web",), False),
    ("StringEquals", "aws:UserAgent", ("${aws:username}",), ("ann",), True),
    ("StringEquals", "aws:UserAgent", ("${aws:nothing}",), ("ann",), False),
    ("StringEquals", "aws:UserAgent", ("${aws:nothing, 'ann'}",), ("ann",), True),
    ("StringLike", "aws:UserAgent", ("${*}",), ("*",), True),
    ("StringLike", "aws:UserAgent", ("${*}",), ("ann",), False),
    ("StringLike", "aws:UserAgent", ("x${?}y",), ("x?y",), True),
    ("StringEquals", "aws:UserAgent", ("${$}5",), ("$5",), True),
]

USER = {"aws:username": ("ann",)}


def decide(statements: list[dict[str, Any]], action: str, resource: str, context: Context) -> Verdict:
    policy = read_policies([json.dumps({"Version": "2012-10-17", "Statement": statements})])
    first = policy.verdict(action, resource, context)
    assert policy.verdict(action, resource, context) is first, "the remembered statements say the same"
    return first


@pytest.mark.parametrize(("shows", "statements", "action", "resource", "answer"), ELEMENTS, ids=lambda v: None)
def test_elements(shows: str, statements: list[dict[str, Any]], action: str, resource: str, answer: Verdict) -> None:
    assert decide(statements, action, resource, {}) is answer, shows


@pytest.mark.parametrize(("operator", "key", "values", "given", "holds"), CONDITIONS, ids=lambda v: None)
def test_conditions(
    operator: str, key: str, values: tuple[Any, ...], given: tuple[str, ...] | None, holds: bool
) -> None:
    context = USER if given is None else USER | {key.lower(): given}
    assert decide([when(operator, key, *values)], SEND, SITE, context) is (A if holds else N)
    assert decide([allow("*"), no_when(operator, key, *values)], SEND, SITE, context) is (D if holds else A)


def test_the_table_is_as_long_as_promised() -> None:
    assert len(ELEMENTS) + len(CONDITIONS) >= 150


TOGETHER = {"StringEquals": {"aws:username": "ann"}, "Bool": {"aws:SecureTransport": "true"}}
SEVERAL = [
    ("all conditions hold", TOGETHER, {"aws:username": ("ann",), "aws:securetransport": ("true",)}, A),
    ("one does not", TOGETHER, {"aws:username": ("ann",), "aws:securetransport": ("false",)}, N),
    ("two keys of one operator", {"StringEquals": {"a:x": "1", "a:y": "2"}}, {"a:x": ("1",), "a:y": ("2",)}, A),
    ("two keys, one wrong", {"StringEquals": {"a:x": "1", "a:y": "2"}}, {"a:x": ("1",), "a:y": ("1",)}, N),
    ("no condition at all", {}, {}, A),
]


@pytest.mark.parametrize(("shows", "condition", "context", "answer"), SEVERAL)
def test_several_conditions(shows: str, condition: dict[str, Any], context: Context, answer: Verdict) -> None:
    assert decide([allow(Condition=condition)], SEND, SITE, context) is answer, shows


HOME = "arn:aws:s3:::mail/${aws:username}/*"


@pytest.mark.parametrize(
    ("name", "resource", "answer"),
    [
        ("ann", "arn:aws:s3:::mail/ann/x", A),
        ("ann", "arn:aws:s3:::mail/bob/x", N),
        ("*", "arn:aws:s3:::mail/bob/x", N),
        ("*", "arn:aws:s3:::mail/*/x", A),
        (None, "arn:aws:s3:::mail/ann/x", N),
    ],
)
def test_variables_in_resources(name: str | None, resource: str, answer: Verdict) -> None:
    context = {} if name is None else {"aws:username": (name,)}
    assert decide([allow("s3:*", HOME)], "s3:GetObject", resource, context) is answer


def test_a_variable_without_a_value_opens_nothing_by_not_resource() -> None:
    statement = {"Effect": "Allow", "Action": "*", "NotResource": HOME}
    assert decide([statement], "s3:GetObject", "arn:aws:s3:::mail/ann/x", {}) is N
    denying = {"Effect": "Deny", "Action": "*", "NotResource": HOME}
    assert decide([allow("*"), denying], "s3:GetObject", "arn:aws:s3:::mail/ann/x", {}) is D


def test_variables_are_plain_text_in_the_old_version() -> None:
    policy = json.dumps({"Version": "2008-10-17", "Statement": [allow("s3:*", "arn:aws:s3:::${aws:username}")]})
    verdict = read_policies([policy]).verdict
    assert verdict("s3:GetObject", "arn:aws:s3:::ann", USER) is N
    assert verdict("s3:GetObject", "arn:aws:s3:::${aws:username}", USER) is A


def test_more_pairs_than_are_remembered_are_judged_alike() -> None:
    policy = read_policies([json.dumps({"Version": "2012-10-17", "Statement": [allow(resource=SITE)]})])
    for number in range(2000):
        assert policy.verdict(SEND, f"{SITE}{number}", {}) is N
    assert policy.verdict(SEND, SITE, {}) is A
