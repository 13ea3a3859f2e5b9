"""How reputations stand on this server, in a few figures for the operator."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from hatobin.capabilities import metrics, tenants
from hatobin.capabilities.metrics import ReputationScope
from hatobin.capabilities.reputation import store
from hatobin.capabilities.reputation.standing import watched
from hatobin.ports import Session

MOST_ACCOUNTS = 100
"""Whose rates are shown, so that the figures stay few."""
_LATELY_S = 86_400.0


class ReputationFigures(Struct, frozen=True):
    """`rates`: bounces and complaints by account and region; `paused` by kind; open `findings` by type and impact."""

    rates: Mapping[tuple[str, ...], tuple[float, float]]
    paused: Mapping[str, float]
    findings: Mapping[tuple[str, ...], float]


def figures(session: Session, now: float) -> ReputationFigures:
    """Give the figures; rates of accounts that sent within a day, of 100 of them at most."""
    rates: dict[tuple[str, ...], tuple[float, float]] = {}
    for account in metrics.active_accounts(session, now - _LATELY_S, ("", ""), MOST_ACCOUNTS):
        found = watched(session, ReputationScope(*account), now)
        if found is not None:
            rates[account] = (found.measured.bounce_rate, found.measured.complaint_rate)
    paused = store.paused_by_kind(session)
    return ReputationFigures(
        rates,
        {
            "account": paused.get("account", 0),
            "configuration_set": paused.get("configuration-set", 0),
            "tenant": tenants.number_paused(session),
        },
        store.open_by_type(session),
    )
