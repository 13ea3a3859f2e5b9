"""Domains and what the DNS says of them.

A new domain is looked at at once, then in gaps that grow with its age from
half a minute to an hour, for 72 hours (surface.md §4.7). What verifies it:
all CNAMEs of Easy DKIM into our hosted zone, or the key as a TXT record under
the signing selector (BYODKIM, and who wants no CNAME). The older TXT record
`_amazonses.DOMAIN` verifies the domain for sending, but not its DKIM.

What is verified is looked at again every day. Records that are gone make it
TEMPORARY_FAILURE, with which it still counts, and after 72 hours FAILED
(developer guide, "verify-addresses-and-domains"). A name server that does not
answer is no verdict: nothing fails for it. A key that is to take over does so
at the first look that finds it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import structlog

from hatobin.capabilities.identities import check_store
from hatobin.capabilities.identities.key_store import PublicKey, drop_retired_keys, public_key, retire_key
from hatobin.capabilities.identities.keys import record_has_key
from hatobin.capabilities.identities.looks import AGAIN_AFTER_S, ERRORS, GIVES_UP_AFTER_S, next_gap_s, next_status
from hatobin.capabilities.identities.mail_from import look_for_mail_from, record_mail_from
from hatobin.capabilities.identities.model import Check, CheckError, Dkim, DkimOrigin, Identity, Status
from hatobin.capabilities.identities.records import dkim_zone
from hatobin.ports import Dns, Ports, Session
from hatobin.ports.rounds import work_in_rounds
from hatobin.words.settings import Settings

log = structlog.get_logger()

ROUND_S = 10.0
"""How often due domains are looked for."""
MAX_AT_ONCE = 20
"""Domains that one round looks at, at the same time."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the DNS shows of a domain; `upcoming` says that the next key is there."""

    dkim: bool
    domain: bool
    error: CheckError | None
    upcoming: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from a look: the states, the keys, the next look, and the key that is not needed any more."""

    status: Status
    dkim: Dkim
    check: Check
    retired_key_id: str | None


def judge(identity: Identity, seen: Seen, now: float) -> Verdict:
    """Decide from one look. Pure."""
    check, dkim = identity.check, identity.dkim
    lost = (dkim.status is Status.SUCCESS and not seen.dkim) or (
        identity.status is Status.SUCCESS and not (seen.domain or seen.dkim)
    )
    # Where records went, the 72 hours begin anew.
    started = now if lost or check.started_at is None else check.started_at
    over = now - started >= GIVES_UP_AFTER_S
    dkim_status = next_status(dkim.status, seen.dkim, seen.error, over=over)
    status = next_status(identity.status, seen.domain or seen.dkim, seen.error, over=over)
    dkim, retired = take_over(replace(dkim, status=dkim_status), seen_upcoming=seen.upcoming)
    return Verdict(
        status,
        dkim,
        replace(
            check,
            due_at=_next_look(status, dkim, now, started),
            started_at=started,
            checked_at=now,
            succeeded_at=now if seen.domain or seen.dkim else check.succeeded_at,
            error=None if seen.dkim else seen.error,
        ),
        retired,
    )


def _next_look(status: Status, dkim: Dkim, now: float, started: float) -> float | None:
    open_states = (Status.PENDING, Status.TEMPORARY_FAILURE)
    if status in open_states or dkim.status in open_states or dkim.upcoming is not None:
        return now + next_gap_s(now - started)
    return now + AGAIN_AFTER_S if status is Status.SUCCESS else None


def take_over(dkim: Dkim, *, seen_upcoming: bool) -> tuple[Dkim, str | None]:
    """Let a new key sign once it is seen, and name the key that does not sign any more."""
    if dkim.status is Status.SUCCESS and dkim.previous is not None:
        return replace(dkim, previous=None), dkim.previous.key_id
    if seen_upcoming and dkim.upcoming is not None:
        new = dkim.upcoming
        changed = replace(dkim, selector=new.selector, key_id=new.key_id, bits=new.bits, upcoming=None)
        return changed, dkim.key_id
    return dkim, None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A domain that is due, with the public halves of its key and of the next one."""

    identity: Identity
    key: PublicKey | None
    upcoming: PublicKey | None


