"""The v1 door: SendEmail, SendRawEmail, SendTemplatedEmail, SendBulkTemplatedEmail, with v1's error codes.

Refs: SES API v1 reference; `docs/decisions.md` for disagreements.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from msgspec.structs import replace

from hatobin.capabilities import custom_verification
from hatobin.capabilities.identities import MAX_IDENTITIES, InvalidIdentity
from hatobin.capabilities.templates import BadTemplate, BadTemplateData, NoDataObject, merged, parse_data
from hatobin.flow.outbound import refusals, verification
from hatobin.flow.outbound.accept import Acceptor
from hatobin.flow.outbound.bulk import BulkStatus, Entry, accept_entries
from hatobin.flow.outbound.delegation import BadIdentityArn, read_delegations
from hatobin.flow.outbound.draft import Draft
from hatobin.flow.outbound.drafting import (
    Ask,
    NoRecipient,
    Recipients,
    all_recipients,
    parse_recipients,
    raw_draft,
    rendered_draft,
    simple_draft,
)
from hatobin.flow.outbound.rendering import ChosenTemplate, render
from hatobin.flow.outbound.template_lookup import (
    BadTemplateArn,
    NoSuchTemplate,
    permitted_template,
    stored_template,
    template_by_arn,
)
from hatobin.gateway import Call, operation
from hatobin.gateway.models import ses as model
from hatobin.ports import run_by_size
from hatobin.protocols.mail.compose import Content
from hatobin.protocols.mail.errors import MessageError
from hatobin.protocols.mail.tags import check_tags
from hatobin.words.address import AddressError, parse_mailbox
from hatobin.words.errors import CallerError

MAX_BULK_DESTINATIONS = 50
MAX_RAW_BYTES = 10 * 1024 * 1024
"""v1 messages are limited to 10 MB after base64 (SES developer guide, quotas)."""


@operation("ses", "SendEmail")
async def send_email(call: Call, request: model.SendEmailRequest) -> model.SendEmailResponse:
    """Send a simple message."""

    async def draft() -> Draft:
        body = request.message.body
        return simple_draft(
            call,
            _ask(request, "ses:SendEmail"),
            subject=_content(request.message.subject),
            text=None if body.text is None else _content(body.text),
            html=None if body.html is None else _content(body.html),
        )

    return model.SendEmailResponse(message_id=await _send(call, draft))


@operation("ses", "SendRawEmail")
async def send_raw_email(call: Call, request: model.SendRawEmailRequest) -> model.SendRawEmailResponse:
    """Send a whole message as it is."""

    async def draft() -> Draft:
        data = request.raw_message.data
        if not data:
            raise CallerError("InvalidParameterValue", "RawMessage.Data is required.")
        if len(data) * 4 // 3 > MAX_RAW_BYTES:
            raise CallerError(
                "InvalidParameterValue",
                f"Message length is more than {MAX_RAW_BYTES} bytes long: '{len(data) * 4 // 3}'.",
            )
        ask = Ask(
            source=request.source or None,
            recipients=parse_recipients(request.destinations, None, None),
            configuration_set=request.configuration_set_name or None,
            tags=_tags(request.tags),
            actions=(("ses:SendRawEmail",),),
            delegations=read_delegations(request.source_arn, request.from_arn, request.return_path_arn),
        )
        return await run_by_size(call.ports.threads, len(data), lambda: raw_draft(call, ask, data))

    return model.SendRawEmailResponse(message_id=await _send(call, draft))


@operation("ses", "SendTemplatedEmail")
async def send_templated_email(
    call: Call, request: model.SendTemplatedEmailRequest
) -> model.SendTemplatedEmailResponse:
    """Send a stored template with the caller's data."""

    async def draft() -> Draft:
        ask = _ask(request, "ses:SendTemplatedEmail")
        parts = await permitted_template(call, ask, _template(call, request.template, request.template_arn))
        rendered = render(parts, parse_data(request.template_data))
        return rendered_draft(call, replace(ask, template=parts.name), rendered)

    return model.SendTemplatedEmailResponse(message_id=await _send(call, draft))


