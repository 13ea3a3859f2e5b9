"""What follows a commit: waking those who deliver and those who wait."""

from __future__ import annotations

from hatobin.companions.lambda_ import EventInvocations
from hatobin.companions.sns.deliveries import SnsDeliveries
from hatobin.companions.sns.model import Published
from hatobin.companions.sqs import SqsWaiters
from hatobin.gateway import Services


def announce(services: Services, published: Published) -> None:
    """Wake long polls and the workers of this process; to be called after the commit, on the event loop."""
    services.get(SqsWaiters).notify_all(published.queues)
    if published.posts:
        services.get(SnsDeliveries).notify()
    if published.invocations:
        services.get(EventInvocations).notify()
