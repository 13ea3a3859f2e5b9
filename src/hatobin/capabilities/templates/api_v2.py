"""The template operations of SES v2.

Refs: surface.md §4.6, appendices E and F.
"""

from __future__ import annotations

from hatobin.capabilities import tags
from hatobin.capabilities.templates import store
from hatobin.capabilities.templates.creation import Stored, create, delete, replace
from hatobin.capabilities.templates.model import MAX_TEMPLATES, InvalidTemplate, TemplateParts, TemplateTitle
from hatobin.capabilities.templates.rendering import BadTemplate, NotRendered
from hatobin.capabilities.templates.trial import BadTrialData, try_out
from hatobin.gateway import Call, operation
from hatobin.gateway.models.sesv2 import (
    CreateEmailTemplateRequest,
    DeleteEmailTemplateRequest,
    EmailTemplateContent,
    EmailTemplateMetadata,
    GetEmailTemplateRequest,
    GetEmailTemplateResponse,
    ListEmailTemplatesRequest,
    ListEmailTemplatesResponse,
    Tag,
    TestRenderEmailTemplateRequest,
    TestRenderEmailTemplateResponse,
    UpdateEmailTemplateRequest,
)
from hatobin.gateway.paging import Cursor, Paging
from hatobin.protocols.mail import HeaderError
from hatobin.words.errors import CallerError

PAGING = Paging(
    kind="template",
    default_size=10,
    max_size=100,
    cursor=(float, str),
    token_error=lambda token: CallerError("BadRequestException", f"Invalid PageToken <{token}>."),
    size_error=lambda size: CallerError("BadRequestException", "The page size must be between 1 and 100"),
)


def does_not_exist(name: str) -> CallerError:
    """Word a missing template as SES v2 does."""
    return CallerError("NotFoundException", f"Template {name} does not exist.", status=404)


@operation("sesv2", "CreateEmailTemplate")
async def create_email_template(call: Call, request: CreateEmailTemplateRequest) -> None:
    """Store a new template; its Handlebars must be well-formed."""
    pairs = tags.validate(request.tags)
    try:
        stored = await create(call, request.template_name, _parts(request.template_content), pairs)
    except InvalidTemplate as invalid:
        raise CallerError("BadRequestException", str(invalid)) from None
    if stored is Stored.NAME_TAKEN:
        raise CallerError("AlreadyExistsException", f"Template {request.template_name} already exists.")
    if stored is Stored.TOO_MANY:
        raise CallerError("LimitExceededException", f"Maximum of {MAX_TEMPLATES} templates reached.")


@operation("sesv2", "GetEmailTemplate")
async def get_email_template(call: Call, request: GetEmailTemplateRequest) -> GetEmailTemplateResponse:
    """Show a template with its parts and tags."""
    found = await call.ports.database.read(lambda s: store.find(s, call.account_id, call.region, request.template_name))
    if found is None:
        raise does_not_exist(request.template_name)
    return GetEmailTemplateResponse(
        template_name=found.name,
        template_content=EmailTemplateContent(subject=found.subject, text=found.text, html=found.html),
        tags=[Tag(key=key, value=value) for key, value in found.tags],
    )


@operation("sesv2", "UpdateEmailTemplate")
async def update_email_template(call: Call, request: UpdateEmailTemplateRequest) -> None:
    """Replace the parts of a template; its tags stay."""
    try:
        done = await replace(call, request.template_name, _parts(request.template_content))
    except InvalidTemplate as invalid:
        raise CallerError("BadRequestException", str(invalid)) from None
    if not done:
        raise does_not_exist(request.template_name)


@operation("sesv2", "DeleteEmailTemplate")
async def delete_email_template(call: Call, request: DeleteEmailTemplateRequest) -> None:
    """Remove a template."""
    if not await delete(call, request.template_name):
        raise does_not_exist(request.template_name)


@operation("sesv2", "ListEmailTemplates")
async def list_email_templates(call: Call, request: ListEmailTemplatesRequest) -> ListEmailTemplatesResponse:
    """List templates, the newest first, ten to a page."""
    page = PAGING.start(call, request.page_size, request.next_token)
    rows = await call.ports.database.read(lambda s: store.page(s, call.account_id, call.region, page))
    shown, token = PAGING.finish(call, page, rows, place)
    return ListEmailTemplatesResponse(
        templates_metadata=[
            EmailTemplateMetadata(template_name=title.name, created_timestamp=title.created_at) for title in shown
        ],
        next_token=token,
    )


@operation("sesv2", "TestRenderEmailTemplate")
async def test_render_email_template(
    call: Call, request: TestRenderEmailTemplateRequest
) -> TestRenderEmailTemplateResponse:
    """Show the MIME message that a template and its data would make; a missing attribute is an error here."""
    try:
        rendered = await try_out(call, request.template_name, request.template_data)
    except (BadTrialData, NotRendered, BadTemplate, HeaderError) as wrong:
        raise CallerError("BadRequestException", str(wrong)) from None
    if rendered is None:
        raise does_not_exist(request.template_name)
    return TestRenderEmailTemplateResponse(rendered_template=rendered)


def place(title: TemplateTitle) -> Cursor:
    """Give a title's place in the list, for a token."""
    return (title.created_at, title.name)


def _parts(content: EmailTemplateContent) -> TemplateParts:
    return TemplateParts(content.subject, content.text, content.html)
