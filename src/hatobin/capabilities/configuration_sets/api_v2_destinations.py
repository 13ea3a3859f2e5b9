"""The operations of SES v2 on the event destinations of a configuration set.

Refs: surface.md §3 (3, 7, 11), §4.3, §4.6, appendix E; DEV-CL-06.
"""

from __future__ import annotations

from typing import cast

from hatobin.capabilities.configuration_sets import store
from hatobin.capabilities.configuration_sets.creation import NotAdded, add_destination
from hatobin.capabilities.configuration_sets.model import (
    MAX_EVENT_DESTINATIONS,
    DestinationKind,
    EventDestination,
    InvalidSet,
    check_destination_name,
    check_event_types,
)
from hatobin.capabilities.configuration_sets.refusals import does_not_exist
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2
from hatobin.gateway.models.sesv2 import (
    CreateConfigurationSetEventDestinationRequest,
    DeleteConfigurationSetEventDestinationRequest,
    EventDestinationDefinition,
    EventType,
    GetConfigurationSetEventDestinationsRequest,
    GetConfigurationSetEventDestinationsResponse,
    SnsDestination,
)
from hatobin.ports import Session
from hatobin.words.errors import CallerError


def _bad(text: str) -> CallerError:
    return CallerError("BadRequestException", text)


@operation("sesv2", "CreateConfigurationSetEventDestination")
async def create_configuration_set_event_destination(
    call: Call, request: CreateConfigurationSetEventDestinationRequest
) -> None:
    """Publish events of a set to an SNS topic from now on."""
    set_name, name = request.configuration_set_name, request.event_destination_name
    try:
        destination = _destination(name, request.event_destination)
    except InvalidSet as invalid:
        raise _bad(str(invalid)) from None
    refused = await add_destination(call, set_name, destination)
    if refused is NotAdded.NO_SET:
        raise does_not_exist(set_name, "sesv2")
    if refused is NotAdded.NAME_TAKEN:
        raise CallerError(
            "AlreadyExistsException",
            f"An event destination with name <{name}> already exists for configuration set <{set_name}>.",
        )
    if refused is NotAdded.TOO_MANY:
        raise CallerError(
            "LimitExceededException",
            f"Configuration set <{set_name}> already has {MAX_EVENT_DESTINATIONS} event destinations.",
        )
    if refused is NotAdded.NO_TOPIC:
        raise _bad(f"SNS topic <{destination.topic_arn}> not found.")


def _destination(name: str, definition: EventDestinationDefinition) -> EventDestination:
    """Read a definition; the order of the checks is SES's. Raises `InvalidSet`."""
    check_destination_name(name)
    event_types = check_event_types(definition.matching_event_types)
    given = [
        kind
        for kind, target in (
            ("SnsDestination", definition.sns_destination),
            ("KinesisFirehoseDestination", definition.kinesis_firehose_destination),
            ("CloudWatchDestination", definition.cloud_watch_destination),
            ("EventBridgeDestination", definition.event_bridge_destination),
            ("PinpointDestination", definition.pinpoint_destination),
        )
        if target is not None
    ]
    if not given:
        raise InvalidSet("Event destination is not provided.")
    if len(given) > 1:
        raise InvalidSet(
            "Please provide only one destination with each request. Either a Firehose Destination "
            "or a Cloudwatch Destination or an SNS Destination or an EventBridge Destination."
        )
    if definition.sns_destination is None:
        raise InvalidSet(f"{given[0]} is not supported by this server yet; use SnsDestination.")
    # An absent Enabled is off, as in the API reference: "the default is false".
    return EventDestination(
        name, bool(definition.enabled), event_types, DestinationKind.SNS, definition.sns_destination.topic_arn
    )


@operation("sesv2", "GetConfigurationSetEventDestinations")
async def get_configuration_set_event_destinations(
    call: Call, request: GetConfigurationSetEventDestinationsRequest
) -> GetConfigurationSetEventDestinationsResponse:
    """Show the destinations of a set, in the order in which they were made."""
    name = request.configuration_set_name
    found = await call.ports.database.read(lambda s: store.find(s, call.account_id, call.region, name))
    if found is None:
        raise does_not_exist(name, "sesv2")
    return GetConfigurationSetEventDestinationsResponse(
        event_destinations=[
            sesv2.EventDestination(
                name=destination.name,
                enabled=destination.enabled,
                matching_event_types=cast(list[EventType], list(destination.event_types)),
                sns_destination=SnsDestination(topic_arn=destination.topic_arn),
            )
            for destination in found.destinations
        ]
    )


@operation("sesv2", "DeleteConfigurationSetEventDestination")
async def delete_configuration_set_event_destination(
    call: Call, request: DeleteConfigurationSetEventDestinationRequest
) -> None:
    """Take a destination off a set; what is on its way still arrives."""
    set_name, name = request.configuration_set_name, request.event_destination_name

    def delete(session: Session) -> bool:
        if not store.exists(session, call.account_id, call.region, set_name):
            raise does_not_exist(set_name, "sesv2")
        return store.delete_destination(session, call.account_id, call.region, set_name, name)

    if not await call.ports.database.write(delete):
        raise CallerError(
            "NotFoundException",
            f"An event destination with name <{name}> does not exist for configuration set <{set_name}>.",
            status=404,
        )
