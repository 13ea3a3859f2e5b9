"""E-mail templates: subject, text and HTML with Handlebars placeholders, stored by name.

A template belongs to an account and a region and is shared by both API
generations. It is compiled when it is stored, only to refuse what could never
be rendered; what a rendering lacks shows at sending.
"""

from __future__ import annotations

from hatobin.capabilities.templates import api_v1, api_v2
from hatobin.capabilities.templates.model import (
    MAX_TEMPLATE_BYTES,
    MAX_TEMPLATES,
    InvalidTemplate,
    StoredTemplate,
    TemplateParts,
)
from hatobin.capabilities.templates.rendering import (
    BadTemplate,
    BadTemplateData,
    NoDataObject,
    NotRendered,
    RenderedParts,
    merged,
    parse_data,
    render,
)
from hatobin.capabilities.templates.store import find
from hatobin.capabilities.templates.tagging import TAGGED
from hatobin.words.errors import CallerError

__all__ = [
    "MAX_TEMPLATES",
    "MAX_TEMPLATE_BYTES",
    "TAGGED",
    "BadTemplate",
    "BadTemplateData",
    "InvalidTemplate",
    "NoDataObject",
    "NotRendered",
    "RenderedParts",
    "StoredTemplate",
    "TemplateParts",
    "api_v1",
    "api_v2",
    "does_not_exist",
    "find",
    "merged",
    "parse_data",
    "render",
]


def does_not_exist(name: str, service: str) -> CallerError:
    """Word a missing template for the API that was called: "ses" or "sesv2"."""
    return api_v1.does_not_exist(name) if service == "ses" else api_v2.does_not_exist(name)