async def look(dns: Dns, waiting: Waiting, zone: str) -> Seen:
    """Ask the DNS about one domain. Refs: RFC 6376 §3.6.2.2."""
    identity = waiting.identity
    dkim, error = await _look_for_dkim(dns, identity, waiting.key, zone)
    legacy = await dns.resolve(f"_amazonses.{identity.key}", "TXT")
    upcoming = waiting.upcoming is not None and await _shows_key(dns, identity.key, waiting.upcoming)
    return Seen(dkim, identity.verification_token in legacy.records, error, upcoming)


async def _shows_key(dns: Dns, domain: str, key: PublicKey) -> bool:
    """Say whether a receiver finds this key, through a CNAME or without."""
    answer = await dns.resolve(f"{key.selector}._domainkey.{domain}", "TXT")
    return any(record_has_key(record, key.public_key) for record in answer.records)


async def _look_for_dkim(
    dns: Dns, identity: Identity, key: PublicKey | None, zone: str
) -> tuple[bool, CheckError | None]:
    if key is None:
        return False, CheckError.INVALID_VALUE
    error = None
    if identity.dkim.origin is DkimOrigin.AWS_SES:
        error = await _look_for_cnames(dns, identity, zone)
        if error is None:
            return True, None
    answer = await dns.resolve(f"{key.selector}._domainkey.{identity.key}", "TXT")
    if any(record_has_key(record, key.public_key) for record in answer.records):
        return True, None
    return False, error or ERRORS.get(answer.status, CheckError.DNS_SERVER_ERROR)


async def _look_for_cnames(dns: Dns, identity: Identity, zone: str) -> CheckError | None:
    """Give the first fault of the three CNAMEs, or None when all of them are right."""
    for token in identity.dkim.tokens:
        answer = await dns.resolve(f"{token}._domainkey.{identity.key}", "CNAME")
        targets = {record.rstrip(".").lower() for record in answer.records}
        if f"{token}.{zone}" not in targets:
            return ERRORS.get(answer.status, CheckError.DNS_SERVER_ERROR)
    return None


class VerificationChecks:
    """Looks at the DNS of domains that wait, for all accounts, until it is cancelled.

    Several workers may run it: a domain is then looked at more often than
    needed, and the result is the same.
    """

    def __init__(self, ports: Ports, settings: Settings) -> None:
        self._ports = ports
        self._settings = settings
        self._zone = dkim_zone(settings)

    async def run(self) -> None:
        """Look every ten seconds for domains that are due."""
        await work_in_rounds(
            self._ports.clock, self.check_due, ROUND_S, log=log, waits="verification_waits_for_the_store"
        )

    async def check_due(self) -> int:
        """Look at the domains that are due now, and give how many there were."""
        now = self._ports.clock.now()
        due, mail_froms = await self._ports.database.read(lambda s: _due(s, now))
        if not due and not mail_froms:
            return 0
        dns, settings = self._ports.dns, self._settings
        seen = await asyncio.gather(*(look(dns, waiting, self._zone) for waiting in due))
        shown = await asyncio.gather(*(look_for_mail_from(dns, identity, settings) for identity in mail_froms))

        def record(session: Session) -> None:
            for waiting, result in zip(due, seen, strict=True):
                _record(session, waiting.identity, judge(waiting.identity, result, now), now)
            for identity, found in zip(mail_froms, shown, strict=True):
                record_mail_from(session, identity, found, now)
            drop_retired_keys(session, now)

        await self._ports.database.write(record)
        return len(due) + len(mail_froms)


def _record(session: Session, identity: Identity, verdict: Verdict, now: float) -> None:
    counted = check_store.put_check(session, identity, verdict.status, verdict.dkim, verdict.check)
    if counted and verdict.retired_key_id is not None:
        retire_key(session, verdict.retired_key_id, now)


def _due(session: Session, now: float) -> tuple[list[Waiting], list[Identity]]:
    waiting = []
    for identity in check_store.due_checks(session, now, MAX_AT_ONCE):
        dkim = identity.dkim
        waiting.append(
            Waiting(
                identity,
                None if dkim.key_id is None else public_key(session, dkim.key_id),
                None if dkim.upcoming is None else public_key(session, dkim.upcoming.key_id),
            )
        )
    return waiting, check_store.due_mail_froms(session, now, MAX_AT_ONCE)
