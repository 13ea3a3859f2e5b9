"""Configuration sets as values; `destinations` holds where their events go. Pure.

Refs: AWS developer guide "using-configuration-sets" and
"monitor-sending-using-event-publishing"; surface.md §1.5, §4.1, §4.6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import msgspec

from hatobin.capabilities.configuration_sets.destinations import EventDestination
from hatobin.companions.outward import WebhookPlace
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

SHARED_POOL = "ses-shared-pool"
"""The pool whose addresses everybody shares; there is no other until dedicated ones can be made."""


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

    @property
    def sending_enabled(self) -> bool:
        """Whether mail may be sent; on unless switched off."""
        return self.sending is None or self.sending.sending_enabled is not False

    def with_sending(self, enabled: bool, now: float) -> Options:
        """Switch sending; switching it on again gives the set's reputation a fresh start (v1 ReputationOptions)."""
        reputation = self.reputation
        if enabled and not self.sending_enabled:
            reputation = msgspec.structs.replace(reputation or ReputationOptions(), last_fresh_start=now)
        return msgspec.structs.replace(self, sending=SendingOptions(sending_enabled=enabled), reputation=reputation)

    def with_reputation_metrics(self, enabled: bool) -> Options:
        """Switch the metrics; the last fresh start stays."""
        reputation = msgspec.structs.replace(self.reputation or ReputationOptions(), reputation_metrics_enabled=enabled)
        return msgspec.structs.replace(self, reputation=reputation)


@dataclass(frozen=True)
class ConfigurationSet:
    """A configuration set, as a send sees it; what each send asks is worked out once.

    `suppressed_reasons` is None where the account's own reasons hold, and
    empty where nothing is suppressed. `max_delivery_s` None leaves the time
    to the server's default. `redirect_domain` is the caller's tracking domain.
    """

    account_id: str
    region: str
    name: str
    options: Options
    destinations: tuple[EventDestination, ...]
    webhooks: tuple[WebhookPlace, ...] = ()
    """Webhooks of the configuration that want something of this set."""

    @property
    def is_watched(self) -> bool:
        """Whether events of some kind are told to anybody."""
        return bool(self.destinations or self.webhooks)

    @property
    def arn(self) -> str:
        """Name the set as policies do."""
        return f"arn:aws:ses:{self.region}:{self.account_id}:configuration-set/{self.name}"

    @property
    def sending_enabled(self) -> bool:
        """Whether mail may be sent with this set; on unless switched off."""
        return self.options.sending_enabled

    @property
    def tls_policy(self) -> str:
        """REQUIRE or OPTIONAL; a message may leave without TLS by default."""
        delivery = self.options.delivery
        return "OPTIONAL" if delivery is None or delivery.tls_policy is None else delivery.tls_policy

    @cached_property
    def signs_smime(self) -> bool:
        """Whether mail gets an S/MIME signature where its sender has a certificate; not by default."""
        security = self.options.message_security
        scheme = None if security is None else security.signing_scheme
        return scheme is not None and scheme.smime_scheme is not None

    @cached_property
    def max_delivery_s(self) -> int | None:
        """How long delivery may be tried, in seconds."""
        return None if self.options.delivery is None else self.options.delivery.max_delivery_seconds

    @cached_property
    def suppressed_reasons(self) -> tuple[str, ...] | None:
        """The set's own reasons to suppress; None leaves it to the account (surface.md §4.9)."""
        suppression = self.options.suppression
        if suppression is None or suppression.suppressed_reasons is None:
            return None
        return tuple(suppression.suppressed_reasons)

    @cached_property
    def suppression_scope(self) -> str | None:
        """The list that the set's mail is held against, "TENANT" or "ACCOUNT"; None leaves it to the tenant."""
        suppression = self.options.suppression
        return None if suppression is None else suppression.suppression_scope

    def publishes(self, event_type: str) -> bool:
        """Say whether a destination is told of events of one kind, by v2's name for it."""
        return any(
            one.enabled and one.target_arn is not None and event_type in one.event_types for one in self.destinations
        )

    def listens_to(self, event_type: str) -> bool:
        """Say whether a destination of any kind is told of events of one kind, by v2's name for it."""
        return event_type in self._listened

    @cached_property
    def _listened(self) -> frozenset[str]:
        return frozenset(kind for one in self.destinations if one.enabled for kind in one.event_types)

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
