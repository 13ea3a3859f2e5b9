"""SQS beside SES: standard queues, durable and local.

A queue holds messages until someone deletes them or their retention ends.
Receiving takes a message out of sight for the visibility timeout; who does
not delete it in time gives it to the next receiver, and after
`maxReceiveCount` receipts it moves to the dead-letter queue. There are no
FIFO queues and no queue policies: a queue serves its own account.

Other rooms deliver with `deliver`, or many messages with `Intake`, inside their transaction and wake long
polls with `SqsWaiters.notify` after it. `QueueUpkeep` ends retention.
"""

from __future__ import annotations

from hatobin.companions.sqs import api_messages, api_queues
from hatobin.companions.sqs.delivery import Intake, deliver, deposit, queue_exists, queue_here
from hatobin.companions.sqs.model import MessageAttribute, Queue, QueueKey
from hatobin.companions.sqs.upkeep import QueueUpkeep
from hatobin.companions.sqs.waiters import SqsWaiters

__all__ = [
    "Intake",
    "MessageAttribute",
    "Queue",
    "QueueKey",
    "QueueUpkeep",
    "SqsWaiters",
    "api_messages",
    "api_queues",
    "deliver",
    "deposit",
    "queue_exists",
    "queue_here",
]
