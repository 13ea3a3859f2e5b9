"""How often one operation may be called: SES's throttling of everything but sending, where an operator wants it.

SES lets an account call each operation once a second and refuses the rest,
which programs must survive; sending has its own rate. Each worker counts for
itself, in memory.

Refs: SES API reference ("all actions except the sending ones are throttled at
one request per second"); generic cell rate algorithm (ITU-T I.371).
"""

from __future__ import annotations

from hatobin.words.errors import CallerError

MAX_COUNTED = 10_000
"""Pairs of caller and operation that are remembered; beyond it those that may call again are forgotten."""

_RATIONED = ("ses", "sesv2")
_TEXT = "Rate exceeded"


class Rationing:
    """Counts the calls of SES operations; `calls_per_second` of each for one account in one region."""

    def __init__(self, calls_per_second: float) -> None:
        self._cost_s = 0.0 if calls_per_second <= 0 else 1 / calls_per_second
        # As much as one second's worth may come at once, at least one call.
        self._ahead_s = max(0.0, 1.0 - self._cost_s)
        self._full_at: dict[tuple[str, str, str, str], float] = {}

    def check(self, service: str, operation: str, account_id: str, region: str, now: float) -> None:
        """Count a call; `now` in seconds of any clock that does not jump. Raises `CallerError` for one too many."""
        if not self._cost_s or service not in _RATIONED or operation.startswith("Send"):
            return
        caller = (account_id, region, service, operation)
        full_at = max(self._full_at.get(caller, 0.0), now)
        if full_at > now + self._ahead_s:
            raise _too_many(service)
        if len(self._full_at) >= MAX_COUNTED and caller not in self._full_at:
            self._full_at = {known: at for known, at in self._full_at.items() if at > now}
            if len(self._full_at) >= MAX_COUNTED:
                raise _too_many(service)
        self._full_at[caller] = full_at + self._cost_s


def _too_many(service: str) -> CallerError:
    if service == "sesv2":
        return CallerError("TooManyRequestsException", _TEXT, status=429)
    return CallerError("Throttling", _TEXT)
