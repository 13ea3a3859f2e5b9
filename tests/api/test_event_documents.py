"""Every event type and every envelope as a whole document, beside the documented examples.

`event_documents/` holds what subscribers get, one file per document, with the
words that differ from run to run masked. A change there is a change for every
program that reads events. The second test compares those files with the
examples of the SES developer guide, where its digest lies beside the checkout.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hatobin.words.settings import Account, Delivery, Service, Settings
from tests.api.harness import ACCOUNT, REGION, Api
from tests.api.links import REACHABLE, mail_to, post
from tests.api.streams import Streams
from tests.api.tracked import SENDER, SET, Readers
from tests.corpus import reference_path
from tests.simulation.receiver import Defers, Receiver
from tests.simulation.server import RECEIVER_IP

DOCUMENTS = Path(__file__).with_name("event_documents")
ALL = (
    *("SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "OPEN", "CLICK"),
    *("RENDERING_FAILURE", "DELIVERY_DELAY", "SUBSCRIPTION"),
)
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
RELAY = Settings(
    delivery=Delivery(mode="relay", relay=RECEIVER_IP),
    account=Account(verification="instant"),
    service=Service(domain="mail.example"),
)
BOUNCE, COMPLAINT = "bounce@simulator.amazonses.com", "complaint@simulator.amazonses.com"
_MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z"), "TIME"),
    (re.compile(r"[0-9a-f]{16}-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-000000"), "SES-ID"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r'boundary=\\?"[^"]+"'), 'boundary=\\"BOUNDARY\\"'),
    (re.compile(r"/unsubscribe/[A-Za-z0-9_-]+"), "/unsubscribe/TOKEN"),
    (re.compile(r'"processingTimeMillis": \d+'), '"processingTimeMillis": 0'),
    (re.compile(r'"Signature": "[^"]+"'), '"Signature": "SIGNATURE"'),
)


def masked(document: dict[str, Any]) -> str:
    """Write a document with everything that differs from run to run replaced."""
    text = json.dumps(document, indent=1, ensure_ascii=False)
    for pattern, word in _MASKS:
        text = pattern.sub(word.replace("\\", "\\\\"), text)
    return text + "\n"


def compare(name: str, document: dict[str, Any]) -> None:
    """Hold a document against its file."""
    assert masked(document) == (DOCUMENTS / f"{name}.json").read_text()


def only(readers: Readers, event_type: str) -> dict[str, Any]:
    [event] = [one for one in readers.events() if one["eventType"] == event_type]
    return event


@pytest.fixture
def readers(api: Api) -> Readers:
    return Readers(api, *ALL)


@pytest.mark.parametrize("api", [REACHABLE], indirect=True)
def test_send_delivery_open_and_click(readers: Readers) -> None:
    readers.send(
        '<a ses:tags="campaign:spring;" href="https://a.test/?a=1&amp;b=2">x</a>',
        EmailTags=[{"Name": "kind", "Value": "news"}],
    )
    link, pixel = readers.addresses()
    readers.ask(link)
    readers.ask(pixel)
    found = {one["eventType"]: one for one in readers.events()}
    assert list(found) == ["Send", "Delivery", "Click", "Open"]
    for name, event in found.items():
        compare(name, event)


@pytest.mark.parametrize("api", [REACHABLE], indirect=True)
@pytest.mark.parametrize(("to", "event_type"), [(BOUNCE, "Bounce"), (COMPLAINT, "Complaint")])
def test_bounce_and_complaint(readers: Readers, to: str, event_type: str) -> None:
    readers.send("<p>x</p>", to)
    readers.api.pass_time(30)
    compare(event_type, only(readers, event_type))


@pytest.mark.parametrize("api", [REACHABLE], indirect=True)
def test_reject(readers: Readers) -> None:
    readers.send("<p>x</p>", text=EICAR)
    readers.api.pass_time(5)
    compare("Reject", only(readers, "Reject"))


@pytest.mark.parametrize("api", [REACHABLE], indirect=True)
def test_rendering_failure(readers: Readers) -> None:
    readers.ses.create_email_template(
        TemplateName="offer", TemplateContent={"Subject": "Hi {{name}}", "Text": "{{missing}}"}
    )
    readers.send("", Content={"Template": {"TemplateName": "offer", "TemplateData": '{"name":"Ann"}'}})
    readers.api.pass_time(5)
    compare("RenderingFailure", only(readers, "Rendering Failure"))


@pytest.mark.parametrize("api", [RELAY], indirect=True)
def test_delivery_delay(api: Api) -> None:
    api.world.network.receivers[RECEIVER_IP] = Receiver(Defers(times=1))
    readers = Readers(api, *ALL)
    readers.send("<p>x</p>")
    api.pass_time(30)
    compare("DeliveryDelay", only(readers, "DeliveryDelay"))


@pytest.mark.parametrize("api", [REACHABLE], indirect=True)
def test_subscription(readers: Readers) -> None:
    topics = [{"TopicName": "news", "DisplayName": "News", "DefaultSubscriptionStatus": "OPT_IN"}]
    readers.ses.create_contact_list(ContactListName="main", Topics=topics)
    readers.send("<p>x</p>", ListManagementOptions={"ContactListName": "main", "TopicName": "news"})
    link = str(mail_to(readers.api, "ann@example.net")["List-Unsubscribe"]).strip("<>")
    post(readers.api, link, "List-Unsubscribe=One-Click")
    compare("Subscription", only(readers, "Subscription"))


class Classic:
    """An identity whose notifications go to a queue, in SNS's envelope, with the headers of the mail."""

    def __init__(self, api: Api) -> None:
        self.api, self.ses, self._sqs, sns = api, api.client("ses"), api.client("sqs"), api.client("sns")
        topic = sns.create_topic(Name="feedback")["TopicArn"]
        self._url = self._sqs.create_queue(QueueName="feedback")["QueueUrl"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:feedback")
        self.ses.verify_domain_identity(Domain="example.com")
        for kind in ("Bounce", "Complaint", "Delivery"):
            self.ses.set_identity_notification_topic(Identity="example.com", NotificationType=kind, SnsTopic=topic)
            self.ses.set_identity_headers_in_notifications_enabled(
                Identity="example.com", NotificationType=kind, Enabled=True
            )

    def notice(self, to: str, kind: str) -> dict[str, Any]:
        """Send, and give the envelope of the notification of this kind."""
        self.ses.send_email(
            Source=SENDER,
            Destination={"ToAddresses": [to]},
            Message={"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}},
        )
        self.api.pass_time(30)
        self.api.run(self.api.outbound.publisher.publish_batch())
        for envelope in self._envelopes():
            if json.loads(envelope["Message"])["notificationType"] == kind:
                return envelope
        raise AssertionError(f"no {kind} came")

    def _envelopes(self) -> Iterator[dict[str, Any]]:
        while found := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages"):
            yield from (json.loads(message["Body"]) for message in found)


@pytest.mark.parametrize(
    ("to", "kind"), [(BOUNCE, "Bounce"), (COMPLAINT, "Complaint"), ("ann@example.net", "Delivery")]
)
def test_the_classic_notifications(api: Api, to: str, kind: str) -> None:
    compare(f"Notice{kind}", json.loads(Classic(api).notice(to, kind)["Message"]))


def test_the_envelope_of_a_classic_notification(api: Api) -> None:
    compare("EnvelopeNotice", {**Classic(api).notice(BOUNCE, "Bounce"), "Message": "…"})


def destination(api: Api, **target: Any) -> Any:
    """Make the set whose Send events go to this target, and give the client."""
    ses = api.client("sesv2")
    ses.create_email_identity(EmailIdentity="example.com")
    ses.create_configuration_set(ConfigurationSetName=SET)
    ses.create_configuration_set_event_destination(
        ConfigurationSetName=SET,
        EventDestinationName="d",
        EventDestination={"Enabled": True, "MatchingEventTypes": ["SEND"], **target},
    )
    return ses


def send_text(ses: Any) -> None:
    ses.send_email(
        FromEmailAddress=SENDER,
        Destination={"ToAddresses": ["ann@example.net"]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "text"}}}},
        ConfigurationSetName=SET,
    )


