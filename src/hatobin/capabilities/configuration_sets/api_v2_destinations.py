"""The operations of SES v2 on the event destinations of a configuration set.

Refs: surface.md §3 (3, 7, 11), §4.3, §4.6, appendix E; DEV-CL-06.
"""

from __future__ import annotations

from typing import cast

from hatobin.capabilities.configuration_sets import store
from hatobin.capabilities.configuration_sets.api_v2 import checked_name
from hatobin.capabilities.configuration_sets.destinations import (
    MAX_EVENT_DESTINATIONS,
    CloudWatchTarget,
    Dimension,
    EventBridgeTarget,
    EventDestination,
    FirehoseTarget,
    PinpointTarget,
    SnsTarget,
    Target,
    check_event_types,
    check_target,
    missing_stream,
    only_target,
)
from hatobin.capabilities.configuration_sets.names import InvalidSet, check_destination_name
from hatobin.capabilities.configuration_sets.refusals import does_not_exist
from hatobin.capabilities.configuration_sets.storing import NotStored, add_destination, replace_destination
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2
from hatobin.gateway.models.sesv2 import (
    CreateConfigurationSetEventDestinationRequest,
    DeleteConfigurationSetEventDestinationRequest,
    DimensionValueSource,
    EventDestinationDefinition,
    EventType,
    GetConfigurationSetEventDestinationsRequest,
    GetConfigurationSetEventDestinationsResponse,
    UpdateConfigurationSetEventDestinationRequest,
)
from hatobin.ports import Session
from hatobin.words.errors import CallerError


def _bad(text: str) -> CallerError:
    return CallerError("BadRequestException", text)


@operation("sesv2", "CreateConfigurationSetEventDestination")
async def create_configuration_set_event_destination(
    call: Call, request: CreateConfigurationSetEventDestinationRequest
) -> None:
    """Publish events of a set somewhere from now on."""
    set_name, destination = _read(call, request)
    refused = await add_destination(call, set_name, destination)
    if refused is not None:
        raise _refusal(refused, set_name, destination)


@operation("sesv2", "UpdateConfigurationSetEventDestination")
async def update_configuration_set_event_destination(
    call: Call, request: UpdateConfigurationSetEventDestinationRequest
) -> None:
    """Replace a destination of a set as a whole; it keeps its place."""
    set_name, destination = _read(call, request)
    refused = await replace_destination(call, set_name, destination)
    if refused is not None:
        raise _refusal(refused, set_name, destination)


def _refusal(refused: NotStored, set_name: str, destination: EventDestination) -> CallerError:
    match refused:
        case NotStored.NO_SET:
            return does_not_exist(set_name, "sesv2")
        case NotStored.NAME_TAKEN:
            return CallerError(
                "AlreadyExistsException",
                f"An event destination with name <{destination.name}> already exists "
                f"for configuration set <{set_name}>.",
            )
        case NotStored.TOO_MANY:
            return CallerError(
                "LimitExceededException",
                f"Configuration set <{set_name}> already has {MAX_EVENT_DESTINATIONS} event destinations.",
            )
        case NotStored.NO_TOPIC:
            return _bad(f"SNS topic <{destination.topic_arn}> not found.")
        case NotStored.NO_STREAM:
            return _bad(missing_stream(destination.target))
        case NotStored.NO_DESTINATION:
            return _no_destination(destination.name, set_name)


def _no_destination(name: str, set_name: str) -> CallerError:
    return CallerError(
        "NotFoundException",
        f"An event destination with name <{name}> does not exist for configuration set <{set_name}>.",
        status=404,
    )


def _read(
    call: Call,
    request: CreateConfigurationSetEventDestinationRequest | UpdateConfigurationSetEventDestinationRequest,
) -> tuple[str, EventDestination]:
    """Read the set's name and the destination; the order of the checks is SES's."""
    name, definition = request.event_destination_name, request.event_destination
    try:
        check_destination_name(name)
        event_types = check_event_types(definition.matching_event_types)
        target = only_target(_targets(definition))
        check_target(target, call.account_id, call.region)
    except InvalidSet as invalid:
        raise _bad(str(invalid)) from None
    # An absent Enabled is off, as in the API reference: "the default is false".
    destination = EventDestination(name, bool(definition.enabled), event_types, target)
    return checked_name(request.configuration_set_name), destination