@operation("ses", "SendBulkTemplatedEmail")
async def send_bulk_templated_email(
    call: Call, request: model.SendBulkTemplatedEmailRequest
) -> model.SendBulkTemplatedEmailResponse:
    """Send one stored template to up to 50 destinations; each has its own status, in order."""
    destinations = request.destinations
    if not destinations:
        raise CallerError("InvalidParameterValue", "At least one destination is required.")
    if len(destinations) > MAX_BULK_DESTINATIONS:
        raise CallerError(
            "MessageRejected",
            f"Number of destinations ({len(destinations)}) exceeds the maximum of {MAX_BULK_DESTINATIONS}.",
        )
    with _Worded():
        default = parse_data(request.default_template_data)
        default_tags = _tags(request.default_tags)
        parse_mailbox(request.source)
        everybody = all_recipients(partial(_recipients, destination.destination) for destination in destinations)
        whole = Ask(
            source=request.source,
            recipients=everybody,
            reply_to=tuple(parse_mailbox(text) for text in request.reply_to_addresses or ()),
            return_path=request.return_path or None,
            configuration_set=request.configuration_set_name or None,
            actions=(("ses:SendBulkTemplatedEmail",),),
            delegations=read_delegations(request.source_arn, request.return_path_arn),
            all_recipients=everybody.addresses,
        )
        parts = await permitted_template(call, whole, _template(call, request.template, request.template_arn))

    def draft(destination: model.BulkEmailDestination) -> Draft:
        data = merged(default, parse_data(destination.replacement_template_data))
        ask = replace(
            whole,
            recipients=_recipients(destination.destination),
            tags=default_tags | _tags(destination.replacement_tags),
            template=parts.name,
        )
        return rendered_draft(call, ask, render(parts, data))

    entries = [Entry.drafted(partial(draft, destination)) for destination in destinations]
    with _Worded():
        results = await accept_entries(call, entries)
    return model.SendBulkTemplatedEmailResponse(
        status=[
            model.BulkEmailDestinationStatus(
                status=_STATUS_NAMES[result.status], error=result.error, message_id=result.message_id
            )
            for result in results
        ]
    )


_STATUS_NAMES: dict[BulkStatus, model.BulkEmailStatus] = {
    BulkStatus.SUCCESS: "Success",
    BulkStatus.ACCOUNT_THROTTLED: "AccountThrottled",
    BulkStatus.DAILY_QUOTA_EXCEEDED: "AccountDailyQuotaExceeded",
    BulkStatus.INVALID_PARAMETER: "InvalidParameterValue",
    BulkStatus.TRANSIENT_FAILURE: "TransientFailure",
    BulkStatus.MESSAGE_REJECTED: "MessageRejected",
    BulkStatus.MAIL_FROM_NOT_VERIFIED: "MailFromDomainNotVerified",
    BulkStatus.NO_CONFIGURATION_SET: "ConfigurationSetDoesNotExist",
    BulkStatus.ACCOUNT_PAUSED: "AccountSendingPaused",
    BulkStatus.CONFIGURATION_SET_PAUSED: "ConfigurationSetSendingPaused",
}


@operation("ses", "SendCustomVerificationEmail")
async def send_custom_verification_email(
    call: Call, request: model.SendCustomVerificationEmailRequest
) -> model.SendCustomVerificationEmailResponse:
    """Send a verification mail in the account's own words."""
    try:
        with _Worded():
            accepted = await verification.send_verification(
                call, request.email_address, request.template_name, request.configuration_set_name or None
            )
    except InvalidIdentity as invalid:
        raise CallerError("InvalidParameterValue", str(invalid)) from invalid
    except verification.InSandbox as sandbox:
        raise CallerError("ProductionAccessNotGranted", str(sandbox)) from sandbox
    except verification.NoVerificationTemplate as missing:
        raise custom_verification.api_v1.does_not_exist(str(missing)) from missing
    except verification.SenderNotVerified as failed:
        raise CallerError("FromEmailAddressNotVerified", str(failed)) from failed
    except verification.TooManyIdentities as many:
        raise CallerError("LimitExceeded", f"Maximum of {MAX_IDENTITIES} identities reached.") from many
    return model.SendCustomVerificationEmailResponse(message_id=accepted.key.message_id)


