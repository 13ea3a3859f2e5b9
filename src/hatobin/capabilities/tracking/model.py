"""What of a message is tracked, and under which name. Pure.

Refs: SES developer guide, "faqs-metrics" and "configure-custom-open-click-domains";
API reference v2, TrackingOptions and TrackingConfigurationOverrides.
"""

from __future__ import annotations

from msgspec import Struct

from hatobin.capabilities.configuration_sets import ConfigurationSet

MAX_LINKS = 250
"""Tracked links of one message."""
COLLECTED_S = 60 * 86_400
"""How long after a message was sent its opens and clicks are counted; its links lead on for ever."""


class Overrides(Struct, frozen=True):
    """What one send says about itself; None leaves it to its configuration set."""

    opens: bool | None = None
    clicks: bool | None = None


class Tracking(Struct, frozen=True):
    """What is tracked of a message, and for which set. `domain` is the sender's own, `https_policy` goes with it."""

    configuration_set: str
    opens: bool
    clicks: bool
    domain: str | None = None
    https_policy: str = "OPTIONAL"

    @property
    def secure_pixel(self) -> bool:
        """Whether the pixel comes over HTTPS."""
        return self.https_policy != "OPTIONAL"

    def secure_link(self, url: str) -> bool:
        """Whether a link to `url` is asked for over HTTPS: as `url` is, unless all are."""
        return self.https_policy == "REQUIRE" or url[:6].lower() == "https:"


def wanted(configuration_set: ConfigurationSet | None, overrides: Overrides | None) -> Tracking | None:
    """Say what is tracked of a message: what a destination of its set is told of, unless the send says otherwise.

    None is nothing; without a configuration set nothing ever is.
    """
    if configuration_set is None:
        return None
    opens, clicks = configuration_set.listens_to("OPEN"), configuration_set.listens_to("CLICK")
    if overrides is not None:
        opens = opens if overrides.opens is None else overrides.opens
        clicks = clicks if overrides.clicks is None else overrides.clicks
    if not (opens or clicks):
        return None
    domain = configuration_set.redirect_domain or None
    policy = configuration_set.https_policy if domain else None
    return Tracking(configuration_set.name, opens, clicks, domain, policy or "OPTIONAL")
