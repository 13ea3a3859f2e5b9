"""Reports by mail: that a message could not be delivered, and that somebody complained about it.

Three parts: a text for people, the same for programs, and the header of the
message that it is about, where that is still known.

Law: RFC 6522 (multipart/report), RFC 3464 (delivery status), RFC 5965
(feedback report), RFC 3834 §3.1.7 and §5 (Auto-Submitted).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hatobin.protocols.mail.headers import ascii_field
from hatobin.protocols.mail.rewrite import read_message, rewrite
from hatobin.protocols.mail.transfer import crlf
from hatobin.words.address import Address

MAX_TEXT = 900
"""Characters of a remote server's words that are told; a line has 998 (RFC 5322 §2.1.1)."""
MAX_HEAD_OCTETS = 64 * 1024

_UNPRINTABLE = re.compile(r"[^ -~]+")


@dataclass(frozen=True, slots=True)
class Letter:
    """The envelope of a report as people see it."""

    sender: Address
    to: Address
    subject: str
    boundary: str
    message_id_header: str
    date: str


@dataclass(frozen=True, slots=True)
class Failure:
    """One recipient that did not get the message: its status (RFC 3463), and the words of the server that said so."""

    address: str
    status: str
    diagnostic: str
    remote_mta: str = ""


def delivery_report(letter: Letter, failures: Sequence[Failure], *, reporting_mta: str, head: bytes) -> bytes:
    """Tell that a message did not come to these recipients. `head` is its header block; none is left out."""
    people = "An error occurred while trying to deliver the mail to the following recipients:\r\n"
    people += "".join(f"{_plain(one.address)}\r\n" for one in failures)
    groups = [f"Reporting-MTA: dns; {_plain(reporting_mta)}\r\n"]
    for one in failures:
        group = f"Final-Recipient: rfc822; {_plain(one.address)}\r\nAction: failed\r\nStatus: {_plain(one.status)}\r\n"
        if one.remote_mta:
            group += f"Remote-MTA: dns; {_plain(one.remote_mta)}\r\n"
        groups.append(group + f"Diagnostic-Code: smtp; {_plain(one.diagnostic)}\r\n")
    return _report(letter, "delivery-status", people, "message/delivery-status", "\r\n".join(groups), head)


def complaint_report(
    letter: Letter, addresses: Sequence[str], *, feedback_type: str, user_agent: str, head: bytes
) -> bytes:
    """Tell that these recipients complained about a message. `head` is its header block; none is left out."""
    people = "The following recipients complained about the message whose header is below:\r\n"
    people += "".join(f"{_plain(address)}\r\n" for address in addresses)
    facts = f"Feedback-Type: {_plain(feedback_type)}\r\nUser-Agent: {_plain(user_agent)}\r\nVersion: 1\r\n"
    facts += "".join(f"Original-Rcpt-To: {_plain(address)}\r\n" for address in addresses)
    return _report(letter, "feedback-report", people, "message/feedback-report", facts, head)


def _report(letter: Letter, kind: str, people: str, machine_type: str, machine: str, head: bytes) -> bytes:
    fields = [
        ("From", f"<{letter.sender}>"),
        ("To", f"<{letter.to}>"),
        ("Subject", letter.subject),
        ("Auto-Submitted", "auto-replied"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/report; report-type={kind}; boundary="{letter.boundary}"'),
    ]
    parts = [
        b"Content-Type: text/plain; charset=us-ascii\r\n\r\n" + people.encode("ascii"),
        f"Content-Type: {machine_type}\r\n\r\n{machine}".encode("ascii"),
    ]
    if head:
        parts.append(_header_part(head))
    delimiter = b"--" + letter.boundary.encode("ascii")
    body = b"".join(b"%s\r\n%s\r\n" % (delimiter, part) for part in parts) + delimiter + b"--\r\n"
    header = b"".join(ascii_field(name, value).raw for name, value in fields)
    message = read_message(header + b"\r\n" + body)
    return rewrite(message, message_id_header=letter.message_id_header, date=letter.date)


def _header_part(head: bytes) -> bytes:
    """Quote the header of a message, cut at a line where it is very long (RFC 6522 §4)."""
    if len(head) > MAX_HEAD_OCTETS:
        head = head[: head.rfind(b"\n", 0, MAX_HEAD_OCTETS) + 1]
    quoted = crlf(head).rstrip(b"\r\n") + b"\r\n"
    encoding = b"" if quoted.isascii() else b"Content-Transfer-Encoding: 8bit\r\n"
    return b"Content-Type: text/rfc822-headers\r\n" + encoding + b"\r\n" + quoted


def _plain(text: str) -> str:
    """Make what others said fit for one line of a report."""
    return _UNPRINTABLE.sub("?", text)[:MAX_TEXT]
