"""Rendering: a template and the caller's data become the parts of a message.

What is wrong with the data is the recipient's rendering failure, reported by
an event after the call was accepted; what is wrong with the request (data
that is no JSON object, a template that cannot be compiled) is the caller's.

Refs: SES developer guide, send-personalized-email-api and -advanced.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from hatobin.flow.outbound.draft import RenderingFailure
from hatobin.protocols.handlebars import (
    HandlebarsError,
    Template,
    TemplateSyntaxError,
    compile_template,
    merge_data,
)

MAX_CACHED_TEMPLATES = 1024

# Replaced when the message is sent, so rendering leaves it as it stands (SES guide, subscription management).
_UNTOUCHED: dict[str, Any] = {"amazonSESUnsubscribeUrl": "{{amazonSESUnsubscribeUrl}}"}


class BadTemplateData(Exception):
    """The data is not a JSON object; the text says why."""


class BadTemplate(Exception):
    """An inline template cannot be compiled; the text says why."""


@dataclass(frozen=True, slots=True)
class TemplateParts:
    """The sources of a template; None where it has no such part."""

    name: str | None
    subject: str | None
    text: str | None
    html: str | None


@dataclass(frozen=True, slots=True)
class RenderedParts:
    """The same parts with the data put in."""

    subject: str
    text: str | None
    html: str | None


def parse_data(text: str | None) -> dict[str, Any]:
    """Read TemplateData; absent is empty. Raises `BadTemplateData`."""
    if text is None or not text.strip():
        return {}
    try:
        data = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise BadTemplateData(f"Invalid TemplateData JSON: {error}") from error
    if not isinstance(data, dict):
        raise BadTemplateData("TemplateData must be a JSON object.")
    return data


def merged(default: dict[str, Any], replacement: dict[str, Any]) -> dict[str, Any]:
    """Put an entry's data over the default, key by key and recursively."""
    return merge_data(default, replacement) if replacement else default


@lru_cache(maxsize=MAX_CACHED_TEMPLATES)
def _compiled(source: str) -> Template:
    return compile_template(source)


def render(parts: TemplateParts, data: dict[str, Any]) -> RenderedParts | RenderingFailure:
    """Render every part, or say which attribute is missing. Raises `BadTemplate`."""
    data = _UNTOUCHED | data
    try:
        return RenderedParts(
            subject=_compiled(parts.subject or "").render(data),
            text=None if parts.text is None else _compiled(parts.text).render(data),
            html=None if parts.html is None else _compiled(parts.html).render(data),
        )
    except TemplateSyntaxError as error:
        raise BadTemplate(str(error)) from error
    except HandlebarsError as error:
        return RenderingFailure(str(error), parts.name)
