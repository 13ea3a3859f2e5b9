"""The SQL of rules and targets."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hatobin.companions.eventbridge.model import Rule, RuleKey, Target, TargetSettings
from hatobin.ports import Row, Session, Value

_COLUMNS = "account_id, region, rule_name, pattern, state, description, role_arn, tags"
_ONE = "account_id = :account_id AND region = :region AND rule_name = :rule_name"
_encode = msgspec.json.Encoder().encode
_settings = msgspec.json.Decoder(TargetSettings).decode
_tags = msgspec.json.Decoder(tuple[tuple[str, str], ...]).decode


def find_rule(session: Session, key: RuleKey) -> Rule | None:
    """Give a rule; None when there is none of this name."""
    row = session.one(f"SELECT {_COLUMNS} FROM eventbridge_rule WHERE {_ONE}", _parameters(key))
    return None if row is None else _rule(row)


def put_rule(session: Session, rule: Rule) -> None:
    """Make a rule, or change all of it but its tags."""
    session.execute(
        f"""INSERT INTO eventbridge_rule ({_COLUMNS})
        VALUES (:account_id, :region, :rule_name, :pattern, :state, :description, :role_arn, :tags)
        ON CONFLICT (account_id, region, rule_name) DO UPDATE SET pattern = excluded.pattern, state = excluded.state,
            description = excluded.description, role_arn = excluded.role_arn""",
        {
            **_parameters(rule.key),
            "pattern": rule.pattern,
            "state": rule.state,
            "description": rule.description,
            "role_arn": rule.role_arn,
            "tags": _encode(rule.tags).decode(),
        },
    )


def set_state(session: Session, key: RuleKey, state: str) -> None:
    """Switch a rule on or off."""
    session.execute(f"UPDATE eventbridge_rule SET state = :state WHERE {_ONE}", {**_parameters(key), "state": state})


def set_tags(session: Session, key: RuleKey, tags: Sequence[tuple[str, str]]) -> None:
    """Replace the tags of a rule."""
    session.execute(
        f"UPDATE eventbridge_rule SET tags = :tags WHERE {_ONE}",
        {**_parameters(key), "tags": _encode(tags).decode()},
    )


def delete_rule(session: Session, key: RuleKey) -> None:
    """Remove a rule."""
    session.execute(f"DELETE FROM eventbridge_rule WHERE {_ONE}", _parameters(key))


def count_rules(session: Session, account_id: str, region: str) -> int:
    """Count the rules of an account in a region."""
    row = session.one(
        "SELECT COUNT(*) FROM eventbridge_rule WHERE account_id = :account_id AND region = :region",
        {"account_id": account_id, "region": region},
    )
    return int(row[0]) if row else 0


def list_rules(session: Session, account_id: str, region: str, *, prefix: str, after: str, limit: int) -> list[Rule]:
    """Give up to `limit` rules whose names begin with `prefix` and follow `after`, by name."""
    rows = session.execute(
        f"""SELECT {_COLUMNS} FROM eventbridge_rule
        WHERE account_id = :account_id AND region = :region AND rule_name > :after
            AND substr(rule_name, 1, :length) = :prefix
        ORDER BY rule_name LIMIT :limit""",
        {
            "account_id": account_id,
            "region": region,
            "after": after,
            "prefix": prefix,
            "length": len(prefix),
            "limit": limit,
        },
    )
    return [_rule(row) for row in rows]


def enabled_rules(session: Session, account_id: str, region: str) -> list[Rule]:
    """Give the rules that are asked of every event, by name."""
    rows = session.execute(
        f"""SELECT {_COLUMNS} FROM eventbridge_rule
        WHERE account_id = :account_id AND region = :region AND state <> 'DISABLED' ORDER BY rule_name""",
        {"account_id": account_id, "region": region},
    )
    return [_rule(row) for row in rows]


def targets(session: Session, key: RuleKey, *, after: str = "", limit: int = 100) -> list[Target]:
    """Give up to `limit` targets of a rule that follow `after`, by id."""
    rows = session.execute(
        f"""SELECT target_id, arn, settings FROM eventbridge_target WHERE {_ONE} AND target_id > :after
        ORDER BY target_id LIMIT :limit""",
        {**_parameters(key), "after": after, "limit": limit},
    )
    return [Target(target_id, arn, _settings(settings)) for target_id, arn, settings in rows]


def put_target(session: Session, key: RuleKey, target: Target) -> None:
    """Give a rule a target, in place of the one with the same id."""
    session.execute(
        """INSERT INTO eventbridge_target (account_id, region, rule_name, target_id, arn, settings, failed)
        VALUES (:account_id, :region, :rule_name, :target_id, :arn, :settings, 0)
        ON CONFLICT (account_id, region, rule_name, target_id)
        DO UPDATE SET arn = excluded.arn, settings = excluded.settings""",
        {
            **_parameters(key),
            "target_id": target.target_id,
            "arn": target.arn,
            "settings": _encode(target.settings).decode(),
        },
    )


def remove_target(session: Session, key: RuleKey, target_id: str) -> bool:
    """Take a target from a rule; false when it has none of this id."""
    rows = session.execute(
        f"DELETE FROM eventbridge_target WHERE {_ONE} AND target_id = :target_id RETURNING target_id",
        {**_parameters(key), "target_id": target_id},
    )
    return bool(rows)


def count_failed(session: Session, key: RuleKey, target_id: str) -> None:
    """Count an event that neither a target nor its dead-letter queue took."""
    session.execute(
        f"UPDATE eventbridge_target SET failed = failed + 1 WHERE {_ONE} AND target_id = :target_id",
        {**_parameters(key), "target_id": target_id},
    )


def failed_targets(session: Session) -> list[tuple[RuleKey, str, int]]:
    """Give the targets that have missed events: the rule, the target's ARN, and how many."""
    rows = session.execute("SELECT account_id, region, rule_name, arn, failed FROM eventbridge_target WHERE failed > 0")
    return [(RuleKey(row[0], row[1], row[2]), row[3], int(row[4])) for row in rows]


def rule_names_by_target(
    session: Session, account_id: str, region: str, arn: str, *, after: str, limit: int
) -> list[str]:
    """Give up to `limit` names of rules that have this target and follow `after`."""
    rows = session.execute(
        """SELECT DISTINCT rule_name FROM eventbridge_target
        WHERE account_id = :account_id AND region = :region AND arn = :arn AND rule_name > :after
        ORDER BY rule_name LIMIT :limit""",
        {"account_id": account_id, "region": region, "arn": arn, "after": after, "limit": limit},
    )
    return [name for (name,) in rows]


def _parameters(key: RuleKey) -> dict[str, Value]:
    return {"account_id": key.account_id, "region": key.region, "rule_name": key.name}


def _rule(row: Row) -> Rule:
    account_id, region, name, pattern, state, description, role_arn, tags = row
    return Rule(RuleKey(account_id, region, name), pattern, state, description, role_arn, _tags(tags))
