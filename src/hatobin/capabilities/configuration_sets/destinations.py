"""Event destinations as values: the five kinds of target, and what makes one valid. Pure.

Refs: AWS developer guide "monitor-sending-using-event-publishing"; surface.md
§1.5, §4.1 (ten dimensions), appendix E; API reference v1 and v2,
CloudWatchDimensionConfiguration (characters and lengths; v1 also names the colon).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from hatobin.capabilities.configuration_sets.names import InvalidSet
from hatobin.protocols.aws.arn import Arn, parse_arn

MAX_EVENT_DESTINATIONS = 10
"""Per configuration set."""
MAX_DIMENSIONS = 10
"""Of one CloudWatch destination."""
MAX_DIMENSION_LENGTH = 256

_DIMENSION_NAME = re.compile(r"[A-Za-z0-9_\-:]+", re.ASCII)
_DIMENSION_VALUE = re.compile(r"[A-Za-z0-9_\-@.]+", re.ASCII)


class SnsTarget(msgspec.Struct, frozen=True, tag="SNS"):
    """A topic of the set's account and region."""

    topic_arn: str


class FirehoseTarget(msgspec.Struct, frozen=True, tag="KINESIS_FIREHOSE"):
    """A delivery stream, and the role that may write to it."""

    iam_role_arn: str
    delivery_stream_arn: str


class Dimension(msgspec.Struct, frozen=True):
    """One dimension of a metric: MESSAGE_TAG, EMAIL_HEADER or LINK_TAG gives its value."""

    name: str
    source: str
    default: str


class CloudWatchTarget(msgspec.Struct, frozen=True, tag="CLOUD_WATCH"):
    """Metrics by these dimensions."""

    dimensions: tuple[Dimension, ...]

    @property
    def asks_tags_alone(self) -> bool:
        """Whether all values come from the tags of a message."""
        return all(dimension.source == "MESSAGE_TAG" for dimension in self.dimensions)


class EventBridgeTarget(msgspec.Struct, frozen=True, tag="EVENT_BRIDGE"):
    """The default event bus of the account."""

    event_bus_arn: str


class PinpointTarget(msgspec.Struct, frozen=True, tag="PINPOINT"):
    """A Pinpoint project. `application_arn` is always there once it was checked."""

    application_arn: str | None


Target = SnsTarget | FirehoseTarget | CloudWatchTarget | EventBridgeTarget | PinpointTarget


@dataclass(frozen=True, slots=True)
class EventDestination:
    """Where events of a set go. `event_types` are v2's names, in the caller's order."""

    name: str
    enabled: bool
    event_types: tuple[str, ...]
    target: Target

    @property
    def topic_arn(self) -> str | None:
        """The topic to publish to; None for the other kinds."""
        return self.target.topic_arn if isinstance(self.target, SnsTarget) else None

    @property
    def target_arn(self) -> str | None:
        """What events are published to here: a topic, a delivery stream or an event bus; None for the other kinds."""
        match self.target:
            case SnsTarget(topic_arn):
                return topic_arn
            case FirehoseTarget(delivery_stream_arn=arn):
                return arn
            case EventBridgeTarget(event_bus_arn):
                return event_bus_arn
            case _:
                return None


def missing_stream(target: Target) -> str:
    """Say that there is no such delivery stream, as SES does (appendix E)."""
    return f"Delivery stream <{target.delivery_stream_arn if isinstance(target, FirehoseTarget) else ''}> not found."


class InvalidTarget(InvalidSet):
    """A destination of one kind cannot be like this; v1 has a code of its own for each kind."""

    def __init__(self, text: str, kind: type) -> None:
        super().__init__(text)
        self.kind = kind


def check_event_types(names: Sequence[str] | None) -> tuple[str, ...]:
    """Read MatchingEventTypes in their order, each once. Raises `InvalidSet` when there is none."""
    if not names:
        raise InvalidSet("At least one event type must be specified.")
    return tuple(dict.fromkeys(names))


