"""What a receiver's reply means: temporary is not permanent, and only an unknown mailbox is the recipient's fault."""

from __future__ import annotations

import pytest

from hatobin.capabilities.delivery import classify, expired, internal_failure, unreachable
from hatobin.words.outcome import Bounced, Deferred, DelayType, Delivered, Hop
from hatobin.words.reply import Reply

HOP = Hop("mx.example.net", "192.0.2.1")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (421, "4.7.0 [TSS04] Messages temporarily deferred due to user complaints"),
        (451, "4.7.1 Greylisting in action, please come back later"),
        (450, "4.1.1 <a@b>: Recipient address rejected: User unknown in local recipient table"),
        (452, "4.2.2 Mailbox full"),
        (450, "mailbox unavailable"),
    ],
)
def test_four_is_always_temporary(code: int, text: str) -> None:
    assert isinstance(classify(Reply.of(code, text), HOP, at_recipient=True), Deferred)


@pytest.mark.parametrize(
    ("code", "text", "at_recipient", "expected"),
    [
        (550, "5.1.1 User unknown", True, ("Permanent", "General", True)),
        (550, "5.1.1 User unknown", False, ("Permanent", "General", True)),
        (550, "No such user here", True, ("Permanent", "General", True)),
        (550, "5.4.1 Recipient address rejected: Access denied", True, ("Permanent", "General", True)),
        (550, "5.0.0 mailbox not found", True, ("Permanent", "General", True)),
        (551, "User not local", True, ("Permanent", "General", True)),
        (553, "5.1.3 bad address syntax", True, ("Permanent", "General", True)),
        (550, "5.7.1 Message rejected as spam", False, ("Transient", "General", False)),
        (550, "5.7.1 User unknown; listed in a DNSBL", True, ("Transient", "General", False)),
        (553, "Your host is blocked by our DNSBL", True, ("Transient", "ContentRejected", False)),
        (554, "5.7.26 Unauthenticated mail is not accepted", False, ("Transient", "General", False)),
        (552, "5.2.2 Mailbox full", True, ("Transient", "MailboxFull", False)),
        (552, "Requested mail action aborted: exceeded storage allocation", True, ("Transient", "MailboxFull", False)),
        (552, "5.3.4 Message size exceeds fixed limit", True, ("Transient", "MessageTooLarge", False)),
        (554, "5.6.0 Message content rejected", False, ("Transient", "ContentRejected", False)),
        (550, "rejected", False, ("Undetermined", "Undetermined", False)),
        (500, "what?", False, ("Undetermined", "Undetermined", False)),
    ],
)
def test_five_is_read_by_status_and_text(
    code: int, text: str, at_recipient: bool, expected: tuple[str, str, bool]
) -> None:
    outcome = classify(Reply.of(code, text), HOP, at_recipient=at_recipient)
    assert isinstance(outcome, Bounced)
    assert (outcome.bounce_type.value, outcome.sub_type.value, outcome.recipient_fault) == expected
    assert outcome.reply.text == text


def test_two_is_delivered_with_the_receivers_own_words() -> None:
    outcome = classify(Reply.of(250, "2.0.0 Ok: queued as 4F1"), HOP, at_recipient=False)
    assert isinstance(outcome, Delivered)
    assert str(outcome.reply) == "250 2.0.0 Ok: queued as 4F1"


def test_expiry_is_a_transient_bounce_that_keeps_the_last_reply() -> None:
    bounce = expired(Reply.of(451, "4.7.1 Greylisted"), HOP)
    assert (bounce.bounce_type.value, bounce.sub_type.value, bounce.recipient_fault) == ("Transient", "General", False)
    assert bounce.reply.enhanced == "4.4.7"
    assert "4.7.1 Greylisted" in bounce.reply.text


def test_no_connection_and_our_own_failure_are_delays() -> None:
    assert unreachable("connection refused", HOP).delay_type is DelayType.TRANSIENT_COMMUNICATION_FAILURE
    assert internal_failure().delay_type is DelayType.INTERNAL_FAILURE
