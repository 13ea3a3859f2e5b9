"""What follows a commit: waking those who deliver and those who wait."""

from __future__ import annotations

from hatobin.companions import lambda_, sns, sqs
from hatobin.companions.eventbridge.routing import Delivered
from hatobin.gateway import Services


def announce(services: Services, delivered: Delivered) -> None:
    """Wake long polls and the workers of this process; to be called after the commit, on the event loop."""
    if delivered.published is not None:
        sns.announce(services, delivered.published)
    if delivered.is_invoked:
        services.get(lambda_.EventInvocations).notify()
    services.get(sqs.SqsWaiters).notify_all(delivered.queues)
