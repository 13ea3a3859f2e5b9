"""The operations of SES v1 on configuration sets and event destinations, on the same sets.

v1 names eight kinds of event and SNS, Firehose and CloudWatch as destinations.

Refs: surface.md §1.5, §4.6, appendix E; DEV-CL-06.
"""

from __future__ import annotations

from typing import cast

from hatobin.capabilities.configuration_sets import store
from hatobin.capabilities.configuration_sets.creation import NotAdded, add_destination
from hatobin.capabilities.configuration_sets.model import (
    MAX_CONFIGURATION_SETS,
    MAX_EVENT_DESTINATIONS,
    ConfigurationSet,
    DestinationKind,
    EventDestination,
    InvalidSet,
    Options,
    check_destination_name,
    check_event_types,
    check_name,
)
from hatobin.capabilities.configuration_sets.refusals import does_not_exist
from hatobin.gateway import Call, operation
from hatobin.gateway.models import ses
from hatobin.gateway.models.ses import (
    CreateConfigurationSetEventDestinationRequest,
    CreateConfigurationSetEventDestinationResponse,
    CreateConfigurationSetRequest,
    CreateConfigurationSetResponse,
    DeleteConfigurationSetEventDestinationRequest,
    DeleteConfigurationSetEventDestinationResponse,
    DeleteConfigurationSetRequest,
    DeleteConfigurationSetResponse,
    DescribeConfigurationSetRequest,
    DescribeConfigurationSetResponse,
    EventType,
    ListConfigurationSetsRequest,
    ListConfigurationSetsResponse,
    SNSDestination,
)
from hatobin.gateway.paging import Paging
from hatobin.ports import Session
from hatobin.words.errors import CallerError

PAGING = Paging(
    kind="configuration-set",
    default_size=50,
    max_size=1000,
    cursor=(str,),
    token_error=lambda token: CallerError("InvalidParameterValue", None),
    size_error=None,
    fallback_size=50,
)

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


def _invalid(invalid: InvalidSet) -> CallerError:
    return CallerError("InvalidParameterValue", str(invalid))


@operation("ses", "CreateConfigurationSet")
async def create_configuration_set(
    call: Call, request: CreateConfigurationSetRequest
) -> CreateConfigurationSetResponse:
    """Store a configuration set without any options."""
    name, now = request.configuration_set.name, call.ports.clock.now()
    try:
        check_name(name)
    except InvalidSet as invalid:
        raise _invalid(invalid) from None

    def create(session: Session) -> None:
        if store.number(session, call.account_id, call.region) >= MAX_CONFIGURATION_SETS:
            raise CallerError("LimitExceeded", f"Maximum of {MAX_CONFIGURATION_SETS} configuration sets reached.")
        if not store.insert(session, call.account_id, call.region, name, Options(), now):
            raise CallerError("ConfigurationSetAlreadyExists", f"Configuration set {name} already exists.")

    await call.ports.database.write(create)
    return CreateConfigurationSetResponse()


@operation("ses", "DeleteConfigurationSet")
async def delete_configuration_set(
    call: Call, request: DeleteConfigurationSetRequest
) -> DeleteConfigurationSetResponse:
    """Remove a set with its event destinations."""
    name = request.configuration_set_name
    if not await call.ports.database.write(lambda s: store.delete(s, call.account_id, call.region, name)):
        raise does_not_exist(name, "ses")
    return DeleteConfigurationSetResponse()


@operation("ses", "ListConfigurationSets")
async def list_configuration_sets(call: Call, request: ListConfigurationSetsRequest) -> ListConfigurationSetsResponse:
    """List sets by name; a size out of range is served as 50 (probed)."""
    page = PAGING.start(call, request.max_items, request.next_token)
    rows = await call.ports.database.read(lambda s: store.page(s, call.account_id, call.region, page))
    shown, token = PAGING.finish(call, page, rows, lambda name: (name,))
    return ListConfigurationSetsResponse(
        configuration_sets=[ses.ConfigurationSet(name=name) for name in shown], next_token=token
    )


@operation("ses", "DescribeConfigurationSet")
async def describe_configuration_set(
    call: Call, request: DescribeConfigurationSetRequest
) -> DescribeConfigurationSetResponse:
    """Show a set, with those of its attributes that are asked for (surface.md §3, 6)."""
    name = request.configuration_set_name
    found = await call.ports.database.read(lambda s: store.find(s, call.account_id, call.region, name))
    if found is None:
        raise does_not_exist(name, "ses")
    wanted = frozenset(request.configuration_set_attribute_names or ())
    return DescribeConfigurationSetResponse(
        configuration_set=ses.ConfigurationSet(name=found.name),
        event_destinations=_shown_destinations(found) if "eventDestinations" in wanted else None,
        tracking_options=_tracking(found) if "trackingOptions" in wanted else None,
        delivery_options=_delivery(found) if "deliveryOptions" in wanted else None,
        reputation_options=_reputation(found) if "reputationOptions" in wanted else None,
    )


