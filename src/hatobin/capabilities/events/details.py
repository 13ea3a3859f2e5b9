"""Each event kind's own facts, as SES's JSON.

Refs: SES developer guide, event-publishing-retrieving-sns-contents and
-examples; member order as in the examples there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hatobin.capabilities.contacts import PreferenceChange
from hatobin.words.instant import iso_ms
from hatobin.words.outcome import Bounced, BounceSubType, BounceType, Deferred, Delivered
from hatobin.words.reply import Reply

_encode = msgspec.json.Encoder().encode


def _json(value: Mapping[str, Any]) -> str:
    return _encode(value).decode()


def send_detail() -> str:
    """A Send event has no facts of its own."""
    return "{}"


def delivery_detail(
    recipients: Sequence[str], outcome: Delivered, *, at: float, accepted_at: float, reporting_mta: str
) -> str:
    """Say when, how fast and with which words the remote took the message; `reporting_mta` is the host that sent it."""
    return _json(
        {
            "timestamp": iso_ms(at),
            "processingTimeMillis": max(0, round((at - accepted_at) * 1000)),
            "recipients": recipients,
            "smtpResponse": str(outcome.reply),
            "reportingMTA": reporting_mta,
        }
    )


def bounce_detail(recipients: Sequence[tuple[str, Bounced]], *, at: float, feedback_id: str, reporting_mta: str) -> str:
    """Say which recipients bounced, for one cause (type and sub-type)."""
    first = recipients[0][1]
    return _json(
        {
            "bounceType": first.bounce_type.value,
            "bounceSubType": first.sub_type.value,
            "bouncedRecipients": [
                {
                    "emailAddress": address,
                    "action": "failed",
                    "status": status_of(outcome.reply),
                    "diagnosticCode": f"smtp; {outcome.reply}",
                }
                for address, outcome in recipients
            ],
            "timestamp": iso_ms(at),
            "feedbackId": feedback_id,
            "reportingMTA": f"dsn; {reporting_mta}",
        }
    )


_NOT_SENT = {
    "OnAccountSuppressionList": "Amazon SES did not send the message to this address because it is on the "
    "suppression list for your account.",
    "OnTenantSuppressionList": "Amazon SES did not send the message to this address because it is on the "
    "suppression list for your tenant.",
    "UnsubscribedRecipient": "Amazon SES did not send the message to this address because the recipient "
    "unsubscribed from the contact list or topic.",
}


def suppressed_detail(
    addresses: Sequence[str], *, at: float, feedback_id: str, reporting_mta: str, sub_type: str
) -> str:
    """Make the bounce of addresses that were not even tried: suppressed (reason BOUNCE), or unsubscribed."""
    return _json(
        {
            "bounceType": BounceType.PERMANENT.value,
            "bounceSubType": sub_type,
            "bouncedRecipients": [
                {"emailAddress": address, "action": "failed", "status": "5.1.1", "diagnosticCode": _NOT_SENT[sub_type]}
                for address in addresses
            ],
            "timestamp": iso_ms(at),
            "feedbackId": feedback_id,
            "reportingMTA": f"dns; {reporting_mta}",
        }
    )


def out_of_office_detail(address: str, *, at: float, feedback_id: str) -> str:
    """An automatic reply, which SES reports as a transient bounce without a diagnostic."""
    return _json(
        {
            "bounceType": BounceType.TRANSIENT.value,
            "bounceSubType": BounceSubType.GENERAL.value,
            "bouncedRecipients": [{"emailAddress": address}],
            "timestamp": iso_ms(at),
            "feedbackId": feedback_id,
        }
    )


def complaint_detail(
    addresses: Sequence[str],
    *,
    at: float,
    feedback_id: str,
    sub_type: str | None = None,
    feedback_type: str | None = None,
    user_agent: str | None = None,
    arrival_at: float | None = None,
) -> str:
    """Say who complained; members that a report did not give stay absent."""
    detail: dict[str, Any] = {
        "feedbackId": feedback_id,
        "complaintSubType": sub_type,
        "complainedRecipients": [{"emailAddress": address} for address in addresses],
        "timestamp": iso_ms(at),
    }
    if user_agent is not None:
        detail["userAgent"] = user_agent
    if feedback_type is not None:
        detail["complaintFeedbackType"] = feedback_type
    if arrival_at is not None:
        detail["arrivalDate"] = iso_ms(arrival_at)
    return _json(detail)


def reject_detail(reason: str) -> str:
    """Say why an accepted message was not sent; SES knows one reason, "Bad content"."""
    return _json({"reason": reason})


_SPELLED = {"OPT_IN": "OptIn", "OPT_OUT": "OptOut"}


def subscription_detail(change: PreferenceChange, *, at: float, source: str) -> str:
    """Say what a contact wanted to receive before and after, and how it told so."""
    return _json(
        {
            "contactList": change.contact_list,
            "timestamp": iso_ms(at),
            "source": source,
            "newTopicPreferences": _topic_preferences(change.unsubscribed_after, change.topics_after),
            "oldTopicPreferences": _topic_preferences(change.unsubscribed_before, change.topics_before),
        }
    )


def _topic_preferences(unsubscribed: bool, topics: Mapping[str, str]) -> dict[str, Any]:
    return {
        "unsubscribeAll": unsubscribed,
        "topicSubscriptionStatus": [
            {"topicName": name, "subscriptionStatus": _SPELLED[status]} for name, status in topics.items()
        ],
    }


def open_detail(*, at: float, ip: str, user_agent: str, agent_class: str | None) -> str:
    """Say when and with what the message was looked at. `agent_class` is ours, not SES's; None leaves it out."""
    return _json({"ipAddress": ip, "timestamp": iso_ms(at), "userAgent": user_agent, **_class(agent_class)})


def click_detail(
    *, at: float, ip: str, user_agent: str, link: str, tags: Mapping[str, Sequence[str]], agent_class: str | None
) -> str:
    """Say which link was followed, when and with what; a link without tags has null there."""
    return _json(
        {
            "ipAddress": ip,
            "link": link,
            "linkTags": tags or None,
            "timestamp": iso_ms(at),
            "userAgent": user_agent,
            **_class(agent_class),
        }
    )


def _class(agent_class: str | None) -> dict[str, str]:
    return {} if agent_class is None else {"agentClass": agent_class}


def failure_detail(error_message: str, template_name: str | None) -> str:
    """Say why a template could not be rendered; an inline template has no name."""
    detail = {"errorMessage": error_message}
    if template_name:
        detail["templateName"] = template_name
    return _json(detail)


def delay_detail(recipients: Sequence[tuple[str, Deferred]], *, at: float, expires_at: float) -> str:
    """Say which recipients are late, why, and until when they are tried."""
    return _json(
        {
            "timestamp": iso_ms(at),
            "delayType": recipients[0][1].delay_type.value,
            "expirationTime": iso_ms(expires_at),
            "delayedRecipients": [
                {
                    "emailAddress": address,
                    "status": status_of(outcome.reply),
                    "diagnosticCode": f"smtp; {outcome.reply}",
                }
                for address, outcome in recipients
            ],
        }
    )


def status_of(reply: Reply) -> str:
    """Give a reply's enhanced status; of a bare one only the class is known (RFC 3463 §2)."""
    return reply.enhanced or f"{reply.code // 100}.0.0"
