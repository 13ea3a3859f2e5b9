"""The watch over alarms: each is looked at once a minute, by one worker.

A worker takes some alarms for the minute that has just ended, judges them on
a snapshot, and changes the state of those that stand differently. Whoever
dies in between has taken them for one minute only.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from hatobin.companions import sns
from hatobin.companions.cloudwatch import alarm_store
from hatobin.companions.cloudwatch.alarms import Alarm, Standing, judge
from hatobin.companions.cloudwatch.model import MINUTE_S
from hatobin.companions.cloudwatch.reasons import reason, reason_data
from hatobin.companions.cloudwatch.transitions import change_state
from hatobin.gateway import Services
from hatobin.ports import Ports, Session
from hatobin.ports.rounds import work_in_rounds

WATCH_INTERVAL_S = 10.0
SETTLED_AFTER_S = 5.0
"""How long after its end a minute is taken to be counted: what happened in it is in the store by then."""
ALARMS_AT_ONCE = 50

_log = structlog.get_logger("hatobin.cloudwatch")


class AlarmWatch:
    """Evaluates alarms; several processes share them."""

    def __init__(self, ports: Ports, services: Services) -> None:
        self._ports = ports
        self._services = services

    async def run(self) -> None:
        """Look every ten seconds until cancelled."""
        await work_in_rounds(
            self._ports.clock,
            self.once,
            WATCH_INTERVAL_S,
            log=_log,
            waits="alarms wait for the store",
            fails="alarms not evaluated",
        )

    async def once(self) -> int:
        """Judge every alarm that is due; give how many there were."""
        end = int(self._ports.clock.now() - SETTLED_AFTER_S) // MINUTE_S * MINUTE_S
        judged = 0
        while await self._ports.database.read(lambda session: alarm_store.any_due(session, end)):
            taken = await self._ports.database.write(
                lambda session: alarm_store.claim_due(session, end, ALARMS_AT_ONCE), turn="alarms"
            )
            await self._judge(taken, end)
            judged += len(taken)
            await self._ports.clock.sleep(0)
        return judged

    async def _judge(self, alarms: Sequence[Alarm], end: int) -> None:
        now = self._ports.clock.now()
        changes = await self._ports.database.read(
            lambda session: [(alarm, new) for alarm in alarms if (new := _standing(session, alarm, end, now))]
        )
        if not changes:
            return
        told = await self._ports.database.write(lambda session: self._change(session, changes), turn="publish")
        for published in told:
            sns.announce(self._services, published)

    def _change(self, session: Session, changes: Sequence[tuple[Alarm, Standing]]) -> list[sns.Published]:
        return [
            published
            for alarm, new in changes
            for published in change_state(session, alarm, new, services=self._services, entropy=self._ports.entropy)
        ]


def _standing(session: Session, alarm: Alarm, end: int, now: float) -> Standing | None:
    """Judge an alarm; None where it stays as it is."""
    state, evidence = judge(alarm, alarm.read(session, end))
    if state is alarm.standing.state:
        return None
    return Standing(state, reason(alarm, state, evidence), reason_data(alarm, evidence, now), now, now)
