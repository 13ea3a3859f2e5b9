"""Identities as values: names, states, and which identity answers for a sender. Pure.

Refs: AWS developer guide "creating-identities" and "send-email-authentication-dkim-easy";
surface.md §4.7.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from hatobin.capabilities.tags import TagPair
from hatobin.words.address import AddressError, parse_address

MAX_IDENTITIES = 10_000
"""Per account and region (surface.md §4.1)."""

MAX_PARENT_DOMAINS = 8
"""Parent domains of a sender that are looked at, the nearest first."""

MAX_DOMAIN_LENGTH = 253
"""Characters of a domain in text form (RFC 1035 §2.3.4: 255 octets on the wire)."""

_LABEL = r"[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}", re.ASCII)


class InvalidIdentity(ValueError):
    """A text names neither an address nor a domain; the message is for the caller."""


class IdentityKind(Enum):
    """What an identity is; the value is v2's name."""

    EMAIL_ADDRESS = "EMAIL_ADDRESS"
    DOMAIN = "DOMAIN"

    @property
    def v1_name(self) -> str:
        """The spelling of SES v1."""
        return "Domain" if self is IdentityKind.DOMAIN else "EmailAddress"


class Status(Enum):
    """How far a verification is; the value is v2's name."""

    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    TEMPORARY_FAILURE = "TEMPORARY_FAILURE"
    NOT_STARTED = "NOT_STARTED"

    @property
    def holds(self) -> bool:
        """Whether what was verified counts: for 72 hours also after its records went (developer guide, "verify")."""
        return self in (Status.SUCCESS, Status.TEMPORARY_FAILURE)


class DkimOrigin(Enum):
    """Who made the key: we (Easy DKIM) or the caller (BYODKIM)."""

    AWS_SES = "AWS_SES"
    EXTERNAL = "EXTERNAL"


class CheckError(Enum):
    """Why the last look at the DNS did not verify a domain; the value is v2's name."""

    DNS_SERVER_ERROR = "DNS_SERVER_ERROR"
    HOST_NOT_FOUND = "HOST_NOT_FOUND"
    TYPE_NOT_FOUND = "TYPE_NOT_FOUND"
    INVALID_VALUE = "INVALID_VALUE"


@dataclass(frozen=True, slots=True)
class KeyChoice:
    """A stored key and the selector it is published under."""

    selector: str
    key_id: str
    bits: int


@dataclass(frozen=True, slots=True)
class Dkim:
    """An identity's own DKIM. An address has no key; it takes its domain's (see `inherited_dkim`).

    `tokens` are the three selectors of Easy DKIM, of which `selector` signs, or
    the one selector of BYODKIM. `bits` is 0 without a key. `upcoming` is the
    next key of Easy DKIM, which takes over when it is seen in the DNS;
    `previous` is the key that signs while another origin or the caller's new
    key is not verified yet.
    """

    signing_enabled: bool
    status: Status
    origin: DkimOrigin
    selector: str | None
    tokens: tuple[str, ...]
    key_id: str | None
    bits: int
    made_at: float | None
    upcoming: KeyChoice | None = None
    previous: KeyChoice | None = None


NO_DKIM = Dkim(False, Status.NOT_STARTED, DkimOrigin.AWS_SES, None, (), None, 0, None)
ADDRESS_DKIM = replace(NO_DKIM, signing_enabled=True)
"""What an address has: no key, and the switch with which it may refuse its domain's."""


@dataclass(frozen=True, slots=True)
class MailFrom:
    """A custom MAIL FROM domain and what to do while its MX record is not right."""

    domain: str
    status: Status
    reject_on_mx_failure: bool
    check_at: float | None = None
    check_started_at: float | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """The verification by DNS: when it is due again, since when it runs, and how it went. Seconds since the epoch."""

    due_at: float | None = None
    started_at: float | None = None
    checked_at: float | None = None
    succeeded_at: float | None = None
    error: CheckError | None = None


@dataclass(frozen=True, slots=True)
class Notifications:
    """The topics of the classic notifications by their v1 names, and those that carry the headers of the mail."""

    topics: tuple[tuple[str, str], ...] = ()
    with_headers: tuple[str, ...] = ()

    def topic(self, kind: str) -> str | None:
        """Give the ARN of the topic for "Bounce", "Complaint" or "Delivery"."""
        return dict(self.topics).get(kind)


NO_NOTIFICATIONS = Notifications()


