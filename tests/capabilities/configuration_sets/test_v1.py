"""Configuration sets through the v1 door, and what each door sees of the other's."""

from __future__ import annotations

import pytest

from hatobin.capabilities import configuration_sets
from hatobin.capabilities.configuration_sets import api_v1, api_v1_destinations, api_v2
from hatobin.gateway.models import ses, sesv2
from hatobin.gateway.models.ses import SNSDestination
from hatobin.words.errors import CallerError
from tests.capabilities.configuration_sets.topics import make_topic, serve_sns
from tests.capabilities.rooms import ACCOUNT, REGION, Room, refused

ALL: list[ses.ConfigurationSetAttribute] = [
    "eventDestinations",
    "trackingOptions",
    "deliveryOptions",
    "reputationOptions",
]


async def create(room: Room, name: str) -> None:
    await api_v1.create_configuration_set(
        room.call(), ses.CreateConfigurationSetRequest(configuration_set=ses.ConfigurationSet(name=name))
    )


async def described(
    room: Room, name: str, wanted: list[ses.ConfigurationSetAttribute] | None = None
) -> ses.DescribeConfigurationSetResponse:
    return await api_v1.describe_configuration_set(
        room.call(),
        ses.DescribeConfigurationSetRequest(configuration_set_name=name, configuration_set_attribute_names=wanted),
    )


async def add(room: Room, destination: ses.EventDestination, set_name: str = "cs") -> None:
    await api_v1_destinations.create_configuration_set_event_destination(
        room.call(),
        ses.CreateConfigurationSetEventDestinationRequest(
            configuration_set_name=set_name, event_destination=destination
        ),
    )


def to_topic(arn: str, name: str = "d") -> ses.EventDestination:
    return ses.EventDestination(
        name=name,
        enabled=True,
        matching_event_types=["renderingFailure", "bounce"],
        sns_destination=SNSDestination(topic_arn=arn),
    )


async def test_only_what_is_asked_for_is_described(room: Room) -> None:
    await create(room, "cs")
    plain = ses.ConfigurationSet(name="cs")
    assert await described(room, "cs") == ses.DescribeConfigurationSetResponse(configuration_set=plain)
    assert await described(room, "cs", ALL) == ses.DescribeConfigurationSetResponse(
        configuration_set=plain,
        event_destinations=[],
        reputation_options=ses.ReputationOptions(sending_enabled=True, reputation_metrics_enabled=False),
    )


async def test_options_of_v2_are_described_in_v1_s_spelling(room: Room) -> None:
    await api_v2.create_configuration_set(
        room.call(),
        sesv2.CreateConfigurationSetRequest(
            configuration_set_name="cs",
            delivery_options=sesv2.DeliveryOptions(tls_policy="REQUIRE"),
            sending_options=sesv2.SendingOptions(sending_enabled=False),
        ),
    )
    shown = await described(room, "cs", ALL)
    assert shown.delivery_options == ses.DeliveryOptions(tls_policy="Require")
    assert shown.reputation_options is not None
    assert shown.reputation_options.sending_enabled is False


async def test_event_types_are_the_same_in_both_spellings(room: Room) -> None:
    serve_sns(room)
    await create(room, "cs")
    arn = await make_topic(room, "events")
    await add(room, to_topic(arn))
    found = room.transact(lambda s: configuration_sets.find(s, ACCOUNT, REGION, "cs"))
    assert found is not None
    assert found.destinations[0].event_types == ("RENDERING_FAILURE", "BOUNCE")
    assert (await described(room, "cs", ALL)).event_destinations == [to_topic(arn)]
    await api_v1_destinations.delete_configuration_set_event_destination(
        room.call(),
        ses.DeleteConfigurationSetEventDestinationRequest(configuration_set_name="cs", event_destination_name="d"),
    )
    assert (await described(room, "cs", ALL)).event_destinations == []


async def test_errors_have_v1_s_codes(room: Room) -> None:
    serve_sns(room)
    missing_set = await refused(described(room, "none"))
    await create(room, "cs")
    taken_set = await refused(create(room, "cs"))
    missing_topic = await refused(add(room, to_topic(f"arn:aws:sns:{REGION}:{ACCOUNT}:no")))
    arn = await make_topic(room, "events")
    no_set = await refused(add(room, to_topic(arn), "none"))
    await add(room, to_topic(arn))
    taken = await refused(add(room, to_topic(arn)))
    missing = await refused(
        api_v1_destinations.delete_configuration_set_event_destination(
            room.call(),
            ses.DeleteConfigurationSetEventDestinationRequest(
                configuration_set_name="cs", event_destination_name="none"
            ),
        )
    )
    assert texts(missing_set, no_set, taken_set, missing_topic, taken, missing) == [
        ("ConfigurationSetDoesNotExist", "Configuration set <none> does not exist."),
        ("ConfigurationSetDoesNotExist", "Configuration set <none> does not exist."),
        ("ConfigurationSetAlreadyExists", "Configuration set cs already exists."),
        ("InvalidSNSDestination", f"SNS topic <arn:aws:sns:{REGION}:{ACCOUNT}:no> not found."),
        (
            "EventDestinationAlreadyExists",
            "An event destination with name <d> already exists for configuration set <cs>.",
        ),
        ("EventDestinationDoesNotExist", "No EventDestination found for cs"),
    ]


def texts(*errors: CallerError) -> list[tuple[str, str | None]]:
    return [(error.code, error.message) for error in errors]


@pytest.mark.parametrize("size", [None, 0, 1001])
async def test_sizes_out_of_range_are_served_and_doors_share_tokens(room: Room, size: int | None) -> None:
    for number in range(52):
        await create(room, f"s{number:02}")
    first = await api_v1.list_configuration_sets(room.call(), ses.ListConfigurationSetsRequest(max_items=size))
    assert len(first.configuration_sets or []) == 50
    rest = await api_v2.list_configuration_sets(
        room.call(), sesv2.ListConfigurationSetsRequest(next_token=first.next_token)
    )
    assert rest.configuration_sets == ["s50", "s51"]
