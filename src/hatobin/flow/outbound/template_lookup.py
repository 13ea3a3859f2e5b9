"""Finding the template of a send: by its name or its ARN, for those who may use it.

Who may not use a template does not learn whether it is there: a missing one
is told only to callers whose policies would have let them send with it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable

from msgspec.structs import replace

from hatobin.capabilities import templates
from hatobin.capabilities.templates import TemplateParts
from hatobin.flow.outbound.accept import Acceptor
from hatobin.flow.outbound.draft import RenderingFailure
from hatobin.flow.outbound.drafting import Ask, rendered_draft
from hatobin.flow.outbound.rendering import ChosenTemplate
from hatobin.gateway import Call

_TEMPLATE_ARN = re.compile(r"arn:aws[a-z-]*:ses:([a-z0-9-]+):(\d{12}):template/(.*)", re.DOTALL)


class NoSuchTemplate(Exception):
    """The account has no template of this name."""


class BadTemplateArn(Exception):
    """A text is no ARN of a template; the message says which."""


async def permitted_template(call: Call, ask: Ask, found: Awaitable[ChosenTemplate]) -> ChosenTemplate:
    """Give the template that is being looked for; `ask` says who wants to send what with it.

    Raises `AccessDenied` in place of `NoSuchTemplate` to those who might not use it, and what `found` and
    `rendered_draft` raise.
    """
    try:
        return await found
    except NoSuchTemplate as missing:
        name = str(missing)
        draft = rendered_draft(call, replace(ask, template=name), RenderingFailure("", name))
        await call.services.get(Acceptor).check_permission(draft)
        raise


async def stored_template(call: Call, name: str) -> ChosenTemplate:
    """Read a template of the account. Raises `NoSuchTemplate` with its name."""
    found = await call.ports.database.read(lambda session: templates.find(session, call.account_id, call.region, name))
    if found is None:
        raise NoSuchTemplate(name)
    return ChosenTemplate(name, TemplateParts(found.subject, found.text, found.html))


async def template_by_arn(call: Call, arn: str) -> ChosenTemplate:
    """Read the template that an ARN names; one of another account or region is not there for this caller.

    Raises `BadTemplateArn`, `NoSuchTemplate`.
    """
    match = _TEMPLATE_ARN.fullmatch(arn)
    if match is None:
        raise BadTemplateArn(f"TemplateArn is not a valid SES template ARN: {arn}")
    region, account_id, name = match.groups()
    if not name:
        raise BadTemplateArn(f"TemplateArn is missing a template name: {arn}")
    if (account_id, region) != (call.account_id, call.region):
        raise NoSuchTemplate(name)
    return await stored_template(call, name)
