"""Rules, targets and events as values, and EventBridge's limits.

Refs: Amazon EventBridge API reference 2015-10-07 (PutRule, PutTargets, PutEvents), user guide "Amazon EventBridge
quotas", "Event structure reference".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from hatobin.protocols.aws.arn import parse_arn

MAX_RULES = 300
"""Of an event bus."""
MAX_TARGETS = 5
"""Of a rule."""
MAX_ENTRIES_BYTES = 256 * 1024
"""Of one PutEvents, counted as the API reference says."""
MAX_TAGS = 50
PAGE_SIZE = 100
DEFAULT_BUS = "default"
ENABLED: Final = "ENABLED"

RuleState = Literal["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"]
_RULE = "rule/"


@dataclass(frozen=True, slots=True)
class RuleKey:
    """Which rule: what its ARN says."""

    account_id: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The rule's ARN.

        >>> RuleKey("123456789012", "us-east-1", "bounces").arn
        'arn:aws:events:us-east-1:123456789012:rule/bounces'
        """
        return f"arn:aws:events:{self.region}:{self.account_id}:{_RULE}{self.name}"

    @classmethod
    def from_arn(cls, text: str) -> RuleKey | None:
        """Read the ARN of a rule of the default bus; None when the text is none."""
        arn = parse_arn(text)
        if arn is None or arn.service != "events" or not arn.resource.startswith(_RULE):
            return None
        name = arn.resource.removeprefix(_RULE).removeprefix(f"{DEFAULT_BUS}/")
        return cls(arn.account_id, arn.region, name) if name and "/" not in name else None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule; `pattern` is its text."""

    key: RuleKey
    pattern: str
    state: RuleState
    description: str | None
    role_arn: str | None
    tags: tuple[tuple[str, str], ...] = ()


class TargetSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """What of an event a target gets, and where it goes when the target does not take it."""

    role_arn: str | None = None
    input: str | None = None
    input_path: str | None = None
    paths: dict[str, str] | None = None
    template: str | None = None
    dead_letter_arn: str | None = None
    retry: tuple[int | None, int | None] | None = None
    """RetryPolicy: attempts and age; shown again, as nothing here is tried twice."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where what a rule matches goes: a topic, queue or function of the same account and region."""

    target_id: str
    arn: str
    settings: TargetSettings


class BusEvent(msgspec.Struct, frozen=True):
    """An event on the bus; `detail` is the text of a JSON object. `time` is text, to the second."""

    event_id: str
    detail_type: str
    source: str
    account_id: str
    region: str
    time: str
    resources: Sequence[str]
    detail: str

    def text(self) -> str:
        """Write the event as targets get it; the detail stays as it was given."""
        return msgspec.json.encode(
            {
                "version": "0",
                "id": self.event_id,
                "detail-type": self.detail_type,
                "source": self.source,
                "account": self.account_id,
                "time": self.time,
                "region": self.region,
                "resources": self.resources,
                "detail": msgspec.Raw(self.detail.encode()),
            }
        ).decode()


@dataclass(frozen=True, slots=True)
class Match:
    """An event that a rule matched, for one of the rule's targets."""

    rule: RuleKey
    target: Target
    body: str


Json = Any
"""A value that JSON can hold."""
