"""From a remote's reply to an outcome: what is final, and whose fault it is.

A 4yz reply is never a bounce, whatever its text says (RFC 5321 §4.2.1). Of
the 5yz replies only those that say "this mailbox does not exist" are
Permanent and put the address on the suppression list; a refusal of the
content or of the sender is an Undetermined or Transient bounce, as in SES's
table of bounce types (developer guide, notification-contents; RFC 3463).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hatobin.words.outcome import Bounced, BounceSubType, BounceType, Deferred, DelayType, Delivered, Hop, Outcome
from hatobin.words.reply import Reply


@dataclass(frozen=True, slots=True)
class _Cause:
    bounce_type: BounceType
    sub_type: BounceSubType
    recipient_fault: bool = False


_NO_MAILBOX = _Cause(BounceType.PERMANENT, BounceSubType.GENERAL, recipient_fault=True)
_NO_DOMAIN = _Cause(BounceType.PERMANENT, BounceSubType.GENERAL, recipient_fault=True)
_FULL = _Cause(BounceType.TRANSIENT, BounceSubType.MAILBOX_FULL)
_TOO_LARGE = _Cause(BounceType.TRANSIENT, BounceSubType.MESSAGE_TOO_LARGE)
_CONTENT = _Cause(BounceType.TRANSIENT, BounceSubType.CONTENT_REJECTED)
_POLICY = _Cause(BounceType.TRANSIENT, BounceSubType.GENERAL)
_UNKNOWN = _Cause(BounceType.UNDETERMINED, BounceSubType.UNDETERMINED)

# RFC 3463 §3: subject.detail of a 5.x.x status.
_BY_STATUS: Mapping[str, _Cause] = MappingProxyType(
    {
        "1.0": _NO_MAILBOX,
        "1.1": _NO_MAILBOX,
        "1.2": _NO_DOMAIN,
        "1.3": _NO_MAILBOX,
        "1.6": _NO_MAILBOX,
        "1.10": _NO_DOMAIN,  # RFC 7505: null MX
        "2.1": _NO_MAILBOX,
        "2.2": _FULL,
        "2.3": _TOO_LARGE,
        "3.4": _TOO_LARGE,
        "4.4": _NO_DOMAIN,
        "6.0": _CONTENT,
        "7.0": _POLICY,
        "7.1": _POLICY,
    }
)
# Servers without enhanced codes, and those that say 5.0.0 or 5.7.1 for everything.
_UNKNOWN_USER = re.compile(
    r"user\s+(is\s+)?unknown|unknown\s+(user|recipient|mailbox)|no\s+such\s+(user|recipient|mailbox|person|address)"
    r"|mailbox\s+(is\s+)?(unavailable|not\s+found|unknown)|recipient\s+(address\s+rejected:\s*user\s+unknown|not\s+found)"
    r"|does\s+not\s+exist|doesn't\s+exist|invalid\s+(recipient|mailbox)|not\s+a\s+valid\s+(mailbox|user)",
    re.IGNORECASE,
)
_SPAM = re.compile(
    r"spam|blocked|blacklist|block\s*list|dnsbl|rbl\b|reputation|policy|unsolicited|junk|content|virus|listed",
    re.IGNORECASE,
)
_FULL_TEXT = re.compile(
    r"quota|mailbox\s+(is\s+)?full|over\s*quota|insufficient\s+.{0,12}(storage|space)", re.IGNORECASE
)
_LARGE_TEXT = re.compile(r"too\s+(large|big|long)|exceeds?.{0,30}size|size\s+limit", re.IGNORECASE)


def classify(reply: Reply, hop: Hop, *, at_recipient: bool) -> Outcome:
    """Say what a reply to RCPT or to the final dot means for a recipient.

    `at_recipient` tells RCPT's replies from those about the whole message: a
    bare 550 to RCPT is about the mailbox, the same after the content is not.
    """
    if reply.is_positive:
        return Delivered(reply, hop)
    if not reply.is_permanent:
        return Deferred(_delay_type(reply), reply, hop)
    cause = _bounce_cause(reply, at_recipient=at_recipient)
    return Bounced(cause.bounce_type, cause.sub_type, reply, hop, recipient_fault=cause.recipient_fault)


def _bounce_cause(reply: Reply, *, at_recipient: bool) -> _Cause:
    text = reply.text
    if reply.code == 552 and not reply.enhanced:
        return _TOO_LARGE if _LARGE_TEXT.search(text) else _FULL
    status = (reply.enhanced or "").partition(".")[2]
    vague = status in ("", "0.0", "5.0", "7.1", "4.1", "5.4")
    if vague and at_recipient and _UNKNOWN_USER.search(text) and not _SPAM.search(text):
        return _NO_MAILBOX
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status.startswith("7."):
        return _POLICY
    if _FULL_TEXT.search(text):
        return _FULL
    if _LARGE_TEXT.search(text):
        return _TOO_LARGE
    if _SPAM.search(text):
        return _CONTENT
    # RFC 5321 §4.2.3: 550 and 551 in answer to RCPT are about the mailbox.
    if at_recipient and reply.code in (550, 551) and vague and status != "7.1":
        return _NO_MAILBOX
    return _UNKNOWN


def _delay_type(reply: Reply) -> DelayType:
    text = reply.text
    if reply.enhanced == "4.2.2" or _FULL_TEXT.search(text):
        return DelayType.MAILBOX_FULL
    if _SPAM.search(text):
        return DelayType.SPAM_DETECTED
    if reply.code in (421, 451, 450, 452):
        return DelayType.RECIPIENT_SERVER_ERROR if reply.code != 421 else DelayType.TRANSIENT_COMMUNICATION_FAILURE
    return DelayType.GENERAL


def unreachable(text: str, hop: Hop) -> Deferred:
    """Make the outcome of an attempt that found no server: temporary, with SES's own words."""
    reply = Reply.of(421, f"4.4.1 {text}")
    return Deferred(DelayType.TRANSIENT_COMMUNICATION_FAILURE, reply, hop)


def internal_failure() -> Deferred:
    """Make the outcome of an attempt that failed by our own fault: a delay, never a bounce."""
    return Deferred(DelayType.INTERNAL_FAILURE, Reply.of(451, "4.3.0 Internal failure, trying again"), Hop())


def unconvertible(text: str, hop: Hop) -> Bounced:
    """Make the bounce of an eight-bit message that cannot become a seven-bit one (RFC 3463: 5.6.3)."""
    reply = Reply.of(554, f"5.6.3 Conversion required and not possible: {text}")
    return Bounced(BounceType.TRANSIENT, BounceSubType.CONTENT_REJECTED, reply, hop)


def expired(last: Reply, hop: Hop) -> Bounced:
    """Make the transient bounce of a recipient whose time is over (RFC 3463: 4.4.7)."""
    reply = Reply(last.code, "4.4.7", ("4.4.7 Message expired: unable to deliver in time; last reply:", *last.lines))
    return Bounced(BounceType.TRANSIENT, BounceSubType.GENERAL, reply, hop)
