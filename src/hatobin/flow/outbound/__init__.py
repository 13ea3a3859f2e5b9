"""The way out: from a caller's request to a delivered message and its events.

Reads in this order: `api_v1`, `api_v2`, `smtp_door` (the doors) → `drafting`
→ `accept` with `decisions` → `dispatch` with `sign` → `settle`; `claim` and
`recover` bring back what waits and what a dead process left. `docs/flow.md`
follows one message through it.
"""

from __future__ import annotations

from hatobin.flow.outbound.accept import Acceptor
from hatobin.flow.outbound.dispatch import Dispatcher
from hatobin.flow.outbound.draft import Accepted, Draft, ListManagement, Origin, RenderedContent, RenderingFailure
from hatobin.flow.outbound.figures import Histogram, OutboundFigures
from hatobin.flow.outbound.recover import give_back_slot, take_slot
from hatobin.flow.outbound.refusals import Refusal
from hatobin.flow.outbound.settle import Settler
from hatobin.flow.outbound.settlement import Settlement, Settlements
from hatobin.flow.outbound.sign import Signer
from hatobin.flow.outbound.signals import Signals
from hatobin.flow.outbound.smtp_door import SmtpDoor, SmtpLogin

__all__ = [
    "Accepted",
    "Acceptor",
    "Dispatcher",
    "Draft",
    "Histogram",
    "ListManagement",
    "Origin",
    "OutboundFigures",
    "Refusal",
    "RenderedContent",
    "RenderingFailure",
    "Settlement",
    "Settlements",
    "Settler",
    "Signals",
    "Signer",
    "SmtpDoor",
    "SmtpLogin",
    "give_back_slot",
    "take_slot",
]
