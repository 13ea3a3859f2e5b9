"""Reports by mail: parts as the RFCs want them, whatever the remote server or the sender wrote."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message

import pytest

from hatobin.protocols.mail.report import MAX_HEAD_OCTETS, MAX_TEXT, Failure, Letter, complaint_report, delivery_report
from hatobin.words.address import parse_address

LETTER = Letter(
    sender=parse_address("MAILER-DAEMON@mail.example"),
    to=parse_address("ann@example.com"),
    subject="Delivery Status Notification (Failure)",
    boundary="b",
    message_id_header="<1@mail.example>",
    date="Thu, 01 Jan 2026 12:00:00 +0000",
)
HEAD = b"From: ann@example.com\r\nSubject: Hi\r\n"


def parts(raw: bytes) -> list[Message]:
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    found = message_from_bytes(raw)
    assert not found.defects
    payload = found.get_payload()
    assert isinstance(payload, list)
    assert not any(part.defects for part in payload)
    return payload


def test_every_failure_has_a_group_of_its_own() -> None:
    failures = [
        Failure("a@example.net", "5.1.1", "550 5.1.1 no"),
        Failure("b@example.net", "4.4.1", "421 late", "mx.x"),
    ]
    people, machine, original = parts(delivery_report(LETTER, failures, reporting_mta="mail.example", head=HEAD))
    assert "a@example.net\r\nb@example.net\r\n" in str(people.get_payload())
    groups = machine.get_payload()
    assert [group["Final-Recipient"] for group in groups] == [None, "rfc822; a@example.net", "rfc822; b@example.net"]
    assert [group["Remote-MTA"] for group in groups] == [None, None, "dns; mx.x"]
    assert [group["Status"] for group in groups] == [None, "5.1.1", "4.4.1"]
    assert str(original.get_payload()).strip() == HEAD.decode().strip()


def test_report_without_the_header_has_two_parts() -> None:
    failures = [Failure("a@example.net", "5.1.1", "550 5.1.1 no")]
    assert len(parts(delivery_report(LETTER, failures, reporting_mta="mail.example", head=b""))) == 2


@pytest.mark.parametrize(
    "words", ["550 no\r\nAction: delivered", "550 " + "x" * 10_000, "550 Empfänger\x00\x1b unbekannt"]
)
def test_words_of_a_remote_server_stay_on_their_line(words: str) -> None:
    failure = Failure("a@example.net", "5.1.1", words, "mx\r\n.x")
    _, machine = parts(delivery_report(LETTER, [failure], reporting_mta="mail.example", head=b""))
    group = machine.get_payload()[1]
    assert list(group.keys()) == ["Final-Recipient", "Action", "Status", "Remote-MTA", "Diagnostic-Code"]
    assert group["Action"] == "failed"
    assert len(group["Diagnostic-Code"]) <= MAX_TEXT + len("smtp; ")


def test_eight_bit_header_is_quoted_as_such() -> None:
    head = "From: ann@example.com\r\nSubject: Grüße\r\n".encode()
    original = parts(delivery_report(LETTER, [Failure("a@x.org", "5", "no")], reporting_mta="x", head=head))[2]
    assert original["Content-Transfer-Encoding"] == "8bit"
    assert original.get_payload(decode=True) == head


def test_very_long_header_is_cut_at_a_line() -> None:
    head = b"X-Line: 1234567890\r\n" * 10_000
    original = parts(delivery_report(LETTER, [Failure("a@x.org", "5", "no")], reporting_mta="x", head=head))[2]
    quoted = original.get_payload(decode=True)
    assert isinstance(quoted, bytes)
    assert MAX_HEAD_OCTETS - 100 < len(quoted) <= MAX_HEAD_OCTETS
    assert set(quoted.splitlines()) == {b"X-Line: 1234567890"}


def test_complaint_names_its_kind_and_its_recipients() -> None:
    raw = complaint_report(LETTER, ["a@x.org", "b@x.org"], feedback_type="abuse", user_agent="Loop (1)", head=HEAD)
    _, machine, original = parts(raw)
    [facts] = machine.get_payload()
    assert facts.get_all("Original-Rcpt-To") == ["a@x.org", "b@x.org"]
    assert (facts["Feedback-Type"], facts["User-Agent"], facts["Version"]) == ("abuse", "Loop (1)", "1")
    assert original.get_content_type() == "text/rfc822-headers"
