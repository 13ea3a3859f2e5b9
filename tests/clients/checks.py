"""What must have arrived once a suite is through: suites look at answers, these look at mail."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import traceback
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from typing import Any

import dkim
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from tests.clients.results import Outcome, Result
from tests.running import RunningServer, wait_until

Check = Callable[[RunningServer], None]

# What the examples of AWS attach, and a picture of one pixel, told by how it begins.
_REPORT = b"This is a sample report attachment."
_PNG = b"\x89PNG\r\n\x1a\n"


def run_check(name: str, server: RunningServer) -> dict[str, Result]:
    """Run the checks of a suite; the results are named after it."""
    results: dict[str, Result] = {}
    for check in CHECKS[name]:
        said = ""
        try:
            check(server)
        except Exception:
            said = traceback.format_exc()
        results[f"mail::{check.__name__.strip('_')}"] = Result(Outcome.FAILED if said else Outcome.PASSED, said)
    return results


def _one(server: RunningServer, to: str, subject: str = "") -> EmailMessage:
    wanted = [one for one in server.inbox(to=to) if subject in one["subject"]]
    assert len(wanted) == 1, f"{to} has {[one['subject'] for one in wanted]}"
    return _parsed(server.inbox_bytes(wanted[0]))


def _parsed(data: bytes) -> EmailMessage:
    parsed: EmailMessage = email.message_from_bytes(data, policy=email.policy.default)
    return parsed


# ── django-anymail ───────────────────────────────────────────────────────────


def _everything_goes_to_everybody_once_and_a_bulk_entry_has_its_own_data(server: RunningServer) -> None:
    """The recipients are those of the simulator, so what happened is read from the events of its set."""
    events = _events(server, 8)
    (everything,) = (mail for mail in events["Send"] if "all-options" in mail["commonHeaders"]["subject"])
    wanted = [f"success+{kind}{number}" for kind in ("to", "cc", "bcc") for number in (1, 2)]
    assert sorted(everything["destination"]) == sorted(f"{name}@simulator.amazonses.com" for name in wanted)
    fields = _fields(everything)
    assert "Bcc" not in fields
    assert fields["X-Anymail-Test"] == "value"
    entries = [mail for mail in events["Send"] if mail["commonHeaders"]["subject"].startswith("Your order")]
    assert {mail["destination"][0]: mail["commonHeaders"]["subject"] for mail in entries} == {
        "success+to1@simulator.amazonses.com": "Your order 12345 shipped",
        "success+to2@simulator.amazonses.com": "Your order 6789 shipped",
    }
    assert len({_fields(mail)["List-Unsubscribe"] for mail in entries}) == 2
    assert {_fields(mail)["List-Unsubscribe-Post"] for mail in entries} == {"List-Unsubscribe=One-Click"}
    assert len(events["Delivery"]) == 4


def _events(server: RunningServer, count: int) -> dict[str, list[dict[str, Any]]]:
    """Take the mail objects of so many events from the queue `events`, by kind."""
    found: dict[str, list[dict[str, Any]]] = {"Send": [], "Delivery": []}
    sqs = server.client("sqs")
    url = sqs.get_queue_url(QueueName="events")["QueueUrl"]

    def collected() -> bool:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            if message["Body"].startswith("{"):  # The first one says that the topic is in use.
                event = json.loads(message["Body"])
                found[event["eventType"]].append(event["mail"])
        return sum(map(len, found.values())) >= count

    wait_until(collected, f"{count} events, but {found}")
    return found


def _fields(mail: Mapping[str, Any]) -> dict[str, str]:
    return {field["name"]: field["value"] for field in mail["headers"]}


# ── AWS's attachments scenario ───────────────────────────────────────────────


def _the_attachment_arrives_identical(server: RunningServer) -> None:
    message = _one(server, "one@example.net", "Simple Email")
    assert message.get_content_type() == "multipart/mixed"
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_payload(decode=True)) == ("sample-report.txt", _REPORT)
    assert attached["Content-Description"] == "Sample report text file"
    assert message.get_body(("html",)) is not None
    assert message.get_body(("plain",)) is not None


def _the_inline_image_is_found_by_its_content_id(server: RunningServer) -> None:
    message = _one(server, "two@example.net", "Inline Image")
    (image,) = [part for part in message.walk() if part.get_content_type() == "image/png"]
    data = image.get_payload(decode=True)
    assert isinstance(data, bytes)
    assert data.startswith(_PNG)
    assert image["Content-ID"] == "<logo123>"
    html = message.get_body(("html",))
    assert html is not None
    assert "cid:logo123" in html.get_content()


def _each_bulk_recipient_has_a_name_and_the_attachment(server: RunningServer) -> None:
    for to, name in (("one@example.net", "Alice"), ("two@example.net", "Bob")):
        message = _one(server, to, "Bulk Email")
        assert message["Subject"] == f"Bulk Email with Attachment for {name}"
        (attached,) = message.iter_attachments()
        assert attached.get_payload(decode=True) == _REPORT


# ── nodemailer ───────────────────────────────────────────────────────────────


def _hidden_recipients_get_it_and_are_not_shown(server: RunningServer) -> None:
    copies = [_one(server, f"{role}@example.net", "everything") for role in ("to", "cc", "hidden")]
    assert len({message["Message-ID"] for message in copies}) == 1
    assert b"hidden@example.net" not in copies[0].as_bytes()
    (attached,) = copies[0].iter_attachments()
    assert (attached.get_filename(), attached.get_payload(decode=True)) == ("Anhang ü.bin", bytes(range(256)))


def _verify_sends_nothing(server: RunningServer) -> None:
    assert server.inbox(to="invalid@invalid", wait_s=0) == []


def _the_signature_of_the_client_still_holds(server: RunningServer) -> None:
    (found,) = server.inbox(to="dkim@example.net")
    key = load_pem_private_key((server.data / "client.pem").read_bytes(), None).public_key()
    public = base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    data = server.inbox_bytes(found)
    record = b"v=DKIM1; k=rsa; p=" + public
    signatures = _parsed(data).get_all("DKIM-Signature", [])
    (position,) = (number for number, value in enumerate(signatures) if "d=signer.example" in value)
    assert dkim.DKIM(data).verify(idx=position, dnsfunc=lambda name, timeout=5: record)


# ── django-ses ───────────────────────────────────────────────────────────────


def _unicode_arrives_equal_by_both_apis(server: RunningServer) -> None:
    found = server.inbox(to="to@example.net")
    assert len(found) == 6, "three tests send, each over both APIs"
    for one in found:
        message = _parsed(server.inbox_bytes(one))
        assert (message["Subject"], message["From"]) == ("Tëst", "Ünïcode <sender@example.com>")
        assert message["To"] == "Ñame <to@example.net>"
        assert (one["text"].strip(), one["html"].strip()) == ("Sören & Björn", "<p>Sören &amp; Björn</p>")
        assert b"hidden@" not in server.inbox_bytes(one)
    assert len(server.inbox(to="hidden@example.net")) == 6


CHECKS: Mapping[str, tuple[Check, ...]] = {
    "anymail": (_everything_goes_to_everybody_once_and_a_bulk_entry_has_its_own_data,),
    "attachments": (
        _the_attachment_arrives_identical,
        _the_inline_image_is_found_by_its_content_id,
        _each_bulk_recipient_has_a_name_and_the_attachment,
    ),
    "django_ses": (_unicode_arrives_equal_by_both_apis,),
    "nodemailer": (
        _hidden_recipients_get_it_and_are_not_shown,
        _verify_sends_nothing,
        _the_signature_of_the_client_still_holds,
    ),
}
