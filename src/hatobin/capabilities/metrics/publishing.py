"""Reputation.BounceRate and Reputation.ComplaintRate: the rates of every account, as metrics.

One value a minute for an account that sends, one an hour for one that has
stopped: its rates change as its mails leave the representative volume.
"""

from __future__ import annotations

import asyncio

import structlog

from hatobin.capabilities.metrics.reputation import (
    MOST_HOURS,
    Reputation,
    ReputationScope,
    active_accounts,
    reputation,
)
from hatobin.capabilities.metrics.tally import NAMESPACE
from hatobin.companions import cloudwatch
from hatobin.companions.cloudwatch import Metric, MetricKey
from hatobin.ports import Ports, Session
from hatobin.ports.database import DatabaseUnavailable

PUBLISH_INTERVAL_S = 60.0
ACCOUNTS_AT_ONCE = 100
_SENDING_S = 3600
"""Who has sent within this time is published every minute."""

_BOUNCES = MetricKey(NAMESPACE, "Reputation.BounceRate")
_COMPLAINTS = MetricKey(NAMESPACE, "Reputation.ComplaintRate")

_log = structlog.get_logger("hatobin.metrics")


class ReputationMetrics:
    """Publishes the rates; one worker of a store is enough, and several do no harm but more values."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._sent = asyncio.Event()
        self._last_hour = 0

    def sent(self) -> None:
        """Say that something was sent or settled: after a quiet time the rates are published at once."""
        self._sent.set()

    async def run(self) -> None:
        """Publish at the first mail after a quiet minute, and every minute, until cancelled."""
        clock = self._ports.clock
        while True:
            self._sent.clear()
            published = 0
            try:
                published = await self.once()
            except DatabaseUnavailable as error:
                _log.warning("rates wait for the store", error=str(error))
            except Exception:
                _log.exception("rates not published")
            if published:
                await clock.sleep(PUBLISH_INTERVAL_S)
                continue
            try:
                await clock.within(PUBLISH_INTERVAL_S, self._sent.wait())
            except TimeoutError:
                pass

    async def once(self) -> int:
        """Publish the rates of every account that is due; give how many there were."""
        now = self._ports.clock.now()
        hour = int(now) // 3600
        since = now - (_SENDING_S if hour == self._last_hour else MOST_HOURS * 3600)
        published, after = 0, ("", "")
        while (step := await self._step(now, since, after)) is not None:
            published += step[0]
            after = step[1]
        self._last_hour = hour
        return published

    async def _step(self, now: float, since: float, after: tuple[str, str]) -> tuple[int, tuple[str, str]] | None:
        """Publish for the accounts after one; give how many and the last one, None where there are no more."""
        accounts = await self._ports.database.read(
            lambda session: [
                (scope, reputation(session, ReputationScope(*scope), now))
                for scope in active_accounts(session, since, after, ACCOUNTS_AT_ONCE)
            ]
        )
        if not accounts:
            return None
        found = [(scope, rates) for scope, rates in accounts if rates.sends]
        if found:
            await self._ports.database.write(lambda session: _record(session, found, now), turn="rates")
        return len(found), accounts[-1][0]


def _record(session: Session, found: list[tuple[tuple[str, str], Reputation]], now: float) -> None:
    minute = int(now) // 60 * 60
    for (account_id, region), rates in found:
        for key, rate in ((_BOUNCES, rates.bounce_rate), (_COMPLAINTS, rates.complaint_rate)):
            cloudwatch.record_rate(session, Metric(account_id, region, key), minute, rate)
