"""What SES counts of itself: events by recipient, by the dimensions of destinations, and the reputation."""

from __future__ import annotations

from typing import Any

import pytest

from hatobin.capabilities import metrics
from hatobin.capabilities import reputation as reputation_room
from hatobin.capabilities.metrics import ReputationScope, ScopeKind
from tests.api.harness import ACCOUNT, REGION, Api
from tests.api.links import REACHABLE
from tests.api.measured import statistics, total
from tests.api.tracked import SET, Readers

SIMPLE = {"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}}


@pytest.fixture
def ses(api: Api) -> Any:
    client = api.client("sesv2")
    client.create_email_identity(EmailIdentity="example.com")
    return client


def send(ses: Any, *to: str, **more: Any) -> None:
    ses.send_email(FromEmailAddress="me@example.com", Destination={"ToAddresses": list(to)}, Content=SIMPLE, **more)


def test_a_send_is_counted_with_its_outcome_by_recipient(api: Api, ses: Any) -> None:
    send(ses, "a@example.net", "b@example.net")
    send(ses, "bounce@simulator.amazonses.com")
    send(ses, "complaint@simulator.amazonses.com")
    api.wait_until_delivered()
    counted = {name: total(api, name) for name in ("Send", "Delivery", "Bounce", "Complaint", "Reject")}
    assert counted == {"Send": 4, "Delivery": 3, "Bounce": 1, "Complaint": 1, "Reject": 0}
    [point] = statistics(api, "Send", Statistics=["SampleCount", "Maximum"], ExtendedStatistics=["p99"])
    assert (point["SampleCount"], point["Maximum"], point["Unit"]) == (4, 1, "Count")


def test_an_automatic_reply_is_no_bounce(api: Api, ses: Any) -> None:
    send(ses, "ooto@simulator.amazonses.com")
    api.wait_until_delivered()
    assert (total(api, "Delivery"), total(api, "Bounce")) == (1, 0)


def test_what_cannot_be_rendered_and_what_is_rejected_is_counted(api: Api, ses: Any) -> None:
    ses.create_email_template(TemplateName="t", TemplateContent={"Subject": "Hi", "Text": "{{name}}"})
    ses.send_email(
        FromEmailAddress="me@example.com",
        Destination={"ToAddresses": ["a@example.net"]},
        Content={"Template": {"TemplateName": "t", "TemplateData": "{}"}},
    )
    assert (total(api, "RenderingFailure"), total(api, "Send")) == (1, 0)


def make_destination(ses: Any, *dimensions: tuple[str, str, str], types: tuple[str, ...] = ("SEND",)) -> None:
    ses.create_configuration_set(ConfigurationSetName="main")
    configured = [
        {"DimensionName": name, "DimensionValueSource": source, "DefaultDimensionValue": default}
        for name, source, default in dimensions
    ]
    ses.create_configuration_set_event_destination(
        ConfigurationSetName="main",
        EventDestinationName="metrics",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": list(types),
            "CloudWatchDestination": {"DimensionConfigurations": configured},
        },
    )


def test_a_destination_counts_by_tags_headers_and_defaults(api: Api, ses: Any) -> None:
    make_destination(
        ses,
        ("campaign", "MESSAGE_TAG", "none"),
        ("ses:configuration-set", "MESSAGE_TAG", "none"),
        ("X-Kind", "EMAIL_HEADER", "plain"),
        ("button", "LINK_TAG", "unknown"),
        types=("SEND", "DELIVERY"),
    )
    content = {"Simple": {**SIMPLE["Simple"], "Headers": [{"Name": "X-Kind", "Value": "news"}]}}
    ses.send_email(
        FromEmailAddress="me@example.com",
        Destination={"ToAddresses": ["a@example.net"]},
        Content=content,
        ConfigurationSetName="main",
        EmailTags=[{"Name": "campaign", "Value": "spring"}],
    )
    send(ses, "b@example.net", ConfigurationSetName="main")
    rest = (("button", "unknown"), ("ses:configuration-set", "main"))
    for name in ("Send", "Delivery"):
        assert total(api, name, ("campaign", "spring"), ("X-Kind", "news"), *rest) == 1
        assert total(api, name, ("campaign", "none"), ("X-Kind", "plain"), *rest) == 1
    assert total(api, "Send", ("campaign", "spring")) == 1, "each dimension alone is counted too"
    assert total(api, "Send", ("ses:configuration-set", "main")) == 2
    assert total(api, "Send") == 2, "the account's own metric counts once"


