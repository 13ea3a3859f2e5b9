"""The v2 door: SendEmail and SendBulkEmail, with v2's error codes.

Refs: SES API v2 reference, SendEmail, SendBulkEmail; `docs/decisions.md` for
the places where authorities disagree.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from msgspec.structs import replace

from hatobin.capabilities import custom_verification
from hatobin.capabilities.identities import MAX_IDENTITIES, InvalidIdentity
from hatobin.capabilities.templates import BadTemplate, BadTemplateData, TemplateParts, merged, parse_data
from hatobin.capabilities.tracking import Overrides
from hatobin.flow.outbound import refusals, verification
from hatobin.flow.outbound.accept import Acceptor
from hatobin.flow.outbound.bulk import BulkStatus, Entry, accept_entries
from hatobin.flow.outbound.delegation import BadIdentityArn, read_delegations
from hatobin.flow.outbound.draft import Accepted, Draft, ListManagement
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
from hatobin.flow.outbound.regions import in_its_region
from hatobin.flow.outbound.rendering import ChosenTemplate, render
from hatobin.flow.outbound.template_lookup import (
    BadTemplateArn,
    NoSuchTemplate,
    permitted_template,
    stored_template,
    template_by_arn,
)
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2 as model
from hatobin.ports import run_by_size
from hatobin.protocols.mail.attachment import Attachment, TransferEncoding
from hatobin.protocols.mail.compose import Content
from hatobin.protocols.mail.errors import MessageError
from hatobin.protocols.mail.tags import check_tags
from hatobin.words.address import AddressError, parse_mailbox
from hatobin.words.errors import CallerError

# What SES checks for sends from templates (surface.md §3, item 56).
_BULK_WAY = ("ses:SendBulkEmail", "ses:SendBulkTemplatedEmail")
MAX_BULK_ENTRIES = 50
"""Destinations of one bulk call (SES developer guide, quotas)."""


@operation("sesv2", "SendEmail")
async def send_email(call: Call, request: model.SendEmailRequest) -> model.SendEmailResponse:
    """Send one message: simple, raw or from a template."""
    accepted = await _answering(lambda: in_its_region(call, request.endpoint_id, lambda there: _send(there, request)))
    return model.SendEmailResponse(message_id=accepted.key.message_id)


async def _send(call: Call, request: model.SendEmailRequest) -> Accepted:
    draft = await _draft(call, request)
    return await call.services.get(Acceptor).accept(draft)


async def _answering(work: Callable[[], Awaitable[Accepted]]) -> Accepted:
    """Give the result, or the v2 error for what went wrong."""
    try:
        return await work()
    except refusals.Refusal as refusal:
        raise refused(refusal) from refusal
    except NoSuchTemplate as missing:
        raise CallerError("NotFoundException", f"Template {missing} does not exist.", status=404) from missing
    except NoRecipient as missing:
        raise CallerError("BadRequestException", "At least one destination address is required.") from missing
    except (AddressError, MessageError, BadTemplate, BadTemplateArn, BadTemplateData, BadIdentityArn) as wrong:
        raise CallerError("BadRequestException", str(wrong)) from wrong


def refused(refusal: refusals.Refusal) -> CallerError:
    """Word a refusal as v2 does."""
    text, hint = refusal.text, refusal.hint
    match refusal:
        case refusals.AccessDenied():
            return CallerError("AccessDeniedException", text, status=403)
        case refusals.NotVerified():
            return CallerError("MessageRejected", text, hint=hint)
        case refusals.MailFromNotVerified():
            return CallerError("MailFromDomainNotVerifiedException", text, hint=hint)
        case refusals.NoSuchConfigurationSet() | refusals.NoSuchContactList():
            return CallerError("NotFoundException", text, status=404)
        case refusals.NoSuchTenant() | refusals.NoSuchEndpoint():
            return CallerError("NotFoundException", text, status=404)
        case refusals.RateExceeded() | refusals.DailyQuotaExceeded():
            return CallerError("TooManyRequestsException", text, status=429)
        case refusals.NotAssociated():
            return CallerError("AccessDeniedException", text, status=403, hint=hint)
        case refusals.AccountPaused() | refusals.ConfigurationSetPaused() | refusals.TenantPaused():
            return CallerError("SendingPausedException", text)
        case refusals.Unavailable():
            return CallerError("ServiceUnavailable", text, status=503)
        case _:
            return CallerError("BadRequestException", text)


async def _draft(call: Call, request: model.SendEmailRequest) -> Draft:
    content = request.content
    chosen = [part for part in (content.simple, content.raw, content.template) if part is not None]
    if len(chosen) != 1:
        raise CallerError("BadRequestException", "Content must contain Raw, Simple, or Template.")
    ask = Ask(
        source=request.from_email_address or None,
        recipients=_recipients(request.destination or model.Destination()),
        reply_to=tuple(parse_mailbox(text) for text in request.reply_to_addresses or ()),
        return_path=request.feedback_forwarding_email_address,
        configuration_set=request.configuration_set_name or None,
        tags=_tags(request.email_tags),
        list_management=_list_management(request.list_management_options),
        tenant=request.tenant_name,
        tracking=_tracking(request.configuration_overrides),
        delegations=read_delegations(
            request.from_email_address_identity_arn, request.feedback_forwarding_email_address_identity_arn
        ),
    )
    if content.raw is not None:
        data, ask = content.raw.data, replace(ask, actions=(("ses:SendRawEmail",),))
        return await run_by_size(call.ports.threads, len(data), lambda: raw_draft(call, ask, data))
    if (simple := content.simple) is not None:
        attached = sum(len(attachment.raw_content) for attachment in simple.attachments or ())
        return await run_by_size(call.ports.threads, attached, lambda: _simple(call, ask, simple))
    assert content.template is not None, "one of three is present"
    return await _templated(call, ask, content.template)


def _tracking(overrides: model.ConfigurationOverrides | None) -> Overrides | None:
    """Read what a send says of opens and clicks (API reference, TrackingConfigurationOverrides)."""
    if overrides is None or (given := overrides.tracking) is None:
        return None
    opens, clicks = given.open_tracking_enabled, given.click_tracking_enabled
    return Overrides(None if opens is None else opens == "ENABLED", None if clicks is None else clicks == "ENABLED")


def _simple(call: Call, ask: Ask, message: model.Message) -> Draft:
    if ask.source is None:
        # Observed by others: BadRequestException with a null message (DEV-IS-30).
        raise CallerError("BadRequestException", None)
    return simple_draft(
        call,
        ask,
        subject=_content(message.subject),
        text=None if message.body.text is None else _content(message.body.text),
        html=None if message.body.html is None else _content(message.body.html),
        headers=_headers(message.headers),
        attachments=_attachments(message.attachments),
    )


async def _templated(call: Call, ask: Ask, template: model.Template) -> Draft:
    if ask.source is None:
        raise CallerError("BadRequestException", "Source cannot be empty")
    ask = replace(ask, actions=(_BULK_WAY, ("ses:SendTemplatedEmail",)))
    parts = await permitted_template(call, ask, _template_parts(call, template, "Content.Template"))
    return rendered_draft(
        call,
        replace(ask, template=parts.name),
        render(parts, parse_data(template.template_data)),
        headers=_headers(template.headers),
        attachments=_attachments(template.attachments),
    )


async def _template_parts(call: Call, template: model.Template, path: str) -> ChosenTemplate:
    """Find the one template that the caller means: by name, by ARN, or inline."""
    given = [part for part in (template.template_name, template.template_arn, template.template_content) if part]
    if not given:
        raise CallerError("BadRequestException", f"{path} requires TemplateName, TemplateArn, or TemplateContent.")
    if len(given) > 1:
        raise CallerError(
            "BadRequestException", f"{path} must specify exactly one of TemplateName, TemplateArn, or TemplateContent."
        )
    if template.template_content is not None:
        inline = template.template_content
        return ChosenTemplate(None, TemplateParts(inline.subject, inline.text, inline.html))
    if template.template_arn:
        return await template_by_arn(call, template.template_arn)
    return await stored_template(call, template.template_name or "")


@operation("sesv2", "SendBulkEmail")
async def send_bulk_email(call: Call, request: model.SendBulkEmailRequest) -> model.SendBulkEmailResponse:
    """Send one template to up to 50 destinations; each entry has its own status, in order."""
    entries = request.bulk_email_entries
    if not entries:
        raise CallerError("BadRequestException", "BulkEmailEntries must be a non-empty array.")
    if len(entries) > MAX_BULK_ENTRIES:
        raise CallerError(
            "BadRequestException",
            f"Number of destinations ({len(entries)}) exceeds the maximum of {MAX_BULK_ENTRIES}.",
        )
    template = request.default_content.template
    if template is None:
        raise CallerError("BadRequestException", "DefaultContent.Template is required.")
    if not request.from_email_address:
        raise CallerError("BadRequestException", "Source cannot be empty")
    try:
        results = await in_its_region(call, request.endpoint_id, lambda there: _send_bulk(there, request, template))
    except refusals.Refusal as refusal:
        raise refused(refusal) from refusal
    except NoSuchTemplate as missing:
        raise CallerError("NotFoundException", f"Template {missing} does not exist.", status=404) from missing
    except (AddressError, MessageError, BadTemplateArn, BadTemplateData, BadIdentityArn) as wrong:
        raise CallerError("BadRequestException", str(wrong)) from wrong
    return model.SendBulkEmailResponse(
        bulk_email_entry_results=[
            model.BulkEmailEntryResult(
                status=_STATUS_NAMES[result.status], error=result.error, message_id=result.message_id
            )
            for result in results
        ]
    )


async def _send_bulk(call: Call, request: model.SendBulkEmailRequest, template: model.Template) -> Sequence[Entry]:
    assert request.from_email_address, "the door checked that there is a source"
    default = parse_data(template.template_data)
    default_tags = _tags(request.default_email_tags)
    parse_mailbox(request.from_email_address)
    everybody = all_recipients(partial(_recipients, entry.destination) for entry in request.bulk_email_entries)
    whole = Ask(
        source=request.from_email_address,
        recipients=everybody,
        reply_to=tuple(parse_mailbox(text) for text in request.reply_to_addresses or ()),
        return_path=request.feedback_forwarding_email_address,
        configuration_set=request.configuration_set_name or None,
        tenant=request.tenant_name,
        tracking=_tracking(request.configuration_overrides),
        actions=(_BULK_WAY,),
        delegations=read_delegations(
            request.from_email_address_identity_arn, request.feedback_forwarding_email_address_identity_arn
        ),
        all_recipients=everybody.addresses,
    )
    parts = await permitted_template(call, whole, _template_parts(call, template, "DefaultContent.Template"))

    def draft(entry: model.BulkEmailEntry) -> Draft:
        replacement = entry.replacement_email_content and entry.replacement_email_content.replacement_template
        data = merged(default, parse_data(replacement.replacement_template_data if replacement else None))
        ask = replace(
            whole,
            recipients=_recipients(entry.destination),
            tags=default_tags | _tags(entry.replacement_tags),
            template=parts.name,
        )
        headers = _replaced_headers(template.headers, entry.replacement_headers)
        attachments = _attachments(template.attachments)
        return rendered_draft(call, ask, render(parts, data), headers=headers, attachments=attachments)

    return await accept_entries(call, [Entry.drafted(partial(draft, entry)) for entry in request.bulk_email_entries])


_STATUS_NAMES: dict[BulkStatus, model.BulkEmailStatus] = {
    BulkStatus.SUCCESS: "SUCCESS",
    BulkStatus.ACCOUNT_THROTTLED: "ACCOUNT_THROTTLED",
    BulkStatus.DAILY_QUOTA_EXCEEDED: "ACCOUNT_DAILY_QUOTA_EXCEEDED",
    BulkStatus.INVALID_PARAMETER: "INVALID_PARAMETER",
    BulkStatus.TRANSIENT_FAILURE: "TRANSIENT_FAILURE",
    BulkStatus.MESSAGE_REJECTED: "MESSAGE_REJECTED",
    BulkStatus.MAIL_FROM_NOT_VERIFIED: "MAIL_FROM_DOMAIN_NOT_VERIFIED",
    BulkStatus.NO_CONFIGURATION_SET: "CONFIGURATION_SET_NOT_FOUND",
    BulkStatus.ACCOUNT_PAUSED: "ACCOUNT_SENDING_PAUSED",
    BulkStatus.CONFIGURATION_SET_PAUSED: "CONFIGURATION_SET_SENDING_PAUSED",
}


@operation("sesv2", "SendCustomVerificationEmail")
async def send_custom_verification_email(
    call: Call, request: model.SendCustomVerificationEmailRequest
) -> model.SendCustomVerificationEmailResponse:
    """Send a verification mail in the account's own words."""
    try:
        accepted = await _answering(
            lambda: verification.send_verification(
                call, request.email_address, request.template_name, request.configuration_set_name or None
            )
        )
    except verification.NoVerificationTemplate as missing:
        raise custom_verification.api_v2.does_not_exist(str(missing)) from missing
    except verification.TooManyIdentities as many:
        raise CallerError("LimitExceededException", f"Maximum of {MAX_IDENTITIES} identities reached.") from many
    except (InvalidIdentity, verification.InSandbox, verification.SenderNotVerified) as wrong:
        raise CallerError("BadRequestException", str(wrong)) from wrong
    return model.SendCustomVerificationEmailResponse(message_id=accepted.key.message_id)


