"""SES v2 SendEmail and SendBulkEmail as boto3 clients see them: what is sent, what is refused, what is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hatobin.capabilities import inbox, queue
from hatobin.capabilities.queue import MessageKey
from hatobin.words.settings import Account, Settings
from tests.api.harness import ACCOUNT, REGION, Api

NOT_VERIFIED = "Email address is not verified. The following identities failed the check in region US-EAST-1: "
TWO_SUBJECTS = b"From: a@example.com\r\nSubject: a\r\nsubject: b\r\nTo: x@e.org\r\n\r\nHi\r\n"
SANDBOX = Settings(account=Account(sandbox=True))
SLOW = Settings(account=Account(max_send_rate=2.0))
SMALL_QUOTA = Settings(account=Account(max_24_hour_send=3))


@pytest.fixture
def ses(api: Api) -> Any:
    client = api.client("sesv2")
    client.create_email_identity(EmailIdentity="example.com")
    return client


def simple(subject: str = "Hello", text: str = "Hi") -> dict[str, Any]:
    return {"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": text}}}}


def send(ses: Any, **changes: Any) -> str:
    arguments: dict[str, Any] = {
        "FromEmailAddress": "sender@example.com",
        "Destination": {"ToAddresses": ["you@example.net"]},
        "Content": simple(),
    } | changes
    return ses.send_email(**{name: value for name, value in arguments.items() if value is not None})["MessageId"]


def refusal(ses: Any, **changes: Any) -> tuple[str, str | None, int]:
    with pytest.raises(ClientError) as caught:
        send(ses, **changes)
    response = caught.value.response
    return response["Error"]["Code"], response["Error"].get("Message"), response["ResponseMetadata"]["HTTPStatusCode"]


def captured(api: Api) -> list[tuple[Any, EmailMessage]]:
    """Wait for deliveries and give the inbox, oldest first."""
    api.wait_until_delivered()
    entries = api.read(lambda session: inbox.search(session, limit=100))
    return [(entry, message_from_bytes(entry.content, policy=policy.default)) for entry in reversed(entries)]


def kinds(api: Api, message_id: str) -> list[str]:
    api.wait_until_delivered()
    return api.run(api.world.kinds(MessageKey(ACCOUNT, REGION, message_id)))


def test_a_simple_message_arrives_with_ses_headers(api: Api, ses: Any) -> None:
    message_id = send(ses, Content=simple("こんにちは", "ご注文ありがとうございます"))
    entry, message = captured(api)[0]
    assert entry.recipients == ("you@example.net",)
    assert message["Subject"] == "こんにちは"
    assert message.get_content().strip() == "ご注文ありがとうございます"
    assert message["Message-ID"] == f"<{message_id}@email.hatobin.localhost>"
    assert message["Feedback-ID"].startswith("::1.us-east-1.")
    assert entry.reverse_path == f"{message_id}@hatobin.localhost"
    assert kinds(api, message_id) == ["Send", "Delivery"]


def test_two_tags_are_the_first_fields_of_feedback_id(api: Api, ses: Any) -> None:
    tags = [{"Name": "ses:feedback-id-b", "Value": "that"}, {"Name": "ses:feedback-id-a", "Value": "this"}]
    send(ses, EmailTags=tags)
    assert captured(api)[0][1]["Feedback-ID"].startswith("this:that:1.us-east-1.")


def test_attachments_and_inline_images_arrive_identical(api: Api, ses: Any) -> None:
    pixel = bytes(range(256))
    content = {
        "Simple": {
            "Subject": {"Data": "Report"},
            "Body": {"Text": {"Data": "see"}, "Html": {"Data": '<img src="cid:logo123">'}},
            "Headers": [{"Name": "X-Campaign", "Value": "spring"}],
            "Attachments": [
                {"FileName": "報告書.txt", "RawContent": b"This is a sample.", "ContentType": "text/plain"},
                {
                    "FileName": "logo.png",
                    "RawContent": pixel,
                    "ContentDisposition": "INLINE",
                    "ContentId": "logo123",
                    "ContentType": "image/png",
                },
            ],
        }
    }
    send(ses, Content=content)
    _, message = captured(api)[0]
    assert message["X-Campaign"] == "spring"
    parts = {part.get_filename(): part for part in message.walk() if part.get_filename()}
    assert parts["報告書.txt"].get_payload(decode=True) == b"This is a sample."
    assert parts["logo.png"].get_payload(decode=True) == pixel
    assert parts["logo.png"]["Content-ID"] == "<logo123>"


def test_raw_without_destination_goes_to_everyone_in_the_header_and_loses_its_bcc(api: Api, ses: Any) -> None:
    raw = b"From: sender@example.com\r\nTo: t@example.net\r\nCc: c@example.net\r\nBcc: b@example.net\r\n\r\nHi\r\n"
    send(ses, FromEmailAddress=None, Destination=None, Content={"Raw": {"Data": raw}})
    entry, message = captured(api)[0]
    assert entry.recipients == ("t@example.net", "c@example.net", "b@example.net")
    assert message["Bcc"] is None


def test_raw_with_destination_goes_to_exactly_those(api: Api, ses: Any) -> None:
    raw = b"From: sender@example.com\r\nTo: t@example.net\r\nBcc: b@example.net\r\n\r\nHi\r\n"
    send(ses, Destination={"BccAddresses": ["b@example.net"]}, Content={"Raw": {"Data": raw}})
    entry, message = captured(api)[0]
    assert entry.recipients == ("b@example.net",)
    assert message["To"] == "t@example.net"


def test_the_id_that_is_returned_is_the_one_delivered_and_date_is_replaced(api: Api, ses: Any) -> None:
    raw = (
        b"From: sender@example.com\r\nTo: t@example.net\r\nMessage-ID: <own@id>\r\n"
        b"Date: Mon, 01 Jan 2001 00:00:00 +0000\r\nReturn-Path: <x@example.com>\r\n\r\nHi\r\n"
    )
    message_id = send(ses, Destination=None, Content={"Raw": {"Data": raw}})
    _, message = captured(api)[0]
    assert message["Message-ID"] == f"<{message_id}@email.hatobin.localhost>"
    assert "2023" in message["Date"]
    assert message["Return-Path"] is None


@pytest.mark.parametrize(
    ("changes", "code", "text", "status"),
    [
        (
            {"FromEmailAddress": "a@other.example"},
            "MessageRejected",
            NOT_VERIFIED + "a@other.example",
            400,
        ),
        ({"ConfigurationSetName": "nope"}, "NotFoundException", "Configuration set <nope> does not exist.", 404),
        ({"Content": {"Template": {"TemplateName": "nope", "TemplateData": "{}"}}}, "NotFoundException", None, 404),
        ({"Destination": {"ToAddresses": []}}, "BadRequestException", None, 400),
        ({"Destination": {"ToAddresses": ["not-an-address"]}}, "BadRequestException", "Missing final '@domain'", 400),
        (
            {"Destination": {"ToAddresses": [f"r{n}@example.net" for n in range(51)]}},
            "BadRequestException",
            "Recipient count exceeds 50.",
            400,
        ),
        (
            {"Destination": {"CcAddresses": ["more than any header holds"] * 100_000}},
            "BadRequestException",
            "Recipient count exceeds 50.",
            400,
        ),
        ({"Content": {"Raw": {"Data": b"To: x@example.net\r\n\r\nHi\r\n"}}, "FromEmailAddress": None},
         "BadRequestException", "Missing required header 'From'.", 400),
        (
            {"Content": {"Raw": {"Data": TWO_SUBJECTS}}},
            "BadRequestException",
            "Duplicate header 'Subject'.",
            400,
        ),
        ({"EmailTags": [{"Name": "a b", "Value": "x"}]}, "BadRequestException", None, 400),
        (
            {"ListManagementOptions": {"ContactListName": "nope"}},
            "NotFoundException",
            "List with name: nope doesn't exist.",
            404,
        ),
        (
            {"FromEmailAddress": None, "Content": {"Template": {"TemplateContent": {"Subject": "s", "Text": "t"}}}},
            "BadRequestException",
            "Source cannot be empty",
            400,
        ),
        ({"Content": {"Template": {"TemplateContent": {"Subject": "s"}, "TemplateData": "[1]"}}},
         "BadRequestException", "TemplateData must be a JSON object.", 400),
    ],
    ids=lambda value: None if isinstance(value, dict) else str(value)[:40],
)  # fmt: skip
def test_a_refused_send_says_why_and_leaves_nothing(
    api: Api, ses: Any, changes: dict[str, Any], code: str, text: str | None, status: int
) -> None:
    got_code, got_text, got_status = refusal(ses, **changes)
    assert (got_code, got_status) == (code, status)
    if text is not None:
        assert got_text == text
    assert not api.read(queue.figures).by_state


def test_a_simple_message_without_sender_is_refused_without_a_text(ses: Any) -> None:
    code, text, status = refusal(ses, FromEmailAddress=None)
    assert (code, status) == ("BadRequestException", 400)
    assert not text or text == "None"


def test_fifty_recipients_are_fine(api: Api, ses: Any) -> None:
    send(ses, Destination={"ToAddresses": [f"r{n}@example.net" for n in range(50)]})
    assert len(captured(api)[0][0].recipients) == 50


def test_a_missing_template_variable_is_accepted_and_reported_by_an_event(api: Api, ses: Any) -> None:
    ses.create_email_template(
        TemplateName="greet", TemplateContent={"Subject": "Hi {{name}}", "Text": "You like {{favoritecolor}}"}
    )
    message_id = send(ses, Content={"Template": {"TemplateName": "greet", "TemplateData": '{"name":"Ana"}'}})
    assert kinds(api, message_id) == ["Rendering Failure"]
    assert captured(api) == []


def test_a_template_is_rendered_without_escaping(api: Api, ses: Any) -> None:
    template = {"Subject": "{{s}}", "Html": "<p>{{v}}</p>"}
    data = json.dumps({"s": "ご注文 <1>", "v": "<b>&amp;</b>"})
    send(ses, Content={"Template": {"TemplateContent": template, "TemplateData": data}})
    _, message = captured(api)[0]
    assert message["Subject"] == "ご注文 <1>"
    assert message.get_content().strip() == "<p><b>&amp;</b></p>"


def test_a_suppressed_recipient_is_accepted_and_bounces(api: Api, ses: Any) -> None:
    ses.put_suppressed_destination(EmailAddress="gone@example.net", Reason="BOUNCE")
    ses.put_suppressed_destination(EmailAddress="angry@example.net", Reason="COMPLAINT")
    message_id = send(ses, Destination={"ToAddresses": ["gone@example.net", "angry@example.net", "ok@example.net"]})
    assert [entry.recipients for entry, _ in captured(api)] == [("ok@example.net",)]
    assert kinds(api, message_id) == ["Send", "Bounce", "Complaint", "Delivery"]


def test_eicar_is_sent_and_then_rejected(api: Api, ses: Any) -> None:
    test_string = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    message_id = send(ses, Content=simple(text=test_string))
    assert kinds(api, message_id) == ["Send", "Reject"]
    assert captured(api) == []


@pytest.mark.parametrize("api", [SANDBOX], indirect=True)
def test_the_sandbox_wants_verified_recipients_and_names_those_that_are_not(api: Api, ses: Any) -> None:
    code, text, _ = refusal(ses, Destination={"ToAddresses": ["a@x.example", "me@example.com", "b@x.example"]})
    assert code == "MessageRejected"
    assert text is not None
    assert text.endswith("US-EAST-1: a@x.example, b@x.example")
    send(ses, Destination={"ToAddresses": ["me@example.com"]})


@pytest.mark.parametrize("api", [SLOW], indirect=True)
def test_more_than_the_rate_is_throttled(api: Api) -> None:
    client = api.client("sesv2")
    client.create_email_identity(EmailIdentity="example.com")
    answers = [_answer(client) for _ in range(4)]
    assert answers == ["ok", "ok", "TooManyRequestsException Maximum sending rate exceeded. 429", answers[2]]


@pytest.mark.parametrize("api", [SMALL_QUOTA], indirect=True)
def test_more_than_the_daily_quota_is_throttled_but_the_simulator_is_not(api: Api) -> None:
    client = api.client("sesv2")
    client.create_email_identity(EmailIdentity="example.com")
    assert [_answer(client) for _ in range(3)] == ["ok"] * 3
    assert _answer(client) == "TooManyRequestsException Daily message quota exceeded. 429"
    assert send(client, Destination={"ToAddresses": ["success@simulator.amazonses.com"]})


def _answer(client: Any) -> str:
    try:
        send(client)
    except ClientError as error:
        details = error.response
        status = details["ResponseMetadata"]["HTTPStatusCode"]
        return f"{details['Error']['Code']} {details['Error']['Message']} {status}"
    return "ok"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("success", ["Send", "Delivery"]),
        ("bounce", ["Send", "Bounce"]),
        ("bounce+label", ["Send", "Bounce"]),
        ("complaint", ["Send", "Delivery", "Complaint"]),
        ("ooto", ["Send", "Delivery", "Bounce"]),
        ("suppressionlist", ["Send", "Bounce"]),
    ],
)
def test_the_simulator_behaves_by_its_address(api: Api, ses: Any, name: str, expected: list[str]) -> None:
    message_id = send(ses, Destination={"ToAddresses": [f"{name}@simulator.amazonses.com"]})
    assert kinds(api, message_id) == expected
    assert ses.list_suppressed_destinations()["SuppressedDestinationSummaries"] == []


def test_bulk_merges_data_per_key_and_answers_entry_by_entry(api: Api, ses: Any) -> None:
    ses.create_email_template(TemplateName="t", TemplateContent={"Subject": "{{o.x}}-{{o.y}}", "Text": "{{a}}"})
    entries = [
        {"Destination": {"ToAddresses": ["one@example.net"]}},
        {
            "Destination": {"ToAddresses": ["two@example.net"]},
            "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": '{"o":{"y":9}}'}},
        },
        {
            "Destination": {"ToAddresses": ["three@example.net"]},
            "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": "not json"}},
        },
        {"Destination": {"ToAddresses": ["bad address"]}},
    ]
    answer = ses.send_bulk_email(
        FromEmailAddress="sender@example.com",
        DefaultContent={"Template": {"TemplateName": "t", "TemplateData": '{"a":1,"o":{"x":1,"y":2}}'}},
        BulkEmailEntries=entries,
    )
    statuses = [result["Status"] for result in answer["BulkEmailEntryResults"]]
    assert statuses == ["SUCCESS", "SUCCESS", "INVALID_PARAMETER", "INVALID_PARAMETER"]
    assert sorted(message["Subject"] for _, message in captured(api)) == ["1-2", "1-9"]


def test_bulk_takes_no_more_than_fifty_entries(ses: Any) -> None:
    with pytest.raises(ClientError) as caught:
        ses.send_bulk_email(
            FromEmailAddress="sender@example.com",
            DefaultContent={"Template": {"TemplateContent": {"Subject": "s", "Text": "t"}}},
            BulkEmailEntries=[{"Destination": {"ToAddresses": ["a@example.net"]}}] * 51,
        )
    assert caught.value.response["Error"]["Code"] == "BadRequestException"


def _subscribed(api: Api, ses: Any) -> Callable[[], list[dict[str, Any]]]:
    """Make the set "app" with a topic and a queue for its events; the function gives the notices that have come."""
    sns, sqs = api.client("sns"), api.client("sqs")
    topic = sns.create_topic(Name="events")["TopicArn"]
    queue_url = sqs.create_queue(QueueName="events")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:events")
    ses.create_configuration_set(ConfigurationSetName="app")
    ses.create_configuration_set_event_destination(
        ConfigurationSetName="app",
        EventDestinationName="all",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["SEND", "DELIVERY", "BOUNCE"],
            "SnsDestination": {"TopicArn": topic},
        },
    )

    def received() -> list[dict[str, Any]]:
        api.wait_until_delivered()
        api.wait(lambda: api.world.count("SELECT COUNT(*) FROM event_outbox") == 0)
        messages = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)["Messages"]
        return [json.loads(message["Body"]) for message in messages]

    return received


def test_events_reach_a_queue_through_a_topic_in_order(api: Api, ses: Any) -> None:
    received = _subscribed(api, ses)
    message_id = send(
        ses,
        ConfigurationSetName="app",
        EmailTags=[{"Name": "order", "Value": "42"}],
        Destination={"ToAddresses": ["bounce@simulator.amazonses.com"]},
    )
    notices = received()
    published = [json.loads(n["Message"]) for n in notices if n["Message"].startswith("{")]
    assert [event["eventType"] for event in published] == ["Send", "Bounce"]
    bounce = published[1]
    assert bounce["mail"]["messageId"] == message_id
    assert bounce["mail"]["tags"]["order"] == ["42"]
    assert bounce["mail"]["tags"]["ses:configuration-set"] == ["app"]
    assert bounce["mail"]["commonHeaders"]["subject"] == "Hello"
    assert bounce["bounce"]["bounceType"] == "Permanent"
    assert bounce["bounce"]["bouncedRecipients"][0]["emailAddress"] == "bounce@simulator.amazonses.com"
    assert bounce["bounce"]["bouncedRecipients"][0]["status"] == "5.1.1"
    assert notices[-1]["Subject"] == "Amazon SES Email Event Notification"


def test_the_send_event_of_a_template_is_told_before_it_is_rendered(api: Api, ses: Any) -> None:
    received = _subscribed(api, ses)
    content = {"Subject": "Hello {{name}}", "Text": "Hi"}
    template = {"TemplateContent": content, "TemplateData": '{"name":"Ann"}'}
    send(ses, ConfigurationSetName="app", Content={"Template": template})
    sent, delivered = (json.loads(n["Message"]) for n in received() if n["Message"].startswith("{"))
    assert (sent["eventType"], delivered["eventType"]) == ("Send", "Delivery")
    assert "sourceArn" not in sent["mail"]
    assert [header["name"] for header in sent["mail"]["headers"]] == ["From", "To", "MIME-Version"]
    assert "subject" not in sent["mail"]["commonHeaders"]
    assert delivered["mail"]["sourceArn"].endswith(":identity/example.com")
    assert delivered["mail"]["commonHeaders"]["subject"] == "Hello Ann"
