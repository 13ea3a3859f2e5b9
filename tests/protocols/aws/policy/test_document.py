from __future__ import annotations

import json
from typing import Any

import pytest

from hatobin.protocols.aws.policy import (
    Caller,
    Grant,
    Kind,
    PolicyError,
    Verdict,
    read_document,
    resource_grant,
    together,
)

ALLOW = {"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*"}
SITE = "arn:aws:ses:eu-west-1:123456789012:identity/example.com"
ANN = Caller("210987654321", "arn:aws:iam::210987654321:user/ann")
SESSION = Caller(
    "210987654321",
    "arn:aws:sts::210987654321:assumed-role/mailer/one",
    role_arn="arn:aws:iam::210987654321:role/mailer",
)
SES = Caller("", "", service="ses.amazonaws.com")


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ("{", "not valid JSON"),
        ("[]", "JSON object"),
        ("[" * 200 + "]" * 200, "not valid JSON"),
        ({}, "at least one Statement"),
        ({"Statement": []}, "at least one Statement"),
        ({"Statement": [1]}, "JSON object"),
        ({"Version": "2020-01-01", "Statement": ALLOW}, "invalid Version"),
        ({"Statement": [ALLOW] * 201}, "more than 200"),
        ({"Statement": ALLOW | {"Effect": "allow"}}, "Allow or Deny"),
        ({"Statement": {"Effect": "Allow", "Resource": "*"}}, "Action"),
        ({"Statement": ALLOW | {"NotAction": "*"}}, "Action"),
        ({"Statement": ALLOW | {"Action": []}}, "Action"),
        ({"Statement": ALLOW | {"Action": "SendEmail"}}, "prefixed by a service"),
        ({"Statement": ALLOW | {"Action": [5]}}, "Action"),
        ({"Statement": {"Effect": "Allow", "Action": "*"}}, "Resource"),
        ({"Statement": ALLOW | {"NotResource": "*"}}, "Resource"),
        ({"Statement": ALLOW | {"Principal": "*"}}, "principal"),
        ({"Statement": ALLOW | {"Extra": 1}}, "unknown element Extra"),
        ({"Statement": ALLOW | {"Condition": []}}, "Condition"),
        ({"Statement": ALLOW | {"Condition": {"StringEquals": "x"}}}, "Condition"),
        ({"Statement": ALLOW | {"Condition": {"StringIs": {"a": "b"}}}}, "StringIs"),
        ({"Statement": ALLOW | {"Condition": {"ForSome:StringEquals": {"a": "b"}}}}, "ForSome"),
        ({"Statement": ALLOW | {"Condition": {"NullIfExists": {"a": "true"}}}}, "NullIfExists"),
        ({"Statement": ALLOW | {"Condition": {"StringEquals": {"a": {"b": 1}}}}}, "texts"),
    ],
)
def test_what_is_no_identity_policy(policy: Any, text: str) -> None:
    with pytest.raises(PolicyError, match=text):
        read_document(policy if isinstance(policy, str) else json.dumps(policy))


def test_a_resource_policy_names_principals() -> None:
    with pytest.raises(PolicyError, match="Principal"):
        read_document(json.dumps({"Statement": ALLOW}), Kind.RESOURCE)
    with pytest.raises(PolicyError, match="Principal"):
        read_document(json.dumps({"Statement": ALLOW | {"Principal": "arn:x"}}), Kind.RESOURCE)


def test_a_trust_policy_names_no_resource() -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "123456789012"}}
    assert read_document(json.dumps({"Statement": trust}), Kind.TRUST).statements
    with pytest.raises(PolicyError, match="Resource"):
        read_document(json.dumps({"Statement": trust | {"Resource": "*"}}), Kind.TRUST)