@dataclass(frozen=True, slots=True)
class Identity:
    """One identity of an account in a region."""

    account_id: str
    region: str
    key: str
    name: str
    kind: IdentityKind
    status: Status
    created_at: float
    verification_token: str
    dkim: Dkim
    check: Check = Check()
    feedback_forwarding: bool = True
    configuration_set: str | None = None
    mail_from: MailFrom | None = None
    tags: tuple[TagPair, ...] = ()
    notifications: Notifications = NO_NOTIFICATIONS

    @property
    def verified(self) -> bool:
        """Whether mail may be sent from it."""
        return self.status.holds


@dataclass(frozen=True, slots=True)
class SendingDkim:
    """The key that signs a message: its domain, its selector, and where to find it."""

    domain: str
    selector: str
    key_id: str


@dataclass(frozen=True, slots=True)
class SendingIdentity:
    """The identity that answers for a sender. Only a verified one may send.

    `dkim` is None where nothing is signed: switched off, or the key is not
    verified in the DNS yet. `mail_from` is that of the address, else of its domain.
    """

    name: str
    arn: str
    kind: IdentityKind
    verified: bool
    configuration_set: str | None
    mail_from: MailFrom | None
    feedback_forwarding: bool
    dkim: SendingDkim | None
    notifies: bool = False
    """Whether the classic notifications of its mail may go to a topic."""
    has_policies: bool = False
    """Whether its own policies have a say about who sends."""

    @property
    def sending_enabled(self) -> bool:
        """SES has no other switch on an identity than its verification."""
        return self.verified


class Sender(Protocol):
    """Whatever has a local part and a domain (`words.address.Address`); `str()` gives it as written."""

    @property
    def local(self) -> str: ...

    @property
    def domain(self) -> str: ...


def domain_key(text: str) -> str:
    """Give a domain as identities keep it. Raises `InvalidIdentity`.

    A name of one label, an address in brackets and a non-ASCII name are no
    domains here; an internationalized one is given in its ASCII form (RFC 5891 §4.4).
    """
    lowered = text.lower()
    if len(lowered) > MAX_DOMAIN_LENGTH or not _DOMAIN.fullmatch(lowered):
        raise InvalidIdentity(f"Invalid domain name {text}.")
    return lowered


def address_key(text: str) -> str:
    """Give an address as identities keep it. Raises `InvalidIdentity`.

    The local part is case-sensitive, the domain is not (AWS developer guide,
    "creating-identities"; DEV-IS-32).

    >>> address_key("Sender@Example.COM")
    'Sender@example.com'
    """
    try:
        address = parse_address(text)
        return f"{address.local}@{domain_key(address.domain)}"
    except (AddressError, InvalidIdentity):
        raise InvalidIdentity(f"Invalid email address<{text}>.") from None  # Observed: Optum/dce#143.


def lookup_key(text: str) -> str:
    """Give the key under which an identity of this name would be; never refuses."""
    local, at, domain = text.rpartition("@")
    return f"{local}{at}{domain.lower()}"


def responsible_keys(sender: Sender) -> list[str]:
    """Give the keys of all identities that may answer for a sender, the nearest first.

    The address itself, its domain, then the parent domains: verifying a domain
    covers its subdomains (surface.md §4.7).

    >>> from hatobin.words.address import parse_address
    >>> responsible_keys(parse_address("A@mail.example.com"))
    ['A@mail.example.com', 'mail.example.com', 'example.com']
    """
    return [f"{sender.local}@{sender.domain}", *covering_domains(sender.domain)]


def covering_domains(domain: str) -> list[str]:
    """Give a lower-case domain and those of its parents that may cover it, the nearest first."""
    keys, parent = [domain], domain
    for _ in range(MAX_PARENT_DOMAINS):
        parent = parent.partition(".")[2]
        if "." not in parent:
            break
        keys.append(parent)
    return keys


def first_verified(keys: Sequence[str], verified: dict[str, bool]) -> str | None:
    """Choose among known identities: the nearest verified one, else the nearest at all."""
    known = [key for key in keys if key in verified]
    return next((key for key in known if verified[key]), known[0] if known else None)


def sending_dkim(name: str, dkim: Dkim) -> SendingDkim | None:
    """Give the key to sign with, or None while there is none or its record was not seen."""
    if not dkim.signing_enabled:
        return None
    if dkim.status.holds and dkim.selector is not None and dkim.key_id is not None:
        return SendingDkim(name, dkim.selector, dkim.key_id)
    return None if dkim.previous is None else SendingDkim(name, dkim.previous.selector, dkim.previous.key_id)
