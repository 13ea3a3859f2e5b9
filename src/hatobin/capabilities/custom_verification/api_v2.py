"""The operations of SES v2 on custom verification templates; sending one is the flow's (`flow/outbound/api_v2`).

Refs: API reference; surface.md appendices E and F.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace as changed

from hatobin.capabilities import tags
from hatobin.capabilities.custom_verification import store
from hatobin.capabilities.custom_verification.creation import Missing, NameTaken, NotVerified, TooMany, create, replace
from hatobin.capabilities.custom_verification.model import (
    MAX_TEMPLATES,
    InvalidContent,
    InvalidTemplate,
    VerificationTemplate,
)
from hatobin.gateway import Call, operation
from hatobin.gateway.models.sesv2 import (
    CreateCustomVerificationEmailTemplateRequest,
    CustomVerificationEmailTemplateMetadata,
    DeleteCustomVerificationEmailTemplateRequest,
    GetCustomVerificationEmailTemplateRequest,
    GetCustomVerificationEmailTemplateResponse,
    ListCustomVerificationEmailTemplatesRequest,
    ListCustomVerificationEmailTemplatesResponse,
    Tag,
    UpdateCustomVerificationEmailTemplateRequest,
)
from hatobin.gateway.paging import Paging
from hatobin.words.errors import CallerError

PAGING = Paging(
    kind="custom-verification-template",
    default_size=50,
    max_size=50,
    cursor=(str,),
    token_error=lambda token: CallerError("BadRequestException", f"Invalid NextToken <{token}>."),
    size_error=lambda size: CallerError("BadRequestException", "The page size must be between 1 and 50"),
)


def does_not_exist(name: str) -> CallerError:
    """Word a missing template as SES v2 does."""
    text = f"Custom verification email template <{name}> does not exist"
    return CallerError("NotFoundException", text, status=404)


async def _worded(work: Awaitable[None], name: str) -> None:
    try:
        await work
    except (InvalidTemplate, InvalidContent, NotVerified) as wrong:
        raise CallerError("BadRequestException", str(wrong)) from None
    except NameTaken:
        text = f"Custom verification email template <{name}> already exists"
        raise CallerError("AlreadyExistsException", text) from None
    except TooMany:
        raise CallerError("LimitExceededException", f"Maximum of {MAX_TEMPLATES} templates reached.") from None
    except Missing:
        raise does_not_exist(name) from None


@operation("sesv2", "CreateCustomVerificationEmailTemplate")
async def create_custom_verification_email_template(
    call: Call, request: CreateCustomVerificationEmailTemplateRequest
) -> None:
    """Store a new template; its sender must be verified already."""
    template = VerificationTemplate(
        request.template_name,
        request.from_email_address,
        request.template_subject,
        request.template_content,
        request.success_redirection_url,
        request.failure_redirection_url,
        tags.validate(request.tags),
    )
    await _worded(create(call, template), template.name)


@operation("sesv2", "GetCustomVerificationEmailTemplate")
async def get_custom_verification_email_template(
    call: Call, request: GetCustomVerificationEmailTemplateRequest
) -> GetCustomVerificationEmailTemplateResponse:
    """Show a template with its tags."""
    name = request.template_name
    found = await call.ports.database.read(lambda s: store.find(s, call.account_id, call.region, name))
    if found is None:
        raise does_not_exist(name)
    return GetCustomVerificationEmailTemplateResponse(
        template_name=found.name,
        from_email_address=found.from_address,
        template_subject=found.subject,
        template_content=found.content,
        tags=[Tag(key=key, value=value) for key, value in found.tags],
        success_redirection_url=found.success_url,
        failure_redirection_url=found.failure_url,
    )


@operation("sesv2", "UpdateCustomVerificationEmailTemplate")
async def update_custom_verification_email_template(
    call: Call, request: UpdateCustomVerificationEmailTemplateRequest
) -> None:
    """Replace a template; its tags stay."""

    def change(old: VerificationTemplate) -> VerificationTemplate:
        return changed(
            old,
            from_address=request.from_email_address,
            subject=request.template_subject,
            content=request.template_content,
            success_url=request.success_redirection_url,
            failure_url=request.failure_redirection_url,
        )

    await _worded(replace(call, request.template_name, change), request.template_name)


@operation("sesv2", "DeleteCustomVerificationEmailTemplate")
async def delete_custom_verification_email_template(
    call: Call, request: DeleteCustomVerificationEmailTemplateRequest
) -> None:
    """Remove a template."""
    name = request.template_name
    if not await call.ports.database.write(lambda s: store.delete(s, call.account_id, call.region, name)):
        raise does_not_exist(name)


@operation("sesv2", "ListCustomVerificationEmailTemplates")
async def list_custom_verification_email_templates(
    call: Call, request: ListCustomVerificationEmailTemplatesRequest
) -> ListCustomVerificationEmailTemplatesResponse:
    """List templates by name, without their content."""
    page = PAGING.start(call, request.page_size, request.next_token)
    rows = await call.ports.database.read(lambda s: store.page(s, call.account_id, call.region, page))
    shown, token = PAGING.finish(call, page, rows, lambda template: (template.name,))
    return ListCustomVerificationEmailTemplatesResponse(
        custom_verification_email_templates=[
            CustomVerificationEmailTemplateMetadata(
                template_name=template.name,
                from_email_address=template.from_address,
                template_subject=template.subject,
                success_redirection_url=template.success_url,
                failure_redirection_url=template.failure_url,
            )
            for template in shown
        ],
        next_token=token,
    )
