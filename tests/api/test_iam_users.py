"""Users and their access keys, as boto3 has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hatobin.companions.iam import model
from hatobin.companions.iam.access_keys import USE_RECORDED_EVERY_S
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, Api

MakeClient = Callable[..., Any]


@pytest.fixture
def iam(make_client: MakeClient) -> Any:
    return make_client("iam")


def refusal(call: Callable[..., Any], **arguments: Any) -> tuple[str, str, int]:
    """Make a call that must be refused; gives code, text and status."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["Error"]["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_what_was_made_comes_back(iam: Any, api: Api) -> None:
    made = iam.create_user(UserName="Ann", Path="/team/", Tags=[{"Key": "Team", "Value": "post"}])["User"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/Ann"
    assert re.fullmatch("AIDA[A-Z2-7]{16}", made["UserId"])
    assert made["CreateDate"].replace(tzinfo=None, microsecond=0) == api.now().replace(microsecond=0)
    assert made["Tags"] == [{"Key": "Team", "Value": "post"}]
    assert iam.get_user(UserName="Ann")["User"] == made
    del made["Tags"]
    assert [user for user in iam.list_users()["Users"] if user["UserName"] == "Ann"] == [made]


def test_without_a_name_it_is_about_the_caller(iam: Any) -> None:
    assert iam.get_user()["User"]["UserName"] == "test"
    made = iam.create_access_key()["AccessKey"]
    assert made["UserName"] == "test"
    assert {key["AccessKeyId"] for key in iam.list_access_keys()["AccessKeyMetadata"]} == {"test", made["AccessKeyId"]}


def test_names_differ_by_more_than_case_and_are_found_as_written(iam: Any) -> None:
    iam.create_user(UserName="ann")
    assert refusal(iam.create_user, UserName="ANN") == (
        "EntityAlreadyExists",
        "User with name ANN already exists.",
        409,
    )
    # A Deny on user/ann must not be passed by as user/ANN.
    assert refusal(iam.get_user, UserName="ANN") == (
        "NoSuchEntity",
        "The user with name ANN cannot be found.",
        404,
    )
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.delete_user(UserName="Ann")


def test_a_user_gets_another_name_and_keeps_everything_else(iam: Any, make_client: MakeClient) -> None:
    made = iam.create_user(UserName="ann")["User"]
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    iam.create_user(UserName="bob")
    assert refusal(iam.update_user, UserName="ann", NewUserName="BOB")[0] == "EntityAlreadyExists"
    iam.update_user(UserName="ann", NewUserName="Ann", NewPath="/new/")
    renamed = iam.get_user(UserName="Ann")["User"]
    assert (renamed["UserId"], renamed["Arn"]) == (made["UserId"], f"arn:aws:iam::{ACCOUNT}:user/new/Ann")
    assert iam.list_access_keys(UserName="Ann")["AccessKeyMetadata"][0]["AccessKeyId"] == key["AccessKeyId"]
    assert refusal(iam.get_user, UserName="ann")[0] == "NoSuchEntity"


def test_what_a_user_has_goes_before_the_user(iam: Any) -> None:
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    arn = "arn:aws:iam::aws:policy/AmazonSESFullAccess"
    iam.attach_user_policy(UserName="ann", PolicyArn=arn)
    document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ses:*","Resource":"*"}]}'
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=document)
    for step, what in (
        (lambda: iam.delete_access_key(UserName="ann", AccessKeyId=key), "delete access keys"),
        (lambda: iam.detach_user_policy(UserName="ann", PolicyArn=arn), "detach all policies"),
        (lambda: iam.delete_user_policy(UserName="ann", PolicyName="p"), "delete policies"),
    ):
        expected = ("DeleteConflict", f"Cannot delete entity, must {what} first.", 409)
        assert refusal(iam.delete_user, UserName="ann") == expected
        step()
    iam.delete_user(UserName="ann")
    assert refusal(iam.get_user, UserName="ann")[0] == "NoSuchEntity"


def test_users_are_listed_in_pages_by_path(iam: Any) -> None:
    for name in ("d", "B", "a", "C"):
        iam.create_user(UserName=name, Path="/team/")
    pages = iam.get_paginator("list_users").paginate(PathPrefix="/te", PaginationConfig={"PageSize": 3})
    assert [[user["UserName"] for user in page["Users"]] for page in pages] == [["a", "B", "C"], ["d"]]
    first = iam.list_users(MaxItems=1)
    assert first["IsTruncated"] is True
    assert refusal(iam.list_roles, Marker=first["Marker"])[:2] == ("ValidationError", "Invalid Marker.")
    assert refusal(iam.list_users, Marker="x")[:2] == ("ValidationError", "Invalid Marker.")


