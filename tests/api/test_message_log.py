"""What acceptance keeps of a message for those who look for it later."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hatobin.capabilities import message_log, queue
from hatobin.capabilities.message_log import LogEntry, LogQuery
from hatobin.words.outcome import RecipientState
from tests.api.harness import Api

RAW = (
    b"From: me@example.com\r\nTo: you@example.net\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nHi\r\n",
    "Grüße",
)


@pytest.fixture
def ses(make_client: Any) -> Any:
    client = make_client("sesv2")
    client.create_email_identity(EmailIdentity="example.com")
    return client


def logged(api: Api, **asked: Any) -> list[LogEntry]:
    return list(api.read(lambda session: message_log.search(session, LogQuery(10, **asked))).entries)


def simple(subject: str) -> dict[str, Any]:
    return {"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": "Hi"}}}}


def test_subject_and_tags_are_kept_without_any_subscriber(api: Api, ses: Any) -> None:
    sent = ses.send_email(
        FromEmailAddress="Shop <me@example.com>",
        Destination={"ToAddresses": ["you@example.net"]},
        Content=simple("ご注文の確認"),
        EmailTags=[{"Name": "campaign", "Value": "spring"}],
    )
    [found] = logged(api, subject="注文", tag=("campaign", "spring"), source="me@example.com")
    assert found.message.key.message_id == sent["MessageId"]
    assert json.loads(found.message.tags)["ses:from-domain"] == ["example.com"]
    assert found.message.mail == ""


def test_an_encoded_subject_of_a_raw_message_is_found_decoded(api: Api, ses: Any) -> None:
    raw, subject = RAW
    ses.send_email(Content={"Raw": {"Data": raw}})
    [found] = logged(api, subject=subject.upper() if subject.isascii() else subject)
    assert found.message.subject == subject


def test_the_subject_of_a_template_is_the_rendered_one(api: Api, ses: Any) -> None:
    ses.create_email_template(TemplateName="t", TemplateContent={"Subject": "Order {{number}}", "Text": "Hi {{name}}"})
    for data in ('{"number": 7, "name": "Ann"}', '{"number": 8}'):
        ses.send_email(
            FromEmailAddress="me@example.com",
            Destination={"ToAddresses": ["you@example.net"]},
            Content={"Template": {"TemplateName": "t", "TemplateData": data}},
        )
        api.pass_time(1)
    assert [one.message.subject for one in logged(api)] == ["", "Order 7"]
    assert logged(api)[0].recipients[0].state is RecipientState.RENDERING_FAILED


def test_what_a_message_is_tracked_for_is_kept(api: Api, ses: Any, make_client: Any) -> None:
    topic = make_client("sns").create_topic(Name="t")["TopicArn"]
    ses.create_configuration_set(ConfigurationSetName="opens")
    ses.create_configuration_set_event_destination(
        ConfigurationSetName="opens",
        EventDestinationName="d",
        EventDestination={"Enabled": True, "MatchingEventTypes": ["OPEN"], "SnsDestination": {"TopicArn": topic}},
    )
    for name in ("opens", None):
        ses.send_email(
            FromEmailAddress="me@example.com",
            Destination={"ToAddresses": ["you@example.net"]},
            Content=simple("Hi"),
            **({} if name is None else {"ConfigurationSetName": name}),
        )
        api.pass_time(1)
    assert [one.message.tracked for one in logged(api)] == [0, queue.TRACKED_OPENS]


def test_another_accounts_mail_is_another_accounts_log(api: Api, ses: Any) -> None:
    ses.send_email(
        FromEmailAddress="me@example.com", Destination={"ToAddresses": ["you@example.net"]}, Content=simple("Hi")
    )
    assert len(logged(api, recipient="you@example.net", account_id="123456789012", region="us-east-1")) == 1
    assert not logged(api, recipient="you@example.net", account_id="210987654321", region="us-east-1")
    assert not logged(api, recipient="you@example.net", account_id="123456789012", region="eu-west-1")
