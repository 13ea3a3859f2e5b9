"""The template operations of SES v1, on the same templates.

Refs: surface.md §4.6, appendices E and F; DEV-CL-06.
"""

from __future__ import annotations

from hatobin.capabilities.templates import store
from hatobin.capabilities.templates.api_v2 import place
from hatobin.capabilities.templates.creation import Stored, create, delete, replace
from hatobin.capabilities.templates.model import MAX_TEMPLATES, InvalidTemplate, TemplateParts
from hatobin.capabilities.templates.rendering import BadTemplate, NotRendered
from hatobin.capabilities.templates.trial import BadTrialData, try_out
from hatobin.gateway import Call, operation
from hatobin.gateway.models.ses import (
    CreateTemplateRequest,
    DeleteTemplateRequest,
    GetTemplateRequest,
    GetTemplateResponse,
    ListTemplatesRequest,
    ListTemplatesResponse,
    Template,
    TemplateMetadata,
    TestRenderTemplateRequest,
    TestRenderTemplateResponse,
    UpdateTemplateRequest,
)
from hatobin.gateway.paging import Paging
from hatobin.protocols.mail import HeaderError
from hatobin.words.errors import CallerError

PAGING = Paging(
    kind="template",
    default_size=10,
    max_size=100,
    cursor=(float, str),
    token_error=lambda token: CallerError("InvalidParameterValue", f"Invalid PageToken <{token}>."),
    size_error=None,
    fallback_size=100,
)


def does_not_exist(name: str) -> CallerError:
    """Word a missing template as SES v1 does."""
    return CallerError("TemplateDoesNotExist", f"Template {name} does not exist.")


@operation("ses", "CreateTemplate")
async def create_template(call: Call, request: CreateTemplateRequest) -> None:
    """Store a new template; its Handlebars must be well-formed."""
    name = request.template.template_name
    try:
        stored = await create(call, name, _parts(request.template))
    except InvalidTemplate as invalid:
        raise CallerError("InvalidTemplate", str(invalid)) from None
    if stored is Stored.NAME_TAKEN:
        raise CallerError("AlreadyExists", f"Template {name} already exists.")
    if stored is Stored.TOO_MANY:
        raise CallerError("LimitExceeded", f"Maximum of {MAX_TEMPLATES} templates reached.")


@operation("ses", "GetTemplate")
async def get_template(call: Call, request: GetTemplateRequest) -> GetTemplateResponse:
    """Show a template."""
    found = await call.ports.database.read(lambda s: store.find(s, call.account_id, call.region, request.template_name))
    if found is None:
        raise does_not_exist(request.template_name)
    return GetTemplateResponse(
        template=Template(
            template_name=found.name, subject_part=found.subject, text_part=found.text, html_part=found.html
        )
    )


@operation("ses", "UpdateTemplate")
async def update_template(call: Call, request: UpdateTemplateRequest) -> None:
    """Replace the parts of a template."""
    try:
        done = await replace(call, request.template.template_name, _parts(request.template))
    except InvalidTemplate as invalid:
        raise CallerError("InvalidTemplate", str(invalid)) from None
    if not done:
        raise does_not_exist(request.template.template_name)


@operation("ses", "DeleteTemplate")
async def delete_template(call: Call, request: DeleteTemplateRequest) -> None:
    """Remove a template; the model has no error for a missing one, so that is fine too."""
    await delete(call, request.template_name)


@operation("ses", "ListTemplates")
async def list_templates(call: Call, request: ListTemplatesRequest) -> ListTemplatesResponse:
    """List templates, the newest first; a size out of range is served as 100 (probed)."""
    page = PAGING.start(call, request.max_items, request.next_token)
    rows = await call.ports.database.read(lambda s: store.page(s, call.account_id, call.region, page))
    shown, token = PAGING.finish(call, page, rows, place)
    return ListTemplatesResponse(
        templates_metadata=[TemplateMetadata(name=title.name, created_timestamp=title.created_at) for title in shown],
        next_token=token,
    )


@operation("ses", "TestRenderTemplate")
async def test_render_template(call: Call, request: TestRenderTemplateRequest) -> TestRenderTemplateResponse:
    """Show the MIME message that a template and its data would make; a missing attribute is an error here."""
    try:
        rendered = await try_out(call, request.template_name, request.template_data)
    except BadTrialData as bad:
        raise CallerError("InvalidRenderingParameter", str(bad)) from None
    except NotRendered as missing:
        raise CallerError("MissingRenderingAttribute", str(missing)) from None
    except (BadTemplate, HeaderError) as invalid:
        raise CallerError("InvalidTemplate", str(invalid)) from None
    if rendered is None:
        raise does_not_exist(request.template_name)
    return TestRenderTemplateResponse(rendered_template=rendered)


def _parts(template: Template) -> TemplateParts:
    return TemplateParts(template.subject_part, template.text_part, template.html_part)
