"""The errors of insights and of days' metrics; the texts were observed at SES."""

from __future__ import annotations

from tests.modelled_errors.provocation import Group, Provocation

_V2 = Group("sesv2")
_NEEDED = "To use this feature you must enable Virtual Deliverability Manager"

ALL: tuple[Provocation, ...] = (_V2.one("GetMessageInsights", "NotFoundException", _NEEDED, MessageId="none"),)
