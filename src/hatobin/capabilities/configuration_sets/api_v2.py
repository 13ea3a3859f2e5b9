"""The operations of SES v2 on configuration sets.

Refs: surface.md §3 (51: every block must round-trip, absent stays absent),
§4.6, appendices E and F; DEV-CL-12.
"""

from __future__ import annotations

from hatobin.capabilities import tags
from hatobin.capabilities.configuration_sets import store
from hatobin.capabilities.configuration_sets.checks import check_archiving, check_delivery, check_redirect_domain
from hatobin.capabilities.configuration_sets.deletion import delete
from hatobin.capabilities.configuration_sets.model import (
    MAX_CONFIGURATION_SETS,
    ConfigurationSet,
    Options,
)
from hatobin.capabilities.configuration_sets.names import InvalidSet, check_name
from hatobin.capabilities.configuration_sets.refusals import does_not_exist
from hatobin.capabilities.tags import TagPair
from hatobin.gateway import Call, operation
from hatobin.gateway.models.sesv2 import (
    CreateConfigurationSetRequest,
    DeleteConfigurationSetRequest,
    GetConfigurationSetRequest,
    GetConfigurationSetResponse,
    ListConfigurationSetsRequest,
    ListConfigurationSetsResponse,
    Tag,
)
from hatobin.gateway.paging import Paging
from hatobin.ports import Session
from hatobin.words.errors import CallerError

MIN_FILTER_LENGTH, MAX_FILTER_LENGTH = 3, 64

PAGING = Paging(
    kind="configuration-set",
    default_size=50,
    max_size=1000,
    cursor=(str,),
    token_error=lambda token: CallerError("BadRequestException", f"invalid nextToken {token}"),
    size_error=lambda size: CallerError("BadRequestException", "The page size must be between 1 and 1000"),
)


def _bad(text: str) -> CallerError:
    return CallerError("BadRequestException", text)


def checked_name(name: str) -> str:
    """Give the name of a set; what cannot be one is refused before anything is looked up (observed)."""
    try:
        check_name(name)
    except InvalidSet as invalid:
        raise _bad(str(invalid)) from None
    return name


@operation("sesv2", "CreateConfigurationSet")
async def create_configuration_set(call: Call, request: CreateConfigurationSetRequest) -> None:
    """Store a configuration set with the blocks of the request."""
    name, now = checked_name(request.configuration_set_name), call.ports.clock.now()
    pairs = tags.validate(request.tags)
    options = Options(
        tracking=request.tracking_options,
        delivery=request.delivery_options,
        reputation=request.reputation_options,
        sending=request.sending_options,
        suppression=request.suppression_options,
        vdm=request.vdm_options,
        archiving=request.archiving_options,
        message_security=request.message_security_options,
    )

    def create(session: Session) -> None:
        try:
            if options.tracking is not None:
                check_redirect_domain(session, call, options.tracking.custom_redirect_domain)
            check_delivery(options.delivery)
            check_archiving(call, options.archiving)
        except InvalidSet as invalid:
            raise _bad(str(invalid)) from None
        if store.number(session, call.account_id, call.region) >= MAX_CONFIGURATION_SETS:
            raise CallerError(
                "LimitExceededException", f"Maximum of {MAX_CONFIGURATION_SETS} configuration sets reached."
            )
        if not store.insert(session, call.account_id, call.region, name, options, now, pairs):
            raise CallerError("AlreadyExistsException", f"Configuration set {name} already exists.")

    await call.ports.database.write(create)


@operation("sesv2", "GetConfigurationSet")
async def get_configuration_set(call: Call, request: GetConfigurationSetRequest) -> GetConfigurationSetResponse:
    """Show a set; blocks that were never given are absent."""
    name = checked_name(request.configuration_set_name)

    def look(session: Session) -> tuple[ConfigurationSet | None, tuple[TagPair, ...] | None]:
        return (
            store.find(session, call.account_id, call.region, name),
            store.tags_of(session, call.account_id, call.region, name),
        )

    found, pairs = await call.ports.database.read(look)
    if found is None:
        raise does_not_exist(name, "sesv2")
    options = found.options
    return GetConfigurationSetResponse(
        configuration_set_name=found.name,
        tracking_options=options.tracking,
        delivery_options=options.delivery,
        reputation_options=options.reputation,
        sending_options=options.sending,
        tags=[Tag(key=key, value=value) for key, value in pairs or ()],
        suppression_options=options.suppression,
        vdm_options=options.vdm,
        archiving_options=options.archiving,
        message_security_options=options.message_security,
    )


@operation("sesv2", "DeleteConfigurationSet")
async def delete_configuration_set(call: Call, request: DeleteConfigurationSetRequest) -> None:
    """Remove a set with its event destinations."""
    name = checked_name(request.configuration_set_name)
    if not await delete(call, name):
        raise does_not_exist(name, "sesv2")


@operation("sesv2", "ListConfigurationSets")
async def list_configuration_sets(call: Call, request: ListConfigurationSetsRequest) -> ListConfigurationSetsResponse:
    """List names of sets, 50 to a page; a part of the name is found whatever its case (probed)."""
    part = {str(key): value for key, value in (request.filter or {}).items()}.get("CONFIGURATION_SET_NAME_CONTAINS")
    scope = "" if part is None else part.lower()
    page = PAGING.start(call, request.page_size, request.next_token, scope)
    if part is not None and not MIN_FILTER_LENGTH <= len(part) <= MAX_FILTER_LENGTH:
        raise _bad(
            f"CONFIGURATION_SET_NAME_CONTAINS must be between {MIN_FILTER_LENGTH} and {MAX_FILTER_LENGTH} characters"
        )
    rows = await call.ports.database.read(
        lambda s: store.page(s, call.account_id, call.region, page, name_contains=part)
    )
    shown, token = PAGING.finish(call, page, rows, lambda name: (name,), scope)
    return ListConfigurationSetsResponse(configuration_sets=list(shown), next_token=token)
