"""The operations of SES v1 on the event destinations of a configuration set.

v1 names eight kinds of event and SNS, Firehose and CloudWatch as destinations;
what v2 made of another kind is shown without a target.

Refs: surface.md §1.5, §4.6, appendix E; DEV-CL-06.
"""

from __future__ import annotations

from typing import cast

from hatobin.capabilities.configuration_sets import store
from hatobin.capabilities.configuration_sets.destinations import (
    MAX_EVENT_DESTINATIONS,
    CloudWatchTarget,
    Dimension,
    EventDestination,
    FirehoseTarget,
    InvalidTarget,
    SnsTarget,
    Target,
    check_event_types,
    check_target,
    missing_stream,
    only_target,
)
from hatobin.capabilities.configuration_sets.model import ConfigurationSet
from hatobin.capabilities.configuration_sets.names import InvalidSet, check_destination_name
from hatobin.capabilities.configuration_sets.refusals import does_not_exist
from hatobin.capabilities.configuration_sets.storing import NotStored, add_destination, replace_destination
from hatobin.gateway import Call, operation
from hatobin.gateway.models import ses
from hatobin.gateway.models.ses import (
    CreateConfigurationSetEventDestinationRequest,
    CreateConfigurationSetEventDestinationResponse,
    DeleteConfigurationSetEventDestinationRequest,
    DeleteConfigurationSetEventDestinationResponse,
    DimensionValueSource,
    EventType,
    UpdateConfigurationSetEventDestinationRequest,
    UpdateConfigurationSetEventDestinationResponse,
)
from hatobin.ports import Session
from hatobin.words.errors import CallerError

_V2_TYPES = {
    "send": "SEND",
    "reject": "REJECT",
    "bounce": "BOUNCE",
    "complaint": "COMPLAINT",
    "delivery": "DELIVERY",
    "open": "OPEN",
    "click": "CLICK",
    "renderingFailure": "RENDERING_FAILURE",
}
_V1_TYPES = {v2: v1 for v1, v2 in _V2_TYPES.items()}
_V2_SOURCES = {"messageTag": "MESSAGE_TAG", "emailHeader": "EMAIL_HEADER", "linkTag": "LINK_TAG"}
_V1_SOURCES = {v2: v1 for v1, v2 in _V2_SOURCES.items()}
_TARGET_CODES: dict[type, str] = {
    FirehoseTarget: "InvalidFirehoseDestination",
    CloudWatchTarget: "InvalidCloudWatchDestination",
}


@operation("ses", "CreateConfigurationSetEventDestination")
async def create_configuration_set_event_destination(
    call: Call, request: CreateConfigurationSetEventDestinationRequest
) -> CreateConfigurationSetEventDestinationResponse:
    """Publish events of a set somewhere from now on."""
    set_name, destination = request.configuration_set_name, _read(call, request.event_destination)
    refused = await add_destination(call, set_name, destination)
    if refused is not None:
        raise _refusal(refused, set_name, destination)
    return CreateConfigurationSetEventDestinationResponse()


@operation("ses", "UpdateConfigurationSetEventDestination")
async def update_configuration_set_event_destination(
    call: Call, request: UpdateConfigurationSetEventDestinationRequest
) -> UpdateConfigurationSetEventDestinationResponse:
    """Replace a destination of a set as a whole; it keeps its place."""
    set_name, destination = request.configuration_set_name, _read(call, request.event_destination)
    refused = await replace_destination(call, set_name, destination)
    if refused is not None:
        raise _refusal(refused, set_name, destination)
    return UpdateConfigurationSetEventDestinationResponse()


def _refusal(refused: NotStored, set_name: str, destination: EventDestination) -> CallerError:
    match refused:
        case NotStored.NO_SET:
            return does_not_exist(set_name, "ses")
        case NotStored.NAME_TAKEN:
            return CallerError(
                "EventDestinationAlreadyExists",
                f"An event destination with name <{destination.name}> already exists "
                f"for configuration set <{set_name}>.",
            )
        case NotStored.TOO_MANY:
            return CallerError(
                "LimitExceeded",
                f"Configuration set <{set_name}> already has {MAX_EVENT_DESTINATIONS} event destinations.",
            )
        case NotStored.NO_TOPIC:
            return CallerError("InvalidSNSDestination", f"SNS topic <{destination.topic_arn}> not found.")
        case NotStored.NO_STREAM:
            return CallerError("InvalidFirehoseDestination", missing_stream(destination.target))
        case NotStored.NO_DESTINATION:
            return _no_destination(set_name)