def _shown_destinations(found: ConfigurationSet) -> list[ses.EventDestination]:
    return [
        ses.EventDestination(
            name=destination.name,
            enabled=destination.enabled,
            matching_event_types=[
                cast(EventType, _V1_TYPES[known]) for known in destination.event_types if known in _V1_TYPES
            ],
            sns_destination=SNSDestination(topic_arn=destination.topic_arn),
        )
        for destination in found.destinations
    ]


def _tracking(found: ConfigurationSet) -> ses.TrackingOptions | None:
    domain = found.redirect_domain
    return None if domain is None else ses.TrackingOptions(custom_redirect_domain=domain)


def _delivery(found: ConfigurationSet) -> ses.DeliveryOptions | None:
    delivery = found.options.delivery
    if delivery is None or delivery.tls_policy is None:
        return None
    return ses.DeliveryOptions(tls_policy="Require" if delivery.tls_policy == "REQUIRE" else "Optional")


def _reputation(found: ConfigurationSet) -> ses.ReputationOptions:
    reputation = found.options.reputation
    return ses.ReputationOptions(
        sending_enabled=found.sending_enabled,
        reputation_metrics_enabled=reputation is not None and bool(reputation.reputation_metrics_enabled),
        last_fresh_start=None if reputation is None else reputation.last_fresh_start,
    )


@operation("ses", "CreateConfigurationSetEventDestination")
async def create_configuration_set_event_destination(
    call: Call, request: CreateConfigurationSetEventDestinationRequest
) -> CreateConfigurationSetEventDestinationResponse:
    """Publish events of a set to an SNS topic from now on."""
    set_name = request.configuration_set_name
    try:
        destination = _destination(request.event_destination)
    except InvalidSet as invalid:
        raise _invalid(invalid) from None
    refused = await add_destination(call, set_name, destination)
    if refused is NotAdded.NO_SET:
        raise does_not_exist(set_name, "ses")
    if refused is NotAdded.NAME_TAKEN:
        raise CallerError(
            "EventDestinationAlreadyExists",
            f"An event destination with name <{destination.name}> already exists for configuration set <{set_name}>.",
        )
    if refused is NotAdded.TOO_MANY:
        raise CallerError(
            "LimitExceeded", f"Configuration set <{set_name}> already has {MAX_EVENT_DESTINATIONS} event destinations."
        )
    if refused is NotAdded.NO_TOPIC:
        raise CallerError("InvalidSNSDestination", f"SNS topic <{destination.topic_arn}> not found.")
    return CreateConfigurationSetEventDestinationResponse()


def _destination(given: ses.EventDestination) -> EventDestination:
    """Read a definition. Raises `InvalidSet`."""
    check_destination_name(given.name)
    event_types = check_event_types([_V2_TYPES[name] for name in given.matching_event_types])
    targets = (given.sns_destination, given.kinesis_firehose_destination, given.cloud_watch_destination)
    count = sum(target is not None for target in targets)
    if count == 0:
        raise InvalidSet("Event destination is not provided.")
    if count > 1:
        raise InvalidSet(
            "Please provide only one destination with each request. Either a Firehose Destination "
            "or a Cloudwatch Destination or an SNS Destination."
        )
    if given.sns_destination is None:
        raise InvalidSet("Only SNSDestination is supported by this server yet.")
    return EventDestination(
        given.name, bool(given.enabled), event_types, DestinationKind.SNS, given.sns_destination.topic_arn
    )


@operation("ses", "DeleteConfigurationSetEventDestination")
async def delete_configuration_set_event_destination(
    call: Call, request: DeleteConfigurationSetEventDestinationRequest
) -> DeleteConfigurationSetEventDestinationResponse:
    """Take a destination off a set; what is on its way still arrives."""
    set_name, name = request.configuration_set_name, request.event_destination_name

    def delete(session: Session) -> bool:
        if not store.exists(session, call.account_id, call.region, set_name):
            raise does_not_exist(set_name, "ses")
        return store.delete_destination(session, call.account_id, call.region, set_name, name)

    if not await call.ports.database.write(delete):
        raise CallerError("EventDestinationDoesNotExist", f"No EventDestination found for {name}")
    return DeleteConfigurationSetEventDestinationResponse()
