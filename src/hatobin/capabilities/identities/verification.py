"""Domains that wait for their DNS records.

A new domain is looked at at once, then in gaps that grow with its age from
half a minute to an hour, for 72 hours (surface.md §4.7). What verifies it:
all CNAMEs of Easy DKIM into our hosted zone, or the key as a TXT record under
the signing selector (BYODKIM, and who wants no CNAME). The older TXT record
`_amazonses.DOMAIN` verifies the domain for sending, but not its DKIM.

A name server that does not answer is no verdict: the domain waits on.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import structlog

from hatobin.capabilities.identities import store
from hatobin.capabilities.identities.key_store import PublicKey, drop_retired_keys, public_key
from hatobin.capabilities.identities.keys import record_has_key
from hatobin.capabilities.identities.model import Check, CheckError, DkimOrigin, Identity, Status
from hatobin.capabilities.identities.records import dkim_zone
from hatobin.ports import AnswerStatus, Dns, Ports, Session
from hatobin.ports.database import DatabaseUnavailable
from hatobin.words.settings import Settings

log = structlog.get_logger()

GIVES_UP_AFTER_S = 72 * 60 * 60
MIN_GAP_S = 30.0
MAX_GAP_S = 60 * 60.0
GAP_PER_AGE = 0.25
ROUND_S = 10.0
"""How often due domains are looked for."""
MAX_AT_ONCE = 20
"""Domains that one round looks at, at the same time."""

_ERRORS = {
    AnswerStatus.NXDOMAIN: CheckError.HOST_NOT_FOUND,
    AnswerStatus.NO_DATA: CheckError.TYPE_NOT_FOUND,
    AnswerStatus.FOUND: CheckError.INVALID_VALUE,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What the DNS shows of a domain."""

    dkim: bool
    domain: bool
    error: CheckError | None


def next_gap_s(age_s: float) -> float:
    """Say how long to wait before the next look, by the age of the search.

    >>> next_gap_s(0), next_gap_s(600), next_gap_s(86_400)
    (30.0, 150.0, 3600.0)
    """
    return min(max(MIN_GAP_S, age_s * GAP_PER_AGE), MAX_GAP_S)


def judge(identity: Identity, seen: Seen, now: float) -> tuple[Status, Status, Check]:
    """Decide from one look: the identity's status, its DKIM status, and when to look again. Pure."""
    dkim_ok = seen.dkim or identity.dkim.status is Status.SUCCESS
    domain_ok = seen.domain or dkim_ok or identity.verified
    started = identity.check.started_at if identity.check.started_at is not None else now
    over = now - started >= GIVES_UP_AFTER_S
    open_state = Status.FAILED if over else Status.PENDING
    check = replace(
        identity.check,
        due_at=None if dkim_ok or over else now + next_gap_s(now - started),
        checked_at=now,
        succeeded_at=now if domain_ok else identity.check.succeeded_at,
        error=None if dkim_ok else seen.error,
    )
    return (
        Status.SUCCESS if domain_ok else open_state,
        Status.SUCCESS if dkim_ok else open_state,
        check,
    )


async def look(dns: Dns, identity: Identity, key: PublicKey | None, zone: str) -> Seen:
    """Ask the DNS about one domain. Refs: RFC 6376 §3.6.2.2."""
    dkim, error = await _look_for_dkim(dns, identity, key, zone)
    legacy = await dns.resolve(f"_amazonses.{identity.key}", "TXT")
    return Seen(dkim, identity.verification_token in legacy.records, error)


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
    return False, error or _ERRORS.get(answer.status, CheckError.DNS_SERVER_ERROR)


async def _look_for_cnames(dns: Dns, identity: Identity, zone: str) -> CheckError | None:
    """Give the first fault of the three CNAMEs, or None when all of them are right."""
    for token in identity.dkim.tokens:
        answer = await dns.resolve(f"{token}._domainkey.{identity.key}", "CNAME")
        targets = {record.rstrip(".").lower() for record in answer.records}
        if f"{token}.{zone}" not in targets:
            return _ERRORS.get(answer.status, CheckError.DNS_SERVER_ERROR)
    return None


class VerificationChecks:
    """Looks at the DNS of domains that wait, for all accounts, until it is cancelled.

    Several workers may run it: a domain is then looked at more often than
    needed, and the result is the same.
    """

    def __init__(self, ports: Ports, settings: Settings) -> None:
        self._ports = ports
        self._zone = dkim_zone(settings)

    async def run(self) -> None:
        """Look every ten seconds for domains that are due."""
        while True:
            try:
                await self.check_due()
            except DatabaseUnavailable as error:
                log.warning("verification_waits_for_the_store", error=str(error))
            await self._ports.clock.sleep(ROUND_S)

    async def check_due(self) -> int:
        """Look at the domains that are due now, and give how many there were."""
        now = self._ports.clock.now()
        due = await self._ports.database.read(lambda s: _due(s, now))
        if not due:
            return 0
        seen = await asyncio.gather(*(look(self._ports.dns, identity, key, self._zone) for identity, key in due))

        def record(session: Session) -> None:
            for (identity, _), result in zip(due, seen, strict=True):
                store.put_check(session, identity, *judge(identity, result, now))
            drop_retired_keys(session, now)

        await self._ports.database.write(record)
        return len(due)


def _due(session: Session, now: float) -> list[tuple[Identity, PublicKey | None]]:
    return [
        (identity, None if identity.dkim.key_id is None else public_key(session, identity.dkim.key_id))
        for identity in store.due_checks(session, now, MAX_AT_ONCE)
    ]
