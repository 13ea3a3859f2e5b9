"""The AWS SDK for Python against the real process, over http and https."""

from __future__ import annotations

import email
import email.policy
import json
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, SSLError

from tests.interop.sending import send_raw, send_simple, simple, topic_with_queue
from tests.running import ACCESS_KEY_ID, REGION, SECRET, RunningServer

_RAW = b"From: sender@example.com\r\nTo: %s\r\nSubject: raw\r\n\r\nA whole message.\r\n"


def test_v2_sends_text_and_html(mailbox: RunningServer) -> None:
    content = simple("Grüße", "Füße", "<p>Füße</p>")
    identifier = send_simple(mailbox, ["v2-simple@example.net"], Content=content)
    message = mailbox.inbox(to="v2-simple@example.net")[0]
    assert (message["id"], message["subject"]) == (identifier, "Grüße")
    assert message["text"].strip() == "Füße"
    assert message["html"].strip() == "<p>Füße</p>"
    assert message["recipients"] == ["v2-simple@example.net"]


def test_v2_sends_a_raw_message_to_its_header_recipients(mailbox: RunningServer) -> None:
    identifier = send_raw(mailbox, _RAW % b"v2-raw@example.net")
    message = mailbox.inbox(to="v2-raw@example.net")[0]
    assert message["id"] == identifier
    parsed = email.message_from_bytes(mailbox.inbox_bytes(message), policy=email.policy.default)
    assert parsed["Subject"] == "raw"
    assert parsed["Message-ID"].startswith(f"<{identifier}@")
    assert parsed.get_content().strip() == "A whole message."


def test_v1_sends_formatted_and_raw(mailbox: RunningServer) -> None:
    ses = mailbox.client("ses")
    body = {"Text": {"Data": "one"}, "Html": {"Data": "<p>one</p>"}}
    answer = ses.send_email(
        Source="sender@example.com",
        Destination={"ToAddresses": ["v1@example.net"], "BccAddresses": ["v1-bcc@example.net"]},
        Message={"Subject": {"Data": "v1"}, "Body": body},
    )
    hidden = mailbox.inbox(to="v1-bcc@example.net")[0]
    assert hidden["id"] == answer["MessageId"]
    assert b"v1-bcc" not in mailbox.inbox_bytes(hidden)
    raw = ses.send_raw_email(RawMessage={"Data": _RAW % b"v1-raw@example.net"})
    assert mailbox.inbox(to="v1-raw@example.net")[0]["id"] == raw["MessageId"]


def test_a_template_is_rendered_per_recipient_in_bulk(mailbox: RunningServer) -> None:
    client = mailbox.client("sesv2")
    client.create_email_template(
        TemplateName="greeting",
        TemplateContent={"Subject": "Hi {{name}}", "Text": "{{name}} likes {{animal}}", "Html": "<p>{{name}}</p>"},
    )
    answer = client.send_bulk_email(
        FromEmailAddress="sender@example.com",
        DefaultContent={"Template": {"TemplateName": "greeting", "TemplateData": json.dumps({"animal": "pigeons"})}},
        BulkEmailEntries=[
            {
                "Destination": {"ToAddresses": [f"bulk-{name}@example.net"]},
                "ReplacementEmailContent": {
                    "ReplacementTemplate": {"ReplacementTemplateData": json.dumps({"name": name})}
                },
            }
            for name in ("ada", "bob")
        ],
    )
    assert [entry["Status"] for entry in answer["BulkEmailEntryResults"]] == ["SUCCESS", "SUCCESS"]
    for name, entry in zip(("ada", "bob"), answer["BulkEmailEntryResults"], strict=True):
        message = mailbox.inbox(to=f"bulk-{name}@example.net")[0]
        assert (message["id"], message["subject"]) == (entry["MessageId"], f"Hi {name}")
        assert message["text"].strip() == f"{name} likes pigeons"


def test_regions_keep_their_identities_apart(mailbox: RunningServer) -> None:
    with pytest.raises(ClientError) as refused:
        mailbox.client("sesv2", "eu-west-1").send_email(
            FromEmailAddress="sender@example.com",
            Destination={"ToAddresses": ["reader@example.net"]},
            Content=simple("no"),
        )
    error = refused.value.response["Error"]
    assert error["Code"] == "MessageRejected"
    assert error["Message"].startswith(
        "Email address is not verified. The following identities failed the check in region EU-WEST-1: "
        "sender@example.com"
    )


def test_a_topic_reaches_a_queue(mailbox: RunningServer) -> None:
    topic, url = topic_with_queue(mailbox, "from-topic-to-queue")
    published = mailbox.client("sns").publish(TopicArn=topic, Message="cooing", Subject="pigeon")
    message = mailbox.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]
    body = json.loads(message["Body"])
    assert (body["Message"], body["Subject"], body["MessageId"]) == ("cooing", "pigeon", published["MessageId"])


def test_wrong_and_unknown_keys_are_told_apart(mailbox: RunningServer) -> None:
    codes = []
    for key, secret in ((ACCESS_KEY_ID, "wrong"), ("AKIAUNKNOWNUNKNOWN00", SECRET)):
        session = boto3.session.Session(key, secret, region_name=REGION)
        client = session.client("sesv2", endpoint_url=mailbox.endpoint)
        with pytest.raises(ClientError) as refused:
            client.get_account()
        codes.append(refused.value.response["Error"]["Code"])
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        client.close()
    assert codes[0] in ("SignatureDoesNotMatch", "InvalidSignatureException")
    assert codes[1] in ("UnrecognizedClientException", "InvalidClientTokenId")


def test_https_is_verified_with_the_local_authority(mailbox: RunningServer) -> None:
    session = boto3.session.Session(ACCESS_KEY_ID, SECRET, region_name=REGION)
    trusting = session.client("sesv2", endpoint_url=mailbox.https_endpoint, verify=str(mailbox.ca))
    assert trusting.get_account()["SendingEnabled"] is True
    trusting.close()
    strict = session.client(
        "sesv2", endpoint_url=mailbox.https_endpoint, config=Config(retries={"total_max_attempts": 1})
    )
    with pytest.raises(SSLError):
        strict.get_account()
    strict.close()


def test_sixty_threads_send_at_once_and_every_id_is_another(mailbox: RunningServer) -> None:
    mailbox.client("sesv2")
    with ThreadPoolExecutor(20) as threads:
        made = list(threads.map(lambda n: send_simple(mailbox, [f"many-{n}@example.net"]), range(60)))
    assert len(set(made)) == 60
    for number in range(60):
        assert mailbox.inbox(to=f"many-{number}@example.net")[0]["id"] == made[number]
