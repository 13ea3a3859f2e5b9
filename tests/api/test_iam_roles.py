"""Roles, as boto3 has them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.harness import ACCOUNT, OTHER_ACCOUNT
from tests.api.test_iam_policies import TRUST
from tests.api.test_iam_users import refusal

MakeClient = Callable[..., Any]


@pytest.fixture
def iam(make_client: MakeClient) -> Any:
    return make_client("iam")


def test_what_was_made_comes_back(iam: Any) -> None:
    made = iam.create_role(
        RoleName="Sender",
        Path="/mail/",
        AssumeRolePolicyDocument=TRUST,
        Description="Sends",
        MaxSessionDuration=7200,
        Tags=[{"Key": "Team", "Value": "post"}],
    )["Role"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/mail/Sender"
    assert re.fullmatch("AROA[A-Z2-7]{16}", made["RoleId"])
    assert made["AssumeRolePolicyDocument"] == json.loads(TRUST)
    assert (made["Description"], made["MaxSessionDuration"]) == ("Sends", 7200)
    assert iam.get_role(RoleName="Sender")["Role"] == made
    del made["Tags"], made["RoleLastUsed"]
    assert iam.list_roles(PathPrefix="/mail/")["Roles"] == [made]
    assert iam.list_roles(PathPrefix="/other/")["Roles"] == []


def test_a_role_without_options_has_an_hour_and_no_description(iam: Any) -> None:
    made = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]
    assert made["MaxSessionDuration"] == 3600
    assert "Description" not in made
    assert "Tags" not in made


def test_a_role_is_changed(iam: Any) -> None:
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.update_role(RoleName="r", Description="New")
    iam.update_role(RoleName="r", MaxSessionDuration=43200)
    trust = TRUST.replace(":root", ":user/test")
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=trust)
    role = iam.get_role(RoleName="r")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("New", 43200)
    assert role["AssumeRolePolicyDocument"] == json.loads(trust)
    iam.tag_role(RoleName="r", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    iam.untag_role(RoleName="r", TagKeys=["A"])
    assert iam.list_role_tags(RoleName="r")["Tags"] == [{"Key": "b", "Value": "2"}]


def test_names_differ_by_more_than_case(iam: Any) -> None:
    iam.create_role(RoleName="role", AssumeRolePolicyDocument=TRUST)
    taken = refusal(iam.create_role, RoleName="ROLE", AssumeRolePolicyDocument=TRUST)
    assert taken == ("EntityAlreadyExists", "Role with name ROLE already exists.", 409)
    missing = refusal(iam.get_role, RoleName="ROLE")
    assert missing == ("NoSuchEntity", "The role with name ROLE cannot be found.", 404)


@pytest.mark.parametrize(
    "wrong",
    [
        '{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}}',
        '{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}}',
        '{"Statement":{"Effect":"Allow","Principal":"*","Action":"ses:SendEmail"}}',
        '{"Statement":{"Effect":"Allow","Principal":"*","Action":"*"}}',
        "{",
    ],
)
def test_what_trusts_nobody_in_a_way_that_can_be_read_is_refused(iam: Any, wrong: str) -> None:
    refused = refusal(iam.create_role, RoleName="r", AssumeRolePolicyDocument=wrong)
    assert (refused[0], refused[2]) == ("MalformedPolicyDocument", 400)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    assert refusal(iam.update_assume_role_policy, RoleName="r", PolicyDocument=wrong)[0] == "MalformedPolicyDocument"


@pytest.mark.parametrize(
    "principal",
    [
        f"arn:aws:iam::{ACCOUNT}:user/none",
        f"arn:aws:iam::{ACCOUNT}:user/Test",
        f"arn:aws:iam::{ACCOUNT}:user/path/test",
        f"arn:aws:iam::{ACCOUNT}:role/none",
        f"arn:aws:iam::{OTHER_ACCOUNT}:user/test",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/none/run",
        f"arn:aws:iam::{ACCOUNT}:user/*",
        "test",
    ],
)
def test_who_is_trusted_is_there(iam: Any, principal: str) -> None:
    trust = TRUST.replace(f"arn:aws:iam::{ACCOUNT}:root", principal)
    refused = refusal(iam.create_role, RoleName="r", AssumeRolePolicyDocument=trust)
    assert refused[:2] == ("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{principal}"')


def test_limits_of_roles(iam: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatobin.companions.iam.api_roles.MAX_ROLES", 1)
    iam.create_role(RoleName="a", AssumeRolePolicyDocument=TRUST)
    second = refusal(iam.create_role, RoleName="b", AssumeRolePolicyDocument=TRUST)
    assert second == ("LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1", 409)
    long = TRUST.replace("2012-10-17", "2012-10-17").replace(":root", f":user/{'x' * 2048}")
    assert refusal(iam.update_assume_role_policy, RoleName="a", PolicyDocument=long)[0] == "LimitExceeded"
    boundary = {"PermissionsBoundary": "arn:aws:iam::aws:policy/AmazonSESFullAccess"}
    assert refusal(iam.create_role, RoleName="c", AssumeRolePolicyDocument=TRUST, **boundary)[2] == 501


def test_policies_go_before_the_role(iam: Any) -> None:
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AmazonSESFullAccess")
    assert refusal(iam.delete_role, RoleName="r")[:2] == (
        "DeleteConflict",
        "Cannot delete entity, must detach all policies first.",
    )
    iam.detach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AmazonSESFullAccess")
    iam.delete_role(RoleName="r")
    assert refusal(iam.delete_role, RoleName="r")[0] == "NoSuchEntity"
