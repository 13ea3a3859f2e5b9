"""The operations of SES v1 on configuration sets.

Refs: surface.md §4.6, appendix E; DEV-CL-06.
"""

from __future__ import annotations

from hatobin.capabilities.configuration_sets import store
from hatobin.capabilities.configuration_sets.api_v1_destinations import shown_destinations
from hatobin.capabilities.configuration_sets.deletion import delete
from hatobin.capabilities.configuration_sets.model import MAX_CONFIGURATION_SETS, ConfigurationSet, Options
from hatobin.capabilities.configuration_sets.names import InvalidSet, check_name
from hatobin.capabilities.configuration_sets.refusals import does_not_exist
from hatobin.gateway import Call, operation
from hatobin.gateway.models import ses
from hatobin.gateway.models.ses import (
    CreateConfigurationSetRequest,
    CreateConfigurationSetResponse,
    DeleteConfigurationSetRequest,
    DeleteConfigurationSetResponse,
    DescribeConfigurationSetRequest,
    DescribeConfigurationSetResponse,
    ListConfigurationSetsRequest,
    ListConfigurationSetsResponse,
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


@operation("ses", "CreateConfigurationSet")
async def create_configuration_set(
    call: Call, request: CreateConfigurationSetRequest
) -> CreateConfigurationSetResponse:
    """Store a configuration set without any options."""
    name, now = request.configuration_set.name, call.ports.clock.now()
    try:
        check_name(name)
    except InvalidSet as invalid:
        raise CallerError("InvalidParameterValue", str(invalid)) from None

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
    if not await delete(call, name):
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
        event_destinations=shown_destinations(found) if "eventDestinations" in wanted else None,
        tracking_options=_tracking(found) if "trackingOptions" in wanted else None,
        delivery_options=_delivery(found) if "deliveryOptions" in wanted else None,
        reputation_options=_reputation(found) if "reputationOptions" in wanted else None,
    )


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
