"""The SQL of an account's own settings and its statistics; `quota` holds that of the quotas."""

from __future__ import annotations

import msgspec

from hatobin.capabilities.account.model import (
    DEFAULT_SUPPRESSED_REASONS,
    STATISTICS_KEPT_S,
    STATISTICS_POINT_S,
    AccountStanding,
    SendLimits,
    StatisticsPoint,
    default_limits,
)
from hatobin.ports import Session
from hatobin.words.settings import Settings

_reasons = msgspec.json.Decoder(tuple[str, ...])

_SELECT = """
SELECT sending_enabled, production_access, suppressed_reasons, max_send_rate, max_24_hour_send
FROM account_settings WHERE account_id = :account_id AND region = :region
"""


def standing(session: Session, account_id: str, region: str, settings: Settings) -> AccountStanding:
    """Give all that sending needs to know of an account, in one statement."""
    row = session.one(_SELECT, {"account_id": account_id, "region": region})
    enabled, production, reasons, rate, quota = row if row is not None else (None, None, None, None, None)
    sandboxed = settings.account.sandbox if production is None else not production
    default = default_limits(settings, sandboxed=sandboxed)
    return AccountStanding(
        sending_enabled=enabled is None or bool(enabled),
        sandboxed=sandboxed,
        suppressed_reasons=DEFAULT_SUPPRESSED_REASONS if reasons is None else _reasons.decode(reasons),
        limits=SendLimits(
            default.max_send_rate if rate is None else rate, default.max_24_hour_send if quota is None else quota
        ),
    )


def sandboxed(session: Session, account_id: str, region: str, settings: Settings) -> bool:
    """Say whether the account may send only to verified recipients."""
    return standing(session, account_id, region, settings).sandboxed


def sending_enabled(session: Session, account_id: str, region: str) -> bool:
    """Say whether the account may send at all; on unless it was paused."""
    row = session.one(_SELECT, {"account_id": account_id, "region": region})
    return row is None or row[0] is None or bool(row[0])


def put_suppressed_reasons(session: Session, account_id: str, region: str, reasons: tuple[str, ...]) -> None:
    """Set for which reasons recipients are suppressed; an empty tuple turns suppression off."""
    session.execute(
        """
        INSERT INTO account_settings (account_id, region, suppressed_reasons) VALUES (:account_id, :region, :reasons)
        ON CONFLICT (account_id, region) DO UPDATE SET suppressed_reasons = excluded.suppressed_reasons
        """,
        {"account_id": account_id, "region": region, "reasons": msgspec.json.encode(reasons).decode()},
    )


def put_production_access(
    session: Session,
    account_id: str,
    region: str,
    *,
    granted: bool,
    max_send_rate: float | None = None,
    max_24_hour_send: int | None = None,
) -> None:
    """Take the account out of the sandbox of this region, or put it back.

    The limits become the account's own; None leaves each to the settings.
    """
    session.execute(
        """
        INSERT INTO account_settings (account_id, region, production_access, max_send_rate, max_24_hour_send)
        VALUES (:account_id, :region, :granted, :max_send_rate, :max_24_hour_send)
        ON CONFLICT (account_id, region) DO UPDATE SET production_access = excluded.production_access,
          max_send_rate = excluded.max_send_rate, max_24_hour_send = excluded.max_24_hour_send
        """,
        {
            "account_id": account_id,
            "region": region,
            "granted": int(granted),
            "max_send_rate": max_send_rate,
            "max_24_hour_send": max_24_hour_send,
        },
    )


def count(
    session: Session,
    account_id: str,
    region: str,
    now: float,
    *,
    delivered: int = 0,
    bounced: int = 0,
    complained: int = 0,
    rejected: int = 0,
) -> None:
    """Add recipients to the current point of GetSendStatistics.

    Delivered and bounced ones are the API's delivery attempts. The first count
    of a point also drops what is older than two weeks.
    """
    point = int(now) // STATISTICS_POINT_S * STATISTICS_POINT_S
    row = session.one(
        """
        INSERT INTO account_statistics (account_id, region, starts_at, attempts, bounces, complaints, rejects)
        VALUES (:account_id, :region, :point, :attempts, :bounces, :complaints, :rejects)
        ON CONFLICT (account_id, region, starts_at) DO UPDATE SET
          attempts = account_statistics.attempts + excluded.attempts,
          bounces = account_statistics.bounces + excluded.bounces,
          complaints = account_statistics.complaints + excluded.complaints,
          rejects = account_statistics.rejects + excluded.rejects
        RETURNING attempts, bounces, complaints, rejects
        """,
        {
            "account_id": account_id,
            "region": region,
            "point": point,
            "attempts": delivered + bounced,
            "bounces": bounced,
            "complaints": complained,
            "rejects": rejected,
        },
    )
    if row == (delivered + bounced, bounced, complained, rejected):
        session.execute(
            """
            DELETE FROM account_statistics
            WHERE account_id = :account_id AND region = :region AND starts_at < :oldest
            """,
            {"account_id": account_id, "region": region, "oldest": point - STATISTICS_KEPT_S},
        )


def statistics(session: Session, account_id: str, region: str, now: float) -> list[StatisticsPoint]:
    """Give the points of the last two weeks, the oldest first; quiet quarters have none."""
    rows = session.execute(
        """
        SELECT starts_at, attempts, bounces, complaints, rejects FROM account_statistics
        WHERE account_id = :account_id AND region = :region AND starts_at >= :oldest
        ORDER BY starts_at
        """,
        {"account_id": account_id, "region": region, "oldest": int(now) - STATISTICS_KEPT_S},
    )
    return [StatisticsPoint(*row) for row in rows]
