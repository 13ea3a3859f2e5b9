"""Reputation.BounceRate and Reputation.ComplaintRate as metrics: of every account, and of the sets that want them.

One value a minute for an account that sends, one an hour for one that has
stopped: its rates change as its mails leave the representative volume.
"""

from __future__ import annotations

import asyncio

import structlog

from hatobin.capabilities import metrics
from hatobin.capabilities.metrics import MOST_HOURS, NAMESPACE, Account, Reputation, ReputationScope, ScopeKind
from hatobin.capabilities.reputation.standing import watched
from hatobin.companions import cloudwatch
from hatobin.companions.cloudwatch import Metric, MetricKey
from hatobin.ports import Ports, Session
from hatobin.ports.database import DatabaseUnavailable

PUBLISH_INTERVAL_S = 60.0
ACCOUNTS_AT_ONCE = 100
_SENDING_S = 3600
"""Who has sent within this time is published every minute."""

_SET_DIMENSION = "ses:configuration-set"
"""Under which a set with reputation metrics has them (API reference, ReputationOptions)."""
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

    async def _step(self, now: float, since: float, after: Account) -> tuple[int, Account] | None:
        """Publish for the accounts after one; give how many and the last one, None where there are no more."""

        def read(session: Session) -> list[tuple[Account, dict[Metric, float]]]:
            accounts = metrics.active_accounts(session, since, after, ACCOUNTS_AT_ONCE)
            return [(account, _rates(session, account, since, now)) for account in accounts]

        found = await self._ports.database.read(read)
        if not found:
            return None
        rates = {metric: value for _, of_account in found for metric, value in of_account.items()}
        if rates:
            minute = int(now) // 60 * 60
            await self._ports.database.write(
                lambda session: cloudwatch.record_rates(session, rates, minute), turn="rates"
            )
        return sum(bool(of_account) for _, of_account in found), found[-1][0]


def _rates(session: Session, account: Account, since: float, now: float) -> dict[Metric, float]:
    """Give the rates of an account that has sent, and of its sets that are to show theirs."""
    whole = watched(session, ReputationScope(*account), now)
    if whole is None or not whole.measured.sends:
        return {}
    rates = _metrics(account, whole.measured)
    for name in metrics.active_sets(session, *account, since):
        own = watched(session, ReputationScope(*account, ScopeKind.CONFIGURATION_SET, name), now)
        if own is not None and own.measured.sends:
            rates |= _metrics(account, own.measured, (_SET_DIMENSION, name))
    return rates


def _metrics(account: Account, found: Reputation, *dimensions: tuple[str, str]) -> dict[Metric, float]:
    return {
        Metric(*account, _BOUNCES.with_dimensions(dimensions)): found.bounce_rate,
        Metric(*account, _COMPLAINTS.with_dimensions(dimensions)): found.complaint_rate,
    }
