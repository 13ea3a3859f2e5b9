"""The few requests that many interop tests make."""

from __future__ import annotations

import base64
import json
import smtplib
from collections.abc import Sequence
from typing import Any

from tests.running import ACCESS_KEY_ID, REGION, SECRET, RunningServer, smtp_password

VALIDATED = "Successfully validated SNS topic for Amazon SES event publishing."


def simple(subject: str, text: str = "Hello.", html: str | None = None) -> dict[str, Any]:
    """Give the Content of a v2 SendEmail."""
    body = {"Text": {"Data": text}} | ({} if html is None else {"Html": {"Data": html}})
    return {"Simple": {"Subject": {"Data": subject}, "Body": body}}


def send_simple(server: RunningServer, to: Sequence[str], subject: str = "Hello", **more: Any) -> str:
    """Send by v2 and give the MessageId."""
    more.setdefault("FromEmailAddress", "sender@example.com")
    more.setdefault("Content", simple(subject))
    answer = server.client("sesv2").send_email(Destination={"ToAddresses": list(to)}, **more)
    identifier: str = answer["MessageId"]
    return identifier


def send_raw(server: RunningServer, data: bytes, to: Sequence[str] = (), **more: Any) -> str:
    """Send a whole message by v2 and give the MessageId."""
    if to:
        more["Destination"] = {"ToAddresses": list(to)}
    answer = server.client("sesv2").send_email(Content={"Raw": {"Data": data}}, **more)
    identifier: str = answer["MessageId"]
    return identifier


def submission(server: RunningServer, *, implicit_tls: bool = False, login: bool = True) -> smtplib.SMTP:
    """Open a submission session, TLS verified with the local authority."""
    session: smtplib.SMTP
    if implicit_tls:
        session = smtplib.SMTP_SSL("localhost", server.port("submission_tls"), context=server.tls_context(), timeout=30)
    else:
        session = smtplib.SMTP("localhost", server.port("submission"), timeout=30)
        session.starttls(context=server.tls_context())
    if login:
        session.login(ACCESS_KEY_ID, smtp_password(SECRET, REGION))
    return session


def submit(session: smtplib.SMTP, sender: str, recipients: Sequence[str], data: bytes, *, body: str = "") -> str:
    """Send one message over an open session and give the final reply: "250 Ok <id>" or what else it is."""
    options = [f"body={body}"] if body else []
    session.mail(sender, options)
    for recipient in recipients:
        code, text = session.rcpt(recipient)
        assert code == 250, text
    code, text = session.data(data)
    return f"{code} {text.decode()}"


def accepted_id(reply: str) -> str:
    """Give the id in "250 Ok <id>"."""
    assert reply.startswith("250 Ok "), reply
    return reply.removeprefix("250 Ok ").strip()


def topic_with_queue(server: RunningServer, name: str) -> tuple[str, str]:
    """Make a topic and a queue that gets everything published to it; give topic ARN and queue URL."""
    sns, sqs = server.client("sns"), server.client("sqs")
    topic: str = sns.create_topic(Name=name)["TopicArn"]
    url: str = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic, url


def configuration_set_to(server: RunningServer, name: str, topic: str, *kinds: str) -> None:
    """Make a configuration set whose events of these kinds go to the topic."""
    client = server.client("sesv2")
    client.create_configuration_set(ConfigurationSetName=name)
    client.create_configuration_set_event_destination(
        ConfigurationSetName=name,
        EventDestinationName="topic",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": list(kinds),
            "SnsDestination": {"TopicArn": topic},
        },
    )


def take_events(server: RunningServer, url: str, count: int, *, polls: int = 10) -> list[dict[str, Any]]:
    """Consume a queue until `count` SES events came or `polls` waits of 2 s are over, and give them.

    The word that SES sends to a topic when it becomes a destination is no event.
    """
    sqs, events = server.client("sqs"), []
    for _ in range(polls):
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2)
        for message in answer.get("Messages", []):
            text = json.loads(message["Body"])["Message"]
            if text != VALIDATED:
                events.append(json.loads(text))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        if len(events) >= count:
            break
    return events


def kinds(events: Sequence[dict[str, Any]]) -> list[str]:
    """Give the kinds of events in their order."""
    return [event["eventType"] for event in events]


def encoded(text: str) -> str:
    """Give base64 of UTF-8 text."""
    return base64.b64encode(text.encode()).decode()
