"""Configuration sets and their event destinations as values. Pure.

Refs: AWS developer guide "using-configuration-sets" and
"monitor-sending-using-event-publishing"; surface.md §1.5, §4.1, §4.6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import msgspec

from hatobin.gateway.models.sesv2 import (
    ArchivingOptions,
    DeliveryOptions,
    MessageSecurityOptions,
    ReputationOptions,
    SendingOptions,
    SuppressionOptions,
    TrackingOptions,
    VdmOptions,
)
from hatobin.ports import Session

MAX_CONFIGURATION_SETS = 10_000
"""Per account and region (surface.md §4.1)."""
MAX_EVENT_DESTINATIONS = 10
"""Per configuration set."""
MAX_NAME_LENGTH = 64

_NAME = re.compile(r"[A-Za-z0-9_\-]+", re.ASCII)


class InvalidSet(ValueError):
    """A set or destination cannot be like this; the message is SES's own text."""


class Options(msgspec.Struct, frozen=True, omit_defaults=True):
    """The blocks of a configuration set, as CreateConfigurationSet had them."""

    tracking: TrackingOptions | None = None
    delivery: DeliveryOptions | None = None
    reputation: ReputationOptions | None = None
    sending: SendingOptions | None = None
    suppression: SuppressionOptions | None = None
    vdm: VdmOptions | None = None
    archiving: ArchivingOptions | None = None
    message_security: MessageSecurityOptions | None = None


class DestinationKind(Enum):
    """Where a destination publishes to; only SNS is there yet."""

    SNS = "SNS"


@dataclass(frozen=True, slots=True)
class EventDestination:
    """Where events of a set go. `event_types` are v2's names, in the caller's order."""

    name: str
    enabled: bool
    event_types: tuple[str, ...]
    kind: DestinationKind
    topic_arn: str


@dataclass(frozen=True, slots=True)
class ConfigurationSet:
    """A configuration set, as a send sees it.

    `suppressed_reasons` is None where the account's own reasons hold, and
    empty where nothing is suppressed. `max_delivery_s` None leaves the time
    to the server's default. `redirect_domain` is the caller's tracking domain.
    """

    account_id: str
    region: str
    name: str
    options: Options
    destinations: tuple[EventDestination, ...]

    @property
    def arn(self) -> str:
        """Name the set as policies do."""
        return f"arn:aws:ses:{self.region}:{self.account_id}:configuration-set/{self.name}"

    @property
    def sending_enabled(self) -> bool:
        """Whether mail may be sent with this set; on unless switched off."""
        sending = self.options.sending
        return sending is None or sending.sending_enabled is not False

    @property
    def tls_policy(self) -> str:
        """REQUIRE or OPTIONAL; a message may leave without TLS by default."""
        delivery = self.options.delivery
        return "OPTIONAL" if delivery is None or delivery.tls_policy is None else delivery.tls_policy

    @property
    def max_delivery_s(self) -> int | None:
        """How long delivery may be tried, in seconds."""
        return None if self.options.delivery is None else self.options.delivery.max_delivery_seconds

    @property
    def suppressed_reasons(self) -> tuple[str, ...] | None:
        """The set's own reasons to suppress; None leaves it to the account (surface.md §4.9)."""
        suppression = self.options.suppression
        if suppression is None or suppression.suppressed_reasons is None:
            return None
        return tuple(suppression.suppressed_reasons)

    @property
    def redirect_domain(self) -> str | None:
        """The domain under which links and pixels are served."""
        return None if self.options.tracking is None else self.options.tracking.custom_redirect_domain

    @property
    def https_policy(self) -> str | None:
        """REQUIRE, REQUIRE_OPEN_ONLY or OPTIONAL for the redirect domain."""
        return None if self.options.tracking is None else self.options.tracking.https_policy


@dataclass(frozen=True, slots=True)
class DomainOwnership:
    """How this room asks whether a domain is a verified identity.

    The identities look at configuration sets, so this room cannot import
    theirs: the composition root offers the function as a service.
    """

    is_verified: Callable[[Session, str, str, str], bool]


def check_name(name: str) -> None:
    """Raises `InvalidSet`. The text follows the one for event destinations, which is probed."""
    if not name:
        raise InvalidSet("ConfigurationSetName is required.")
    if not _NAME.fullmatch(name):
        raise InvalidSet(
            f"Invalid configuration set name <{name}>: only alphanumeric ASCII characters, '_', and '-' are allowed."
        )
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidSet(f"Configuration set name cannot exceed {MAX_NAME_LENGTH} characters.")


def check_destination_name(name: str) -> None:
    """Raises `InvalidSet` (appendix E)."""
    if not name.strip():
        raise InvalidSet("EventDestinationName is required.")
    if not _NAME.fullmatch(name):
        raise InvalidSet(
            f"Invalid event destination name <{name}>: only alphanumeric ASCII characters, '_', and '-' are allowed."
        )
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidSet(f"Event destination name cannot exceed {MAX_NAME_LENGTH} characters.")


def check_event_types(names: Sequence[str] | None) -> tuple[str, ...]:
    """Read MatchingEventTypes in their order, each once. Raises `InvalidSet` when there is none."""
    if not names:
        raise InvalidSet("At least one event type must be specified.")
    return tuple(dict.fromkeys(names))
