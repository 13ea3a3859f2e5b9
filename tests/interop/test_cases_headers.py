"""DEV-IS-05 and DEV-IS-30: whose fields a message has when it leaves, and who its sender is."""

from __future__ import annotations

import time
import urllib.error
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.interop.sending import (
    accepted_id,
    configuration_set_to,
    send_raw,
    submission,
    submit,
    take_events,
    topic_with_queue,
)
from tests.peers.smtp_sink import SmtpSink
from tests.running import RunningServer

_OLD = (
    b"Return-Path: <elsewhere@example.com>\r\nMessage-ID: <own-id@client.example>\r\n"
    b"Date: Mon, 1 Jan 2001 00:00:00 +0900\r\nFrom: sender@example.com\r\nTo: %s\r\nSubject: old\r\n\r\nx\r\n"
)


@pytest.mark.parametrize("door", ["v1", "v2", "smtp"])
def test_message_id_date_and_return_path_are_replaced(relaying: RunningServer, sink: SmtpSink, door: str) -> None:
    name = f"headers-{door}"
    topic, url = topic_with_queue(relaying, name)
    configuration_set_to(relaying, name, topic, "SEND")
    to = f"{name}@example.net"
    data = _OLD % to.encode()
    if door == "v1":
        answer = relaying.client("ses").send_raw_email(RawMessage={"Data": data}, ConfigurationSetName=name)
        identifier = answer["MessageId"]
    elif door == "v2":
        identifier = send_raw(relaying, data, ConfigurationSetName=name)
    else:
        with submission(relaying) as session:
            chosen = b"X-SES-CONFIGURATION-SET: " + name.encode() + b"\r\n" + data
            identifier = accepted_id(submit(session, "sender@example.com", [to], chosen))
    received = sink.wait_for(to)
    assert received.message.get_all("Message-ID") == [f"<{identifier}@email.hatobin.localhost>"]
    assert received.message.get_all("Return-Path") is None
    dates = received.message.get_all("Date")
    assert dates is not None
    assert len(dates) == 1
    date = parsedate_to_datetime(dates[0])
    assert abs(date.timestamp() - time.time()) < 60
    assert date.utcoffset().total_seconds() == 0  # type: ignore[union-attr]
    assert received.reverse_path == f"{identifier}@hatobin.localhost"
    assert b"SES-CONFIGURATION-SET" not in received.data
    mail = take_events(relaying, url, 1)[0]["mail"]
    assert mail["messageId"] == identifier
    assert {"name": "Message-ID", "value": "<own-id@client.example>"} in mail["headers"]
    assert mail["commonHeaders"]["messageId"] in ("<own-id@client.example>", identifier)


def _refused(call: Any, **arguments: Any) -> tuple[int, str, str | None]:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    response = error.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def test_from_of_the_message_is_the_sender_when_no_parameter_says(relaying: RunningServer, sink: SmtpSink) -> None:
    data = b"From: Somebody <sender@example.com>\r\nTo: only-from-%d@example.net\r\nSubject: x\r\n\r\nx\r\n"
    v1 = relaying.client("ses").send_raw_email(RawMessage={"Data": data % 1})
    v2 = relaying.client("sesv2").send_email(Content={"Raw": {"Data": data % 2}})
    assert sink.wait_for("only-from-1@example.net").id == v1["MessageId"]
    assert sink.wait_for("only-from-2@example.net").id == v2["MessageId"]


def test_without_any_from_the_message_is_refused(relaying: RunningServer) -> None:
    data = b"To: reader@example.net\r\nSubject: x\r\n\r\nx\r\n"
    v1 = _refused(relaying.client("ses").send_raw_email, RawMessage={"Data": data})
    assert v1 == (400, "InvalidParameterValue", "Missing required header 'From'.")
    v2 = _refused(relaying.client("sesv2").send_email, Content={"Raw": {"Data": data}})
    assert v2 == (400, "BadRequestException", "Missing required header 'From'.")
    with submission(relaying) as session:
        reply = submit(session, "sender@example.com", ["reader@example.net"], data)
    assert reply == "554 Transaction failed: Missing required header 'From'."


def test_v2_without_a_sender_parameter(relaying: RunningServer) -> None:
    client = relaying.client("sesv2")
    to = {"ToAddresses": ["reader@example.net"]}
    content: dict[str, Any] = {"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}}
    refused = _refused(client.send_email, Destination=to, Content=content)
    assert refused == (400, "BadRequestException", None)  # {"message": null}
    template = {"Template": {"TemplateContent": {"Subject": "x", "Text": "x"}, "TemplateData": "{}"}}
    refused = _refused(client.send_email, Destination=to, Content=template)
    assert refused == (400, "BadRequestException", "Source cannot be empty")


def test_source_that_differs_from_the_message_must_be_verified_too(relaying: RunningServer) -> None:
    data = b"From: sender@example.com\r\nTo: reader@example.net\r\nSubject: x\r\n\r\nx\r\n"
    status, code, message = _refused(
        relaying.client("ses").send_raw_email, Source="stranger@example.org", RawMessage={"Data": data}
    )
    assert (status, code) == (400, "MessageRejected")
    assert message is not None
    assert message.endswith("in region US-EAST-1: stranger@example.org")


def test_no_local_page_shows_mail_in_relay_mode(relaying: RunningServer) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        relaying.inbox(wait_s=0)
    assert refused.value.code in (403, 404)
    refused.value.close()
