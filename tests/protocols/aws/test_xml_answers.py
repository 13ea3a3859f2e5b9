"""XML: whatever text a value holds, a parser gets it back or a mark in its place."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.gateway.models import service_model, ses, sqs
from hatobin.protocols.aws.query import QueryWire
from hatobin.protocols.aws.wire import Refusal
from hatobin.protocols.aws.xml_answers import escape

XMLNS = "{http://ses.amazonaws.com/doc/2010-12-01/}"


@given(st.text())
def test_text_survives_a_parser(text: str) -> None:
    root = ElementTree.fromstring(f"<a>{escape(text)}</a>".encode())
    assert (root.text or "") == "".join(char if _is_xml(char) else "\ufffd" for char in text)


def _is_xml(char: str) -> bool:
    code = ord(char)
    return char in "\t\n\r" or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def test_an_operation_without_members_still_has_its_result_element() -> None:
    service = service_model("ses")
    answer = QueryWire().answer(service, service.operations["DeleteIdentity"], None, "r-1")
    root = ElementTree.fromstring(answer.body)
    assert root.tag == f"{XMLNS}DeleteIdentityResponse"
    assert root.find(f"{XMLNS}DeleteIdentityResult") is not None
    assert root.findtext(f"{XMLNS}ResponseMetadata/{XMLNS}RequestId") == "r-1"


def test_an_operation_without_output_has_none() -> None:
    service = service_model("ses")
    answer = QueryWire().answer(service, service.operations["UpdateAccountSendingEnabled"], None, "r-1")
    assert b"Result" not in answer.body


def test_absent_members_are_absent_and_empty_lists_are_there() -> None:
    service = service_model("ses")
    output = ses.ListIdentitiesResponse(identities=[])
    body = QueryWire().answer(service, service.operations["ListIdentities"], output, "r-1").body
    assert b"<Identities></Identities>" in body
    assert b"NextToken" not in body


def test_flat_lists_and_maps_repeat_their_own_names() -> None:
    service = service_model("sqs")
    message = sqs.Message(message_id="m", body="<&>", attributes={"SenderId": "s", "SentTimestamp": "1"})
    output = sqs.ReceiveMessageResult(messages=[message, sqs.Message(message_id="n")])
    body = QueryWire().answer(service, service.operations["ReceiveMessage"], output, "r-1").body.decode()
    assert "<ReceiveMessageResult><Message><MessageId>m</MessageId><Body>&lt;&amp;&gt;</Body>" in body
    assert "<Attribute><Name>SenderId</Name><Value>s</Value></Attribute><Attribute><Name>SentTimestamp</Name>" in body
    assert body.count("<Message>") == 2


@pytest.mark.parametrize(("is_sender_fault", "kind"), [(True, "Sender"), (False, "Receiver")])
def test_errors_have_the_form_of_version_1(is_sender_fault: bool, kind: str) -> None:
    refusal = Refusal("MessageRejected", "a < b", 400, "MessageRejected", is_sender_fault)
    answer = QueryWire().refuse(service_model("ses"), refusal, "r-1")
    root = ElementTree.fromstring(answer.body)
    assert (answer.status, root.tag) == (400, f"{XMLNS}ErrorResponse")
    assert [root.findtext(f"{XMLNS}Error/{XMLNS}{name}") for name in ("Type", "Code", "Message")] == [
        kind,
        "MessageRejected",
        "a < b",
    ]
    assert root.findtext(f"{XMLNS}RequestId") == "r-1"
