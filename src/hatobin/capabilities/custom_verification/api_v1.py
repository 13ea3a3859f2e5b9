"""The operations of SES v1 on custom verification templates; sending one is the flow's (`flow/outbound/api_v1`).

Refs: API reference; surface.md appendices E and F.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace as changed

from hatobin.capabilities.custom_verification import store
from hatobin.capabilities.custom_verification.creation import Missing, NameTaken, NotVerified, TooMany, create, replace
from hatobin.capabilities.custom_verification.model import (
    MAX_TEMPLATES,
    InvalidContent,
    InvalidTemplate,
    VerificationTemplate,
)
from hatobin.gateway import Call, operation
from hatobin.gateway.models import ses
from hatobin.gateway.models.ses import (
    CreateCustomVerificationEmailTemplateRequest,
    DeleteCustomVerificationEmailTemplateRequest,
    GetCustomVerificationEmailTemplateRequest,
    GetCustomVerificationEmailTemplateResponse,
    ListCustomVerificationEmailTemplatesRequest,
    ListCustomVerificationEmailTemplatesResponse,
    UpdateCustomVerificationEmailTemplateRequest,
)
from hatobin.gateway.paging import Paging
from hatobin.words.errors import CallerError

PAGING = Paging(
    kind="custom-verification-template",
    default_size=50,
    max_size=50,
    cursor=(str,),
    token_error=lambda token: CallerError("InvalidParameterValue", f"Invalid NextToken <{token}>."),
    size_error=None,
    fallback_size=50,
)


def does_not_exist(name: str) -> CallerError:
    """Word a missing template as SES v1 does."""
    text = f"Custom verification email template <{name}> does not exist"
    return CallerError("CustomVerificationEmailTemplateDoesNotExist", text)


async def _worded(work: Awaitable[None], name: str) -> None:
    try:
        await work
    except InvalidTemplate as invalid:
        raise CallerError("InvalidParameterValue", str(invalid)) from None
    except InvalidContent as invalid:
        raise CallerError("CustomVerificationEmailInvalidContent", str(invalid)) from None
    except NotVerified as failed:
        raise CallerError("FromEmailAddressNotVerified", str(failed)) from None
    except NameTaken:
        text = f"Custom verification email template <{name}> already exists"
        raise CallerError("CustomVerificationEmailTemplateAlreadyExists", text) from None
    except TooMany:
        raise CallerError("LimitExceeded", f"Maximum of {MAX_TEMPLATES} templates reached.") from None
    except Missing:
        raise does_not_exist(name) from None


@operation("ses", "CreateCustomVerificationEmailTemplate")
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
    )
    await _worded(create(call, template), template.name)


@operation("ses", "GetCustomVerificationEmailTemplate")
async def get_custom_verification_email_template(
    call: Call, request: GetCustomVerificationEmailTemplateRequest
) -> GetCustomVerificationEmailTemplateResponse:
    """Show a template."""
    name = request.template_name
    found = await call.ports.database.read(lambda s: store.find(s, call.account_id, call.region, name))
    if found is None:
        raise does_not_exist(name)
    return GetCustomVerificationEmailTemplateResponse(
        template_name=found.name,
        from_email_address=found.from_address,
        template_subject=found.subject,
        template_content=found.content,
        success_redirection_url=found.success_url,
        failure_redirection_url=found.failure_url,
    )


@operation("ses", "UpdateCustomVerificationEmailTemplate")
async def update_custom_verification_email_template(
    call: Call, request: UpdateCustomVerificationEmailTemplateRequest
) -> None:
    """Change a template; what the request leaves out stays."""

    def change(old: VerificationTemplate) -> VerificationTemplate:
        def given(new: str | None, kept: str) -> str:
            return kept if new is None else new

        return changed(
            old,
            from_address=given(request.from_email_address, old.from_address),
            subject=given(request.template_subject, old.subject),
            content=given(request.template_content, old.content),
            success_url=given(request.success_redirection_url, old.success_url),
            failure_url=given(request.failure_redirection_url, old.failure_url),
        )

    await _worded(replace(call, request.template_name, change), request.template_name)


@operation("ses", "DeleteCustomVerificationEmailTemplate")
async def delete_custom_verification_email_template(
    call: Call, request: DeleteCustomVerificationEmailTemplateRequest
) -> None:
    """Remove a template; the model has no error for a missing one, so that is fine too."""
    name = request.template_name
    await call.ports.database.write(lambda s: store.delete(s, call.account_id, call.region, name))


@operation("ses", "ListCustomVerificationEmailTemplates")
async def list_custom_verification_email_templates(
    call: Call, request: ListCustomVerificationEmailTemplatesRequest
) -> ListCustomVerificationEmailTemplatesResponse:
    """List templates by name, without their content."""
    page = PAGING.start(call, request.max_results, request.next_token)
    rows = await call.ports.database.read(lambda s: store.page(s, call.account_id, call.region, page))
    shown, token = PAGING.finish(call, page, rows, lambda template: (template.name,))
    return ListCustomVerificationEmailTemplatesResponse(
        custom_verification_email_templates=[
            ses.CustomVerificationEmailTemplate(
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
