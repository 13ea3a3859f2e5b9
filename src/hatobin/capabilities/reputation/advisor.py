"""The advisor: looks at the DNS of domains that send, for accounts that switched the Virtual Deliverability Manager on.

Each verified domain is looked at when its account switches the manager on or verifies it, and then every six hours,
which is how long SES says a fix may take to be seen. Refs: SES developer guide, "Virtual Deliverability Manager
advisor".
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from hatobin.capabilities import account, identities
from hatobin.capabilities.identities import Identity
from hatobin.capabilities.reputation import looks, store
from hatobin.capabilities.reputation.advice import RECORDS, Shown, advise, questions
from hatobin.capabilities.reputation.findings import compare, resolve, write
from hatobin.capabilities.reputation.model import IP_LISTING
from hatobin.capabilities.reputation.store import Recommendation, Resource
from hatobin.ports import Ports, Session
from hatobin.ports.rounds import work_in_rounds
from hatobin.protocols.aws.arn import ses_arn
from hatobin.words.settings import Settings

ROUND_S = 60.0
ADVISED_AGAIN_AFTER_S = 6 * 3600.0
DOMAINS_AT_ONCE = 20
LISTED_FOR_S = 86_400.0
"""An address that no reply calls listed for so long is not listed any more, as far as we know."""

_log = structlog.get_logger("hatobin.reputation")


class Advisor:
    """Keeps findings about the DNS of domains, and ends those about block lists that are over."""

    def __init__(self, ports: Ports, settings: Settings, published: Callable[[], None]) -> None:
        """`published` is called after a commit that told the bus of something."""
        self._ports = ports
        self._zone = identities.service_zone(settings)
        self._published = published

    async def run(self) -> None:
        """Look every minute for domains that are due, until cancelled."""
        await work_in_rounds(
            self._ports.clock,
            self.once,
            ROUND_S,
            log=_log,
            waits="advice waits for the store",
            fails="advice not given",
        )

    async def once(self) -> int:
        """Look at every domain that is due; give how many there were."""
        looked = 0
        for account_id, region in await self._ports.database.read(account.vdm_accounts):
            looked += await self._of_account(account_id, region)
        await self._end(RECORDS, self._of_gone)
        await self._end((IP_LISTING,), self._not_named_lately)
        return looked

    async def _of_account(self, account_id: str, region: str) -> int:
        looked, after = 0, ""
        while True:
            domains, due = await self._ports.database.read(self._due(account_id, region, after))
            answers = await asyncio.gather(*(self._look(identity) for identity in due))
            for identity, shown in zip(due, answers, strict=True):
                await self._record(identity, shown)
            looked += len(due)
            if len(domains) < DOMAINS_AT_ONCE:
                return looked
            after = domains[-1].key

    def _due(
        self, account_id: str, region: str, after: str
    ) -> Callable[[Session], tuple[list[Identity], list[Identity]]]:
        """Give domains after one of them, and those of them that are due."""
        before = self._ports.clock.now() - ADVISED_AGAIN_AFTER_S

        def look(session: Session) -> tuple[list[Identity], list[Identity]]:
            domains = identities.verified_domains(session, account_id, region, after, DOMAINS_AT_ONCE)
            return domains, [one for one in domains if looks.looked_at(session, _resource(one)) <= before]

        return look

    async def _look(self, identity: Identity) -> Shown:
        asked = questions(identity).values()
        names = sorted({name for one in asked for name in (one.name, *one.elsewhere)})
        answers = await asyncio.gather(*(self._ports.dns.resolve(name, "TXT") for name in names))
        return Shown(dict(zip(names, answers, strict=True)))

    async def _record(self, identity: Identity, shown: Shown) -> None:
        by_type = advise(identity, shown, self._zone)
        found = [one for several in by_type.values() for one in several]
        resource, now = _resource(identity), self._ports.clock.now()

        def work(session: Session) -> bool:
            looks.put_looked_at(session, resource, now)
            difference = compare(session, resource, found, by_type, now)
            write(session, resource, difference, now)
            return bool(difference)

        if await self._ports.database.write(work, turn="reputation"):
            self._published()

    async def _end(self, types: Sequence[str], over: Callable[[Session, Resource], list[Recommendation]]) -> None:
        """Resolve those open findings of these types that are over."""
        after: Resource | None = None
        while True:
            found, ended = await self._ports.database.read(_finding_over(types, after, over))
            if ended:
                await self._resolve(ended, over)
            if len(found) < DOMAINS_AT_ONCE:
                return
            after = found[-1]

    async def _resolve(
        self, resources: Sequence[Resource], over: Callable[[Session, Resource], list[Recommendation]]
    ) -> None:
        now = self._ports.clock.now()

        def work(session: Session) -> None:
            for resource in resources:
                resolve(session, resource, over(session, resource), now)

        await self._ports.database.write(work, turn="reputation")
        self._published()

    def _of_gone(self, session: Session, resource: Resource) -> list[Recommendation]:
        """Give what is known of a domain that is no identity any more, or whose account wants no advice."""
        domain = resource.arn.partition(":identity/")[2]
        if account.vdm_enabled(session, resource.account_id, resource.region) and identities.is_verified_domain(
            session, resource.account_id, resource.region, domain
        ):
            return []
        return list(store.open_of(session, resource, RECORDS).values())

    def _not_named_lately(self, session: Session, resource: Resource) -> list[Recommendation]:
        since = self._ports.clock.now() - LISTED_FOR_S
        return [one for one in store.open_of(session, resource, (IP_LISTING,)).values() if one.updated_at <= since]


def _finding_over(
    types: Sequence[str], after: Resource | None, over: Callable[[Session, Resource], list[Recommendation]]
) -> Callable[[Session], tuple[list[Resource], list[Resource]]]:
    def look(session: Session) -> tuple[list[Resource], list[Resource]]:
        found = store.open_resources(session, types, after, DOMAINS_AT_ONCE)
        return found, [one for one in found if over(session, one)]

    return look


def _resource(identity: Identity) -> Resource:
    return Resource(
        identity.account_id, identity.region, ses_arn(identity.region, identity.account_id, f"identity/{identity.name}")
    )
