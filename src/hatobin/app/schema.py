"""The whole schema: what the rooms say it is today, and the numbered steps that lead there.

Rooms own their tables: a room's `schema.sql` says what they are. A store is
brought there by the files of `migrations/`, `NNNN_name.sql` in the common
statement language, applied in their order and each once. A test compares the
two ways, so a change of a room's `schema.sql` needs a migration beside it.
"""

from __future__ import annotations

from pathlib import Path

import hatobin
from hatobin.adapters.migrations import Migration

VOLATILE_TABLES = frozenset(
    [
        "account_minutes",
        "account_quota",
        "account_rate",
        "account_statistics",
        "sending_hours",
        "vdm_days",
        "queue_body",
        "queue_message",
        "queue_recipient",
        "queue_total",
        "queue_worker",
        "worker_figures",
        "inbox_message",
        "event_outbox",
        "event_record",
        "suppressed_destinations",
        "contacts",
        "verification_links",
        "cloudwatch_alarm",
        "cloudwatch_alarm_history",
        "cloudwatch_point",
        "cloudwatch_total",
        "sns_delivered",
        "sns_delivery",
        "sqs_message",
        "sqs_retired",
        "outward_call",
        "outward_target",
        "firehose_batch",
        "firehose_buffer",
        "firehose_octets",
        "lambda_invocation",
        "logs_event",
        "logs_stream",
        "s3_object",
        "s3_part",
        "s3_piece",
        "s3_retired",
        "s3_upload",
    ]
)
"""Tables that are written all the time: nothing that `Session.memo` keeps is read from them (a test sees to it)."""

_ROOT = Path(hatobin.__file__).parent
_MIGRATIONS = _ROOT / "app" / "migrations"


def schema() -> str:
    """Give the statements that create every table, in the order of the rooms' paths."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(_ROOT.glob("*/*/schema.sql")))


def migrations() -> list[Migration]:
    """Give the steps from an empty store to today's schema, in their order."""
    found: list[Migration] = []
    for path in sorted(_MIGRATIONS.glob("*.sql")):
        number, _, name = path.stem.partition("_")
        found.append(Migration(int(number), name, path.read_text(encoding="utf-8")))
    return found
