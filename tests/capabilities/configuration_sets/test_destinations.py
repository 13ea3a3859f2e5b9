"""Event destinations: DEV-CL-06 and the order in which SES checks."""

from __future__ import annotations

import pytest

from hatobin.capabilities import configuration_sets
from hatobin.capabilities.configuration_sets import EventDestination, Options, SnsTarget, api_v2_destinations
from hatobin.gateway.models import sesv2
from hatobin.gateway.models.sesv2 import (
    CreateConfigurationSetEventDestinationRequest,
    DeleteConfigurationSetEventDestinationRequest,
    EventDestinationDefinition,
    EventType,
    GetConfigurationSetEventDestinationsRequest,
    SnsDestination,
)
from hatobin.words.errors import CallerError
from tests.capabilities.configuration_sets.topics import make_topic, received, serve_sns, subscribe_queue
from tests.capabilities.rooms import ACCOUNT, NOON, OTHER_ACCOUNT, OTHER_REGION, REGION, Room, refused

TYPES: list[EventType] = ["DELIVERY", "BOUNCE", "SEND"]


@pytest.fixture
async def serving(room: Room) -> Room:
    """A room with the set "cs" and SNS."""
    serve_sns(room)
    room.transact(lambda s: configuration_sets.insert(s, ACCOUNT, REGION, "cs", Options(), NOON))
    return room


def to_topic(arn: str, types: list[EventType] = TYPES, *, enabled: bool | None = True) -> EventDestinationDefinition:
    return EventDestinationDefinition(
        enabled=enabled, matching_event_types=types, sns_destination=SnsDestination(topic_arn=arn)
    )


async def create(room: Room, name: str, definition: EventDestinationDefinition, set_name: str = "cs") -> None:
    await api_v2_destinations.create_configuration_set_event_destination(
        room.call(),
        CreateConfigurationSetEventDestinationRequest(
            configuration_set_name=set_name, event_destination_name=name, event_destination=definition
        ),
    )


def destinations(room: Room) -> tuple[EventDestination, ...]:
    found = room.transact(lambda s: configuration_sets.find(s, ACCOUNT, REGION, "cs"))
    assert found is not None
    return found.destinations


async def test_the_topic_is_told_and_the_order_of_types_is_kept(serving: Room) -> None:
    arn = await make_topic(serving, "events")
    queue = await subscribe_queue(serving, arn)
    await create(serving, "to-sns", to_topic(arn))
    assert destinations(serving) == (EventDestination("to-sns", True, ("DELIVERY", "BOUNCE", "SEND"), SnsTarget(arn)),)
    (envelope,) = await received(serving, queue)
    assert envelope["Message"] == "Successfully validated SNS topic for Amazon SES event publishing."
    assert envelope["TopicArn"] == arn
    assert "Subject" not in envelope


async def test_destinations_are_shown_in_the_order_they_were_made(serving: Room) -> None:
    arn = await make_topic(serving, "events")
    for name in ("b", "a", "c"):
        await create(serving, name, to_topic(arn, ["OPEN"], enabled=None))
    shown = await api_v2_destinations.get_configuration_set_event_destinations(
        serving.call(), GetConfigurationSetEventDestinationsRequest(configuration_set_name="cs")
    )
    assert shown.event_destinations == [
        sesv2.EventDestination(
            name=name, enabled=False, matching_event_types=["OPEN"], sns_destination=SnsDestination(topic_arn=arn)
        )
        for name in ("b", "a", "c")
    ]


async def test_topics_that_are_not_there_are_refused(serving: Room) -> None:
    foreign = await make_topic(serving, "events", account_id=OTHER_ACCOUNT)
    elsewhere = await make_topic(serving, "events", region=OTHER_REGION)
    for arn in (f"arn:aws:sns:{REGION}:{ACCOUNT}:missing", foreign, elsewhere, "nonsense"):
        error = await refused(create(serving, "d", to_topic(arn)))
        assert (error.code, error.message) == ("BadRequestException", f"SNS topic <{arn}> not found.")
    assert destinations(serving) == ()


async def test_a_missing_set_and_a_taken_name_are_refused(serving: Room) -> None:
    arn = await make_topic(serving, "events")
    error = await refused(create(serving, "d", to_topic(arn), set_name="none"))
    assert (error.code, error.status) == ("NotFoundException", 404)
    assert error.message == "Configuration set <none> does not exist."
    await create(serving, "d", to_topic(arn))
    error = await refused(create(serving, "d", to_topic(arn)))
    assert error.code == "AlreadyExistsException"
    assert error.message == "An event destination with name <d> already exists for configuration set <cs>."


async def test_ten_destinations_are_the_most(serving: Room) -> None:
    arn = await make_topic(serving, "events")
    for number in range(10):
        await create(serving, f"d{number}", to_topic(arn))
    error = await refused(create(serving, "d10", to_topic(arn)))
    assert error.code == "LimitExceededException"
    assert len(destinations(serving)) == 10


@pytest.mark.parametrize(
    ("name", "definition", "text"),
    [
        (" ", EventDestinationDefinition(), "EventDestinationName is required."),
        (
            "a b",
            EventDestinationDefinition(),
            "Invalid event destination name <a b>: only alphanumeric ASCII characters, '_', and '-' are allowed.",
        ),
        ("d" * 65, EventDestinationDefinition(), "Event destination name cannot exceed 64 characters."),
        ("d", EventDestinationDefinition(), "At least one event type must be specified."),
        (
            "d",
            EventDestinationDefinition(matching_event_types=TYPES),
            "Event destination is not provided.",
        ),
        (
            "d",
            EventDestinationDefinition(
                matching_event_types=TYPES,
                sns_destination=SnsDestination(topic_arn="t"),
                pinpoint_destination=sesv2.PinpointDestination(),
            ),
            "Please provide only one destination with each request. Either a Firehose Destination "
            "or a Cloudwatch Destination or an SNS Destination or an EventBridge Destination.",
        ),
    ],
)
async def test_what_cannot_be_a_destination_is_refused(
    serving: Room, name: str, definition: EventDestinationDefinition, text: str
) -> None:
    error = await refused(create(serving, name, definition))
    assert (error.code, error.message) == ("BadRequestException", text)


async def delete(room: Room, name: str, set_name: str = "cs") -> None:
    await api_v2_destinations.delete_configuration_set_event_destination(
        room.call(),
        DeleteConfigurationSetEventDestinationRequest(configuration_set_name=set_name, event_destination_name=name),
    )


async def test_a_destination_is_taken_off(serving: Room) -> None:
    await create(serving, "d", to_topic(await make_topic(serving, "events")))
    await delete(serving, "d")
    assert destinations(serving) == ()
    errors: list[CallerError] = [await refused(delete(serving, "d")), await refused(delete(serving, "d", "none"))]
    assert [error.message for error in errors] == [
        "An event destination with name <d> does not exist for configuration set <cs>.",
        "Configuration set <none> does not exist.",
    ]
