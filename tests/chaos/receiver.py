"""A receiver for long runs: it counts what arrives and keeps no content, so its memory grows by ids only."""

from __future__ import annotations

from collections import Counter

from tests.peers.smtp_sink import Received, SmtpSink


class CountingSink(SmtpSink):
    """The scripted receiver with its weather; `counts` is what arrived, by (message id, recipient)."""

    def __init__(self, *, delay_s: float = 0.0) -> None:
        super().__init__(delay_s=delay_s)
        self.counts: Counter[tuple[str, str]] = Counter()

    def keep(self, message: Received) -> None:
        """Count a message that has arrived whole."""
        identifier = message.id
        self.ids.add(identifier)
        self.counts.update((identifier, to) for to in message.recipients)

    def tried(self, recipient: str, reply: str) -> None:
        """Attempts are not kept."""
