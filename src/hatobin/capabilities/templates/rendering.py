"""Rendering: a template and the caller's data become the parts of a message.

Refs: AWS developer guide "send-personalized-email-api" and
"send-personalized-email-advanced"; DEV-IS-08 to -10.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from hatobin.capabilities.templates.model import TemplateParts
from hatobin.protocols.aws.json_text import read_json
from hatobin.protocols.handlebars import HandlebarsError, Template, TemplateSyntaxError, compile_template, merge_data
from hatobin.protocols.mail import Content, Simple, compose

MAX_CACHED_TEMPLATES = 1024

# Replaced when the message is sent, so rendering leaves them as they stand (SES guide, subscription management and
# custom open and click tracking domains).
_UNTOUCHED: dict[str, Any] = {
    "amazonSESUnsubscribeUrl": "{{amazonSESUnsubscribeUrl}}",
    "ses:openTracker": "{{ses:openTracker}}",
}


class BadTemplateData(Exception):
    """The data is not a JSON object; the text says why."""


class NoDataObject(BadTemplateData):
    """The data is JSON, but no object."""


class BadTemplate(Exception):
    """A template cannot be compiled; the text says why."""


class NotRendered(Exception):
    """The template is sound, but not with this data; the text is SES's."""


@dataclass(frozen=True, slots=True)
class RenderedParts:
    """The parts of a template with the data put in."""

    subject: str
    text: str | None
    html: str | None


def parse_data(text: str | None) -> dict[str, Any]:
    """Read TemplateData; absent is empty. Raises `BadTemplateData`."""
    if text is None or not text.strip():
        return {}
    try:
        data = read_json(text)
    except msgspec.DecodeError as error:
        raise BadTemplateData(f"Invalid TemplateData JSON: {error}") from error
    if not isinstance(data, dict):
        raise NoDataObject("TemplateData must be a JSON object.")
    return data


def merged(default: dict[str, Any], replacement: dict[str, Any]) -> dict[str, Any]:
    """Put an entry's data over the default, key by key and recursively."""
    return merge_data(default, replacement) if replacement else default


@lru_cache(maxsize=MAX_CACHED_TEMPLATES)
def _compiled(source: str) -> Template:
    return compile_template(source)


def render(parts: TemplateParts, data: dict[str, Any]) -> RenderedParts:
    """Render every part. Raises `BadTemplate`, and `NotRendered` for what the data lacks."""
    known = _UNTOUCHED | data
    try:
        return RenderedParts(
            subject=_compiled(parts.subject or "").render(known),
            text=None if parts.text is None else _compiled(parts.text).render(known),
            html=None if parts.html is None else _compiled(parts.html).render(known),
        )
    except TemplateSyntaxError as error:
        raise BadTemplate(str(error)) from error
    except HandlebarsError as error:
        raise NotRendered(str(error)) from error


def preview(rendered: RenderedParts, boundary: Callable[[], str]) -> str:
    """Give the MIME message that a rendering makes, without what a send would add (API reference, TestRenderTemplate).

    Raises `HeaderError` for a subject that no header can hold.
    """
    simple = Simple(
        sender=None,
        subject=Content(rendered.subject),
        text=None if rendered.text is None else Content(rendered.text),
        html=None if rendered.html is None else Content(rendered.html),
    )
    return compose(simple, boundary).decode("ascii")
