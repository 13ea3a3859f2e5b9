"""The mailbox simulator: addresses that behave in a known way, in every mode.

Mail to them never leaves this server. Refs: SES developer guide,
"send-an-email-from-console" (success, bounce, ooto, complaint,
suppressionlist; labels with "+").
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from hatobin.words.outcome import Bounced, BounceSubType, BounceType, Delivered, Hop, Outcome
from hatobin.words.reply import Reply

SIMULATOR_DOMAIN = "simulator.amazonses.com"


class Afterwards(Enum):
    """What follows a simulated delivery."""

    NOTHING = "nothing"
    COMPLAINT = "complaint"
    OUT_OF_OFFICE = "out of office"


class Simulated(Struct, frozen=True):
    """The outcome at once, and what comes after it."""

    outcome: Outcome
    afterwards: Afterwards


_HOP = Hop(host="a.simulator.amazonses.com", remote_ip="127.0.0.1", local_ip="127.0.0.1")
_TAKEN = Delivered(Reply.of(250, "2.6.0 Message received"), _HOP)
_BOUNCE = Bounced(
    BounceType.PERMANENT, BounceSubType.GENERAL, Reply.of(550, "5.1.1 user unknown"), _HOP, recipient_fault=False
)
_SUPPRESSED = Bounced(
    BounceType.PERMANENT,
    BounceSubType.SUPPRESSED,
    Reply.of(550, "5.1.1 Amazon SES has suppressed sending to this address because it has a recent history of "
             "bouncing as an invalid address"),
    _HOP,
    recipient_fault=False,
)  # fmt: skip


def is_simulator(domain: str) -> bool:
    """Say whether a recipient's domain is the simulator's."""
    return domain == SIMULATOR_DOMAIN


def simulate(address: str) -> Simulated:
    """Play the part of an address; labels are ignored, unknown names do not exist.

    A simulated bounce is never the recipient's fault, so it neither counts
    for the reputation nor reaches the suppression list.
    """
    name = address.rpartition("@")[0].partition("+")[0].lower()
    match name:
        case "success":
            return Simulated(_TAKEN, Afterwards.NOTHING)
        case "complaint":
            return Simulated(_TAKEN, Afterwards.COMPLAINT)
        case "ooto":
            return Simulated(_TAKEN, Afterwards.OUT_OF_OFFICE)
        case "suppressionlist":
            return Simulated(_SUPPRESSED, Afterwards.NOTHING)
        case _:
            return Simulated(_BOUNCE, Afterwards.NOTHING)
