"""Policies of users and roles, inline and managed, as boto3 has them, and what a credential carries of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from hatobin.companions.iam import MANAGED, AccessKeys
from hatobin.gateway import Credential
from hatobin.protocols.aws.policy import Verdict, read_policies
from tests.api.harness import Api
from tests.api.test_iam_users import refusal

MakeClient = Callable[..., Any]
SES = "arn:aws:iam::aws:policy/AmazonSESFullAccess"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def document(action: str | list[str] = "ses:SendEmail", effect: str = "Allow", **more: Any) -> str:
    """Give a policy of one statement."""
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": "*", **more}]}
    )


@pytest.fixture
def iam(make_client: MakeClient) -> Any:
    client = make_client("iam")
    client.create_user(UserName="app")
    client.create_role(RoleName="app", AssumeRolePolicyDocument=TRUST)
    return client


class Held:
    """The operations on the policies of a user or of a role, by one name for both."""

    def __init__(self, iam: Any, kind: str) -> None:
        self._iam, self._kind, self._name = iam, kind.lower(), {f"{kind}Name": "app"}

    def __getattr__(self, method: str) -> Callable[..., Any]:
        call = getattr(self._iam, method.replace("KIND", self._kind))
        return lambda **arguments: call(**self._name, **arguments)


@pytest.fixture(params=["User", "Role"])
def held(iam: Any, request: pytest.FixtureRequest) -> Held:
    return Held(iam, request.param)


def test_an_inline_policy_comes_back_as_it_was_written(held: Any) -> None:
    text = '{ "Version" : "2012-10-17",\n "Statement": {"Effect":"Allow","Action":"ses:Send*","Resource":"ü%+ "} }'
    held.put_KIND_policy(PolicyName="b", PolicyDocument=document())
    held.put_KIND_policy(PolicyName="a", PolicyDocument=document())
    held.put_KIND_policy(PolicyName="b", PolicyDocument=text)
    # botocore decodes what IAM percent-encodes.
    assert held.get_KIND_policy(PolicyName="b")["PolicyDocument"] == json.loads(text)
    assert held.list_KIND_policies()["PolicyNames"] == ["a", "b"]
    first = held.list_KIND_policies(MaxItems=1)
    assert (first["PolicyNames"], first["IsTruncated"]) == (["a"], True)
    assert held.list_KIND_policies(Marker=first["Marker"])["PolicyNames"] == ["b"]
    held.delete_KIND_policy(PolicyName="a")
    for method in ("get_KIND_policy", "delete_KIND_policy"):
        code, text, status = refusal(getattr(held, method), PolicyName="a")
        assert (code, status) == ("NoSuchEntity", 404)
        assert text.endswith("policy with name a cannot be found.")


@pytest.mark.parametrize(
    "wrong",
    [
        "x",
        "[]",
        "{}",
        '{"Statement":[]}',
        '{"Statement":{"Effect":"Allow","Action":"nothing","Resource":"*"}}',
        '{"Statement":{"Effect":"Allow","Action":"ses:*"}}',
        '{"Statement":{"Effect":"Perhaps","Action":"ses:*","Resource":"*"}}',
        '{"Statement":{"Effect":"Allow","Principal":"*","Action":"ses:*","Resource":"*"}}',
        document(Condition={"StringIs": {"aws:x": "y"}}),
    ],
)
def test_what_is_no_policy_is_refused(held: Any, wrong: str) -> None:
    code, text, status = refusal(held.put_KIND_policy, PolicyName="p", PolicyDocument=wrong)
    assert (code, status) == ("MalformedPolicyDocument", 400)
    assert text
    assert held.list_KIND_policies()["PolicyNames"] == []


def test_inline_policies_have_so_much_room_together_without_white_space(iam: Any) -> None:
    def sized(characters: int) -> str:
        empty = document(Sid="")
        return document(Sid="x" * (characters - len(empty.replace(" ", ""))))

    iam.put_user_policy(UserName="app", PolicyName="a", PolicyDocument=sized(1500) + " " * 2000)
    assert refusal(iam.put_user_policy, UserName="app", PolicyName="b", PolicyDocument=sized(549)) == (
        "LimitExceeded",
        "Maximum policy size of 2048 bytes exceeded for user app",
        409,
    )
    iam.put_user_policy(UserName="app", PolicyName="b", PolicyDocument=sized(548))
    iam.put_user_policy(UserName="app", PolicyName="a", PolicyDocument=sized(1400))
    iam.put_role_policy(RoleName="app", PolicyName="a", PolicyDocument=sized(10_240))
    assert refusal(iam.put_role_policy, RoleName="app", PolicyName="b", PolicyDocument=document())[0] == "LimitExceeded"


def test_managed_policies_are_attached_and_detached(held: Any) -> None:
    for _ in range(2):
        held.attach_KIND_policy(PolicyArn=SES)
    held.attach_KIND_policy(PolicyArn=SES.replace("SES", "SQS"))
    listed = held.list_attached_KIND_policies()
    assert listed["AttachedPolicies"] == [
        {"PolicyName": "AmazonSESFullAccess", "PolicyArn": SES},
        {"PolicyName": "AmazonSQSFullAccess", "PolicyArn": SES.replace("SES", "SQS")},
    ]
    assert held.list_attached_KIND_policies(PathPrefix="/x/")["AttachedPolicies"] == []
    first = held.list_attached_KIND_policies(MaxItems=1)
    assert len(held.list_attached_KIND_policies(Marker=first["Marker"])["AttachedPolicies"]) == 1
    held.detach_KIND_policy(PolicyArn=SES)
    assert refusal(held.detach_KIND_policy, PolicyArn=SES) == ("NoSuchEntity", f"Policy {SES} was not found.", 404)
    unknown = "arn:aws:iam::aws:policy/Unknown"
    assert refusal(held.attach_KIND_policy, PolicyArn=unknown) == (
        "NoSuchEntity",
        f"Policy {unknown} does not exist or is not attachable.",
        404,
    )


def test_ten_are_attached_at_most(held: Any) -> None:
    arns = list(MANAGED)
    for arn in arns[:10]:
        held.attach_KIND_policy(PolicyArn=arn)
    held.attach_KIND_policy(PolicyArn=arns[0])
    code, text, _ = refusal(held.attach_KIND_policy, PolicyArn=arns[10])
    assert code == "LimitExceeded"
    assert text.endswith(": 10")


def test_managed_policies_can_be_read(iam: Any) -> None:
    iam.attach_user_policy(UserName="app", PolicyArn=SES)
    policy = iam.get_policy(PolicyArn=SES)["Policy"]
    assert (policy["PolicyName"], policy["AttachmentCount"], policy["DefaultVersionId"]) == (
        "AmazonSESFullAccess",
        1,
        "v1",
    )
    version = iam.get_policy_version(PolicyArn=SES, VersionId="v1")["PolicyVersion"]
    assert version["Document"]["Statement"] == [{"Effect": "Allow", "Action": ["ses:*"], "Resource": "*"}]
    assert iam.list_policy_versions(PolicyArn=SES)["Versions"][0]["IsDefaultVersion"] is True
    pages = iam.get_paginator("list_policies").paginate(Scope="AWS", PaginationConfig={"PageSize": 5})
    assert [one["Arn"] for page in pages for one in page["Policies"]] == list(MANAGED)
    attached = iam.list_policies(OnlyAttached=True)["Policies"]
    assert {one["PolicyName"] for one in attached} == {"AdministratorAccess", "AmazonSESFullAccess"}
    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert refusal(iam.get_policy, PolicyArn=f"{SES}x")[:2] == ("NoSuchEntity", f"Policy {SES}x was not found.")
    assert refusal(iam.get_policy_version, PolicyArn=SES, VersionId="v2")[0] == "NoSuchEntity"


@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        ("AdministratorAccess", "iam:DeleteUser", ""),
        ("PowerUserAccess", "ses:SendEmail", "iam:CreateUser"),
        ("ReadOnlyAccess", "ses:GetAccount", "ses:SendEmail"),
        ("IAMFullAccess", "iam:CreateUser", "ses:SendEmail"),
        ("AmazonSESFullAccess", "ses:DeleteEmailIdentity", "sns:Publish"),
        ("AmazonSESReadOnlyAccess", "ses:ListEmailIdentities", "ses:SendEmail"),
        ("AmazonSNSFullAccess", "sns:Publish", "ses:SendEmail"),
        ("AmazonSQSFullAccess", "sqs:SendMessage", "ses:SendEmail"),
        ("AmazonS3FullAccess", "s3:PutObject", "ses:SendEmail"),
        ("AmazonS3ReadOnlyAccess", "s3:GetObject", "s3:PutObject"),
    ],
)
def test_what_managed_policies_mean(name: str, allowed: str, refused: str) -> None:
    policies = read_policies([MANAGED[f"arn:aws:iam::aws:policy/{name}"].document])
    assert policies.verdict(allowed, "*", {}) is Verdict.ALLOWED
    assert not refused or policies.verdict(refused, "*", {}) is Verdict.NOT_ALLOWED


def test_a_credential_carries_what_its_user_may_do_and_sees_changes_at_once(iam: Any, api: Api) -> None:
    key = iam.create_access_key(UserName="app")["AccessKey"]["AccessKeyId"]
    keys = api.outbound.services.get(AccessKeys)

    def current() -> Credential:
        found = api.run(keys.current(key))
        assert found is not None
        return found

    assert current().policies == ()
    iam.attach_user_policy(UserName="app", PolicyArn=SES)
    iam.put_user_policy(UserName="app", PolicyName="p", PolicyDocument=document(effect="Deny"))
    before = current()
    assert before.policies == (document(effect="Deny"), MANAGED[SES].document)
    api.pass_time(10)
    # What is compiled of them may be kept by the value itself.
    assert current().policies is before.policies
    iam.tag_user(UserName="app", Tags=[{"Key": "team", "Value": "post"}])
    tagged = current()
    assert tagged.principal.tags == (("team", "post"),)
    assert tagged.policies == before.policies
    iam.detach_user_policy(UserName="app", PolicyArn=SES)
    iam.delete_user_policy(UserName="app", PolicyName="p")
    assert current().policies == ()


def test_actions_that_nothing_is_checked_for_are_kept_and_told_to_the_operator(iam: Any) -> None:
    iam.create_user(UserName="bob")
    text = document(["sesv2:SendEmail", "ses:SendEmail", "SESV2:*"])
    with capture_logs() as logs:
        iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=text)
    assert [log["actions"] for log in logs if log["event"] == "policy_names_idle_actions"] == [
        ("sesv2:SendEmail", "SESV2:*")
    ]
    assert iam.get_user_policy(UserName="bob", PolicyName="p")["PolicyDocument"]
