"""How what is found compares with what was known: findings are opened, written anew and resolved."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hatobin.capabilities.reputation import store
from hatobin.capabilities.reputation.changes import OPENED, RESOLVED, tell_finding
from hatobin.capabilities.reputation.model import Finding
from hatobin.capabilities.reputation.store import Recommendation, Resource
from hatobin.ports import Session

REFRESH_S = 900.0
"""How often an open finding is written anew although its impact is the same."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`opened` are new or of higher impact than before, `renewed` are written anew, `resolved` are gone."""

    opened: tuple[Finding, ...] = ()
    renewed: tuple[Finding, ...] = ()
    resolved: tuple[Recommendation, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.opened or self.renewed or self.resolved)


def compare(
    session: Session, resource: Resource, found: Sequence[Finding], types: Collection[str], now: float
) -> Difference:
    """Say what is to be written of findings of these types; writes nothing."""
    known = store.open_of(session, resource, types)
    opened, renewed = [], []
    for one in found:
        before = known.pop((one.type, one.code), None)
        if before is None or (one.impact == "HIGH" and before.impact == "LOW"):
            opened.append(one)
        elif one.impact != before.impact or before.updated_at <= now - REFRESH_S:
            renewed.append(one)
    return Difference(tuple(opened), tuple(renewed), tuple(known.values()))


def write(session: Session, resource: Resource, difference: Difference, now: float) -> None:
    """Write the difference down, and tell the bus of it."""
    for one in (*difference.opened, *difference.renewed):
        store.put(session, resource, one, now)
    for one in difference.opened:
        tell_finding(session, resource, OPENED, (one.description, one.impact, one.type), now)
    resolve(session, resource, difference.resolved, now)


def resolve(session: Session, resource: Resource, known: Collection[Recommendation], now: float) -> None:
    """Say that findings are no more, and tell the bus of it."""
    for one in known:
        store.fix(session, resource, one, now)
        tell_finding(session, resource, RESOLVED, (one.description, one.impact, one.type), now)
