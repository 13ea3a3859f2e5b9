"""Unsubscribing: a link of a message is followed, the contact's choices change, and a Subscription event says so.

Choice and event are one transaction. A message whose time is over (see
`retention`) still unsubscribes, but no event can tell of it any more.

Refs: RFC 8058; SES developer guide, "sending-email-subscription-management"
and event-publishing-retrieving-sns-contents, Subscription object.
"""

from __future__ import annotations

from collections.abc import Callable

from hatobin.capabilities import contacts, events, queue
from hatobin.capabilities.contacts import Choice, PreferenceChange, Preferences, SubscriptionLink, SubscriptionLinks
from hatobin.capabilities.events import Event
from hatobin.capabilities.queue import MessageKey
from hatobin.flow.outbound import Signals
from hatobin.ports import Entropy, Ports, Session
from hatobin.words.event import EventKind

HEADER_SOURCE = "UnsubscribeHeader"
PAGE_SOURCE = "PreferencePage"


class Subscriptions:
    """Answers the links."""

    def __init__(self, ports: Ports, links: SubscriptionLinks, signals: Signals) -> None:
        self._ports = ports
        self._links = links
        self._signals = signals

    async def show(self, token: str) -> tuple[str, Preferences] | None:
        """Give the recipient's address and what was chosen so far; None for a link that leads nowhere."""
        link = self._links.read(token)
        if link is None:
            return None
        found = await self._ports.database.read(lambda session: contacts.preferences(session, link))
        return None if found is None else (link.address, found)

    async def unsubscribe(self, token: str) -> bool:
        """Opt the recipient out of what the message was about; False for a link that leads nowhere."""
        return await self._change(token, HEADER_SOURCE, contacts.unsubscribe)

    async def choose(self, token: str, choice: Choice) -> bool:
        """Record what the recipient chose on the page; False for a link that leads nowhere."""
        return await self._change(
            token, PAGE_SOURCE, lambda session, link, now: contacts.choose(session, link, choice, now)
        )

    async def _change(
        self, token: str, source: str, work: Callable[[Session, SubscriptionLink, float], PreferenceChange | None]
    ) -> bool:
        link = self._links.read(token)
        if link is None:
            return False
        now = self._ports.clock.now()

        entropy = self._ports.entropy

        def change(session: Session) -> events.Recorded | None:
            changed = work(session, link, now)
            return None if changed is None else _tell(session, link, changed, source, now, entropy)

        recorded = await self._ports.database.write(change)
        if recorded is None:
            return False
        self._signals.recorded(recorded)
        return True


def _tell(
    session: Session, link: SubscriptionLink, change: PreferenceChange, source: str, now: float, entropy: Entropy
) -> events.Recorded:
    """Record the event of a choice that differs from the one before."""
    if not change.differs:
        return events.Recorded()
    key = MessageKey(link.account_id, link.region, link.message_id)
    message = queue.message(session, key)
    if message is None:
        return events.Recorded()
    detail = events.subscription_detail(change, at=now, source=source)
    event = Event(key, message.configuration_set, EventKind.SUBSCRIPTION, now, detail)
    return events.record(session, event, entropy=entropy)
