"""Events as a subscriber gets them: over HTTPS with a signature to verify, and from a queue."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interop.sending import (
    VALIDATED,
    accepted_id,
    configuration_set_to,
    kinds,
    send_simple,
    submission,
    submit,
    take_events,
    topic_with_queue,
)
from tests.peers.certificates import Certificate, issued_by
from tests.peers.http_receiver import HttpReceiver, Request
from tests.peers.sns_messages import fetch_certificate, signature_holds
from tests.running import RunningServer, wait_until

_KIND = "x-amz-sns-message-type"


@pytest.fixture
def subscriber(mailbox: RunningServer, tmp_path: Path) -> Iterator[HttpReceiver]:
    """An https endpoint whose certificate comes from the server's own authority."""
    authority = Certificate(mailbox.data / "tls" / "ca.pem", mailbox.data / "tls" / "ca.key")
    with HttpReceiver(issued_by(authority, tmp_path, "localhost").server_context()) as receiver:
        yield receiver


def _is(kind: str) -> Any:
    return lambda request: request.headers.get(_KIND) == kind


def _is_event(request: Request) -> bool:
    return request.headers.get(_KIND) == "Notification" and request.document["Message"] != VALIDATED


def _confirm(server: RunningServer, subscriber: HttpReceiver, topic: str) -> Request:
    """Subscribe and confirm as a web application does; gives the confirmation request."""
    server.client("sns").subscribe(TopicArn=topic, Protocol="https", Endpoint=subscriber.url)
    request = subscriber.wait(_is("SubscriptionConfirmation"), "the confirmation")[0]
    url = request.document["SubscribeURL"]
    scheme = urllib.parse.urlsplit(url).scheme
    context = server.tls_context() if scheme == "https" else None
    with urllib.request.urlopen(url, context=context, timeout=10) as answer:
        assert b"SubscriptionArn" in answer.read()
    return request


def test_https_subscriber_verifies_signatures_and_sees_send_then_delivery(
    mailbox: RunningServer, subscriber: HttpReceiver
) -> None:
    topic = mailbox.client("sns").create_topic(Name="https-events")["TopicArn"]
    confirmation = _confirm(mailbox, subscriber, topic)
    certificate = fetch_certificate(confirmation.document["SigningCertURL"], mailbox.ca)
    assert signature_holds(confirmation.document, certificate)

    configuration_set_to(mailbox, "https-events", topic, "SEND", "DELIVERY")
    identifier = send_simple(mailbox, ["https-events@example.net"], ConfigurationSetName="https-events")
    requests = subscriber.wait(_is_event, "Send and Delivery", count=2)
    for request in requests:
        assert request.headers["x-amz-sns-topic-arn"] == topic
        assert request.headers["x-amz-sns-message-id"] == request.document["MessageId"]
        assert request.headers["x-amz-sns-subscription-arn"].startswith(topic + ":")
        assert request.headers["content-type"] == "text/plain; charset=UTF-8"
        assert request.document["Subject"] == "Amazon SES Email Event Notification"
        assert signature_holds(request.document, certificate)
        tampered = request.document | {"Message": request.document["Message"].replace("a", "b", 1)}
        assert not signature_holds(tampered, certificate)
    events = [json.loads(request.document["Message"]) for request in requests]
    assert kinds(events) == ["Send", "Delivery"]
    assert {event["mail"]["messageId"] for event in events} == {identifier}
    assert events[1]["delivery"]["recipients"] == ["https-events@example.net"]


def test_a_failed_notification_comes_again_with_the_same_id(mailbox: RunningServer, subscriber: HttpReceiver) -> None:
    topic = mailbox.client("sns").create_topic(Name="https-again")["TopicArn"]
    _confirm(mailbox, subscriber, topic)
    policy = {"http": {"defaultHealthyRetryPolicy": {"minDelayTarget": 1, "maxDelayTarget": 1, "numRetries": 3}}}
    mailbox.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=json.dumps(policy)
    )
    subscriber.statuses.extend([500, 503])
    published = mailbox.client("sns").publish(TopicArn=topic, Message="again")["MessageId"]
    requests = subscriber.wait(_is("Notification"), "three attempts", count=3, timeout_s=40)
    assert {request.document["MessageId"] for request in requests} == {published}
    assert {request.body for request in requests} == {requests[0].body}


def test_the_simulated_bounce_arrives_in_a_queue(mailbox: RunningServer) -> None:
    topic, url = topic_with_queue(mailbox, "bounces")
    configuration_set_to(mailbox, "bounces", topic, "BOUNCE")
    identifier = send_simple(mailbox, ["bounce@simulator.amazonses.com"], ConfigurationSetName="bounces")
    events = take_events(mailbox, url, 1)
    assert kinds(events) == ["Bounce"]
    event = events[0]
    assert event["mail"]["messageId"] == identifier
    assert event["mail"]["destination"] == ["bounce@simulator.amazonses.com"]
    assert event["bounce"]["bounceType"] == "Permanent"
    recipient = event["bounce"]["bouncedRecipients"][0]
    assert (recipient["emailAddress"], recipient["action"]) == ("bounce@simulator.amazonses.com", "failed")
    assert recipient["status"] == "5.1.1"
    assert event["mail"]["tags"]["ses:configuration-set"] == ["bounces"]


def test_events_of_smtp_mail_carry_the_id_of_the_reply(mailbox: RunningServer) -> None:
    topic, url = topic_with_queue(mailbox, "smtp-events")
    configuration_set_to(mailbox, "smtp-events", topic, "SEND", "DELIVERY", "COMPLAINT")
    data = (
        b"From: sender@example.com\r\nTo: complaint@simulator.amazonses.com\r\nSubject: x\r\n"
        b"X-SES-CONFIGURATION-SET: smtp-events\r\nX-SES-MESSAGE-TAGS: campaign=doves\r\n\r\nx\r\n"
    )
    with submission(mailbox) as session:
        identifier = accepted_id(submit(session, "sender@example.com", ["complaint@simulator.amazonses.com"], data))
    events = take_events(mailbox, url, 3)
    assert sorted(kinds(events)) == ["Complaint", "Delivery", "Send"]
    assert {event["mail"]["messageId"] for event in events} == {identifier}
    assert all(event["mail"]["tags"]["campaign"] == ["doves"] for event in events)


def test_events_survive_a_restart_of_the_server() -> None:
    with RunningServer() as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        topic, url = topic_with_queue(server, "durable")
        configuration_set_to(server, "durable", topic, "SEND", "DELIVERY")
        identifier = send_simple(server, ["reader@example.net"], ConfigurationSetName="durable")
        server.kill9()
        server.start()
        events = take_events(server, url, 2)
        assert sorted(kinds(events)) == ["Delivery", "Send"]
        assert {event["mail"]["messageId"] for event in events} == {identifier}
        depth = server.client("sqs").get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        )
        assert set(depth["Attributes"].values()) == {"0"}


def test_an_unreachable_subscriber_holds_up_nobody_else(mailbox: RunningServer, subscriber: HttpReceiver) -> None:
    topic, url = topic_with_queue(mailbox, "one-is-down")
    _confirm(mailbox, subscriber, topic)
    subscriber.statuses.extend([500] * 50)
    mailbox.client("sns").publish(TopicArn=topic, Message="to all")
    sqs = mailbox.client("sqs")
    found = wait_until(lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2).get("Messages"), "the queue's copy")
    assert json.loads(found[0]["Body"])["Message"] == "to all"