def bodies(api: Api, name: str) -> list[dict[str, Any]]:
    sqs = api.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    api.pass_time(5)
    return [json.loads(one["Body"]) for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]


def test_the_envelope_of_sns(api: Api) -> None:
    sns = api.client("sns")
    topic = sns.create_topic(Name="events")["TopicArn"]
    api.client("sqs").create_queue(QueueName="events")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:events")
    send_text(destination(api, SnsDestination={"TopicArn": topic}))
    welcome, envelope = bodies(api, "events")
    assert welcome["Message"] == "Successfully validated SNS topic for Amazon SES event publishing."
    assert json.loads(envelope["Message"])["eventType"] == "Send"
    compare("EnvelopeSns", {**envelope, "Message": "…"})


def test_the_event_of_the_bus(api: Api) -> None:
    api.client("sqs").create_queue(QueueName="events")
    events = api.client("events")
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.ses"]}))
    events.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:events"}])
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    send_text(destination(api, EventBridgeDestination={"EventBusArn": bus}))
    [event] = bodies(api, "events")
    compare("EnvelopeEventBridge", {**event, "detail": "…"})
    assert event["detail"]["eventType"] == "Send"


def test_a_record_of_a_stream_is_one_line(api: Api) -> None:
    streams = Streams(api)
    role = f"arn:aws:iam::{ACCOUNT}:role/firehose"
    target = {"IamRoleArn": role, "DeliveryStreamArn": streams.make()}
    send_text(destination(api, KinesisFirehoseDestination=target))
    api.pass_time(120)
    streams.flush()
    [written] = streams.objects.values()
    line, rest = written.split(b"\n")
    assert rest == b""
    compare("Record", json.loads(line))


