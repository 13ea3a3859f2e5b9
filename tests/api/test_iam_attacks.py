"""Keys and tokens in the wrong hands: each is refused, and by the error that AWS gives."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hatobin.companions.iam import AccessKeys
from hatobin.protocols.aws.smtp_password import smtp_password
from tests.api.harness import OTHER_ACCOUNT, REGION, Api
from tests.api.test_iam_users import refusal
from tests.api.test_sts import SES, Assuming

_UNKNOWN = ("InvalidClientTokenId", "The security token included in the request is invalid.", 403)


@pytest.fixture
def assuming(api: Api) -> Assuming:
    return Assuming(api)


def given_to(assuming: Assuming) -> Any:
    return assuming.sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/mail/sender", RoleSessionName="run")[
        "Credentials"
    ]


def smtp(api: Api, username: str, secret: str) -> Any:
    keys = api.outbound.services.get(AccessKeys)
    return api.run(keys.smtp_login(username, smtp_password(secret, REGION), peer_ip="127.0.0.1"))


def test_a_temporary_key_without_its_token_or_with_anothers(assuming: Assuming, api: Api) -> None:
    mine, other = given_to(assuming), given_to(assuming)
    for token in (None, "", other["SessionToken"], mine["SessionToken"][:-1], mine["SessionToken"] + "x", "ü"):
        client = api.client_with(mine["AccessKeyId"], mine["SecretAccessKey"], "sts", aws_session_token=token)
        assert refusal(client.get_caller_identity) == _UNKNOWN
    v2 = api.client_with(mine["AccessKeyId"], mine["SecretAccessKey"], "sesv2")
    assert refusal(v2.get_account) == ("UnrecognizedClientException", _UNKNOWN[1], 403)
    assert assuming.temporary(mine).get_caller_identity()


def test_a_token_does_not_replace_the_secret(assuming: Assuming, api: Api) -> None:
    mine, other = given_to(assuming), given_to(assuming)
    client = api.client_with(
        mine["AccessKeyId"], other["SecretAccessKey"], "sts", aws_session_token=mine["SessionToken"]
    )
    assert refusal(client.get_caller_identity)[0] == "SignatureDoesNotMatch"


def test_a_long_term_key_with_a_token(assuming: Assuming, api: Api) -> None:
    key = assuming.iam.create_access_key(UserName="app")["AccessKey"]
    token = given_to(assuming)["SessionToken"]
    client = api.client_with(key["AccessKeyId"], key["SecretAccessKey"], "sts", aws_session_token=token)
    assert refusal(client.get_caller_identity) == _UNKNOWN


def test_an_expired_session_says_so_only_to_who_has_its_token(assuming: Assuming, api: Api) -> None:
    mine = given_to(assuming)
    api.pass_time(3601)
    assert refusal(assuming.temporary(mine).get_caller_identity)[0] == "ExpiredToken"
    assert refusal(assuming.temporary(mine, "sesv2").get_account)[::2] == ("ExpiredTokenException", 403)
    client = api.client_with(mine["AccessKeyId"], mine["SecretAccessKey"], "sts", aws_session_token="x")
    assert refusal(client.get_caller_identity) == _UNKNOWN


def test_temporary_credentials_never_log_in_over_smtp(assuming: Assuming, api: Api) -> None:
    mine = given_to(assuming)
    own = assuming.sts.get_session_token()["Credentials"]
    for given in (mine, own):
        assert smtp(api, given["AccessKeyId"], given["SecretAccessKey"]) is None
        assert smtp(api, given["AccessKeyId"], given["SessionToken"]) is None
    key = assuming.iam.create_access_key(UserName="app")["AccessKey"]
    assert smtp(api, key["AccessKeyId"], key["SecretAccessKey"]) is not None


@pytest.mark.parametrize("how", ["switched off", "deleted", "deleted with its user"])
def test_a_key_that_is_no_more(assuming: Assuming, api: Api, how: str) -> None:
    assuming.iam.attach_user_policy(UserName="app", PolicyArn=SES)
    key = assuming.iam.create_access_key(UserName="app")["AccessKey"]
    name = {"UserName": "app", "AccessKeyId": key["AccessKeyId"]}
    v1, v2 = (api.client_with(key["AccessKeyId"], key["SecretAccessKey"], one) for one in ("ses", "sesv2"))
    assert v2.get_account()
    assert smtp(api, key["AccessKeyId"], key["SecretAccessKey"])
    if how == "switched off":
        assuming.iam.update_access_key(**name, Status="Inactive")
    else:
        assuming.iam.delete_access_key(**name)
    if how == "deleted with its user":
        for other in assuming.iam.list_access_keys(UserName="app")["AccessKeyMetadata"]:
            assuming.iam.delete_access_key(UserName="app", AccessKeyId=other["AccessKeyId"])
        assuming.iam.detach_user_policy(UserName="app", PolicyArn=SES)
        assuming.iam.delete_user(UserName="app")
        assuming.iam.create_user(UserName="app")
    assert refusal(v1.get_send_quota) == _UNKNOWN
    assert refusal(v2.get_account)[0] == "UnrecognizedClientException"
    assert smtp(api, key["AccessKeyId"], key["SecretAccessKey"]) is None


def test_the_key_of_another_account_signs_for_that_account_alone(assuming: Assuming, api: Api) -> None:
    api.client("sesv2").create_email_identity(EmailIdentity="example.com")
    assert (
        refusal(api.client("sesv2", account_id=OTHER_ACCOUNT).get_email_identity, EmailIdentity="example.com")[2] == 404
    )
    theirs = api.client("iam", account_id=OTHER_ACCOUNT)
    assert refusal(theirs.get_user, UserName="app")[0] == "NoSuchEntity"
    assert refusal(theirs.create_access_key, UserName="app")[0] == "NoSuchEntity"
    assert refusal(theirs.get_role, RoleName="sender")[0] == "NoSuchEntity"


def test_a_user_that_was_deleted_leaves_no_session_behind(assuming: Assuming) -> None:
    given = assuming.sts.get_session_token()["Credentials"]
    for key in assuming.iam.list_access_keys(UserName="app")["AccessKeyMetadata"]:
        assuming.iam.delete_access_key(UserName="app", AccessKeyId=key["AccessKeyId"])
    assert assuming.temporary(given).get_caller_identity()
    assuming.iam.delete_user(UserName="app")
    assert refusal(assuming.temporary(given).get_caller_identity) == _UNKNOWN


def test_a_role_cannot_be_told_to_act_for_its_own_user(assuming: Assuming) -> None:
    assuming.iam.attach_role_policy(RoleName="sender", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam = assuming.temporary(given_to(assuming), "iam")
    for call in (iam.get_user, iam.create_access_key, iam.list_access_keys):
        refused = refusal(call)
        assert refused[:2] == ("ValidationError", "Must specify userName when calling with non-User credentials")


def test_a_role_trusts_nobody_who_took_the_name_of_a_user_that_is_no_more(assuming: Assuming) -> None:
    ask = {"RoleArn": "arn:aws:iam::123456789012:role/mail/sender", "RoleSessionName": "run"}
    assert assuming.sts.assume_role(**ask)
    for key in assuming.iam.list_access_keys(UserName="app")["AccessKeyMetadata"]:
        assuming.iam.delete_access_key(UserName="app", AccessKeyId=key["AccessKeyId"])
    assuming.iam.delete_user(UserName="app")
    assuming.iam.create_user(UserName="app")
    newcomer = assuming.user("app")
    assert refusal(newcomer.assume_role, **ask)[0] == "AccessDenied"
    assuming.trusts({"AWS": "arn:aws:iam::123456789012:user/app"})
    assert newcomer.assume_role(**ask)


def test_a_role_does_not_trust_a_stranger_of_the_same_name(assuming: Assuming, api: Api) -> None:
    theirs = api.client("iam", account_id=OTHER_ACCOUNT)
    theirs.create_user(UserName="app")
    theirs.attach_user_policy(UserName="app", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    key = theirs.create_access_key(UserName="app")["AccessKey"]
    sts = api.client_with(key["AccessKeyId"], key["SecretAccessKey"], "sts")
    role = "arn:aws:iam::123456789012:role/mail/sender"
    assert refusal(sts.assume_role, RoleArn=role, RoleSessionName="run")[0] == "AccessDenied"


def limited(assuming: Assuming, *statements: Any) -> Any:
    """Give the IAM of a user that may do what these statements say."""
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    assuming.iam.create_user(UserName="helper", Path="/desk/")
    assuming.iam.put_user_policy(UserName="helper", PolicyName="p", PolicyDocument=json.dumps(policy))
    return assuming.user("helper", "iam")


def allow(*actions: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


_USERS = "arn:aws:iam::123456789012:user"


def test_who_may_nothing_gives_itself_nothing(assuming: Assuming) -> None:
    iam = assuming.user("app", "iam")
    everything = "arn:aws:iam::aws:policy/AdministratorAccess"
    code, text, status = refusal(iam.attach_user_policy, UserName="app", PolicyArn=everything)
    assert (code, status) == ("AccessDenied", 403)
    assert text == (
        f"User: {_USERS}/app is not authorized to perform: iam:AttachUserPolicy on resource: {_USERS}/app"
        " because no identity-based policy allows the iam:AttachUserPolicy action"
    )
    for call in (iam.get_user, iam.create_access_key, iam.list_users):
        assert refusal(call)[0] == "AccessDenied"


def test_a_user_may_be_let_change_itself_alone(assuming: Assuming) -> None:
    own = "arn:aws:iam::*:user/desk/${aws:username}"
    iam = limited(assuming, allow("iam:GetUser", "iam:ListAccessKeys", "iam:UpdateAccessKey", resource=own))
    assert iam.get_user()["User"]["UserName"] == "helper"
    assert iam.get_user(UserName="helper")["User"]["UserName"] == "helper"
    assert len(iam.list_access_keys()["AccessKeyMetadata"]) == 1
    assert refusal(iam.get_user, UserName="app")[0] == "AccessDenied"
    assert refusal(iam.list_access_keys, UserName="test")[0] == "AccessDenied"


def test_users_are_made_and_renamed_below_a_path_alone(assuming: Assuming) -> None:
    below = f"{_USERS}/desk/*"
    iam = limited(assuming, allow("iam:CreateUser", "iam:UpdateUser", "iam:DeleteUser", resource=below))
    iam.create_user(UserName="new", Path="/desk/")
    assert refusal(iam.create_user, UserName="other")[0] == "AccessDenied"
    assert refusal(iam.create_user, UserName="other", Path="/")[0] == "AccessDenied"
    assert refusal(iam.delete_user, UserName="app")[0] == "AccessDenied"
    for step in ({"NewPath": "/"}, {"NewPath": "/boss/"}):
        assert refusal(iam.update_user, UserName="new", **step)[0] == "AccessDenied"
    iam.update_user(UserName="new", NewUserName="newer")
    iam.delete_user(UserName="newer")


def test_a_deny_is_not_passed_by_with_another_spelling(assuming: Assuming) -> None:
    deny = {"Effect": "Deny", "Action": "iam:*", "Resource": f"{_USERS}/app"}
    iam = limited(assuming, allow("iam:*"), deny)
    assert refusal(iam.delete_user, UserName="app")[0] == "AccessDenied"
    for name in ("APP", "App"):
        assert refusal(iam.delete_user, UserName=name)[0] == "NoSuchEntity"
    assert assuming.iam.get_user(UserName="app")


def test_which_policies_may_be_attached_is_a_condition(assuming: Assuming) -> None:
    reading = "arn:aws:iam::aws:policy/AmazonSESReadOnlyAccess"
    only = {"ArnEquals": {"iam:PolicyARN": reading}}
    iam = limited(assuming, allow("iam:AttachUserPolicy", Condition=only))
    iam.attach_user_policy(UserName="app", PolicyArn=reading)
    everything = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert refusal(iam.attach_user_policy, UserName="helper", PolicyArn=everything)[0] == "AccessDenied"


def test_tags_of_users_are_conditions(assuming: Assuming) -> None:
    mine = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    iam = limited(assuming, allow("iam:GetUser", Condition=mine))
    assuming.iam.tag_user(UserName="helper", Tags=[{"Key": "team", "Value": "desk"}])
    assert refusal(iam.get_user, UserName="app")[0] == "AccessDenied"
    assuming.iam.tag_user(UserName="app", Tags=[{"Key": "team", "Value": "desk"}])
    assert iam.get_user(UserName="app")


def test_a_session_policy_narrows_and_gives_nothing(assuming: Assuming) -> None:
    everything = json.dumps({"Version": "2012-10-17", "Statement": [allow("*")]})
    assert refusal(assuming.assumed(service="sesv2", Policy=everything).get_account)[0] == "AccessDeniedException"
    assuming.iam.attach_role_policy(RoleName="sender", PolicyArn="arn:aws:iam::aws:policy/AmazonSESFullAccess")
    narrow = json.dumps({"Version": "2012-10-17", "Statement": [allow("ses:List*")]})
    ses = assuming.assumed(service="sesv2", Policy=narrow)
    assert ses.list_email_identities()
    assert refusal(ses.get_account)[0] == "AccessDeniedException"


def test_temporary_credentials_of_a_user_cannot_make_lasting_ones(assuming: Assuming, api: Api) -> None:
    boss = api.client("sts").get_session_token()["Credentials"]
    assert assuming.temporary(boss, "sesv2").get_account()
    iam = assuming.temporary(boss, "iam")
    for call in (iam.create_access_key, iam.get_user):
        assert refusal(call)[0] == "AccessDenied"
