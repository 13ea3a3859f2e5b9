"""Deliveries without a network: into the local inbox, and to the addresses of the mailbox simulator.

What goes into the inbox is delivered by the transaction that accepts it, if
that can be: one fsync instead of two. Only what was queued before (under
another mode, or by the service itself) passes through the stages.
"""

from __future__ import annotations

from hatobin.capabilities.delivery import Afterwards, simulate
from hatobin.capabilities.queue import QueuedRecipient, ReadyMessage
from hatobin.flow.outbound.settlement import Settlement
from hatobin.words.outcome import Delivered, Hop, Outcome
from hatobin.words.reply import Reply

IN_INBOX = Delivered(
    Reply.of(250, "2.0.0 Ok: kept in the local inbox"),
    Hop(host="local inbox", local_ip="127.0.0.1", remote_ip="127.0.0.1"),
)
"""The outcome of whatever the inbox takes."""


def kept(message: ReadyMessage, now: float, *, head: bytes = b"") -> Settlement:
    """Keep a message for the inbox; `head` is its header where its content lies in the blob store."""
    outcomes = tuple((recipient, IN_INBOX) for recipient in message.recipients)
    return Settlement(message, outcomes, now, to_inbox=True, head=head)


def simulated(message: ReadyMessage, now: float) -> Settlement:
    """Let the simulator's addresses do what their names say."""
    outcomes: list[tuple[QueuedRecipient, Outcome]] = []
    afterwards: list[tuple[QueuedRecipient, Afterwards]] = []
    for recipient in message.recipients:
        reaction = simulate(recipient.address)
        outcomes.append((recipient, reaction.outcome))
        afterwards.append((recipient, reaction.afterwards))
    return Settlement(message, tuple(outcomes), now, afterwards=tuple(afterwards))
