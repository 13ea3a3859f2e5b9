"""Subscriptions by mail: a link asks first, then every notification is a mail, each once and in order."""

from __future__ import annotations

import json
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.harness import Api
from tests.api.subscribers import visit


def mails(api: Api, to: str = "ann@example.net") -> list[EmailMessage]:
    """Write what is due, deliver it, and give what the inbox has for an address, in order."""
    while api.run(api.outbound.topic_mails.once()):
        pass
    api.wait_until_delivered()
    rows = api.read(
        lambda session: session.execute(
            "SELECT b.content FROM inbox_message i JOIN queue_body b ON b.account_id = i.account_id"
            " AND b.region = i.region AND b.message_id = i.message_id ORDER BY i.id"
        )
    )
    found = [message_from_bytes(bytes(row[0]), policy=policy.default) for row in rows]
    return [mail for mail in found if to in str(mail["To"])]


def link(mail: EmailMessage) -> str:
    [found] = re.findall(r"http\S+", mail.get_content())
    return str(found)


def subscribed(api: Api, protocol: str = "email") -> tuple[Any, str]:
    sns = api.client("sns")
    topic = sns.create_topic(Name="events")["TopicArn"]
    answer = sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint="ann@example.net")
    assert answer["SubscriptionArn"] == "pending confirmation"
    [asked] = mails(api)
    assert asked["From"] == "no-reply@sns.hatobin.localhost"
    assert topic in asked.get_content()
    sns.publish(TopicArn=topic, Message="too early")
    assert len(mails(api)) == 1
    assert visit(api, link(asked))[0] == 200
    return sns, topic


def test_who_agreed_gets_each_notification_once_with_a_link_to_end_it(api: Api) -> None:
    sns, topic = subscribed(api)
    sns.publish(TopicArn=topic, Message="鳩が来た", Subject="News")
    sns.publish(TopicArn=topic, Message="second")
    # Mails of one second may arrive in any order, as at AWS.
    second, first = sorted(mails(api)[1:], key=lambda mail: str(mail["Subject"]))
    assert (first["Subject"], second["Subject"]) == ("News", "AWS Notification Message")
    assert first.get_content().startswith("鳩が来た")
    assert first["Auto-Submitted"] == "auto-generated"
    assert visit(api, link(second))[0] == 200
    sns.publish(TopicArn=topic, Message="too late")
    ended = mails(api)[3:]
    assert [mail["Subject"] for mail in ended] == ["AWS Notification - Unsubscribe Confirmation"]


def test_by_email_json_the_whole_envelope_comes(api: Api) -> None:
    sns, topic = subscribed(api, "email-json")
    message = json.dumps({"default": "d", "email-json": "m"})
    sns.publish(TopicArn=topic, Message=message, MessageStructure="json")
    envelope = json.loads(mails(api)[1].get_content())
    assert envelope.keys() >= {"Signature", "SigningCertURL", "UnsubscribeURL", "MessageId"}
    assert (envelope["Message"], envelope["Type"], envelope["TopicArn"]) == ("m", "Notification", topic)


def test_what_is_no_address_is_refused(api: Api) -> None:
    sns = api.client("sns")
    topic = sns.create_topic(Name="events")["TopicArn"]
    with pytest.raises(ClientError, match="Email address"):
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="nobody")
