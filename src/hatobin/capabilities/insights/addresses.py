"""Judging an address: by its form, its DNS, and what became of the account's own mail to it. Pure.

Each verdict says how sure it is that its statement holds. Nobody is asked
whether a mailbox exists: what the account's own mail found out is all that is
known, and without any the verdict is MEDIUM.

Refs: API reference v2, EmailAddressInsightsMailboxEvaluations; RFC 2142 (role addresses).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import Enum

from msgspec import Struct

from hatobin.words.address import parse_address
from hatobin.words.address_rules import AddressError, check_domain


class Verdict(Enum):
    """How sure it is that a statement holds."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class Evidence(Struct, frozen=True):
    """What was found out. `route`: whether mail finds a way to the domain. `mailbox`: whether own mail arrived."""

    route: Verdict
    mailbox: Verdict


class Evaluation(Struct, frozen=True):
    """The verdicts on an address; `is_valid` is about all of them together."""

    is_valid: Verdict
    has_valid_syntax: Verdict
    has_valid_dns_records: Verdict
    mailbox_exists: Verdict
    is_role_address: Verdict
    is_disposable: Verdict
    is_random_input: Verdict


ROLES = frozenset(
    {
        *("abuse", "accounting", "accounts", "admin", "administrator", "billing", "bounce", "bounces", "careers"),
        *("compliance", "contact", "customerservice", "devnull", "dns", "donotreply", "enquiries", "feedback"),
        *(
            "finance",
            "ftp",
            "hello",
            "help",
            "helpdesk",
            "hostmaster",
            "hr",
            "info",
            "inquiries",
            "invoice",
            "invoices",
        ),
        *("it", "jobs", "legal", "list", "list-request", "mail", "mailer-daemon", "marketing", "media", "news"),
        *("newsletter", "no-reply", "nobody", "noc", "noreply", "office", "orders", "payroll", "postmaster", "press"),
        *("privacy", "purchasing", "recruiting", "root", "sales", "security", "service", "shop", "spam", "staff"),
        *("subscribe", "support", "sysadmin", "team", "tech", "undisclosed-recipients", "unsubscribe", "usenet"),
        *("uucp", "webmaster", "www"),
    }
)
"""Local parts that belong to a task and not to a person (RFC 2142, and what is usual)."""

DISPOSABLE_DOMAINS = frozenset(
    {
        *("10minutemail.com", "33mail.com", "discard.email", "dispostable.com", "fakeinbox.com", "getairmail.com"),
        *("getnada.com", "grr.la", "guerrillamail.biz", "guerrillamail.com", "guerrillamail.net", "guerrillamail.org"),
        *("inboxkitten.com", "mailcatch.com", "maildrop.cc", "mailinator.com", "mailnesia.com", "mailsac.com"),
        *("mintemail.com", "mohmal.com", "moakt.com", "mytemp.email", "sharklasers.com", "spam4.me", "spamgourmet.com"),
        *("temp-mail.org", "tempail.com", "tempmail.com", "tempr.email", "throwawaymail.com", "trashmail.com"),
        *("yopmail.com", "yopmail.fr", "yopmail.net"),
    }
)
"""Domains that give mailboxes for minutes; `account.disposable_domains` adds others."""

_LONG_LOCAL = 8
_VOWELS = frozenset("aeiouy")
_LETTER_RUNS = re.compile(r"[a-z]+")
_CHANGES = re.compile(r"(?<=[a-z])(?=[0-9])|(?<=[0-9])(?=[a-z])")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{6,}")


def domain_of(address: str) -> str | None:
    """Give the domain of an address of valid form, in lower case; None where the form is wrong."""
    try:
        domain = parse_address(address).domain.lower()
        check_domain(domain)
    except AddressError:
        return None
    # A name of one label, or a literal address, is none that mail of strangers comes to.
    labels = domain.split(".")
    return domain if len(labels) > 1 and all(0 < len(label) <= 63 for label in labels) else None


def evaluate(address: str, evidence: Evidence | None, disposable: Collection[str]) -> Evaluation:
    """Judge an address; without evidence its form is wrong, and nothing else is known."""
    if evidence is None:
        return Evaluation(*(Verdict.LOW,) * 7)
    local, _, domain = address.lower().rpartition("@")
    is_disposable = _sure(domain in DISPOSABLE_DOMAINS or any(_is_below(domain, one) for one in disposable))
    looks_random = _random(local.partition("+")[0])
    mailbox = Verdict.LOW if evidence.route is Verdict.LOW else evidence.mailbox
    return Evaluation(
        is_valid=_together(evidence.route, mailbox, is_disposable, looks_random),
        has_valid_syntax=Verdict.HIGH,
        has_valid_dns_records=evidence.route,
        mailbox_exists=mailbox,
        is_role_address=_sure(local.partition("+")[0] in ROLES),
        is_disposable=is_disposable,
        is_random_input=looks_random,
    )


def _sure(holds: bool) -> Verdict:
    return Verdict.HIGH if holds else Verdict.LOW


def _is_below(domain: str, listed: str) -> bool:
    listed = listed.lower()
    return domain == listed or domain.endswith(f".{listed}")


def _together(route: Verdict, mailbox: Verdict, disposable: Verdict, looks_random: Verdict) -> Verdict:
    """Say how sure it is that mail to the address arrives at somebody who wants it."""
    if Verdict.LOW in (route, mailbox):
        return Verdict.LOW
    if mailbox is Verdict.HIGH:
        return Verdict.MEDIUM if disposable is Verdict.HIGH else Verdict.HIGH
    return Verdict.LOW if Verdict.HIGH in (disposable, looks_random) else Verdict.MEDIUM


def _random(local: str) -> Verdict:
    """Say whether a local part looks as if somebody had hit keys at random.

    >>> [_random(text).value for text in ("ann.miller", "xkq7f2zt9w", "sdfgjhkl", "hans1984")]
    ['LOW', 'HIGH', 'HIGH', 'LOW']
    """
    text = re.sub(r"[^a-z0-9]", "", local)
    if len(text) < _LONG_LOCAL:
        return Verdict.LOW
    if _CONSONANTS.search(text) or len(_CHANGES.findall(text)) >= 4:
        return Verdict.HIGH
    letters = "".join(_LETTER_RUNS.findall(text))
    share = sum(letter in _VOWELS for letter in letters) / len(letters) if letters else 0.0
    if not letters:
        return Verdict.MEDIUM
    return Verdict.MEDIUM if share < 0.15 else Verdict.LOW
