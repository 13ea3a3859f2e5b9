"""What the way out counts in one worker: what it took and refused, how attempts ended, how long commits took."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable

from hatobin.capabilities.delivery import OTHER, provider_of
from hatobin.flow.outbound.refusals import Refusal
from hatobin.flow.outbound.settlement import Settlement
from hatobin.words.outcome import Bounced, Deferred, Delivered

COMMIT_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
INBOX = "inbox"
"""The provider of mail that stays here."""
_OUTCOMES = {Delivered: "delivered", Bounced: "bounced", Deferred: "deferred"}


class Histogram:
    """How many durations were at most how long; `counts` has one place more than `bounds`, for the longer ones."""

    def __init__(self, bounds: tuple[float, ...] = COMMIT_BOUNDS_S) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, duration_s: float) -> None:
        """Count one."""
        self.counts[bisect_left(self.bounds, duration_s)] += 1
        self.total += duration_s


def outcomes_of(settlement: Settlement) -> dict[str, int]:
    """Count the recipients of one attempt by how it ended for them."""
    counts: dict[str, int] = {}
    for _, outcome in settlement.outcomes:
        name = _OUTCOMES.get(type(outcome), OTHER)
        counts[name] = counts.get(name, 0) + 1
    return counts


class OutboundFigures:
    """Totals since the start of this worker."""

    def __init__(self) -> None:
        self.accepted = 0
        self.refused: Counter[str] = Counter()
        self.attempts: Counter[tuple[str, ...]] = Counter()
        """By provider and outcome."""
        self.accept_commits = Histogram()
        self.settle_commits = Histogram()

    def refuse(self, refusal: Refusal) -> None:
        """Count a draft that was not accepted, by its kind."""
        self.refused[type(refusal).__name__] += 1

    def settle(self, group: Iterable[Settlement]) -> None:
        """Count how attempts ended that are recorded now."""
        for settlement in group:
            for recipient, outcome in settlement.outcomes:
                provider = INBOX if settlement.to_inbox else provider_of(outcome.hop.host, recipient.domain)
                self.attempts[provider, _OUTCOMES.get(type(outcome), OTHER)] += 1