async def _send(call: Call, draft: Callable[[], Awaitable[Draft]]) -> str:
    with _Worded():
        accepted = await call.services.get(Acceptor).accept(await draft())
    return accepted.key.message_id


class _Worded:
    """Turns what went wrong inside the block into v1's error."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        match error:
            case refusals.Refusal():
                raise refused(error) from error
            case NoSuchTemplate():
                raise CallerError("TemplateDoesNotExist", f"Template {error} does not exist.") from error
            case NoRecipient():
                raise CallerError("InvalidParameterValue", "At least one destination address is required.") from error
            case NoDataObject():
                raise CallerError("InvalidParameterValue", str(error)) from error
            case BadTemplateData() | BadTemplate():
                raise CallerError("InvalidTemplate", str(error)) from error
            case AddressError() | MessageError() | BadTemplateArn() | BadIdentityArn():
                raise CallerError("InvalidParameterValue", str(error)) from error


def refused(refusal: refusals.Refusal) -> CallerError:
    """Word a refusal as v1 does."""
    text, hint = refusal.text, refusal.hint
    match refusal:
        case refusals.AccessDenied():
            return CallerError("AccessDenied", text, status=403)
        case refusals.NotVerified():
            return CallerError("MessageRejected", text, hint=hint)
        case refusals.MailFromNotVerified():
            return CallerError("MailFromDomainNotVerifiedException", text, hint=hint)
        case refusals.NoSuchConfigurationSet():
            return CallerError("ConfigurationSetDoesNotExist", text)
        case refusals.RateExceeded() | refusals.DailyQuotaExceeded():
            return CallerError("Throttling", text)
        case refusals.AccountPaused():
            return CallerError("AccountSendingPausedException", text)
        case refusals.ConfigurationSetPaused():
            return CallerError("ConfigurationSetSendingPausedException", text)
        case refusals.NotAssociated():
            return CallerError("AccessDenied", text, status=403, hint=hint)
        case refusals.TenantPaused():
            return CallerError("MessageRejected", text)
        case refusals.Unavailable():
            return CallerError("ServiceUnavailable", text, status=503)
        case _:
            return CallerError("InvalidParameterValue", text)


def _ask(request: model.SendEmailRequest | model.SendTemplatedEmailRequest, action: str) -> Ask:
    if not request.source:
        raise CallerError("InvalidParameterValue", "Source email is required.")
    return Ask(
        source=request.source,
        recipients=_recipients(request.destination),
        reply_to=tuple(parse_mailbox(text) for text in request.reply_to_addresses or ()),
        return_path=request.return_path or None,
        configuration_set=request.configuration_set_name or None,
        tags=_tags(request.tags),
        actions=((action,),),
        delegations=read_delegations(request.source_arn, request.return_path_arn),
    )


def _recipients(destination: model.Destination) -> Recipients:
    return parse_recipients(destination.to_addresses, destination.cc_addresses, destination.bcc_addresses)


async def _template(call: Call, name: str, arn: str | None) -> ChosenTemplate:
    """Find the template; the name wins where both are given."""
    if name:
        return await stored_template(call, name)
    if not arn:
        raise CallerError("InvalidParameterValue", "Template or TemplateArn is required.")
    return await template_by_arn(call, arn)


def _tags(tags: Sequence[model.MessageTag] | None) -> dict[str, str]:
    return {tag.name: tag.value for tag in check_tags((tag.name, tag.value) for tag in tags or ())}


def _content(content: model.Content) -> Content:
    return Content(content.data, content.charset or "UTF-8")
