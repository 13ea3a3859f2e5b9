"""STS as SDKs ask it: who am I, and temporary credentials of roles and users."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hatobin.companions.iam import MANAGED, AccessKeys
from hatobin.companions.iam.role_sessions import OF_USER
from hatobin.gateway import Credential
from hatobin.protocols.aws.policy import Verdict, read_policies
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION, Api
from tests.api.test_iam_policies import document
from tests.api.test_iam_users import refusal
from tests.simulation.test_retention import make_pass
from tests.stores import not_on_postgres

MakeClient = Callable[..., Any]
ROLE = f"arn:aws:iam::{ACCOUNT}:role/mail/sender"
SES = "arn:aws:iam::aws:policy/AmazonSESFullAccess"


def trust(principal: Any, action: Any = "sts:AssumeRole", **condition: Any) -> str:
    """Give a trust policy of one statement."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{**statement, **({"Condition": condition} if condition else {})}]}
    )


class Assuming:
    """A server with a role and a user without any policy."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.iam = api.client("iam")
        self.iam.create_user(UserName="app")
        self.iam.create_role(
            RoleName="sender",
            Path="/mail/",
            AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/app"}),
            Tags=[{"Key": "team", "Value": "post"}, {"Key": "kind", "Value": "role"}],
        )
        self.sts = self.user("app")

    def user(self, name: str, service: str = "sts") -> Any:
        """Give a client that signs with a new key of a user."""
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return self._api.client_with(key["AccessKeyId"], key["SecretAccessKey"], service)

    def trusts(self, *arguments: Any, **condition: Any) -> None:
        """Say anew whom the role trusts."""
        self.iam.update_assume_role_policy(RoleName="sender", PolicyDocument=trust(*arguments, **condition))

    def assumed(self, sts: Any = None, service: str = "sts", *, role: str = ROLE, **more: Any) -> Any:
        """Assume the role and give a client that signs as it."""
        answer = (sts or self.sts).assume_role(RoleArn=role, RoleSessionName="run", **more)
        return self.temporary(answer["Credentials"], service)

    def temporary(self, given: Any, service: str = "sts") -> Any:
        """Give a client that signs with temporary credentials."""
        return self._api.client_with(
            given["AccessKeyId"], given["SecretAccessKey"], service, aws_session_token=given["SessionToken"]
        )

    def credential(self, access_key_id: str) -> Credential:
        """Look at what the server knows of a key."""
        found = self._api.run(self._api.outbound.services.get(AccessKeys).current(access_key_id))
        assert found is not None
        return found


@pytest.fixture
def assuming(api: Api) -> Assuming:
    return Assuming(api)


def test_the_first_key_is_a_user_of_the_first_account(make_client: MakeClient) -> None:
    identity = make_client("sts").get_caller_identity()
    assert identity["Account"] == ACCOUNT
    assert identity["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/test"
    assert identity["UserId"].startswith("AIDA")


def test_another_key_is_another_account(make_client: MakeClient) -> None:
    identity = make_client("sts", account_id=OTHER_ACCOUNT, region="eu-west-1").get_caller_identity()
    assert identity["Account"] == OTHER_ACCOUNT
    assert identity["Arn"] == f"arn:aws:iam::{OTHER_ACCOUNT}:user/user"


def test_what_is_not_served_says_so(make_client: MakeClient) -> None:
    code, text, status = refusal(make_client("sts").get_federation_token, Name="app")
    assert (code, status) == ("NotImplementedException", 501)
    assert "not implemented" in text


def test_a_role_is_assumed_for_an_hour(assuming: Assuming, api: Api) -> None:
    answer = assuming.sts.assume_role(RoleArn=ROLE, RoleSessionName="run")
    given = answer["Credentials"]
    assert re.fullmatch("ASIA[A-Z2-7]{16}", given["AccessKeyId"])
    assert given["Expiration"].replace(tzinfo=None) == api.now().replace(microsecond=0) + timedelta(hours=1)
    role_id = assuming.iam.get_role(RoleName="sender")["Role"]["RoleId"]
    user = {"AssumedRoleId": f"{role_id}:run", "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/sender/run"}
    assert answer["AssumedRoleUser"] == user
    assert "PackedPolicySize" not in answer
    identity = assuming.temporary(given).get_caller_identity()
    assert (identity["UserId"], identity["Account"], identity["Arn"]) == (f"{role_id}:run", ACCOUNT, user["Arn"])
    principal = assuming.credential(given["AccessKeyId"]).principal
    assert (principal.name, principal.role_arn) == ("sender", ROLE)
    assert principal.tags == (("team", "post"), ("kind", "role"))


def test_a_session_carries_the_policies_of_its_role_and_its_own(assuming: Assuming) -> None:
    assuming.iam.attach_role_policy(RoleName="sender", PolicyArn=SES)
    answer = assuming.sts.assume_role(
        RoleArn=ROLE, RoleSessionName="run", Policy=document(), PolicyArns=[{"arn": SES.replace("SES", "SQS")}]
    )
    assert 0 < answer["PackedPolicySize"] <= 100
    key = answer["Credentials"]["AccessKeyId"]
    assert assuming.credential(key).policies == (MANAGED[SES].document,)
    assert assuming.credential(key).session_policies == (document(), MANAGED[SES.replace("SES", "SQS")].document)
    assuming.iam.detach_role_policy(RoleName="sender", PolicyArn=SES)
    assert assuming.credential(key).policies == ()
    plain = assuming.sts.assume_role(RoleArn=ROLE, RoleSessionName="run")["Credentials"]["AccessKeyId"]
    assert assuming.credential(plain).session_policies is None


def test_session_policies_that_are_none_or_too_long(assuming: Assuming) -> None:
    ask = {"RoleArn": ROLE, "RoleSessionName": "run"}
    assert refusal(assuming.sts.assume_role, **ask, Policy="{}")[0] == "MalformedPolicyDocument"
    unknown = [{"arn": f"{SES}x"}]
    assert refusal(assuming.sts.assume_role, **ask, PolicyArns=unknown)[0] == "MalformedPolicyDocument"
    code, text, status = refusal(assuming.sts.assume_role, **ask, Policy=document(Sid="x" * 2048))
    assert (code, status) == ("PackedPolicyTooLarge", 400)
    assert text == "Packed size of session tags and policies consumes 106% of the allotted space"


def test_tags_of_a_session_go_before_those_of_its_role(assuming: Assuming) -> None:
    tags = [{"Key": "Kind", "Value": "session"}]
    ask = {"RoleArn": ROLE, "RoleSessionName": "run", "Tags": tags}
    code, text, _ = refusal(assuming.sts.assume_role, **ask)
    assert (code, "sts:TagSession" in text) == ("AccessDenied", True)
    who = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/app"}
    assuming.trusts(who, ["sts:AssumeRole", "sts:TagSession"], StringEquals={"aws:RequestTag/kind": "session"})
    key = assuming.sts.assume_role(**ask)["Credentials"]["AccessKeyId"]
    assert assuming.credential(key).principal.tags == (("team", "post"), ("Kind", "session"))
    other = {**ask, "Tags": [{"Key": "kind", "Value": "other"}]}
    assert refusal(assuming.sts.assume_role, **other)[0] == "AccessDenied"


def test_how_long_a_session_may_be(assuming: Assuming, api: Api) -> None:
    ask = {"RoleArn": ROLE, "RoleSessionName": "run"}
    assert refusal(assuming.sts.assume_role, **ask, DurationSeconds=3601)[:2] == (
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )
    assuming.iam.update_role(RoleName="sender", MaxSessionDuration=43_200)
    given = assuming.sts.assume_role(**ask, DurationSeconds=43_200)["Credentials"]
    assert given["Expiration"].replace(tzinfo=None) == api.now().replace(microsecond=0) + timedelta(hours=12)


def test_a_role_that_assumes_a_role_has_an_hour(assuming: Assuming) -> None:
    assuming.iam.update_role(RoleName="sender", MaxSessionDuration=43_200)
    assuming.trusts({"AWS": [f"arn:aws:iam::{ACCOUNT}:user/app", ROLE]})
    first = assuming.assumed()
    ask = {"RoleArn": ROLE, "RoleSessionName": "again"}
    assert refusal(first.assume_role, **ask, DurationSeconds=3601) == (
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        400,
    )
    again = assuming.temporary(first.assume_role(**ask, DurationSeconds=3600)["Credentials"])
    assert again.get_caller_identity()["Arn"].endswith(":assumed-role/sender/again")


def test_a_session_ends_when_its_time_is_over(assuming: Assuming, api: Api) -> None:
    assumed = assuming.assumed(DurationSeconds=900)
    api.pass_time(890)
    assert assumed.get_caller_identity()["Account"] == ACCOUNT
    api.pass_time(20)
    expired = ("ExpiredToken", "The security token included in the request is expired", 403)
    assert refusal(assumed.get_caller_identity) == expired


def test_a_session_ends_with_its_role(assuming: Assuming) -> None:
    assumed = assuming.assumed()
    assert assumed.get_caller_identity()
    assuming.iam.delete_role(RoleName="sender")
    assert refusal(assumed.get_caller_identity)[0] == "InvalidClientTokenId"
    # One of the same name is another role.
    assuming.iam.create_role(RoleName="sender", Path="/mail/", AssumeRolePolicyDocument=trust("*"))
    assert refusal(assumed.get_caller_identity)[0] == "InvalidClientTokenId"


def test_an_account_that_is_trusted_decides_itself(assuming: Assuming) -> None:
    ask = {"RoleArn": ROLE, "RoleSessionName": "run"}
    assuming.trusts({"AWS": ACCOUNT})
    denied = (
        "AccessDenied",
        f"User: arn:aws:iam::{ACCOUNT}:user/app is not authorized to perform: sts:AssumeRole on resource: {ROLE}",
        403,
    )
    assert refusal(assuming.sts.assume_role, **ask) == denied
    policy = document("sts:AssumeRole", Resource=ROLE)
    assuming.iam.put_user_policy(UserName="app", PolicyName="p", PolicyDocument=policy)
    assert assuming.sts.assume_role(**ask)
    deny = document("sts:*", effect="Deny")
    assuming.iam.put_user_policy(UserName="app", PolicyName="q", PolicyDocument=deny)
    assuming.trusts({"AWS": f"arn:aws:iam::{ACCOUNT}:user/app"})
    assert refusal(assuming.sts.assume_role, **ask) == denied


def test_a_role_of_another_account_wants_both_sides(assuming: Assuming, make_client: MakeClient) -> None:
    other = make_client("sts", account_id=OTHER_ACCOUNT)
    ask = {"RoleArn": ROLE, "RoleSessionName": "run"}
    assert refusal(other.assume_role, **ask)[0] == "AccessDenied"
    assuming.trusts({"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:user/user"})
    assumed = assuming.assumed(other)
    assert assumed.get_caller_identity()["Account"] == ACCOUNT
    # Without a policy of its own a stranger is not let in by being named.
    theirs = make_client("iam", account_id=OTHER_ACCOUNT)
    theirs.detach_user_policy(UserName="user", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    assert refusal(other.assume_role, **ask)[0] == "AccessDenied"


def test_an_external_id_is_a_condition(assuming: Assuming) -> None:
    who = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/app"}
    assuming.trusts(who, StringEquals={"sts:ExternalId": "secret-7"})
    ask = {"RoleArn": ROLE, "RoleSessionName": "run"}
    assert refusal(assuming.sts.assume_role, **ask)[0] == "AccessDenied"
    assert refusal(assuming.sts.assume_role, **ask, ExternalId="secret-8")[0] == "AccessDenied"
    assert assuming.sts.assume_role(**ask, ExternalId="secret-7")


def test_a_role_that_is_not_there_looks_like_one_that_does_not_trust(assuming: Assuming) -> None:
    for arn in (
        ROLE.replace("sender", "none"),
        ROLE.replace("mail/", ""),
        ROLE.replace("sender", "Sender"),
        ROLE.replace("role/", "user/"),
    ):
        code, text, status = refusal(assuming.sts.assume_role, RoleArn=arn, RoleSessionName="run")
        assert (code, status) == ("AccessDenied", 403)
        assert text.endswith(f"sts:AssumeRole on resource: {arn}")


@pytest.mark.parametrize(
    "more",
    [{"SourceIdentity": "ann"}, {"TransitiveTagKeys": ["team"]}, {"ProvidedContexts": [{"ContextAssertion": "abcd"}]}],
)
def test_what_nothing_heeds_is_refused(assuming: Assuming, more: Any) -> None:
    refused = refusal(assuming.sts.assume_role, RoleArn=ROLE, RoleSessionName="run", **more)
    assert (refused[0], refused[2]) == ("NotImplementedException", 501)


def test_a_user_has_no_devices(assuming: Assuming) -> None:
    device = {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/app", "TokenCode": "123456"}
    assert refusal(assuming.sts.get_session_token, **device)[0] == "AccessDenied"
    assert refusal(assuming.sts.assume_role, RoleArn=ROLE, RoleSessionName="run", **device)[0] == "AccessDenied"


def test_a_user_gets_temporary_credentials_of_its_own(assuming: Assuming, api: Api) -> None:
    assuming.iam.attach_user_policy(UserName="app", PolicyArn=SES)
    given = assuming.sts.get_session_token()["Credentials"]
    assert given["Expiration"].replace(tzinfo=None) == api.now().replace(microsecond=0) + timedelta(hours=12)
    sts = assuming.temporary(given)
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/app"
    credential = assuming.credential(given["AccessKeyId"])
    assert (credential.policies, credential.session_policies) == ((MANAGED[SES].document,), (OF_USER,))
    refused = refusal(sts.get_session_token)
    assert refused == ("AccessDenied", "Cannot call GetSessionToken with session credentials", 403)
    assert assuming.temporary(given, "sesv2").get_account()
    assert refusal(assuming.assumed().get_session_token)[0] == "AccessDenied"


def test_what_a_users_temporary_credentials_may_do_at_most() -> None:
    policies = read_policies([OF_USER])
    allowed = {
        action: policies.verdict(action, "*", {}) is Verdict.ALLOWED
        for action in ("ses:SendEmail", "sts:AssumeRole", "sts:GetCallerIdentity", "iam:GetUser", "sts:GetSessionToken")
    }
    assert [action for action, is_allowed in allowed.items() if not is_allowed] == [
        "iam:GetUser",
        "sts:GetSessionToken",
    ]


def test_a_token_is_as_long_as_the_caller_wants(assuming: Assuming) -> None:
    answer = assuming.sts.get_session_token(MinimumSessionTokenSize=1001)
    assert len(answer["Credentials"]["SessionToken"]) == answer["SessionTokenSize"] >= 1001
    assert assuming.temporary(answer["Credentials"]).get_caller_identity()


def test_whose_a_key_is(assuming: Assuming, make_client: MakeClient) -> None:
    theirs = make_client("iam", account_id=OTHER_ACCOUNT)
    key = theirs.create_access_key()["AccessKey"]["AccessKeyId"]
    sts = make_client("sts")
    assert sts.get_access_key_info(AccessKeyId=key)["Account"] == OTHER_ACCOUNT
    assert refusal(sts.get_access_key_info, AccessKeyId="AKIAAAAAAAAAAAAAAAAA")[0] == "InvalidClientTokenId"
    assert refusal(assuming.sts.get_access_key_info, AccessKeyId=key)[0] == "AccessDenied"


def test_the_use_of_a_role_is_shown(assuming: Assuming, api: Api) -> None:
    assert assuming.iam.get_role(RoleName="sender")["Role"]["RoleLastUsed"] == {}
    assuming.iam.attach_role_policy(RoleName="sender", PolicyArn=SES)
    assuming.assumed(service="sesv2").get_account()
    used = assuming.iam.get_role(RoleName="sender")["Role"]["RoleLastUsed"]
    assert used["Region"] == REGION
    assert used["LastUsedDate"].replace(tzinfo=None, microsecond=0) == api.now().replace(microsecond=0)


@not_on_postgres
def test_sessions_that_ended_a_day_ago_are_forgotten(assuming: Assuming, api: Api) -> None:
    given = assuming.sts.assume_role(RoleArn=ROLE, RoleSessionName="run", DurationSeconds=900)["Credentials"]
    assuming.assumed()
    api.pass_time(86_400 + 901)
    assert refusal(assuming.temporary(given).get_caller_identity)[0] == "ExpiredToken"
    assert api.run(make_pass(api.world)).sessions == 1
    api.pass_time(3)
    assert refusal(assuming.temporary(given).get_caller_identity)[0] == "InvalidClientTokenId"
    assert api.read(lambda session: session.one("SELECT count(*) FROM iam_session")) == (1,)


def test_there_are_so_many_sessions_and_expired_ones_make_room(
    assuming: Assuming, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hatobin.companions.iam.session_store.MAX_SESSIONS", 2)
    for _ in range(2):
        assuming.assumed(DurationSeconds=900)
    ask = {"RoleArn": ROLE, "RoleSessionName": "run"}
    assert refusal(assuming.sts.assume_role, **ask)[:2] == ("Throttling", "Rate exceeded")
    api.pass_time(901)
    assert assuming.sts.assume_role(**ask)
    assert api.read(lambda session: session.one("SELECT count(*) FROM iam_session")) == (1,)
