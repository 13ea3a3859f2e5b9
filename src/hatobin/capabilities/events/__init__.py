"""Events: what happened to a message, recorded, and put into the outbox of whoever subscribes.

An event is recorded in the transaction that made it true (acceptance,
settlement), together with one outbox row per matching event destination of
the message's configuration set. Publishing moves rows from the outbox to
their destination, oldest first. The JSON is SES's, to the member: see
`details` for each kind's own facts and `mail` for the common part.
"""

from __future__ import annotations

from hatobin.capabilities.events.bus import bus_entry, bus_event, project_event
from hatobin.capabilities.events.details import (
    bounce_detail,
    click_detail,
    complaint_detail,
    delay_detail,
    delivery_detail,
    failure_detail,
    open_detail,
    out_of_office_detail,
    reject_detail,
    send_detail,
    status_of,
    subscription_detail,
    suppressed_detail,
)
from hatobin.capabilities.events.expiry import find_expired, remove
from hatobin.capabilities.events.mail import MailFacts, forgotten_mail, mail_head, mail_tags
from hatobin.capabilities.events.model import METRICS_TARGET, WEBHOOK_TARGET, Event, MailJson, OutboxRow, RecordedEvent
from hatobin.capabilities.events.recording import Recorded, record, record_all
from hatobin.capabilities.events.search_store import Engagement, engagement, has, messages_with
from hatobin.capabilities.events.store import (
    backlog,
    number,
    number_by_message,
    oldest_at,
    oldest_in_outbox,
    outbox_by_target,
    record_change,
    recorded,
    take_outbox,
)
from hatobin.capabilities.events.waiting import Waiting, by_destination

__all__ = [
    "METRICS_TARGET",
    "WEBHOOK_TARGET",
    "Engagement",
    "Event",
    "MailFacts",
    "MailJson",
    "OutboxRow",
    "Recorded",
    "RecordedEvent",
    "Waiting",
    "backlog",
    "bounce_detail",
    "bus_entry",
    "bus_event",
    "by_destination",
    "click_detail",
    "complaint_detail",
    "delay_detail",
    "delivery_detail",
    "engagement",
    "failure_detail",
    "find_expired",
    "forgotten_mail",
    "has",
    "mail_head",
    "mail_tags",
    "messages_with",
    "number",
    "number_by_message",
    "oldest_at",
    "oldest_in_outbox",
    "open_detail",
    "out_of_office_detail",
    "outbox_by_target",
    "project_event",
    "record",
    "record_all",
    "record_change",
    "recorded",
    "reject_detail",
    "remove",
    "send_detail",
    "status_of",
    "subscription_detail",
    "suppressed_detail",
    "take_outbox",
]