def test_a_destination_counts_its_event_types_alone(api: Api, ses: Any) -> None:
    make_destination(ses, ("campaign", "MESSAGE_TAG", "none"), types=("BOUNCE",))
    send(ses, "a@example.net", ConfigurationSetName="main")
    send(ses, "bounce@simulator.amazonses.com", ConfigurationSetName="main")
    api.wait_until_delivered()
    assert total(api, "Send", ("campaign", "none")) == 0
    assert total(api, "Bounce", ("campaign", "none")) == 1


def reputation(api: Api, kind: ScopeKind = ScopeKind.ACCOUNT, name: str = "") -> tuple[int, int]:
    scope = ReputationScope(ACCOUNT, REGION, kind, name)
    found = api.read(lambda session: metrics.reputation(session, scope, api.world.clock.now()))
    return found.sends, found.bounces


def test_reputation_leaves_out_the_simulator_and_the_suppressed(api: Api, ses: Any) -> None:
    ses.create_configuration_set(ConfigurationSetName="main")
    ses.put_suppressed_destination(EmailAddress="no@example.net", Reason="BOUNCE")
    send(ses, "a@example.net", "no@example.net", "bounce@simulator.amazonses.com", ConfigurationSetName="main")
    send(ses, "b@example.net")
    api.wait_until_delivered()
    assert reputation(api) == (2, 0)
    assert reputation(api, ScopeKind.IDENTITY, "example.com") == (2, 0)
    assert reputation(api, ScopeKind.CONFIGURATION_SET, "main") == (1, 0)
    assert total(api, "Bounce") == 2, "events of the simulator and of suppression are counted as events"


def test_the_rates_are_published_as_metrics(api: Api, ses: Any) -> None:
    send(ses, "a@example.net")
    publisher = reputation_room.ReputationMetrics(api.world.ports)
    assert api.run(publisher.once()) == 1
    for name in ("Reputation.BounceRate", "Reputation.ComplaintRate"):
        [point] = statistics(api, name, Statistics=["Average"])
        assert point["Average"] == 0.0
    api.pass_time(2 * 3600)
    assert api.run(publisher.once()) == 1, "an account that stopped is published in every new hour"
    assert api.run(publisher.once()) == 0, "and no more in the same one"


def test_a_set_with_reputation_metrics_has_rates_of_its_own(api: Api, ses: Any) -> None:
    for name, enabled in (("shown", True), ("hidden", False)):
        options = {"ReputationMetricsEnabled": enabled}
        ses.create_configuration_set(ConfigurationSetName=name, ReputationOptions=options)
        send(ses, "a@example.net", ConfigurationSetName=name)
    api.run(reputation_room.ReputationMetrics(api.world.ports).once())
    found = api.client("cloudwatch").list_metrics(MetricName="Reputation.BounceRate")["Metrics"]
    dimensions = [metric["Dimensions"] for metric in found]
    assert dimensions == [[{"Name": "ses:configuration-set", "Value": "shown"}], []]
    [point] = statistics(
        api, "Reputation.BounceRate", ("ses:configuration-set", "shown"), Statistics=["Average", "SampleCount"]
    )
    assert (point["Average"], point["SampleCount"]) == (0.0, 1.0)


@pytest.mark.parametrize("api", [REACHABLE], indirect=True)
def test_opens_and_clicks_are_counted_by_the_tags_of_the_link(api: Api) -> None:
    readers = Readers(api)
    dimension = {"DimensionName": "button", "DimensionValueSource": "LINK_TAG", "DefaultDimensionValue": "none"}
    readers.ses.create_configuration_set_event_destination(
        ConfigurationSetName=SET,
        EventDestinationName="metrics",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["OPEN", "CLICK"],
            "CloudWatchDestination": {"DimensionConfigurations": [dimension]},
        },
    )
    readers.send('<a ses:tags="button:buy" href="http://a.test/">x</a><a href="http://a.test/2">y</a>')
    for address in readers.addresses():
        readers.ask(address)
    assert (total(api, "Click"), total(api, "Open")) == (2, 1)
    assert total(api, "Click", ("button", "buy")) == 1
    assert total(api, "Click", ("button", "none")) == 1
    assert total(api, "Open", ("button", "none")) == 1
