"""The five kinds of event destinations: stored as given, and what makes one invalid."""

from __future__ import annotations

from typing import Any

import pytest

from hatobin.capabilities import configuration_sets
from hatobin.capabilities.configuration_sets import Options, api_v1, api_v1_destinations, api_v2_destinations
from hatobin.gateway.models import ses, sesv2
from tests.capabilities.configuration_sets.topics import make_stream, make_topic, received, serve_sns, subscribe_queue
from tests.capabilities.rooms import ACCOUNT, NOON, OTHER_ACCOUNT, OTHER_REGION, REGION, Room, refused

ROLE = f"arn:aws:iam::{ACCOUNT}:role/service/firehose"
STREAM = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/mail"
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
APP = f"arn:aws:mobiletargeting:{REGION}:{ACCOUNT}:apps/0123456789abcdef"


@pytest.fixture
async def serving(room: Room) -> Room:
    """A room with the set "cs", SNS, and the stream "mail"."""
    serve_sns(room)
    await make_stream(room, "mail")
    room.transact(lambda s: configuration_sets.insert(s, ACCOUNT, REGION, "cs", Options(), NOON))
    return room


def firehose(role: str = ROLE, stream: str = STREAM) -> dict[str, Any]:
    return {
        "kinesis_firehose_destination": sesv2.KinesisFirehoseDestination(iam_role_arn=role, delivery_stream_arn=stream)
    }


def metrics(*names: str, default: str = "none") -> dict[str, Any]:
    return {
        "cloud_watch_destination": sesv2.CloudWatchDestination(
            dimension_configurations=[
                sesv2.CloudWatchDimensionConfiguration(
                    dimension_name=name, dimension_value_source="EMAIL_HEADER", default_dimension_value=default
                )
                for name in names
            ]
        )
    }


def bus(arn: str = BUS) -> dict[str, Any]:
    return {"event_bridge_destination": sesv2.EventBridgeDestination(event_bus_arn=arn)}


def pinpoint(arn: str | None = APP) -> dict[str, Any]:
    return {"pinpoint_destination": sesv2.PinpointDestination(application_arn=arn)}


def topic(arn: str) -> dict[str, Any]:
    return {"sns_destination": sesv2.SnsDestination(topic_arn=arn)}


def definition(target: dict[str, Any], *, enabled: bool = True) -> sesv2.EventDestinationDefinition:
    return sesv2.EventDestinationDefinition(enabled=enabled, matching_event_types=["SEND"], **target)


async def create(room: Room, name: str, target: dict[str, Any]) -> None:
    await api_v2_destinations.create_configuration_set_event_destination(
        room.call(),
        sesv2.CreateConfigurationSetEventDestinationRequest(
            configuration_set_name="cs", event_destination_name=name, event_destination=definition(target)
        ),
    )


async def update(room: Room, name: str, target: dict[str, Any], *, enabled: bool = True, set_name: str = "cs") -> None:
    await api_v2_destinations.update_configuration_set_event_destination(
        room.call(),
        sesv2.UpdateConfigurationSetEventDestinationRequest(
            configuration_set_name=set_name,
            event_destination_name=name,
            event_destination=definition(target, enabled=enabled),
        ),
    )


async def shown(room: Room) -> list[sesv2.EventDestination]:
    answer = await api_v2_destinations.get_configuration_set_event_destinations(
        room.call(), sesv2.GetConfigurationSetEventDestinationsRequest(configuration_set_name="cs")
    )
    return answer.event_destinations or []


def expected(name: str, target: dict[str, Any], *, enabled: bool = True) -> sesv2.EventDestination:
    return sesv2.EventDestination(name=name, enabled=enabled, matching_event_types=["SEND"], **target)


@pytest.mark.parametrize("target", [firehose(), metrics("ses:from-domain", "team"), bus(), pinpoint()])
async def test_each_kind_comes_back(serving: Room, target: dict[str, Any]) -> None:
    await create(serving, "d", target)
    assert await shown(serving) == [expected("d", target)]


