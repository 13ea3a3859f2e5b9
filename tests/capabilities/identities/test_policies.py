"""Sending authorization policies: both doors keep the same ones, and take only what is one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hatobin.capabilities.identities import api_v1_policies, api_v2, api_v2_policies
from hatobin.capabilities.identities.policies import (
    MAX_POLICIES,
    MAX_POLICY_BYTES,
    NAME_RULE,
    InvalidPolicy,
    check_policy,
)
from hatobin.gateway.models import ses, sesv2
from tests.capabilities.identities.domains import make
from tests.capabilities.rooms import OTHER_ACCOUNT, OTHER_REGION, Room, refused

ARN = "arn:aws:ses:us-east-1:123456789012:identity/a@example.com"
STATEMENT: dict[str, Any] = {
    "Sid": "AuthorizeAccount",
    "Effect": "Allow",
    "Resource": ARN,
    "Principal": {"AWS": ["210987654321"]},
    "Action": ["ses:SendEmail", "ses:SendRawEmail"],
}


def policy(**changes: Any) -> str:
    statement = {name: value for name, value in {**STATEMENT, **changes}.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
async def room(room: Room) -> Room:
    """A room with one identity."""
    await make(room, "a@example.com")
    return room


async def create(room: Room, name: str, text: str | None = None, **scope: str) -> None:
    request = sesv2.CreateEmailIdentityPolicyRequest(
        email_identity="a@example.com", policy_name=name, policy=text or policy()
    )
    await api_v2_policies.create_email_identity_policy(room.call(**scope), request)  # type: ignore[arg-type]


async def shown(room: Room) -> dict[str, str] | None:
    request = sesv2.GetEmailIdentityPoliciesRequest(email_identity="a@example.com")
    return (await api_v2_policies.get_email_identity_policies(room.call(), request)).policies


async def update(room: Room, name: str, text: str) -> None:
    request = sesv2.UpdateEmailIdentityPolicyRequest(email_identity="a@example.com", policy_name=name, policy=text)
    await api_v2_policies.update_email_identity_policy(room.call(), request)


async def put_v1(room: Room, name: str, text: str, identity: str = "a@example.com") -> None:
    request = ses.PutIdentityPolicyRequest(identity=identity, policy_name=name, policy=text)
    await api_v1_policies.put_identity_policy(room.call(), request)


async def test_v2_keeps_what_was_written_to_the_letter(room: Room) -> None:
    text = policy().replace('"Allow"', '  "Allow"')
    await create(room, "one", text)
    assert await shown(room) == {"one": text}
    found = await api_v2.get_email_identity(room.call(), sesv2.GetEmailIdentityRequest(email_identity="a@example.com"))
    assert found.policies == {"one": text}
    await update(room, "one", policy(Effect="Deny"))
    assert await shown(room) == {"one": policy(Effect="Deny")}
    delete = sesv2.DeleteEmailIdentityPolicyRequest(email_identity="a@example.com", policy_name="one")
    await api_v2_policies.delete_email_identity_policy(room.call(), delete)
    await api_v2_policies.delete_email_identity_policy(room.call(), delete)
    assert await shown(room) == {}


async def test_v1_sees_the_same_policies(room: Room) -> None:
    await create(room, "one")
    await put_v1(room, "two", policy(Effect="Deny"))
    await put_v1(room, "two", policy())
    listed = await api_v1_policies.list_identity_policies(
        room.call(), ses.ListIdentityPoliciesRequest(identity="a@example.com")
    )
    assert listed.policy_names == ["one", "two"]
    asked = ses.GetIdentityPoliciesRequest(identity="a@example.com", policy_names=["two", "three"])
    assert (await api_v1_policies.get_identity_policies(room.call(), asked)).policies == {"two": policy()}
    await api_v1_policies.delete_identity_policy(
        room.call(), ses.DeleteIdentityPolicyRequest(identity="a@example.com", policy_name="two")
    )
    assert await shown(room) == {"one": policy()}


async def test_v2_refuses_in_its_words(room: Room) -> None:
    await create(room, "one")
    taken = await refused(create(room, "one"))
    assert (taken.code, taken.message) == ("AlreadyExistsException", "Policy <one> already exists")
    missing = await refused(update(room, "two", policy()))
    assert (missing.code, missing.message, missing.status) == ("NotFoundException", "Policy <two> does not exist", 404)
    assert (await refused(create(room, "no space"))).message == NAME_RULE
    assert (await refused(create(room, "x", "{"))).code == "BadRequestException"
    for number in range(1, MAX_POLICIES):
        await create(room, f"p{number}")
    full = await refused(create(room, "more"))
    assert full.code == "LimitExceededException"


async def test_v1_refuses_in_its_words(room: Room) -> None:
    assert (await refused(put_v1(room, "x", "{"))).code == "InvalidPolicy"
    wrong_name = await refused(put_v1(room, "no space", policy()))
    assert (wrong_name.code, wrong_name.message) == ("InvalidParameterValue", NAME_RULE)
    assert (await refused(put_v1(room, "x" * 65, policy()))).code == "ValidationError"
    unknown = await refused(put_v1(room, "x", policy(Resource="*"), "no@example.com"))
    assert (unknown.code, unknown.message) == ("InvalidParameterValue", "Identity <no@example.com> does not exist.")
    for number in range(MAX_POLICIES):
        await put_v1(room, f"p{number}", policy())
    assert (await refused(put_v1(room, "more", policy()))).code == "LimitExceeded"


@pytest.mark.parametrize("scope", [{"account_id": OTHER_ACCOUNT}, {"region": OTHER_REGION}])
async def test_other_accounts_and_regions_see_none(room: Room, scope: dict[str, str]) -> None:
    await create(room, "one")
    error = await refused(create(room, "two", policy(Resource="*"), **scope))
    assert error.message == "Email identity a@example.com does not exist."
    call = room.call(**scope)  # type: ignore[arg-type]
    show = sesv2.GetEmailIdentityPoliciesRequest(email_identity="a@example.com")
    assert (await refused(api_v2_policies.get_email_identity_policies(call, show))).code == "NotFoundException"
    drop = sesv2.DeleteEmailIdentityPolicyRequest(email_identity="a@example.com", policy_name="one")
    assert (await refused(api_v2_policies.delete_email_identity_policy(call, drop))).code == "NotFoundException"
    old = ses.DeleteIdentityPolicyRequest(identity="a@example.com", policy_name="one")
    await api_v1_policies.delete_identity_policy(call, old)
    assert await shown(room) == {"one": policy()}


async def test_policies_go_with_their_identity(room: Room) -> None:
    await create(room, "one")
    await api_v2.delete_email_identity(room.call(), sesv2.DeleteEmailIdentityRequest(email_identity="a@example.com"))
    await make(room, "a@example.com")
    assert await shown(room) == {}


@pytest.mark.parametrize(
    "text",
    [
        policy(Principal="*"),
        policy(Principal=None, NotPrincipal={"AWS": "1"}),
        policy(Action="ses:*"),
        policy(Action="*"),
        policy(Action=None, NotAction="ses:SendEmail"),
        policy(Resource="*"),
        policy(Resource=["arn:aws:ses:*:123456789012:identity/*"]),
        policy(Condition={"StringLike": {"ses:FromAddress": "*@example.com"}}),
        json.dumps({"Statement": STATEMENT}),
    ],
)
def test_forms_of_a_policy(text: str) -> None:
    check_policy(text, ARN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"Statement":[]}',
        '{"Statement":["x"]}',
        json.dumps({"Version": "2020-01-01", "Statement": STATEMENT}),
        policy(Effect="Perhaps"),
        policy(Principal=None),
        policy(Principal="me"),
        policy(Action=None),
        policy(Action=[]),
        policy(Action=["sns:Publish"]),
        policy(Action=7),
        policy(Resource=None),
        policy(Resource="arn:aws:ses:us-east-1:123456789012:identity/b@example.com"),
        policy(Condition=[]),
        policy(Sid="x" * MAX_POLICY_BYTES),
    ],
)
def test_what_is_no_policy(text: str) -> None:
    with pytest.raises(InvalidPolicy):
        check_policy(text, ARN)


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        (ARN, True),
        (ARN.upper(), False),
        (ARN[:-1], False),
        (f"{ARN}x", False),
        (ARN.replace("ses", "s?s"), True),
        (f"{ARN}?", False),
        ("*", True),
        ("arn:aws:ses:*:identity/*", True),
        ("arn:*:123456789012:*@example.com", True),
        ("arn:*@example.org", False),
        ("*identity/?@*.com", True),
        ("*identity/??@*.com", False),
        ("*identity/a@example.com*com", False),
        ("**a****@e?ample*", True),
        ("*a" * 1500, False),
    ],
)
def test_a_resource_may_have_wildcards(pattern: str, fits: bool) -> None:
    """The last one would take a backtracking pattern for ever."""
    if fits:
        check_policy(policy(Resource=[ARN, pattern]), ARN)
        return
    with pytest.raises(InvalidPolicy, match="must be the identity"):
        check_policy(policy(Resource=[ARN, pattern]), ARN)


def test_a_policy_nested_without_end_is_refused() -> None:
    with pytest.raises(InvalidPolicy, match="not valid JSON"):
        check_policy("[" * 4000, ARN)
