"""Query forms: names with dots become nested values, odd ones harm nobody."""

from __future__ import annotations

from urllib.parse import quote, quote_plus, unquote_to_bytes

import pytest

from hatobin.gateway.models import ses, sns, sqs
from hatobin.protocols.aws.forms import MAX_FORM_PAIRS, form_values, parse_form
from hatobin.protocols.aws.nodes import struct_node
from hatobin.protocols.aws.shapes import Shape
from hatobin.protocols.aws.wire import Malformed


def values(kind: type[Shape], body: bytes) -> dict[str, object]:
    return form_values(struct_node(kind), parse_form(body))


def test_lists_structures_and_plus_signs() -> None:
    body = (
        b"Action=SendEmail&Version=2010-12-01&Source=a%40b.c&Destination.ToAddresses.member.1=x%40y.z"
        b"&Destination.ToAddresses.member.2=q%2Bt%40y.z&Message.Subject.Data=x+%C3%A9&Message.Body.Text.Data="
    )
    assert values(ses.SendEmailRequest, body) == {
        "Source": "a@b.c",
        "Destination": {"ToAddresses": ["x@y.z", "q+t@y.z"]},
        "Message": {"Subject": {"Data": "x é"}, "Body": {"Text": {"Data": ""}}},
    }


def test_an_empty_list_is_a_name_without_value() -> None:
    found = values(ses.SendEmailRequest, b"Destination.CcAddresses=&Destination.ToAddresses.member.1=a")
    assert found == {"Destination": {"CcAddresses": [], "ToAddresses": ["a"]}}


def test_list_members_count_by_number_with_gaps() -> None:
    found = values(ses.DeleteIdentityRequest, b"Identity=x")
    assert found == {"Identity": "x"}
    body = b"&".join(b"Destination.ToAddresses.member.%d=a%d" % (index, index) for index in (10, 2, 1))
    assert values(ses.SendEmailRequest, body) == {"Destination": {"ToAddresses": ["a1", "a2", "a10"]}}


def test_maps_with_and_without_own_names() -> None:
    body = b"Attributes.entry.1.key=DisplayName&Attributes.entry.1.value=x&Name=t"
    assert values(sns.CreateTopicInput, body) == {"Name": "t", "Attributes": {"DisplayName": "x"}}
    body = b"TopicArn=t&Message=m&MessageAttributes.entry.1.Name=a&MessageAttributes.entry.1.Value.DataType=String"
    found = values(sns.PublishInput, body)
    assert found["MessageAttributes"] == {"a": {"DataType": "String"}}


def test_flat_lists_and_maps_of_sqs() -> None:
    body = b"QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5&Tag.1.Key=k&Tag.1.Value=v"
    assert values(sqs.CreateQueueRequest, body) == {
        "QueueName": "q",
        "Attributes": {"DelaySeconds": "5"},
        "tags": {"k": "v"},
    }
    body = b"QueueUrl=u&MaxNumberOfMessages=10&AttributeName.1=All&MessageAttributeName.1=a&MessageAttributeName.2=b"
    assert values(sqs.ReceiveMessageRequest, body) == {
        "QueueUrl": "u",
        "MaxNumberOfMessages": 10,
        "AttributeNames": ["All"],
        "MessageAttributeNames": ["a", "b"],
    }
    body = b"QueueUrl=u&SendMessageBatchRequestEntry.1.Id=i&SendMessageBatchRequestEntry.1.MessageBody=m"
    assert values(sqs.SendMessageBatchRequest, body)["Entries"] == [{"Id": "i", "MessageBody": "m"}]


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("FALSE", False), ("yes", "yes")])
def test_booleans(text: str, expected: object) -> None:
    found = values(ses.SetIdentityDkimEnabledRequest, f"Identity=x&DkimEnabled={text}".encode())
    assert found["DkimEnabled"] == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("5", 5), ("%2B5", 5), ("-1", -1), ("5.5", "5.5"), ("٥", "٥"), ("9" * 20, "9" * 20)]
)
def test_numbers_that_do_not_read_as_such_stay_text(text: str, expected: object) -> None:
    assert values(ses.ListIdentitiesRequest, f"MaxItems={text}".encode())["MaxItems"] == expected


def test_base64_in_lines_is_joined() -> None:
    found = values(ses.SendRawEmailRequest, b"RawMessage.Data=QUJD%0AREVG%0A")
    assert found == {"RawMessage": {"Data": "QUJDREVG"}}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"&&=&=x",
        b"Destination=x&Destination.ToAddresses.member.1=a",
        b"Destination.ToAddresses.member.1=a&Destination=x",
        b"Destination.ToAddresses.member.x=a",
        b"Destination.ToAddresses.member=a",
        b"Destination.ToAddresses.1=a",
        b"Source.member.1=a",
        b".=x&..=y&Destination..=z",
        b"Destination." * 100 + b"x=1",
    ],
)
def test_odd_names_are_read_or_ignored_but_never_crash(body: bytes) -> None:
    assert isinstance(values(ses.SendEmailRequest, body), dict)


@pytest.mark.parametrize("body", [b"Source=%ff%fe", b"\xff=1", b"a=1&" * MAX_FORM_PAIRS])
def test_what_cannot_be_read_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse_form(body)


@pytest.mark.parametrize(
    "text", ["é" * 100, "a=b&c%d+e" * 20, "\r\n" * 50, "%3D=%3d" * 30, "=" * 100, "\0\x7f" * 40, "%" * 60]
)
def test_many_escapes_are_read_as_few_are(text: str) -> None:
    for written in (quote(text, safe=""), quote_plus(text), quote(text, safe="").replace("%3D", "=")):
        assert parse_form(b"a=" + written.encode()) == {"a": text}


@pytest.mark.parametrize("odd", [b"%", b"%%", b"%4", b"%zz", b"%=41", b"%\n", b"%\r\n", b"%%3d", b"%=%41="])
def test_an_escape_that_is_none_stands_for_itself_where_there_are_few(odd: bytes) -> None:
    assert parse_form(b"a=1" + odd) == {"a": unquote_to_bytes(b"1" + odd).decode()}
    for broken in (b"%41" * 100 + odd, odd + b"x" + b"%41" * 100):
        with pytest.raises(Malformed, match="percent-encoding"):
            parse_form(b"a=" + broken)