def _targets(definition: EventDestinationDefinition) -> list[Target | None]:
    """Read the five kinds, absent ones as None."""
    sns, firehose = definition.sns_destination, definition.kinesis_firehose_destination
    cloud_watch, bus, pinpoint = (
        definition.cloud_watch_destination,
        definition.event_bridge_destination,
        definition.pinpoint_destination,
    )
    return [
        None if sns is None else SnsTarget(sns.topic_arn),
        None if firehose is None else FirehoseTarget(firehose.iam_role_arn, firehose.delivery_stream_arn),
        None
        if cloud_watch is None
        else CloudWatchTarget(
            tuple(
                Dimension(one.dimension_name, one.dimension_value_source, one.default_dimension_value)
                for one in cloud_watch.dimension_configurations
            )
        ),
        None if bus is None else EventBridgeTarget(bus.event_bus_arn),
        None if pinpoint is None else PinpointTarget(pinpoint.application_arn),
    ]


@operation("sesv2", "GetConfigurationSetEventDestinations")
async def get_configuration_set_event_destinations(
    call: Call, request: GetConfigurationSetEventDestinationsRequest
) -> GetConfigurationSetEventDestinationsResponse:
    """Show the destinations of a set, in the order in which they were made."""
    name = checked_name(request.configuration_set_name)
    found = await call.ports.database.read(lambda s: store.find(s, call.account_id, call.region, name))
    if found is None:
        raise does_not_exist(name, "sesv2")
    return GetConfigurationSetEventDestinationsResponse(
        event_destinations=[_shown(destination) for destination in found.destinations]
    )


def _shown(destination: EventDestination) -> sesv2.EventDestination:
    """Write a destination with the member of its kind."""
    target = destination.target
    return sesv2.EventDestination(
        name=destination.name,
        enabled=destination.enabled,
        matching_event_types=cast(list[EventType], list(destination.event_types)),
        sns_destination=sesv2.SnsDestination(topic_arn=target.topic_arn) if isinstance(target, SnsTarget) else None,
        kinesis_firehose_destination=sesv2.KinesisFirehoseDestination(
            iam_role_arn=target.iam_role_arn, delivery_stream_arn=target.delivery_stream_arn
        )
        if isinstance(target, FirehoseTarget)
        else None,
        cloud_watch_destination=_shown_dimensions(target) if isinstance(target, CloudWatchTarget) else None,
        event_bridge_destination=sesv2.EventBridgeDestination(event_bus_arn=target.event_bus_arn)
        if isinstance(target, EventBridgeTarget)
        else None,
        pinpoint_destination=sesv2.PinpointDestination(application_arn=target.application_arn)
        if isinstance(target, PinpointTarget)
        else None,
    )


def _shown_dimensions(target: CloudWatchTarget) -> sesv2.CloudWatchDestination:
    return sesv2.CloudWatchDestination(
        dimension_configurations=[
            sesv2.CloudWatchDimensionConfiguration(
                dimension_name=one.name,
                dimension_value_source=cast(DimensionValueSource, one.source),
                default_dimension_value=one.default,
            )
            for one in target.dimensions
        ]
    )


@operation("sesv2", "DeleteConfigurationSetEventDestination")
async def delete_configuration_set_event_destination(
    call: Call, request: DeleteConfigurationSetEventDestinationRequest
) -> None:
    """Take a destination off a set; what is on its way still arrives."""
    set_name, name = checked_name(request.configuration_set_name), request.event_destination_name
    try:
        check_destination_name(name)
    except InvalidSet as invalid:
        raise _bad(str(invalid)) from None

    def delete(session: Session) -> bool:
        if not store.lock(session, call.account_id, call.region, set_name):
            raise does_not_exist(set_name, "sesv2")
        return store.delete_destination(session, call.account_id, call.region, set_name, name)

    if not await call.ports.database.write(delete):
        raise _no_destination(name, set_name)