def test_tags_keep_their_case_and_are_one_whatever_it_is(iam: Any) -> None:
    iam.create_user(UserName="ann", Tags=[{"Key": "Team", "Value": "a"}, {"Key": "x", "Value": ""}])
    iam.tag_user(UserName="ann", Tags=[{"Key": "team", "Value": "b"}])
    assert iam.list_user_tags(UserName="ann")["Tags"] == [{"Key": "team", "Value": "b"}, {"Key": "x", "Value": ""}]
    pages = iam.get_paginator("list_user_tags").paginate(UserName="ann", PaginationConfig={"PageSize": 1})
    assert [page["Tags"][0]["Key"] for page in pages] == ["team", "x"]
    iam.untag_user(UserName="ann", TagKeys=["TEAM", "none"])
    assert iam.list_user_tags(UserName="ann")["Tags"] == [{"Key": "x", "Value": ""}]
    twice = [{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}]
    assert refusal(iam.tag_user, UserName="ann", Tags=twice)[0] == "InvalidInput"
    assert refusal(iam.tag_user, UserName="ann", Tags=[{"Key": "AWS:x", "Value": ""}])[0] == "InvalidInput"
    many = [{"Key": str(number), "Value": ""} for number in range(50)]
    assert refusal(iam.tag_user, UserName="ann", Tags=many)[0] == "LimitExceeded"


def test_a_key_works_as_soon_as_it_is_made_and_no_longer_than_it_is_active(
    iam: Any, make_client: MakeClient, api: Api
) -> None:
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    assert re.fullmatch("AKIA[A-Z2-7]{16}", key["AccessKeyId"])
    assert (key["Status"], key["UserName"], len(key["SecretAccessKey"])) == ("Active", "ann", 40)
    sts = api.client_with(key["AccessKeyId"], key["SecretAccessKey"], "sts")
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/ann"
    iam.update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert refusal(sts.get_caller_identity)[0] == "InvalidClientTokenId"
    iam.update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Active")
    assert sts.get_caller_identity()["Account"] == ACCOUNT
    iam.delete_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"])
    assert refusal(sts.get_caller_identity) == (
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
        403,
    )


def test_a_user_has_two_keys_at_most(iam: Any) -> None:
    iam.create_user(UserName="ann")
    keys = [iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"] for _ in range(2)]
    assert refusal(iam.create_access_key, UserName="ann") == (
        "LimitExceeded",
        "Cannot exceed quota for AccessKeysPerUser: 2",
        409,
    )
    pages = iam.get_paginator("list_access_keys").paginate(UserName="ann", PaginationConfig={"PageSize": 1})
    assert sorted(page["AccessKeyMetadata"][0]["AccessKeyId"] for page in pages) == sorted(keys)


def test_a_key_is_changed_through_its_own_user_only(iam: Any) -> None:
    for name in ("ann", "bob"):
        iam.create_user(UserName=name)
    key = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    missing = ("NoSuchEntity", f"The Access Key with id {key} cannot be found.", 404)
    assert refusal(iam.delete_access_key, UserName="bob", AccessKeyId=key) == missing
    assert refusal(iam.update_access_key, UserName="bob", AccessKeyId=key, Status="Inactive") == missing
    assert refusal(iam.delete_access_key, AccessKeyId=key) == missing
    expired = refusal(iam.update_access_key, UserName="ann", AccessKeyId=key, Status="Expired")
    assert expired[0] == "InvalidInput"


def test_the_last_use_says_when_and_for_what(iam: Any, api: Api, make_client: MakeClient) -> None:
    iam.create_user(UserName="ann")
    iam.attach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/AmazonSESFullAccess")
    key = iam.create_access_key(UserName="ann")["AccessKey"]

    iam.attach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/AmazonSESReadOnlyAccess")

    def last_used() -> Any:
        return iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])

    assert last_used()["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    api.client_with(key["AccessKeyId"], key["SecretAccessKey"], "sts", region="eu-west-1").get_caller_identity()
    found = last_used()
    assert found["UserName"] == "ann"
    assert (found["AccessKeyLastUsed"]["ServiceName"], found["AccessKeyLastUsed"]["Region"]) == ("sts", "eu-west-1")
    first = found["AccessKeyLastUsed"]["LastUsedDate"]
    api.pass_time(USE_RECORDED_EVERY_S + 1)
    api.client_with(key["AccessKeyId"], key["SecretAccessKey"], "sesv2").get_account()
    later = last_used()["AccessKeyLastUsed"]
    assert later["ServiceName"] == "ses"
    assert later["LastUsedDate"] > first


def test_a_key_of_another_account_and_none_look_the_same(iam: Any, make_client: MakeClient) -> None:
    other = make_client("iam", account_id=OTHER_ACCOUNT)
    other.create_user(UserName="bob")
    key = other.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"]
    answers = {
        tuple(str(part).replace(one, "KEY") for part in refusal(iam.get_access_key_last_used, AccessKeyId=one))
        for one in (key, "AKIAAAAAAAAAAAAAAAAA")
    }
    assert [answer[0] for answer in answers] == ["AccessDenied"]
    assert refusal(iam.delete_access_key, AccessKeyId=key)[0] == "NoSuchEntity"


def test_an_account_has_so_many_users_and_no_more(iam: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatobin.companions.iam.api_users.MAX_USERS", 2)
    iam.create_user(UserName="ann")
    assert refusal(iam.create_user, UserName="bob") == (
        "LimitExceeded",
        "Cannot exceed quota for UsersPerAccount: 2",
        409,
    )
    assert model.MAX_USERS == 5000


def test_a_boundary_that_nothing_heeds_is_refused(iam: Any) -> None:
    boundary = "arn:aws:iam::aws:policy/AmazonSESFullAccess"
    code, _, status = refusal(iam.create_user, UserName="ann", PermissionsBoundary=boundary)
    assert (code, status) == ("NotImplementedException", 501)
    code, _, status = refusal(iam.create_group, GroupName="g")
    assert (code, status) == ("NotImplementedException", 501)
