"""Identifiers that SES hands out: message ids, feedback ids, ARNs of identities.

A message id reads PPPPTTTTTTTTTTTT-<uuid>-000000: four hex digits for the
region, twelve for the milliseconds since the epoch, a UUID, a constant tail.
Because the time comes first, ids of one region sort by acceptance: range
queries over a day need no index of their own.

Refs: SES developer guide, "header-fields"; observed ids of several regions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

# Observed prefixes. Deviates: regions not in this table use the prefix of
# us-east-1, since no public source lists theirs.
_REGION_PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "us-east-1": "0100",
        "us-west-2": "0101",
        "eu-west-1": "0102",
        "sa-east-1": "0103",
        "ap-northeast-1": "0106",
        "eu-central-1": "0107",
        "ap-southeast-2": "0108",
        "ap-south-1": "0109",
        "eu-west-2": "010b",
        "ap-northeast-2": "010c",
        "ca-central-1": "010d",
        "ap-southeast-1": "010e",
        "us-east-2": "010f",
    }
)
_DEFAULT_PREFIX = "0100"
MESSAGE_ID_LENGTH = 60
_COUNTED = 4096


def message_id(region: str, now_s: float, uuid: str) -> str:
    """Make the id of a message accepted at `now_s` (seconds since the epoch) in `region`.

    >>> message_id("ap-southeast-2", 1646870407.463, "11111111-2222-4333-8444-555555555555")
    '0108017f71202927-11111111-2222-4333-8444-555555555555-000000'
    """
    return f"{_REGION_PREFIXES.get(region, _DEFAULT_PREFIX)}{int(now_s * 1000):012x}-{uuid}-000000"


def ordered_uuid(now_s: float, uuid: str) -> str:
    """Make a UUID that sorts by its time (RFC 9562 §5.7) out of a random one.

    For keys of rows that are written by the thousand: they go to one end of their index.

    >>> ordered_uuid(1646870407.463, "11111111-2222-4333-8444-555555555555")
    '017f7120-2927-7333-8444-555555555555'
    """
    return f"{_ordered(int(now_s * 1000))}{uuid[15:]}"


def ordered_uuids(now_s: float, uuid: Callable[[], str], count: int) -> list[str]:
    """Make UUIDs as `ordered_uuid` does, that sort as they are given; `uuid` gives random ones.

    A counter of twelve bits stands in place of the first random digits (RFC 9562 §6.2, method 1).

    >>> ordered_uuids(1646870407.463, lambda: "11111111-2222-4333-8444-555555555555", 2)[1]
    '017f7120-2927-7001-8444-555555555555'
    """
    opening, made = _ordered(int(now_s * 1000)), list[str]()
    for begin in range(0, count, _COUNTED):
        rest = uuid()[18:]
        made += [f"{opening}{number:03x}{rest}" for number in range(min(_COUNTED, count - begin))]
    return made


@lru_cache(maxsize=16)
def _ordered(milliseconds: int) -> str:
    """Write what the ids of one moment begin with: they are made by the dozen."""
    digits = f"{milliseconds:012x}"
    return f"{digits[:8]}-{digits[8:]}-7"


feedback_id = message_id
"""Feedback ids of bounces and complaints have the same form."""


def id_bound(region: str, before_s: float) -> str:
    """Give what every id of `region` made before `before_s` sorts below, and every later one does not.

    >>> id_bound("ap-southeast-2", 1646870407.463)
    '0108017f71202927'
    """
    return message_id(region, max(0.0, before_s), "")[:16]


def accepted_at_s(identifier: str) -> float:
    """Read back when a message was accepted, in seconds since the epoch. Raises `ValueError`."""
    return int(identifier[4:16], 16) / 1000


def identity_arn(account_id: str, region: str, identity: str) -> str:
    """Name an identity as policies and events do."""
    return f"arn:aws:ses:{region}:{account_id}:identity/{identity}"
