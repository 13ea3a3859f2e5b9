"""Custom MAIL FROM domains: their names, and the DNS records that make them work.

SES asks for exactly one MX record, our feedback host, so that bounces come
back to us. SPF is the owner's own interest and does not decide.

Refs: AWS developer guide "mail-from"; surface.md §4.7.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hatobin.capabilities.identities import store
from hatobin.capabilities.identities.looks import AGAIN_AFTER_S, ERRORS, GIVES_UP_AFTER_S, next_gap_s, next_status
from hatobin.capabilities.identities.model import (
    CheckError,
    Identity,
    InvalidIdentity,
    MailFrom,
    Status,
    domain_key,
)
from hatobin.capabilities.identities.records import feedback_host
from hatobin.ports import Dns, Session
from hatobin.words.settings import Settings


@dataclass(frozen=True, slots=True)
class MailFromSeen:
    """What the DNS shows: whether the one MX record is ours, and why not."""

    mx: bool
    error: CheckError | None


def mail_from_of(identity_key: str, text: str, *, reject: bool, instant: bool, now: float) -> MailFrom:
    """Make the setting of a MAIL FROM domain. Raises `InvalidIdentity`; the texts are SES's own (observed)."""
    try:
        domain = domain_key(text)
    except InvalidIdentity:
        raise InvalidIdentity(f"MAIL-FROM domain <{text}> is not a valid domain.") from None
    parent = identity_key.rpartition("@")[2]
    if not domain.endswith(f".{parent}"):
        raise InvalidIdentity(
            f"Provided MAIL-FROM domain <{domain}> is not subdomain of the domain of the identity <{parent}>."
        )
    if instant:
        return MailFrom(domain, Status.SUCCESS, reject)
    return MailFrom(domain, Status.PENDING, reject, check_at=now, check_started_at=now)


def changed_mail_from(known: MailFrom | None, wanted: MailFrom) -> MailFrom:
    """Keep how far the same domain is, unless its search was given up; then it is searched again."""
    if known is None or known.domain != wanted.domain or known.status is Status.FAILED:
        return wanted
    return replace(known, reject_on_mx_failure=wanted.reject_on_mx_failure)


async def look_for_mail_from(dns: Dns, identity: Identity, settings: Settings) -> MailFromSeen:
    """Ask the DNS about the MAIL FROM domain of an identity that has one."""
    assert identity.mail_from is not None, "only those are looked for"
    domain = identity.mail_from.domain
    answer = await dns.resolve(domain, "MX")
    hosts = [record.rpartition(" ")[2].rstrip(".").lower() for record in answer.records]
    right = hosts == [feedback_host(settings, identity.region)]
    return MailFromSeen(right, None if right else ERRORS.get(answer.status, CheckError.DNS_SERVER_ERROR))


def record_mail_from(session: Session, identity: Identity, seen: MailFromSeen, now: float) -> None:
    """Write a look down; nothing happens where the setting was changed or the identity deleted meanwhile."""
    current = store.find_to_change(session, identity.account_id, identity.region, identity.key)
    known = identity.mail_from
    if current is None or known is None or current.mail_from != known:
        return
    lost = known.status is Status.SUCCESS and not seen.mx
    started = now if lost or known.check_started_at is None else known.check_started_at
    status = next_status(known.status, seen.mx, seen.error, over=now - started >= GIVES_UP_AFTER_S)
    if status is Status.SUCCESS:
        due: float | None = now + AGAIN_AFTER_S
    else:
        due = None if status is Status.FAILED else now + next_gap_s(now - started)
    store.put_mail_from(
        session,
        replace(current, mail_from=replace(known, status=status, check_at=due, check_started_at=started)),
    )
