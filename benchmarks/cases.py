"""The cases: what is sent how, to which systems, and what is shown of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.api_requests import BULK_ENTRIES, bulk, single
from benchmarks.emulators import EMULATORS
from benchmarks.event_load import EventLoad, watched, with_http_subscriber, with_queue
from benchmarks.haraka_server import HARAKA_DKIM
from benchmarks.hatobin_server import LOGIN, Serving, Variant, hatobin
from benchmarks.http_load import HttpLoad
from benchmarks.measuring import Load
from benchmarks.open_load import OpenLoad
from benchmarks.postfix_server import POSTFIX, POSTFIX_OPENDKIM
from benchmarks.smtp_load import SecureSmtpLoad, SmtpLoad
from benchmarks.systems import Running, System

SMTP_MESSAGES, API_MESSAGES, BULK_MESSAGES = 5_000, 8_000, 20_000
EVENTS_TO_QUEUE, EVENTS_TO_HTTP = 20_000, 5_000
EVENTS_AT_LEAST = 2_000
"""Several batches of the publisher, so that some are left when the first have arrived."""
QUICK_MESSAGES = 400
API_CONNECTIONS = 50
BULK_CONNECTIONS = 4
OPEN_CONNECTIONS = 64
OPEN_LOAD_S = 5
"""How long the load at a given rate lasts."""
GIVEN_LOAD, GIVEN_DELIVERED_LOAD = 4_000, 2_000
"""Messages a second that the API is to take; latency is measured at half of it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure of a case: its name in the results, the metric of a repetition, and its unit."""

    name: str
    metric: str
    unit: str = "messages/s"


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `load` makes a fresh load of so many messages of so many octets against a running system.

    `arrivals` is "sink" where mail is relayed, "inbox" where hatobin keeps it
    and the others do nothing, "subscriber" where events arrive. The first of
    `shown` is what the case is about.
    """

    name: str
    meaning: str
    systems: tuple[System, ...]
    arrivals: str
    messages: int
    load: Callable[[Running, int, int], Load]
    metric: str = "delivered_per_s"
    unit: str = "messages/s"
    beside: tuple[Shown, ...] = ()
    each: int = 1

    @property
    def shown(self) -> tuple[Shown, ...]:
        """All figures of the case."""
        return (Shown(self.name, self.metric, self.unit), *self.beside)

    def rounded(self, messages: int) -> int:
        """Give a number of messages that the case's load can send exactly."""
        return max(1, messages // self.each) * self.each


def cases(serving: Serving, *, grown: Path, load_per_s: int = GIVEN_LOAD) -> tuple[Case, ...]:
    """Give all cases in the order in which they run; `grown` is the folder of the store with a long past."""
    relay, mailbox = Variant("relay"), Variant("mailbox")
    relaying, keeping = hatobin("hatobin", serving, relay), hatobin("hatobin", serving, mailbox)
    return (
        Case(
            "smtp_delivered",
            "smtp-source with 50 kept sessions → server → smtp-sink",
            (
                relaying,
                POSTFIX_OPENDKIM,
                HARAKA_DKIM,
                POSTFIX,
                hatobin("hatobin_postgres", serving, Variant("relay", postgres=True)),
            ),
            "sink",
            SMTP_MESSAGES,
            _smtp(50),
            beside=(Shown("smtp_accepted", "accepted_per_s"),),
        ),
        Case(
            "smtp_delivered_10",
            "smtp-source with 10 kept sessions → server → smtp-sink",
            (relaying, POSTFIX_OPENDKIM, HARAKA_DKIM, POSTFIX),
            "sink",
            SMTP_MESSAGES,
            _smtp(10),
        ),
        Case(
            "smtp_tls_auth",
            "50 kept sessions, each begun with STARTTLS and AUTH → server → smtp-sink",
            (hatobin("hatobin", serving, Variant("relay", secure=True)),),
            "sink",
            SMTP_MESSAGES,
            _secure_smtp,
        ),
        *_api(relaying, keeping, load_per_s),
        *_watched(relaying),
        *_events(keeping),
        Case(
            "growth_delivered",
            "as smtp_delivered, with 1,000,000 queued messages, 1,000,000 suppressed addresses, 10,000 identities",
            (hatobin("hatobin", serving, Variant("relay", data=grown)), hatobin("hatobin_empty", serving, relay)),
            "sink",
            SMTP_MESSAGES,
            _smtp(50),
            beside=(Shown("growth_memory", "server_mib", "MiB"),),
        ),
    )


def _api(relaying: System, keeping: System, load_per_s: int) -> tuple[Case, ...]:
    """SES v2 over HTTP."""
    sending = f"SES v2 SendEmail over {API_CONNECTIONS} kept connections"
    delivered_load = load_per_s * GIVEN_DELIVERED_LOAD // GIVEN_LOAD
    return (
        Case(
            "api_accepted",
            f"{sending}; mail stays in the local inbox, without DKIM",
            (keeping, *EMULATORS),
            "inbox",
            API_MESSAGES,
            _single,
            metric="accepted_per_s",
        ),
        Case("api_delivered", f"{sending} → DKIM → smtp-sink", (relaying,), "sink", API_MESSAGES, _single),
        Case(
            "bulk_recipients",
            f"SES v2 SendBulkEmail of {BULK_ENTRIES} over {BULK_CONNECTIONS} connections; mail stays in the inbox",
            (keeping,),
            "inbox",
            BULK_MESSAGES,
            _bulk,
            metric="accepted_per_s",
            unit="recipients/s",
            each=BULK_ENTRIES,
        ),
        Case(
            "api_p99",
            f"SendEmail at {load_per_s // 2:,} messages/s, whatever the server does; mail stays in the local inbox",
            (keeping,),
            "inbox",
            load_per_s // 2 * OPEN_LOAD_S,
            _open(load_per_s // 2),
            metric="p99_ms",
            unit="ms",
            beside=(Shown("api_p50", "p50_ms", "ms"),),
        ),
        Case(
            "api_delivered_p99",
            f"SendEmail at {delivered_load // 2:,} messages/s, whatever the server does → DKIM → smtp-sink",
            (relaying,),
            "sink",
            delivered_load // 2 * OPEN_LOAD_S,
            _open(delivered_load // 2),
            metric="p99_ms",
            unit="ms",
            beside=(Shown("api_delivered_p50", "p50_ms", "ms"),),
        ),
    )


def _watched(relaying: System) -> tuple[Case, ...]:
    """With everything told of the mail, beside the same server that tells nobody."""
    systems = (watched(relaying), replace(relaying, name="hatobin_untold"))
    told = "the sender's set tracks opens and clicks, and tells CloudWatch and SNS → SQS of all events"
    return (
        Case("smtp_watched", f"as smtp_delivered, and {told}", systems, "sink", SMTP_MESSAGES, _smtp(50)),
        Case("api_watched", f"as api_delivered, and {told}", systems, "sink", API_MESSAGES, _single),
        Case("html_watched", f"SendEmail of HTML with ten links, and {told}", systems, "sink", API_MESSAGES, _html),
    )


def _events(keeping: System) -> tuple[Case, ...]:
    """From the outbox to the subscribers."""

    def case(name: str, meaning: str, system: System, messages: int) -> Case:
        return Case(
            name, meaning, (system,), "subscriber", messages, _from_outbox, unit="events/s", each=EVENTS_AT_LEAST
        )

    return (
        case("events_sqs", "outbox → SNS → SQS queue, raw delivery", with_queue(keeping, raw=True), EVENTS_TO_QUEUE),
        case(
            "events_sqs_signed",
            "outbox → SNS → SQS queue, each event in a signed envelope",
            with_queue(keeping, raw=False),
            EVENTS_TO_HTTP,
        ),
        case("events_http", "outbox → SNS → one HTTP subscriber", with_http_subscriber(keeping), EVENTS_TO_HTTP),
    )


def _from_outbox(running: Running, messages: int, size_bytes: int) -> Load:
    return EventLoad(running, messages)


def _smtp(sessions: int) -> Callable[[Running, int, int], Load]:
    return lambda running, messages, size_bytes: SmtpLoad(
        running.smtp, messages=messages, sessions=sessions, size_bytes=size_bytes
    )


def _secure_smtp(running: Running, messages: int, size_bytes: int) -> Load:
    return SecureSmtpLoad(running.submission, LOGIN, messages=messages, sessions=50, size_bytes=size_bytes)


def _single(running: Running, messages: int, size_bytes: int) -> Load:
    return HttpLoad(
        running.http,
        single(running.http, size_bytes=size_bytes),
        count=messages,
        connections=API_CONNECTIONS,
        success=b'"MessageId"',
    )


def _html(running: Running, messages: int, size_bytes: int) -> Load:
    return HttpLoad(
        running.http,
        single(running.http, size_bytes=size_bytes, html=True),
        count=messages,
        connections=API_CONNECTIONS,
        success=b'"MessageId"',
    )


def _open(rate_per_s: int) -> Callable[[Running, int, int], Load]:
    return lambda running, messages, size_bytes: OpenLoad(
        running.http,
        single(running.http, size_bytes=size_bytes),
        count=messages,
        connections=OPEN_CONNECTIONS,
        success=b'"MessageId"',
        rate_per_s=rate_per_s,
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