# What only our documents show beside the guide's examples, which are of several years.
_AUTO_TAGS = {
    f"mail.tags.ses:{name}" for name in ("operation", "outgoing-ip", "source-ip", "from-domain", "caller-identity")
}
_ONLY_OURS = {
    # In the contents of the guide, not in its examples.
    "Complaint": {"complaint.complaintSubType"},
    "NoticeComplaint": {"complaint.complaintSubType"},
    "DeliveryDelay": {"mail.headers", "mail.commonHeaders"},
    # The class of the reader is ours: docs/ses-differences.md.
    "Open": {"mail.sourceArn", "open.agentClass"},
    "Click": {"mail.sourceArn", "click.agentClass"},
}
_EXAMPLES = {
    **{name: f"{name} record" for name in ("Bounce", "Complaint", "Delivery", "Send", "Reject", "Open", "Click")},
    "RenderingFailure": "Rendering Failure record",
    "DeliveryDelay": "DeliveryDelay record",
    "Subscription": "Subscription record",
    "NoticeBounce": "Bounce notification with a DSN",
    "NoticeComplaint": "Complaint notification with a feedback report",
    "NoticeDelivery": "Amazon SNS delivery notification example",
}
_FREE = re.compile(r"mail\.tags\.(?!ses:)|\.linkTags\.|\.commonHeaders\.date$|\.destination$")


def members(value: Any, path: str = "") -> Iterator[str]:
    """Name every member of a document by its path; lists are followed into their first entry."""
    match value:
        case dict():
            for name, inner in value.items():
                yield from members(inner, f"{path}.{name}" if path else name)
        case [dict() as first, *_]:
            yield from members(first, path)
        case _:
            yield path


def shape(document: dict[str, Any]) -> set[str]:
    """Give the members whose names SES fixes; a list of headers is one of them."""
    paths = {re.sub(r"^mail\.(headers|commonHeaders)\..*", r"mail.\1", path) for path in members(document)}
    return {path for path in paths if not _FREE.search(path)}


@pytest.mark.parametrize(("name", "title"), _EXAMPLES.items())
def test_the_guide_shows_the_same_members(name: str, title: str) -> None:
    text = reference_path("ses/surface.md").read_text()
    found = re.search(rf"^\*\*{title}\*\*\n```json\n(.*)\n```", text, re.MULTILINE)
    assert found is not None
    theirs = shape(json.loads(found[1]))
    ours = shape(json.loads((DOCUMENTS / f"{name}.json").read_text()))
    assert ours - theirs - _AUTO_TAGS == _ONLY_OURS.get(name, set())
    assert theirs <= ours
