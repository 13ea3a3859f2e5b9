"""What SES tells the default event bus of findings and of sending that is switched.

Refs: SES developer guide, "tenants", setting up EventBridge notifications (both details, to the member; the time is
a list as Java writes it); EventBridge reference, "Amazon Simple Email Service events" (the detail types).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec

from hatobin.capabilities import events
from hatobin.capabilities.reputation.store import Resource
from hatobin.capabilities.tenants import DISABLED, StatusRecord
from hatobin.ports import Session

Origin = Literal["CUSTOMER_MANAGED", "AWS_MANAGED"]
"""Who switched: the account, or its reputation."""
OPENED, RESOLVED = "Advisor Recommendation Status Open", "Advisor Recommendation Status Resolved"
_VERSION = "1.0.0"


def tell_finding(
    session: Session, resource: Resource, detail_type: str, facts: tuple[str, str, str], now: float
) -> None:
    """Tell of a finding that was opened or resolved: its description, impact and type."""
    description, impact, kind = facts
    detail = {"version": _VERSION, "data": description, "metadata": {"impact": impact, "type": kind}}
    _tell(session, resource, detail_type, detail, now)


def tell_status(session: Session, resource: Resource, record: StatusRecord, origin: Origin) -> None:
    """Tell that sending was switched."""
    at = datetime.fromtimestamp(record.at, UTC)
    written: dict[str, object] = {"status": record.status}
    if record.cause is not None:
        written["cause"] = record.cause
    written["lastUpdatedTimestamp"] = [*at.timetuple()[:6], at.microsecond // 1000 * 1_000_000]
    detail = {"version": _VERSION, "data": {"origin": origin, "record": written}}
    kind = "Sending Status Disabled" if record.status == DISABLED else "Sending Status Enabled"
    _tell(session, resource, kind, detail, record.at)


def _tell(session: Session, resource: Resource, detail_type: str, detail: object, now: float) -> None:
    text = msgspec.json.encode(detail).decode()
    events.record_change(session, resource.account_id, resource.region, detail_type, resource.arn, text, now)
