"""The operations of SES v2 that change one block of a configuration set.

A Put replaces its block and, without members, takes it away; what differs
from that is said at the operation. Refs: API reference v2; surface.md §3 (51),
§4.9, appendix E.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from hatobin.capabilities.configuration_sets import store
from hatobin.capabilities.configuration_sets.api_v2 import checked_name
from hatobin.capabilities.configuration_sets.checks import check_archiving, check_delivery, check_redirect_domain
from hatobin.capabilities.configuration_sets.model import Options
from hatobin.capabilities.configuration_sets.names import InvalidSet
from hatobin.capabilities.configuration_sets.refusals import does_not_exist
from hatobin.gateway import Call, operation
from hatobin.gateway.models.sesv2 import (
    ArchivingOptions,
    DeliveryOptions,
    PutConfigurationSetArchivingOptionsRequest,
    PutConfigurationSetDeliveryOptionsRequest,
    PutConfigurationSetReputationOptionsRequest,
    PutConfigurationSetSendingOptionsRequest,
    PutConfigurationSetSuppressionOptionsRequest,
    PutConfigurationSetTrackingOptionsRequest,
    PutConfigurationSetVdmOptionsRequest,
    SuppressionOptions,
    TrackingOptions,
    UpdateConfigurationSetRequest,
)
from hatobin.ports import Session
from hatobin.words.errors import CallerError


async def _change(call: Call, name: str, change: Callable[[Session, Options], Options]) -> None:
    """Change the blocks of a set of the caller; an `InvalidSet` becomes v2's error."""
    checked_name(name)

    def work(session: Session) -> bool:
        try:
            return store.change_options(
                session, call.account_id, call.region, name, lambda options: change(session, options)
            )
        except InvalidSet as invalid:
            raise CallerError("BadRequestException", str(invalid)) from None

    if not await call.ports.database.write(work):
        raise does_not_exist(name, "sesv2")


@operation("sesv2", "PutConfigurationSetSendingOptions")
async def put_configuration_set_sending_options(call: Call, request: PutConfigurationSetSendingOptionsRequest) -> None:
    """Pause or resume sending with a set; an absent flag pauses, as its default is false."""
    enabled, now = bool(request.sending_enabled), call.ports.clock.now()
    await _change(call, request.configuration_set_name, lambda _, options: options.with_sending(enabled, now))


@operation("sesv2", "PutConfigurationSetReputationOptions")
async def put_configuration_set_reputation_options(
    call: Call, request: PutConfigurationSetReputationOptionsRequest
) -> None:
    """Switch the reputation metrics of a set; an absent flag switches off. The last fresh start stays."""
    enabled = bool(request.reputation_metrics_enabled)
    await _change(call, request.configuration_set_name, lambda _, options: options.with_reputation_metrics(enabled))


@operation("sesv2", "PutConfigurationSetDeliveryOptions")
async def put_configuration_set_delivery_options(
    call: Call, request: PutConfigurationSetDeliveryOptionsRequest
) -> None:
    """Set TLS policy, pool and delivery time of a set. An absent SharedPoolDeliveryMode stays as it was."""

    def change(_: Session, options: Options) -> Options:
        kept = options.delivery.shared_pool_delivery_mode if options.delivery else None
        delivery = DeliveryOptions(
            tls_policy=request.tls_policy,
            sending_pool_name=request.sending_pool_name,
            max_delivery_seconds=request.max_delivery_seconds,
            shared_pool_delivery_mode=request.shared_pool_delivery_mode or kept,
        )
        check_delivery(delivery)
        return replace(options, delivery=None if delivery == DeliveryOptions() else delivery)

    await _change(call, request.configuration_set_name, change)


@operation("sesv2", "PutConfigurationSetSuppressionOptions")
async def put_configuration_set_suppression_options(
    call: Call, request: PutConfigurationSetSuppressionOptionsRequest
) -> None:
    """Override the account's suppression for a set; members that are given replace theirs.

    Without any member the override is an empty list: nothing is suppressed (probed).
    """

    def change(_: Session, options: Options) -> Options:
        old = options.suppression or SuppressionOptions()
        reasons, scope, validation = request.suppressed_reasons, request.suppression_scope, request.validation_options
        if reasons is None and scope is None and validation is None:
            reasons = []
        return replace(
            options,
            suppression=SuppressionOptions(
                suppressed_reasons=old.suppressed_reasons if reasons is None else list(dict.fromkeys(reasons)),
                suppression_scope=scope or old.suppression_scope,
                validation_options=validation or old.validation_options,
            ),
        )

    await _change(call, request.configuration_set_name, change)


@operation("sesv2", "PutConfigurationSetTrackingOptions")
async def put_configuration_set_tracking_options(
    call: Call, request: PutConfigurationSetTrackingOptionsRequest
) -> None:
    """Set the redirect domain of a set and how it uses HTTPS; a policy needs its domain (probed)."""
    domain, policy = request.custom_redirect_domain, request.https_policy

    def change(session: Session, options: Options) -> Options:
        if domain is None and policy is None:
            return replace(options, tracking=None)
        check_redirect_domain(session, call, domain or "")
        return replace(options, tracking=TrackingOptions(custom_redirect_domain=domain or "", https_policy=policy))

    await _change(call, request.configuration_set_name, change)


@operation("sesv2", "PutConfigurationSetVdmOptions")
async def put_configuration_set_vdm_options(call: Call, request: PutConfigurationSetVdmOptionsRequest) -> None:
    """Set the Virtual Deliverability Manager's options of a set."""
    await _change(call, request.configuration_set_name, lambda _, options: replace(options, vdm=request.vdm_options))


@operation("sesv2", "PutConfigurationSetArchivingOptions")
async def put_configuration_set_archiving_options(
    call: Call, request: PutConfigurationSetArchivingOptionsRequest
) -> None:
    """Name the archive for what is sent with a set, or none."""
    archiving = None if request.archive_arn is None else ArchivingOptions(archive_arn=request.archive_arn)

    def change(_: Session, options: Options) -> Options:
        check_archiving(call, archiving)
        return replace(options, archiving=archiving)

    await _change(call, request.configuration_set_name, change)


@operation("sesv2", "UpdateConfigurationSet")
async def update_configuration_set(call: Call, request: UpdateConfigurationSetRequest) -> None:
    """Change the message security of a set; what the request leaves out stays (API reference: "a partial update")."""
    security = request.message_security_options
    await _change(
        call,
        request.configuration_set_name,
        lambda _, options: options if security is None else replace(options, message_security=security),
    )
