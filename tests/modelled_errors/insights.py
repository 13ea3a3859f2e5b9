"""The errors of insights and of days' metrics; the texts were observed at SES."""

from __future__ import annotations

from tests.modelled_errors.provocation import Group, Provocation

_V2 = Group("sesv2")
_NEEDED = "To use this feature you must enable Virtual Deliverability Manager"

_QUERY = {"Id": "q", "Namespace": "VDM", "Metric": "SEND", "StartDate": 1_767_225_600, "EndDate": 1_767_312_000}

ALL: tuple[Provocation, ...] = (
    _V2.one("GetMessageInsights", "NotFoundException", _NEEDED, MessageId="none"),
    _V2.one("BatchGetMetricData", "NotFoundException", _NEEDED, Queries=[_QUERY]),
)
