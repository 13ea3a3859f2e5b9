"""When the DNS is looked at, for how long, and what a look means. Pure.

Refs: surface.md §4.7; AWS developer guide "verify-addresses-and-domains".
"""

from __future__ import annotations

from hatobin.capabilities.identities.model import CheckError, Status
from hatobin.ports import AnswerStatus

GIVES_UP_AFTER_S = 72 * 60 * 60
MIN_GAP_S = 30.0
MAX_GAP_S = 60 * 60.0
GAP_PER_AGE = 0.25
AGAIN_AFTER_S = 24 * 60 * 60.0
"""How often verified domains are looked at."""

ERRORS = {
    AnswerStatus.NXDOMAIN: CheckError.HOST_NOT_FOUND,
    AnswerStatus.NO_DATA: CheckError.TYPE_NOT_FOUND,
    AnswerStatus.FOUND: CheckError.INVALID_VALUE,
}
"""What an answer means that does not hold the record; any other status is no verdict."""


def next_gap_s(age_s: float) -> float:
    """Say how long to wait before the next look, by the age of the search.

    >>> next_gap_s(0), next_gap_s(600), next_gap_s(86_400)
    (30.0, 150.0, 3600.0)
    """
    return min(max(MIN_GAP_S, age_s * GAP_PER_AGE), MAX_GAP_S)


def next_status(status: Status, found: bool, error: CheckError | None, *, over: bool) -> Status:
    """Say how a verification stands after a look that found its records or did not."""
    if found:
        return Status.SUCCESS
    if status.holds:
        has_verdict = error is not CheckError.DNS_SERVER_ERROR
        return Status.FAILED if over and has_verdict else Status.TEMPORARY_FAILURE
    return Status.FAILED if over else Status.PENDING
