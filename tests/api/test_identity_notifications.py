"""The classic notifications of identities (DEV-IS-14): topics, headers, and beside event publishing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hatobin.capabilities import events
from hatobin.capabilities.events import Event
from hatobin.capabilities.queue import MessageKey
from hatobin.words.event import EventKind
from tests.api.answers import error_of
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, Api

MakeClient = Callable[..., Any]


class Inbox:
    """A topic with a queue behind it."""

    def __init__(self, make_client: MakeClient, name: str) -> None:
        self._sqs = make_client("sqs")
        sns = make_client("sns")
        self.topic = sns.create_topic(Name=name)["TopicArn"]
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)

    def envelopes(self) -> list[dict[str, Any]]:
        """Give what came since the last look."""
        found: list[dict[str, Any]] = []
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def notices(self) -> list[dict[str, Any]]:
        """Give the messages inside, without the welcome."""
        found = [json.loads(envelope["Message"]) for envelope in self.envelopes()]
        return [one for one in found if one.get("notificationType") != "AmazonSnsSubscriptionSucceeded"]


@pytest.fixture
def v1(make_client: MakeClient) -> Any:
    return make_client("ses")


@pytest.fixture
def inbox(make_client: MakeClient) -> Inbox:
    return Inbox(make_client, "feedback")


def send(api: Api, v1: Any, to: str, *, source: str = "Ann <a@example.com>", **options: Any) -> str:
    answer = v1.send_email(
        Source=source,
        Destination={"ToAddresses": [to]},
        Message={"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}},
        **options,
    )
    api.wait_until_delivered()
    api.run(api.outbound.publisher.publish_batch())
    return str(answer["MessageId"])


def test_a_new_topic_is_welcomed(v1: Any, inbox: Inbox) -> None:
    v1.verify_domain_identity(Domain="example.com")
    v1.set_identity_notification_topic(Identity="example.com", NotificationType="Bounce", SnsTopic=inbox.topic)
    [envelope] = inbox.envelopes()
    assert "Subject" not in envelope
    assert json.loads(envelope["Message"]) == {
        "notificationType": "AmazonSnsSubscriptionSucceeded",
        "message": f"You have successfully subscribed your Amazon SNS topic '{inbox.topic}' to receive 'Bounce' "
        "notifications from Amazon SES for identity 'example.com'.",
    }


def test_the_attributes_round_trip_and_absent_stays_absent(v1: Any, inbox: Inbox) -> None:
    v1.verify_domain_identity(Domain="example.com")

    def shown() -> Any:
        names = ["example.com", "no.org"]
        return v1.get_identity_notification_attributes(Identities=names)["NotificationAttributes"]

    headers = {f"HeadersIn{kind}NotificationsEnabled": False for kind in ("Bounce", "Complaint", "Delivery")}
    assert shown() == {"example.com": {"ForwardingEnabled": True, **headers}}
    for kind in ("Bounce", "Complaint", "Delivery"):
        v1.set_identity_notification_topic(Identity="example.com", NotificationType=kind, SnsTopic=inbox.topic)
    v1.set_identity_headers_in_notifications_enabled(Identity="example.com", NotificationType="Delivery", Enabled=True)
    v1.set_identity_feedback_forwarding_enabled(Identity="example.com", ForwardingEnabled=False)
    assert shown() == {
        "example.com": {
            "BounceTopic": inbox.topic,
            "ComplaintTopic": inbox.topic,
            "DeliveryTopic": inbox.topic,
            "ForwardingEnabled": False,
            **headers,
            "HeadersInDeliveryNotificationsEnabled": True,
        }
    }
    v1.set_identity_notification_topic(Identity="example.com", NotificationType="Delivery")
    assert "DeliveryTopic" not in shown()["example.com"]


def test_what_is_refused(make_client: MakeClient, v1: Any, inbox: Inbox) -> None:
    v1.verify_domain_identity(Domain="example.com")

    def topic(arn: str, identity: str = "example.com") -> tuple[str, str, int]:
        return error_of(v1.set_identity_notification_topic, Identity=identity, NotificationType="Bounce", SnsTopic=arn)

    missing = f"arn:aws:sns:us-east-1:{ACCOUNT}:none"
    assert topic(missing) == ("InvalidParameterValue", f"SNS topic <{missing}> not found.", 400)
    assert topic("x") == ("InvalidParameterValue", "Invalid SNS topic <x>.", 400)
    foreign = make_client("sns", account_id=OTHER_ACCOUNT).create_topic(Name="theirs")["TopicArn"]
    assert topic(foreign)[1] == f"SNS topic <{foreign}> not found."
    elsewhere = make_client("sns", region="eu-west-1").create_topic(Name="far")["TopicArn"]
    assert topic(elsewhere)[1] == f"Invalid SNS topic <{elsewhere}>."
    unknown = ("InvalidParameterValue", "Identity <no.org> does not exist.", 400)
    assert topic(inbox.topic, "no.org") == unknown
    headers = v1.set_identity_headers_in_notifications_enabled
    assert error_of(headers, Identity="no.org", NotificationType="Bounce", Enabled=True) == unknown
    forwarding = v1.set_identity_feedback_forwarding_enabled
    assert error_of(forwarding, Identity="no.org", ForwardingEnabled=True) == unknown
    assert error_of(forwarding, Identity="example.com", ForwardingEnabled=False)[0] == "InvalidParameterValue"
    bad_kind = error_of(v1.set_identity_notification_topic, Identity="example.com", NotificationType="Open")
    assert bad_kind[0] == "ValidationError"


def test_a_bounce_a_complaint_and_a_delivery(api: Api, v1: Any, inbox: Inbox) -> None:
    v1.verify_domain_identity(Domain="example.com")
    for kind in ("Bounce", "Complaint", "Delivery"):
        v1.set_identity_notification_topic(Identity="example.com", NotificationType=kind, SnsTopic=inbox.topic)
    identifier = send(api, v1, "bounce@simulator.amazonses.com")
    [bounce] = inbox.notices()
    assert list(bounce) == ["notificationType", "bounce", "mail"]
    mail = bounce["mail"]
    assert mail.pop("timestamp")
    assert mail == {
        "source": "Ann <a@example.com>",
        "sourceArn": f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/example.com",
        "sourceIp": "127.0.0.1",
        "callerIdentity": mail["callerIdentity"],
        "sendingAccountId": ACCOUNT,
        "messageId": identifier,
        "destination": ["bounce@simulator.amazonses.com"],
    }
    assert (bounce["bounce"]["bounceType"], bounce["bounce"]["bounceSubType"]) == ("Permanent", "General")
    send(api, v1, "complaint@simulator.amazonses.com")
    delivery, complaint = inbox.notices()
    assert [one["notificationType"] for one in (delivery, complaint)] == ["Delivery", "Complaint"]
    # Classic notifications name the remote host, events do not (notification-contents).
    assert delivery["delivery"]["remoteMtaIp"] == "127.0.0.1"


def test_headers_only_where_they_are_asked_for(api: Api, v1: Any, inbox: Inbox) -> None:
    v1.verify_domain_identity(Domain="example.com")
    v1.set_identity_notification_topic(Identity="example.com", NotificationType="Delivery", SnsTopic=inbox.topic)
    v1.set_identity_headers_in_notifications_enabled(Identity="example.com", NotificationType="Delivery", Enabled=True)
    send(api, v1, "b@example.net")
    [delivery] = inbox.notices()
    assert delivery["mail"]["headersTruncated"] is False
    assert {"name": "Subject", "value": "Hi"} in delivery["mail"]["headers"]
    assert delivery["mail"]["commonHeaders"]["subject"] == "Hi"
    assert "tags" not in delivery["mail"]


def test_beside_the_events_of_a_configuration_set(api: Api, make_client: MakeClient, v1: Any, inbox: Inbox) -> None:
    published = Inbox(make_client, "events")
    v1.verify_domain_identity(Domain="example.com")
    v1.set_identity_notification_topic(Identity="example.com", NotificationType="Bounce", SnsTopic=inbox.topic)
    v2 = make_client("sesv2")
    v2.create_configuration_set(ConfigurationSetName="cs")
    v2.create_configuration_set_event_destination(
        ConfigurationSetName="cs",
        EventDestinationName="all",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["BOUNCE"],
            "SnsDestination": {"TopicArn": published.topic},
        },
    )
    published.envelopes()
    send(api, v1, "bounce@simulator.amazonses.com", ConfigurationSetName="cs")
    [envelope] = published.envelopes()
    event = json.loads(envelope["Message"])
    assert envelope["Subject"] == "Amazon SES Email Event Notification"
    assert (event["eventType"], "headers" in event["mail"], "tags" in event["mail"]) == ("Bounce", True, True)
    [notice] = inbox.notices()
    assert (notice["notificationType"], "headers" in notice["mail"], "tags" in notice["mail"]) == (
        "Bounce",
        False,
        False,
    )


def test_the_address_s_topic_wins_over_the_domain_s(api: Api, make_client: MakeClient, v1: Any, inbox: Inbox) -> None:
    own = Inbox(make_client, "own")
    v1.verify_domain_identity(Domain="example.com")
    v1.verify_email_identity(EmailAddress="a@example.com")
    v1.set_identity_notification_topic(Identity="example.com", NotificationType="Bounce", SnsTopic=inbox.topic)
    send(api, v1, "bounce@simulator.amazonses.com")
    assert len(inbox.notices()) == 1, "the address has none of its own yet"
    v1.set_identity_notification_topic(Identity="a@example.com", NotificationType="Bounce", SnsTopic=own.topic)
    send(api, v1, "bounce@simulator.amazonses.com")
    send(api, v1, "bounce@simulator.amazonses.com", source="b@example.com")
    assert ([one["mail"]["source"] for one in own.notices()], [one["mail"]["source"] for one in inbox.notices()]) == (
        ["Ann <a@example.com>"],
        ["b@example.com"],
    )


def test_other_accounts_and_regions_get_none(api: Api, make_client: MakeClient, v1: Any, inbox: Inbox) -> None:
    v1.verify_domain_identity(Domain="example.com")
    v1.set_identity_notification_topic(Identity="example.com", NotificationType="Delivery", SnsTopic=inbox.topic)
    for scope in ({"account_id": OTHER_ACCOUNT}, {"region": "eu-west-1"}):
        other = make_client("ses", **scope)
        other.verify_domain_identity(Domain="example.com")
        send(api, other, "b@example.net")
    assert inbox.notices() == []


def test_mail_accepted_before_its_identity_had_a_topic_is_told_by_its_facts(api: Api, v1: Any, inbox: Inbox) -> None:
    v1.verify_domain_identity(Domain="example.com")
    identifier = send(api, v1, "b@example.net")
    v1.set_identity_notification_topic(Identity="example.com", NotificationType="Delivery", SnsTopic=inbox.topic)
    event = Event(MessageKey(ACCOUNT, "us-east-1", identifier), None, EventKind.DELIVERY, 0.0, "{}")
    assert api.run(api.world.database.write(lambda s: events.record(s, event))).waits
    api.run(api.outbound.publisher.publish_batch())
    [notice] = inbox.notices()
    mail = notice["mail"]
    assert (mail["messageId"], mail["source"], mail["destination"]) == (
        identifier,
        "Ann <a@example.com>",
        ["b@example.net"],
    )
    assert mail["sourceArn"] == f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/example.com"
