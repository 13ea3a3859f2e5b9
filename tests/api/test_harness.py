"""The harness itself: a mail from a boto3 client to the local inbox, accounts and regions apart, time under control."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hatobin.words.settings import Account, Settings
from tests.api.harness import OTHER_ACCOUNT, Api

MakeClient = Callable[..., Any]


def send(ses: Any) -> str:
    content = {"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}}
    answer = ses.send_email(
        FromEmailAddress="a@example.com", Destination={"ToAddresses": ["b@example.net"]}, Content=content
    )
    return str(answer["MessageId"])


def test_a_mail_is_accepted_and_delivered_to_the_inbox(api: Api, make_client: MakeClient) -> None:
    ses = make_client("sesv2")
    ses.create_email_identity(EmailIdentity="example.com")
    message_id = send(ses)
    assert message_id.endswith("-000000")
    api.wait_until_delivered()
    rows = api.read(lambda session: session.execute("SELECT message_id FROM inbox_message"))
    assert [row[0] for row in rows] == [message_id]


def test_accounts_and_regions_do_not_see_each_other(make_client: MakeClient) -> None:
    make_client("sesv2").create_email_identity(EmailIdentity="example.com")
    for other in (make_client("sesv2", region="eu-west-1"), make_client("sesv2", account_id=OTHER_ACCOUNT)):
        with pytest.raises(ClientError) as caught:
            other.get_email_identity(EmailIdentity="example.com")
        assert caught.value.response["Error"]["Code"] == "NotFoundException"


@pytest.mark.parametrize("api", [Settings(account=Account(sandbox=True))], indirect=True)
def test_a_server_with_other_settings(make_client: MakeClient) -> None:
    assert make_client("sesv2").get_account()["ProductionAccessEnabled"] is False


def test_signatures_follow_the_worlds_time(api: Api, make_client: MakeClient) -> None:
    ses = make_client("sesv2")
    ses.get_account()
    with pytest.raises(AssertionError, match="never came"):
        api.wait(lambda: False, limit_s=7200.0)
    assert ses.get_account()["SendingEnabled"] is True