async def test_an_update_replaces_the_whole_and_keeps_the_place(serving: Room) -> None:
    for name in ("b", "a", "c"):
        await create(serving, name, bus())
    await update(serving, "a", metrics("team"), enabled=False)
    assert await shown(serving) == [
        expected("b", bus()),
        expected("a", metrics("team"), enabled=False),
        expected("c", bus()),
    ]


async def test_only_a_new_topic_is_told(serving: Room) -> None:
    first = await make_topic(serving, "first")
    queue = await subscribe_queue(serving, first)
    await create(serving, "d", bus())
    await update(serving, "d", topic(first))
    (envelope,) = await received(serving, queue)
    assert envelope["Message"] == "Successfully validated SNS topic for Amazon SES event publishing."
    await update(serving, "d", topic(first), enabled=False)
    assert await received(serving, queue) == []
    missing = f"arn:aws:sns:{REGION}:{ACCOUNT}:missing"
    error = await refused(update(serving, "d", topic(missing)))
    assert (error.code, error.message) == ("BadRequestException", f"SNS topic <{missing}> not found.")
    assert await shown(serving) == [expected("d", topic(first), enabled=False)]


async def test_what_is_not_there_cannot_be_updated(serving: Room) -> None:
    gone, no_set = (
        await refused(update(serving, "d", bus())),
        await refused(update(serving, "d", bus(), set_name="none")),
    )
    assert (gone.code, gone.status, gone.message) == (
        "NotFoundException",
        404,
        "An event destination with name <d> does not exist for configuration set <cs>.",
    )
    assert (no_set.code, no_set.message) == ("NotFoundException", "Configuration set <none> does not exist.")


FOREIGN_STREAM = STREAM.replace(ACCOUNT, OTHER_ACCOUNT)
ELSEWHERE = STREAM.replace(REGION, OTHER_REGION)
INVALID: list[tuple[dict[str, Any], str, str]] = [
    (
        firehose(role=" "),
        "InvalidFirehoseDestination",
        "KinesisFirehoseDestination requires both IamRoleArn and DeliveryStreamArn.",
    ),
    (
        firehose(role=f"arn:aws:iam::{OTHER_ACCOUNT}:role/r"),
        "InvalidFirehoseDestination",
        f"Could not assume IAM role <arn:aws:iam::{OTHER_ACCOUNT}:role/r>.",
    ),
    (
        firehose(stream=FOREIGN_STREAM),
        "InvalidFirehoseDestination",
        f"Delivery stream <{FOREIGN_STREAM}> not found.",
    ),
    (firehose(stream=ELSEWHERE), "InvalidFirehoseDestination", f"Delivery stream <{ELSEWHERE}> not found."),
    (metrics(), "InvalidParameterValue", "CloudWatch metrics dimension configuration list cannot be empty."),
    (
        metrics(*(f"d{number}" for number in range(11))),
        "InvalidCloudWatchDestination",
        "A CloudWatch destination can have up to 10 dimensions.",
    ),
    (metrics("a b"), "InvalidCloudWatchDestination", "Invalid dimension name <a b>."),
    (metrics("d" * 257), "InvalidCloudWatchDestination", f"Invalid dimension name <{'d' * 257}>."),
    (metrics("a", default="#"), "InvalidCloudWatchDestination", "Invalid default dimension value <#>."),
    (metrics("a", "a"), "InvalidCloudWatchDestination", "Dimension names must be unique."),
]
INVALID_IN_V2 = [
    (target, "", f"EventBusArn must name the default event bus of this account and Region: {arn}.")
    for arn in (
        BUS.replace("default", "own"),
        BUS.replace(ACCOUNT, OTHER_ACCOUNT),
        BUS.replace(REGION, OTHER_REGION),
        "default",
    )
    for target in [bus(arn)]
] + [
    (pinpoint(None), "", "Invalid Pinpoint application ARN provided: null."),
    (pinpoint("app"), "", "Invalid Pinpoint application ARN provided: app."),
]


@pytest.mark.parametrize(("target", "code", "text"), [*INVALID, *INVALID_IN_V2])
async def test_v2_refuses_an_invalid_target(serving: Room, target: dict[str, Any], code: str, text: str) -> None:
    error = await refused(create(serving, "d", target))
    assert (error.code, error.message) == ("BadRequestException", text)
    assert await shown(serving) == []


