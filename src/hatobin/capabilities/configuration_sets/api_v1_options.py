"""The operations of SES v1 that change one block of a configuration set.

Refs: API reference v1; appendix E.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from hatobin.capabilities.configuration_sets import store
from hatobin.capabilities.configuration_sets.checks import owns_domain
from hatobin.capabilities.configuration_sets.model import Options
from hatobin.capabilities.configuration_sets.refusals import does_not_exist
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2
from hatobin.gateway.models.ses import (
    CreateConfigurationSetTrackingOptionsRequest,
    CreateConfigurationSetTrackingOptionsResponse,
    DeleteConfigurationSetTrackingOptionsRequest,
    DeleteConfigurationSetTrackingOptionsResponse,
    PutConfigurationSetDeliveryOptionsRequest,
    PutConfigurationSetDeliveryOptionsResponse,
    TrackingOptions,
    UpdateConfigurationSetReputationMetricsEnabledRequest,
    UpdateConfigurationSetSendingEnabledRequest,
    UpdateConfigurationSetTrackingOptionsRequest,
    UpdateConfigurationSetTrackingOptionsResponse,
)
from hatobin.ports import Session
from hatobin.words.errors import CallerError


async def _change(call: Call, name: str, change: Callable[[Session, Options], Options]) -> None:
    """Change the blocks of a set of the caller."""

    def work(session: Session) -> bool:
        return store.change_options(
            session, call.account_id, call.region, name, lambda options: change(session, options)
        )

    if not await call.ports.database.write(work):
        raise does_not_exist(name, "ses")


@operation("ses", "UpdateConfigurationSetSendingEnabled")
async def update_configuration_set_sending_enabled(
    call: Call, request: UpdateConfigurationSetSendingEnabledRequest
) -> None:
    """Pause or resume sending with a set."""
    now = call.ports.clock.now()
    await _change(call, request.configuration_set_name, lambda _, options: options.with_sending(request.enabled, now))


@operation("ses", "UpdateConfigurationSetReputationMetricsEnabled")
async def update_configuration_set_reputation_metrics_enabled(
    call: Call, request: UpdateConfigurationSetReputationMetricsEnabledRequest
) -> None:
    """Switch the reputation metrics of a set."""
    await _change(
        call, request.configuration_set_name, lambda _, options: options.with_reputation_metrics(request.enabled)
    )


@operation("ses", "PutConfigurationSetDeliveryOptions")
async def put_configuration_set_delivery_options(
    call: Call, request: PutConfigurationSetDeliveryOptionsRequest
) -> PutConfigurationSetDeliveryOptionsResponse:
    """Set the TLS policy of a set, or with no options take it away; what only v2 knows of delivery stays."""
    given = request.delivery_options
    policy = None if given is None else given.tls_policy
    spelled: sesv2.TlsPolicy | None = None if policy is None else ("REQUIRE" if policy == "Require" else "OPTIONAL")

    def change(_: Session, options: Options) -> Options:
        delivery = replace(options.delivery or sesv2.DeliveryOptions(), tls_policy=spelled)
        return replace(options, delivery=None if delivery == sesv2.DeliveryOptions() else delivery)

    await _change(call, request.configuration_set_name, change)
    return PutConfigurationSetDeliveryOptionsResponse()


@operation("ses", "CreateConfigurationSetTrackingOptions")
async def create_configuration_set_tracking_options(
    call: Call, request: CreateConfigurationSetTrackingOptionsRequest
) -> CreateConfigurationSetTrackingOptionsResponse:
    """Give a set its redirect domain."""
    name = request.configuration_set_name

    def change(session: Session, options: Options) -> Options:
        domain = _redirect_domain(session, call, request.tracking_options)
        if options.tracking is not None:
            raise CallerError(
                "TrackingOptionsAlreadyExistsException", f"Configuration set <{name}> already has tracking options."
            )
        return replace(options, tracking=sesv2.TrackingOptions(custom_redirect_domain=domain))

    await _change(call, name, change)
    return CreateConfigurationSetTrackingOptionsResponse()


@operation("ses", "UpdateConfigurationSetTrackingOptions")
async def update_configuration_set_tracking_options(
    call: Call, request: UpdateConfigurationSetTrackingOptionsRequest
) -> UpdateConfigurationSetTrackingOptionsResponse:
    """Give a set another redirect domain; the HTTPS policy, which only v2 knows, stays."""
    name = request.configuration_set_name

    def change(session: Session, options: Options) -> Options:
        domain = _redirect_domain(session, call, request.tracking_options)
        if options.tracking is None:
            raise _no_tracking(name)
        return replace(options, tracking=replace(options.tracking, custom_redirect_domain=domain))

    await _change(call, name, change)
    return UpdateConfigurationSetTrackingOptionsResponse()


@operation("ses", "DeleteConfigurationSetTrackingOptions")
async def delete_configuration_set_tracking_options(
    call: Call, request: DeleteConfigurationSetTrackingOptionsRequest
) -> DeleteConfigurationSetTrackingOptionsResponse:
    """Take the redirect domain off a set."""
    name = request.configuration_set_name

    def change(_: Session, options: Options) -> Options:
        if options.tracking is None:
            raise _no_tracking(name)
        return replace(options, tracking=None)

    await _change(call, name, change)
    return DeleteConfigurationSetTrackingOptionsResponse()


def _no_tracking(name: str) -> CallerError:
    return CallerError(
        "TrackingOptionsDoesNotExistException", f"There are no tracking options for configuration set <{name}>"
    )


def _redirect_domain(session: Session, call: Call, tracking: TrackingOptions) -> str:
    """Give the domain of a request; it must be a verified identity."""
    domain = tracking.custom_redirect_domain
    if domain is None or not domain.strip():
        raise CallerError("InvalidTrackingOptions", "At least one field of TrackingOptions must contain a value.")
    if not owns_domain(session, call, domain):
        raise CallerError("InvalidTrackingOptions", f"Domain <{domain}> is not verified under this account.")
    return domain