def _no_destination(set_name: str) -> CallerError:
    """Word it as recorded from SES: the text names the set, not the destination that it lacks."""
    return CallerError("EventDestinationDoesNotExist", f"No EventDestination found for {set_name}")


def _read(call: Call, given: ses.EventDestination) -> EventDestination:
    """Read a definition; the order of the checks is SES's."""
    try:
        check_destination_name(given.name)
        event_types = check_event_types([_V2_TYPES[name] for name in given.matching_event_types])
        target = only_target(_targets(given))
        check_target(target, call.account_id, call.region)
    except InvalidTarget as invalid:
        raise CallerError(_TARGET_CODES[invalid.kind], str(invalid)) from None
    except InvalidSet as invalid:
        raise CallerError("InvalidParameterValue", str(invalid)) from None
    return EventDestination(given.name, bool(given.enabled), event_types, target)


def _targets(given: ses.EventDestination) -> list[Target | None]:
    """Read the three kinds, absent ones as None."""
    sns, firehose, cloud_watch = (
        given.sns_destination,
        given.kinesis_firehose_destination,
        given.cloud_watch_destination,
    )
    return [
        None if sns is None else SnsTarget(sns.topic_arn),
        None if firehose is None else FirehoseTarget(firehose.iam_role_arn, firehose.delivery_stream_arn),
        None
        if cloud_watch is None
        else CloudWatchTarget(
            tuple(
                Dimension(one.dimension_name, _V2_SOURCES[one.dimension_value_source], one.default_dimension_value)
                for one in cloud_watch.dimension_configurations
            )
        ),
    ]


def shown_destinations(found: ConfigurationSet) -> list[ses.EventDestination]:
    """Write the destinations of a set, in the order in which they were made."""
    return [_shown(destination) for destination in found.destinations]


def _shown(destination: EventDestination) -> ses.EventDestination:
    target = destination.target
    return ses.EventDestination(
        name=destination.name,
        enabled=destination.enabled,
        matching_event_types=[
            cast(EventType, _V1_TYPES[known]) for known in destination.event_types if known in _V1_TYPES
        ],
        sns_destination=ses.SNSDestination(topic_arn=target.topic_arn) if isinstance(target, SnsTarget) else None,
        kinesis_firehose_destination=ses.KinesisFirehoseDestination(
            iam_role_arn=target.iam_role_arn, delivery_stream_arn=target.delivery_stream_arn
        )
        if isinstance(target, FirehoseTarget)
        else None,
        cloud_watch_destination=ses.CloudWatchDestination(
            dimension_configurations=[
                ses.CloudWatchDimensionConfiguration(
                    dimension_name=one.name,
                    dimension_value_source=cast(DimensionValueSource, _V1_SOURCES[one.source]),
                    default_dimension_value=one.default,
                )
                for one in target.dimensions
            ]
        )
        if isinstance(target, CloudWatchTarget)
        else None,
    )


@operation("ses", "DeleteConfigurationSetEventDestination")
async def delete_configuration_set_event_destination(
    call: Call, request: DeleteConfigurationSetEventDestinationRequest
) -> DeleteConfigurationSetEventDestinationResponse:
    """Take a destination off a set; what is on its way still arrives."""
    set_name, name = request.configuration_set_name, request.event_destination_name

    def delete(session: Session) -> bool:
        if not store.lock(session, call.account_id, call.region, set_name):
            raise does_not_exist(set_name, "ses")
        return store.delete_destination(session, call.account_id, call.region, set_name, name)

    if not await call.ports.database.write(delete):
        raise _no_destination(set_name)
    return DeleteConfigurationSetEventDestinationResponse()