def only_target(given: Sequence[Target | None]) -> Target:
    """Give the one target of a definition. Raises `InvalidSet` for none and for several (observed texts)."""
    targets = [target for target in given if target is not None]
    if not targets:
        raise InvalidSet("Event destination is not provided.")
    if len(targets) > 1:
        raise InvalidSet(
            "Please provide only one destination with each request. Either a Firehose Destination "
            "or a Cloudwatch Destination or an SNS Destination or an EventBridge Destination."
        )
    return targets[0]


def check_target(target: Target, account_id: str, region: str) -> None:
    """Check what a target says of itself; whether a topic exists is asked elsewhere. Raises `InvalidTarget`."""
    match target:
        case FirehoseTarget():
            _check_firehose(target, account_id, region)
        case CloudWatchTarget():
            _check_dimensions(target.dimensions)
        case EventBridgeTarget():
            _check_event_bus(target.event_bus_arn, account_id, region)
        case PinpointTarget():
            if _own(target.application_arn, "mobiletargeting", account_id, region, "apps/") is None:
                raise InvalidTarget(
                    f"Invalid Pinpoint application ARN provided: {target.application_arn or 'null'}.", PinpointTarget
                )
        case SnsTarget():
            pass


def _check_firehose(target: FirehoseTarget, account_id: str, region: str) -> None:
    if not target.iam_role_arn.strip() or not target.delivery_stream_arn.strip():
        raise InvalidTarget(
            "KinesisFirehoseDestination requires both IamRoleArn and DeliveryStreamArn.", FirehoseTarget
        )
    if _own(target.iam_role_arn, "iam", account_id, "", "role/") is None:
        raise InvalidTarget(f"Could not assume IAM role <{target.iam_role_arn}>.", FirehoseTarget)
    if _own(target.delivery_stream_arn, "firehose", account_id, region, "deliverystream/") is None:
        raise InvalidTarget(missing_stream(target), FirehoseTarget)


def _check_dimensions(dimensions: tuple[Dimension, ...]) -> None:
    if not dimensions:
        # Not this kind's own code: v1 answers InvalidParameterValue here (appendix E).
        raise InvalidSet("CloudWatch metrics dimension configuration list cannot be empty.")
    if len(dimensions) > MAX_DIMENSIONS:
        raise InvalidTarget(f"A CloudWatch destination can have up to {MAX_DIMENSIONS} dimensions.", CloudWatchTarget)
    for dimension in dimensions:
        if not _DIMENSION_NAME.fullmatch(dimension.name) or len(dimension.name) > MAX_DIMENSION_LENGTH:
            raise InvalidTarget(f"Invalid dimension name <{dimension.name}>.", CloudWatchTarget)
        if not _DIMENSION_VALUE.fullmatch(dimension.default) or len(dimension.default) > MAX_DIMENSION_LENGTH:
            raise InvalidTarget(f"Invalid default dimension value <{dimension.default}>.", CloudWatchTarget)
    if len({dimension.name for dimension in dimensions}) < len(dimensions):
        raise InvalidTarget("Dimension names must be unique.", CloudWatchTarget)


def _check_event_bus(text: str, account_id: str, region: str) -> None:
    bus = _own(text, "events", account_id, region, "event-bus/")
    # API reference, EventBridgeDestination: "Only the default bus is supported."
    if bus is None or bus.resource != "event-bus/default":
        raise InvalidTarget(
            f"EventBusArn must name the default event bus of this account and Region: {text}.", EventBridgeTarget
        )


def _own(text: str | None, service: str, account_id: str, region: str, prefix: str) -> Arn | None:
    """Read the ARN of a resource of this account and region; None when it names anything else."""
    arn = None if text is None else parse_arn(text)
    if arn is None or (arn.service, arn.region, arn.account_id) != (service, region, account_id):
        return None
    return arn if arn.resource.startswith(prefix) and len(arn.resource) > len(prefix) else None
