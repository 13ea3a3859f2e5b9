"""The watch over reputations: everybody who sends is looked at every half minute.

A round walks over those of whom something was counted lately, and over those
who have an open finding or are paused, in pieces that are read on a snapshot;
what is to be done is decided again in the transaction that does it. So several
workers may watch, and sending never waits for it: it only counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog

from hatobin.capabilities import metrics
from hatobin.capabilities.metrics import ReputationScope
from hatobin.capabilities.reputation import store
from hatobin.capabilities.reputation.consequences import steps
from hatobin.capabilities.reputation.model import RATES, scope_of
from hatobin.capabilities.reputation.store import Resource
from hatobin.ports import Ports, Session
from hatobin.ports.rounds import work_in_rounds
from hatobin.words.settings import Settings

WATCH_INTERVAL_S = 30.0
AT_ONCE = 100
"""How many are looked at in one piece."""
REST_SHARE = 4.0
"""After a piece, the watch rests this many times as long as the piece took."""
_COUNTED_LATELY_S = 3600.0
"""Somebody of whom nothing was counted since has no worse rates than before."""

P = TypeVar("P")

_log = structlog.get_logger("hatobin.reputation")


@dataclass(frozen=True, slots=True)
class _Subject:
    """Somebody to look at; `resource` where something is known of it."""

    scope: ReputationScope
    resource: Resource | None = None


class ReputationWatch:
    """Finds what rates say, and pauses; one worker of a store is enough, and several do no harm."""

    def __init__(self, ports: Ports, settings: Settings, published: Callable[[], None]) -> None:
        """`published` is called after a commit that told the bus of something."""
        self._ports = ports
        self._limits = settings.reputation
        self._published = published

    async def run(self) -> None:
        """Look every half minute until cancelled."""
        await work_in_rounds(
            self._ports.clock,
            self.once,
            WATCH_INTERVAL_S,
            log=_log,
            waits="reputation waits for the store",
            fails="reputation not looked at",
        )

    async def once(self) -> int:
        """Look at everybody who is due; give how many of them something was written of."""
        since = self._ports.clock.now() - _COUNTED_LATELY_S
        return (
            await self._walk(lambda session, after: metrics.active_scopes(session, since, after, AT_ONCE), _active)
            + await self._walk(lambda session, after: store.open_resources(session, RATES, after, AT_ONCE), _known)
            + await self._walk(lambda session, after: store.paused_resources(session, after, AT_ONCE), _known)
        )

    async def _walk(self, find: Callable[[Session, P | None], list[P]], subject: Callable[[P], _Subject | None]) -> int:
        """Look at all that `find` gives, piece by piece."""
        changed, after = 0, None
        while True:
            begun = self._ports.clock.monotonic()
            found, due = await self._ports.database.read(_finding_due(find, subject, after, self._due))
            if due:
                await self._act(due)
            changed += len(due)
            if len(found) < AT_ONCE:
                return changed
            after = found[-1]
            await self._ports.clock.sleep((self._ports.clock.monotonic() - begun) * REST_SHARE)

    def _due(self, session: Session, subjects: Sequence[_Subject]) -> list[_Subject]:
        now = self._ports.clock.now()
        return [one for one in subjects if steps(session, one.scope, one.resource, now, self._limits)]

    async def _act(self, subjects: Sequence[_Subject]) -> None:
        now = self._ports.clock.now()

        def work(session: Session) -> None:
            for one in subjects:
                for step in steps(session, one.scope, one.resource, now, self._limits):
                    step(session)

        await self._ports.database.write(work, turn="reputation")
        self._published()


def _finding_due(
    find: Callable[[Session, P | None], list[P]],
    subject: Callable[[P], _Subject | None],
    after: P | None,
    due: Callable[[Session, Sequence[_Subject]], list[_Subject]],
) -> Callable[[Session], tuple[list[P], list[_Subject]]]:
    def look(session: Session) -> tuple[list[P], list[_Subject]]:
        found = find(session, after)
        return found, due(session, [one for place in found if (one := subject(place)) is not None])

    return look


def _active(scope: ReputationScope) -> _Subject:
    return _Subject(scope)


def _known(resource: Resource) -> _Subject | None:
    scope = scope_of(resource.account_id, resource.region, resource.arn)
    return None if scope is None else _Subject(scope, resource)
