"""Whether an account may send, and what its reputation has to do with that.

The account switches its sending itself. Beside that it is healthy, under
review, or was paused for its reputation (`EnforcementStatus` of GetAccount).
Who was paused and switches sending on again gets a fresh start: what was
before counts no more.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from hatobin.ports import Session

EnforcementStatus = Literal["HEALTHY", "PROBATION", "SHUTDOWN"]
"""As GetAccount says it: no issue, under review, paused (API reference v2, GetAccount)."""

_SELECT = """
SELECT enforcement, sending_enabled, fresh_start FROM account_settings
WHERE account_id = :account_id AND region = :region"""


class Enforcement(Struct, frozen=True):
    """How an account stands; `fresh_start` is 0 where it never had one."""

    status: EnforcementStatus = "HEALTHY"
    sending_enabled: bool = True
    fresh_start: float = 0.0


def enforcement(session: Session, account_id: str, region: str) -> Enforcement:
    """Give how the account stands in the region."""
    row = session.one(_SELECT, {"account_id": account_id, "region": region})
    if row is None:
        return Enforcement()
    return Enforcement(row[0] or "HEALTHY", row[1] is None or bool(row[1]), row[2] or 0.0)


def put_sending_enabled(session: Session, account_id: str, region: str, *, enabled: bool, now: float) -> None:
    """Pause or resume all sending of the account in the region, as the account wants it."""
    session.execute(
        """
        INSERT INTO account_settings (account_id, region, sending_enabled) VALUES (:account_id, :region, :enabled)
        ON CONFLICT (account_id, region) DO UPDATE SET sending_enabled = excluded.sending_enabled
        """,
        {"account_id": account_id, "region": region, "enabled": int(enabled)},
    )
    if enabled:
        session.execute(
            """UPDATE account_settings SET enforcement = NULL, fresh_start = :now
            WHERE account_id = :account_id AND region = :region AND enforcement = 'SHUTDOWN'""",
            {"account_id": account_id, "region": region, "now": now},
        )


def put_enforcement(session: Session, account_id: str, region: str, status: EnforcementStatus) -> None:
    """Say how the account stands; SHUTDOWN pauses its sending."""
    session.execute(
        """
        INSERT INTO account_settings (account_id, region, enforcement) VALUES (:account_id, :region, :status)
        ON CONFLICT (account_id, region) DO UPDATE SET enforcement = excluded.enforcement
        """,
        {"account_id": account_id, "region": region, "status": None if status == "HEALTHY" else status},
    )
    if status == "SHUTDOWN":
        session.execute(
            "UPDATE account_settings SET sending_enabled = 0 WHERE account_id = :account_id AND region = :region",
            {"account_id": account_id, "region": region},
        )