@pytest.mark.parametrize(
    ("principal", "caller", "verdict", "by_name"),
    [
        ("*", ANN, Verdict.ALLOWED, True),
        ({"AWS": "*"}, ANN, Verdict.ALLOWED, True),
        ({"AWS": "210987654321"}, ANN, Verdict.ALLOWED, False),
        ({"AWS": "arn:aws:iam::210987654321:root"}, ANN, Verdict.ALLOWED, False),
        ({"AWS": ["123456789012", "arn:aws:iam::210987654321:user/ann"]}, ANN, Verdict.ALLOWED, True),
        ({"AWS": "arn:aws:iam::210987654321:user/an*"}, ANN, Verdict.NOT_ALLOWED, False),
        ({"AWS": "arn:aws:iam::210987654321:user/Ann"}, ANN, Verdict.NOT_ALLOWED, False),
        ({"AWS": "111111111111"}, ANN, Verdict.NOT_ALLOWED, False),
        ({"Service": "ses.amazonaws.com"}, ANN, Verdict.NOT_ALLOWED, False),
        ({"Service": "ses.amazonaws.com"}, SES, Verdict.ALLOWED, True),
        ({"Service": "sns.amazonaws.com"}, SES, Verdict.NOT_ALLOWED, False),
        ({"AWS": "arn:aws:iam::210987654321:role/mailer"}, SESSION, Verdict.ALLOWED, True),
        ({"AWS": "arn:aws:sts::210987654321:assumed-role/mailer/one"}, SESSION, Verdict.ALLOWED, True),
    ],
)
def test_whom_a_resource_policy_names(principal: Any, caller: Caller, verdict: Verdict, by_name: bool) -> None:
    document = read_document(json.dumps({"Statement": ALLOW | {"Principal": principal}}), Kind.RESOURCE)
    grant = resource_grant(document, caller, "ses:SendEmail", SITE, {})
    assert (grant.verdict, grant.by_name) == (verdict, by_name)


def test_a_deny_of_a_resource_policy_wins() -> None:
    both = [ALLOW | {"Principal": "*"}, ALLOW | {"Effect": "Deny", "Principal": {"AWS": "210987654321"}}]
    document = read_document(json.dumps({"Statement": both}), Kind.RESOURCE)
    assert resource_grant(document, ANN, "ses:SendEmail", SITE, {}).verdict is Verdict.DENIED


@pytest.mark.parametrize(
    ("own", "grant", "same_account", "both"),
    [
        (Verdict.ALLOWED, Grant(Verdict.NOT_ALLOWED), True, Verdict.ALLOWED),
        (Verdict.ALLOWED, Grant(Verdict.NOT_ALLOWED), False, Verdict.NOT_ALLOWED),
        (Verdict.NOT_ALLOWED, Grant(Verdict.ALLOWED, True), True, Verdict.ALLOWED),
        (Verdict.NOT_ALLOWED, Grant(Verdict.ALLOWED, False), True, Verdict.NOT_ALLOWED),
        (Verdict.NOT_ALLOWED, Grant(Verdict.ALLOWED, True), False, Verdict.NOT_ALLOWED),
        (Verdict.ALLOWED, Grant(Verdict.ALLOWED, False), False, Verdict.ALLOWED),
        (Verdict.NOT_ALLOWED, Grant(Verdict.NOT_ALLOWED), True, Verdict.NOT_ALLOWED),
        (Verdict.DENIED, Grant(Verdict.ALLOWED, True), True, Verdict.DENIED),
        (Verdict.ALLOWED, Grant(Verdict.DENIED), True, Verdict.DENIED),
        (Verdict.ALLOWED, Grant(Verdict.DENIED), False, Verdict.DENIED),
    ],
)
def test_what_both_sides_mean_together(own: Verdict, grant: Grant, same_account: bool, both: Verdict) -> None:
    assert together(own, grant, same_account=same_account) is both


def test_not_principal_means_the_others() -> None:
    others = {"Effect": "Deny", "Action": "*", "Resource": "*", "NotPrincipal": {"AWS": ANN.arn}}
    document = read_document(json.dumps({"Statement": others}), Kind.RESOURCE)
    assert resource_grant(document, ANN, "ses:SendEmail", SITE, {}).verdict is Verdict.NOT_ALLOWED
    assert resource_grant(document, SESSION, "ses:SendEmail", SITE, {}).verdict is Verdict.DENIED
