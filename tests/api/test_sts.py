"""STS as SDKs ask it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.harness import ACCOUNT, OTHER_ACCOUNT

MakeClient = Callable[..., Any]


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
    with pytest.raises(ClientError, match="not implemented"):
        make_client("sts").get_session_token()
