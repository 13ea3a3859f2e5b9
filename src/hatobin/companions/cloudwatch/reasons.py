"""Why an alarm is in its state, in CloudWatch's words, and as data. Pure.

Ref: user guide, "Using Amazon CloudWatch alarms"; the sentences as notifications of AWS have them.
"""

from __future__ import annotations

from time import gmtime, strftime

import msgspec

from hatobin.companions.cloudwatch.alarms import Alarm, Evidence, State
from hatobin.companions.cloudwatch.queries import MetricQuery

CREATED = "Unchecked: Initial alarm creation"
MAX_REASON = 1023
MAX_REASON_DATA = 4000


def reason(alarm: Alarm, state: State, evidence: Evidence) -> str:
    """Word why an alarm came into a state."""
    number, missing = len(evidence.values), evidence.missing
    if state is State.INSUFFICIENT_DATA:
        return f"Insufficient Data: {_counted(missing, 'datapoint')} {'was' if missing == 1 else 'were'} unknown."
    if not number:
        treatment = {"breaching": "Breaching", "notBreaching": "NonBreaching"}.get(alarm.treat_missing_data, "Missing")
        was = "was" if missing == 1 else "were"
        return (
            f"Threshold Crossed: no datapoints were received for {_counted(missing, 'period')} and"
            f" {_counted(missing, 'missing datapoint')} {was} treated as [{treatment}]."
        )
    shown = ", ".join(f"{value} ({_minute(at)})" for at, value in evidence.values)
    threshold = f"{alarm.comparison} the threshold ({alarm.threshold})"
    if state is State.ALARM:
        breaching, enough = evidence.breaching, alarm.datapoints_to_alarm
        text = (
            f"Threshold Crossed: {breaching} out of the last {_counted(number, 'datapoint')} [{shown}]"
            f" {'was' if breaching == 1 else 'were'} {threshold}"
            f" (minimum {_counted(enough, 'datapoint')} for OK -> ALARM transition)."
        )
    else:
        was = "was" if number == 1 else "were"
        text = f"Threshold Crossed: {_counted(number, 'datapoint')} [{shown}] {was} not {threshold}."
    return text[:MAX_REASON]


def reason_data(alarm: Alarm, evidence: Evidence, now: float) -> str | None:
    """Give the same as JSON; None where it would be too long."""
    watched = next(query.what for query in alarm.queries.all if query.is_returned)
    data = {
        "version": "1.0",
        "queryDate": stamp(now),
        **({"startDate": stamp(evidence.values[-1][0])} if evidence.values else {}),
        **({"statistic": watched.statistic.name} if isinstance(watched, MetricQuery) else {}),
        "period": alarm.period,
        "recentDatapoints": [value for _, value in reversed(evidence.values)],
        "threshold": alarm.threshold,
        "evaluatedDatapoints": [{"timestamp": stamp(at), "value": value} for at, value in evidence.values],
    }
    text = msgspec.json.encode(data).decode()
    return text if len(text) <= MAX_REASON_DATA else None


def stamp(at: float) -> str:
    """Write a moment as alarms do.

    >>> stamp(1_767_268_800.25)
    '2026-01-01T12:00:00.250+0000'
    """
    milliseconds = round(at * 1000)
    return f"{strftime('%Y-%m-%dT%H:%M:%S', gmtime(milliseconds // 1000))}.{milliseconds % 1000:03d}+0000"


def _minute(at: int) -> str:
    return strftime("%d/%m/%y %H:%M:%S", gmtime(at))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
