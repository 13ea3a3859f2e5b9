"""The cases: what is sent how, to which systems, and what is counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.api_requests import BULK_ENTRIES, bulk, single
from benchmarks.emulators import EMULATORS
from benchmarks.hatobin_server import Serving, hatobin
from benchmarks.http_load import HttpLoad
from benchmarks.measuring import Load
from benchmarks.postfix_server import POSTFIX, POSTFIX_OPENDKIM
from benchmarks.smtp_load import SmtpLoad
from benchmarks.systems import Running, System

SMTP_MESSAGES, API_MESSAGES = 5000, 4000
QUICK_MESSAGES = 400
API_CONNECTIONS = 16
BULK_CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `load` makes a fresh load of so many messages of so many octets against a running system.

    `arrivals` is "sink" where mail is relayed, "inbox" where hatobin keeps it
    and the others do nothing. `headline` is the rate that ratios are made of.
    """

    name: str
    meaning: str
    systems: tuple[System, ...]
    arrivals: str
    headline: str
    messages: int
    load: Callable[[Running, int, int], Load]

    def rounded(self, messages: int) -> int:
        """Give a number of messages that the case's load can send exactly."""
        return max(BULK_ENTRIES, messages // BULK_ENTRIES * BULK_ENTRIES)


def cases(serving: Serving, *, emulators: bool = True) -> tuple[Case, ...]:
    """Give all cases in the order in which they run; emulators take long to start."""
    relay, mailbox = hatobin("hatobin", serving, mode="relay"), hatobin("hatobin", serving, mode="mailbox")
    mail_servers = (relay, POSTFIX_OPENDKIM, POSTFIX)
    return (
        _smtp(10, mail_servers),
        _smtp(50, mail_servers),
        Case(
            "api_accepted",
            f"SES v2 SendEmail over {API_CONNECTIONS} kept connections; mail stays in the local inbox, without DKIM",
            (mailbox, *(EMULATORS if emulators else ())),
            "inbox",
            "accepted_per_s",
            API_MESSAGES,
            _single,
        ),
        Case(
            "api_delivered",
            f"SES v2 SendEmail over {API_CONNECTIONS} kept connections → DKIM → smtp-sink",
            (relay,),
            "sink",
            "delivered_per_s",
            API_MESSAGES,
            _single,
        ),
        Case(
            "bulk_delivered",
            f"SES v2 SendBulkEmail of {BULK_ENTRIES} over {BULK_CONNECTIONS} connections, template → DKIM → smtp-sink",
            (relay,),
            "sink",
            "delivered_per_s",
            API_MESSAGES,
            _bulk,
        ),
    )


def _smtp(sessions: int, systems: tuple[System, ...]) -> Case:
    return Case(
        f"smtp_{sessions}",
        f"smtp-source with {sessions} kept sessions → server → smtp-sink",
        systems,
        "sink",
        "delivered_per_s",
        SMTP_MESSAGES,
        lambda running, messages, size_bytes: SmtpLoad(
            running.smtp, messages=messages, sessions=sessions, size_bytes=size_bytes
        ),
    )


def _single(running: Running, messages: int, size_bytes: int) -> Load:
    return HttpLoad(
        running.http,
        single(running.http, size_bytes=size_bytes),
        count=messages,
        connections=API_CONNECTIONS,
        success=b'"MessageId"',
    )


def _bulk(running: Running, messages: int, size_bytes: int) -> Load:
    return HttpLoad(
        running.http,
        bulk(running.http),
        count=messages // BULK_ENTRIES,
        connections=BULK_CONNECTIONS,
        success=b'"SUCCESS"',
        each=BULK_ENTRIES,
    )
