"""Mail to subscribers of topics: confirmations and notifications become mails of the service, each once.

Taking a delivery and putting its mail into the queue is one transaction; from there it is a mail like any other.
It belongs to no account, so its bounces suppress nobody.

Refs: SNS developer guide, "Email notifications"; API reference, Subscribe (protocols email and email-json).
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from hatobin.capabilities import identities, queue
from hatobin.companions import sns
from hatobin.ports import Ports, Session
from hatobin.ports.rounds import work_in_rounds
from hatobin.words.settings import Settings

POLL_S = 1.0
MAILS_AT_ONCE = 64
"""Of one subscription in one transaction."""
LEASE_S = 60.0

_log = structlog.get_logger("hatobin.sns")


class TopicMails:
    """Writes the mails; one per worker. `put` is called after a commit that put some into the queue."""

    def __init__(self, ports: Ports, settings: Settings, signer: sns.SnsSigner, put: Callable[[], None]) -> None:
        self._ports = ports
        self._settings = settings
        self._signer = signer
        self._put = put

    async def run(self) -> None:
        """Look every second until cancelled."""
        await work_in_rounds(
            self._ports.clock,
            self.once,
            POLL_S,
            log=_log,
            waits="mails of topics wait for the store",
            fails="mails of topics not written",
            goes_on=True,
        )

    async def once(self) -> int:
        """Write the mails that are due, up to a bound for each subscription; give how many there were."""
        now = self._ports.clock.now()
        keys = await self._ports.database.read(lambda session: sns.due_mails(session, now=now))
        if not keys:
            return 0
        written = await self._ports.database.write(lambda session: self._write(session, keys, now), turn="sns")
        if written:
            self._put()
        return written

    def _write(self, session: Session, keys: list[sns.SubscriptionKey], now: float) -> int:
        written = 0
        for key in keys:
            letters = sns.take_mails(
                session, key, signer=self._signer, owner="mail", limit=MAILS_AT_ONCE, until=now + LEASE_S, now=now
            )
            for letter in letters:
                mail = identities.service_mail(
                    self._ports,
                    self._settings,
                    region=key.topic.region,
                    sender=identities.topic_sender(self._settings),
                    recipient=letter.recipient,
                    subject=letter.subject,
                    text=letter.text,
                )
                queue.enqueue(session, mail, None)
            written += len(letters)
        return written
