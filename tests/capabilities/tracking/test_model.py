"""What is tracked of a message, and who counts as a machine."""

from __future__ import annotations

import pytest

from hatobin.capabilities.configuration_sets import ConfigurationSet, EventDestination, Options, SnsTarget
from hatobin.capabilities.tracking import Overrides, Tracking, agent_class, wanted
from hatobin.gateway.models.sesv2 import TrackingOptions


def configured(*event_types: str, enabled: bool = True, **options: TrackingOptions) -> ConfigurationSet:
    destination = EventDestination("d", enabled, event_types, SnsTarget("arn"))
    return ConfigurationSet("123456789012", "us-east-1", "app", Options(**options), (destination,))


@pytest.mark.parametrize(
    ("event_types", "expected"),
    [
        (("SEND", "BOUNCE"), None),
        (("OPEN",), Tracking("app", opens=True, clicks=False)),
        (("CLICK", "SEND"), Tracking("app", opens=False, clicks=True)),
        (("OPEN", "CLICK"), Tracking("app", opens=True, clicks=True)),
    ],
)
def test_a_destination_decides_for_each_kind(event_types: tuple[str, ...], expected: Tracking | None) -> None:
    assert wanted(configured(*event_types), None) == expected
    assert wanted(configured(*event_types, enabled=False), None) is None


def test_without_a_configuration_set_nothing_is_tracked() -> None:
    assert wanted(None, Overrides(opens=True, clicks=True)) is None


def test_a_send_may_say_otherwise() -> None:
    both, none = configured("OPEN", "CLICK"), configured("SEND")
    assert wanted(both, Overrides(opens=False)) == Tracking("app", opens=False, clicks=True)
    assert wanted(both, Overrides(opens=False, clicks=False)) is None
    assert wanted(none, Overrides(clicks=True)) == Tracking("app", opens=False, clicks=True)


def test_the_sets_domain_and_policy_go_with_it() -> None:
    options = TrackingOptions(custom_redirect_domain="track.example.com", https_policy="REQUIRE")
    assert wanted(configured("OPEN", tracking=options), None) == Tracking(
        "app", opens=True, clicks=False, domain="track.example.com", https_policy="REQUIRE"
    )


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 10_3_3 like Mac OS X) AppleWebKit/603.3.8 Mobile/14G60", "human"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/60.0.3112.90 Safari/537.36", "human"),
        ("Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Microsoft Outlook 16.0.5000; ms-office)", "human"),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:120.0) Gecko/20100101 Thunderbird/115.4", "human"),
        ("Mozilla/5.0", "machine"),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "machine"),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", "machine"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "machine"),
        ("Barracuda Sentinel (EE)", "machine"),
        ("curl/8.5.0", "machine"),
        ("python-requests/2.31.0", "machine"),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "machine"),
        ("  ", "machine"),
    ],
)
def test_machines_are_told_from_people_by_their_user_agent(user_agent: str, expected: str) -> None:
    assert agent_class(user_agent) == expected
    assert agent_class(user_agent, is_prefetch=True) == "machine"
