"""Who may break a rule, and why. A waiver that is not needed any more fails its test."""

from __future__ import annotations

from fnmatch import fnmatch

GENERATED_MODELS = "generated from the service models by tools/generate_models, never edited by hand"

# Path pattern, rule, reason. Rules: "module size", "function size", "docstring".
WAIVERS: tuple[tuple[str, str, str], ...] = (
    ("src/hatobin/gateway/models/*.py", "module size", GENERATED_MODELS),
    ("src/hatobin/gateway/models/*.py", "docstring", GENERATED_MODELS),
)


def waived(path: str, rule: str) -> bool:
    """Say whether this file may break this rule."""
    return any(named == rule and fnmatch(path, pattern) for pattern, named, _ in WAIVERS)


# Tables whose key does not begin with the account, and why that does no harm.
KEYED_OTHERWISE: dict[str, str] = {
    "queue_worker": "a worker serves all accounts",
    "worker_figures": "a worker serves all accounts",
    "outward_place": "the configuration serves all accounts",
    "event_record": "the key is the order in which things happened; rows carry their account",
    "firehose_buffer": "the key is the order in which octets were put; rows carry their account",
    "logs_event": "the key is the order in which events came in; rows carry their account",
    "event_outbox": "the key is the order in which events leave; rows carry their account",
    "cloudwatch_alarm_history": "the key is the order in which things happened; rows carry their account",
    "sqs_message": "the key is the order in which messages were sent; rows carry their account",
    "inbox_message": "the key is the order of arrival in the local inbox; rows carry their account",
}
