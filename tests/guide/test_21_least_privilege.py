"""Sample 21: a policy that allows one identity and nothing else, and a send that names a configuration set."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.guide.marks import printed_form
from tests.guide.reader import SENDER, TOKYO, Reader
from tests.running import ACCOUNT_ID

_ARN = f"arn:aws:ses:{TOKYO}:{ACCOUNT_ID}"
_IDENTITY, _SET = f"{_ARN}:identity/example.com", f"{_ARN}:configuration-set/guide-21"


def _user(reader: Reader, name: str, actions: list[str], resources: list[str]) -> Any:
    """Make a user with one policy; gives a client that signs with the user's key."""
    iam = reader.client("iam")
    iam.create_user(UserName=name)
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources}],
    }
    iam.put_user_policy(UserName=name, PolicyName="send", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return reader.server.client_with(key["AccessKeyId"], key["SecretAccessKey"], "sesv2", TOKYO)


def _send(client: Any, **more: str) -> None:
    client.send_email(
        FromEmailAddress=SENDER,
        Destination={"ToAddresses": ["policy-21@example.net"]},
        Content={"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
        **more,
    )


@pytest.fixture(scope="module")
def configured(reader: Reader) -> Reader:
    reader.client("sesv2").create_configuration_set(ConfigurationSetName="guide-21")
    return reader


def test_identity_and_set_together_allow_the_send(configured: Reader) -> None:
    client = _user(configured, "right-21", ["ses:SendEmail", "ses:SendRawEmail"], [_IDENTITY, _SET])
    _send(client, ConfigurationSetName="guide-21")
    with pytest.raises(ClientError) as refused:
        client.get_account()
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


@printed_form("works in part")
def test_printed_resource_allows_only_sends_without_a_set(configured: Reader) -> None:
    actions = ["ses:SendEmail", "ses:SendRawEmail", "sesv2:SendEmail"]
    client = _user(configured, "printed-21", actions, [_IDENTITY])
    _send(client)
    with pytest.raises(ClientError) as refused:
        _send(client, ConfigurationSetName="guide-21")
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "configuration-set/guide-21" in refused.value.response["Error"]["Message"]


@printed_form("works in part")
def test_the_prefix_sesv2_matches_nothing(configured: Reader) -> None:
    client = _user(configured, "prefix-21", ["sesv2:SendEmail"], [_IDENTITY])
    with pytest.raises(ClientError) as refused:
        _send(client)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