def _recipients(destination: model.Destination) -> Recipients:
    return parse_recipients(destination.to_addresses, destination.cc_addresses, destination.bcc_addresses)


def _tags(tags: Sequence[model.MessageTag] | None) -> dict[str, str]:
    return {tag.name: tag.value for tag in check_tags((tag.name, tag.value) for tag in tags or ())}


def _list_management(options: model.ListManagementOptions | None) -> ListManagement | None:
    return None if options is None else ListManagement(options.contact_list_name, options.topic_name)


def _content(content: model.Content) -> Content:
    return Content(content.data, content.charset or "UTF-8")


def _headers(headers: Sequence[model.MessageHeader] | None) -> list[tuple[str, str]]:
    return [(header.name, header.value) for header in headers or ()]


def _replaced_headers(
    default: Sequence[model.MessageHeader] | None, replacement: Sequence[model.MessageHeader] | None
) -> list[tuple[str, str]]:
    """An entry's headers stand in for the defaults of the same name, and add the others."""
    replaced = {header.name.lower() for header in replacement or ()}
    kept = [header for header in default or () if header.name.lower() not in replaced]
    return _headers([*kept, *(replacement or ())])


def _attachments(attachments: Sequence[model.Attachment] | None) -> list[Attachment]:
    return [
        Attachment(
            file_name=attachment.file_name,
            content=attachment.raw_content,
            content_type=attachment.content_type,
            is_inline=attachment.content_disposition == "INLINE",
            content_id=attachment.content_id,
            description=attachment.content_description,
            transfer_encoding=TransferEncoding[attachment.content_transfer_encoding or "BASE64"],
        )
        for attachment in attachments or ()
    ]