def v1_destination(target: dict[str, Any]) -> ses.EventDestination:
    """Spell a Firehose or CloudWatch target as v1 does."""
    streams: sesv2.KinesisFirehoseDestination | None = target.get("kinesis_firehose_destination")
    numbers: sesv2.CloudWatchDestination | None = target.get("cloud_watch_destination")
    return ses.EventDestination(
        name="d",
        enabled=True,
        matching_event_types=["send"],
        kinesis_firehose_destination=None
        if streams is None
        else ses.KinesisFirehoseDestination(
            iam_role_arn=streams.iam_role_arn, delivery_stream_arn=streams.delivery_stream_arn
        ),
        cloud_watch_destination=None
        if numbers is None
        else ses.CloudWatchDestination(
            dimension_configurations=[
                ses.CloudWatchDimensionConfiguration(
                    dimension_name=one.dimension_name,
                    dimension_value_source="emailHeader",
                    default_dimension_value=one.default_dimension_value,
                )
                for one in numbers.dimension_configurations
            ]
        ),
    )


async def create_by_v1(room: Room, destination: ses.EventDestination) -> None:
    await api_v1_destinations.create_configuration_set_event_destination(
        room.call(service="ses"),
        ses.CreateConfigurationSetEventDestinationRequest(configuration_set_name="cs", event_destination=destination),
    )


async def update_by_v1(room: Room, destination: ses.EventDestination, set_name: str = "cs") -> None:
    await api_v1_destinations.update_configuration_set_event_destination(
        room.call(service="ses"),
        ses.UpdateConfigurationSetEventDestinationRequest(
            configuration_set_name=set_name, event_destination=destination
        ),
    )


async def described(room: Room) -> list[ses.EventDestination]:
    answer = await api_v1.describe_configuration_set(
        room.call(service="ses"),
        ses.DescribeConfigurationSetRequest(
            configuration_set_name="cs", configuration_set_attribute_names=["eventDestinations"]
        ),
    )
    return answer.event_destinations or []


@pytest.mark.parametrize(("target", "code", "text"), INVALID)
async def test_v1_has_a_code_for_each_kind(serving: Room, target: dict[str, Any], code: str, text: str) -> None:
    error = await refused(create_by_v1(serving, v1_destination(target)))
    assert (error.code, error.message) == (code, text)


@pytest.mark.parametrize("target", [firehose(), metrics("team")])
async def test_v1_and_v2_show_each_other_s_targets(serving: Room, target: dict[str, Any]) -> None:
    await create_by_v1(serving, v1_destination(target))
    assert await described(serving) == [v1_destination(target)]
    assert await shown(serving) == [expected("d", target)]


async def test_v1_updates_what_v2_made(serving: Room) -> None:
    await create(serving, "d", bus())
    (plain,) = await described(serving)
    assert plain == ses.EventDestination(name="d", enabled=True, matching_event_types=["send"])
    await update_by_v1(serving, v1_destination(firehose()))
    assert await shown(serving) == [expected("d", firehose())]


async def test_v1_updates_only_what_is_there(serving: Room) -> None:
    error = await refused(update_by_v1(serving, v1_destination(firehose())))
    assert (error.code, error.message) == ("EventDestinationDoesNotExist", "No EventDestination found for cs")
    error = await refused(update_by_v1(serving, v1_destination(firehose()), "none"))
    assert error.code == "ConfigurationSetDoesNotExist"
    await create(serving, "d", bus())
    wrong = ses.EventDestination(
        name="d", matching_event_types=["send"], sns_destination=ses.SNSDestination(topic_arn="nothing")
    )
    error = await refused(update_by_v1(serving, wrong))
    assert (error.code, error.message) == ("InvalidSNSDestination", "SNS topic <nothing> not found.")


async def test_v1_takes_ten_destinations_too(serving: Room) -> None:
    for number in range(10):
        await create(serving, f"d{number}", bus())
    error = await refused(create_by_v1(serving, v1_destination(firehose())))
    assert error.code == "LimitExceeded"
