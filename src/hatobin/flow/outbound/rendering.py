"""Rendering in a send: what the data lacks is the recipient's rendering failure, told by an event.

What is wrong with the request itself (data that is no JSON object, a template
that cannot be compiled) is the caller's error and raised by the room.

Refs: SES developer guide, send-personalized-email-api and -advanced.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from hatobin.capabilities import templates
from hatobin.capabilities.templates import RenderedParts, TemplateParts
from hatobin.flow.outbound.draft import RenderingFailure


class ChosenTemplate(Struct, frozen=True):
    """The template of a send; an inline one has no name."""

    name: str | None
    parts: TemplateParts


def render(template: ChosenTemplate, data: dict[str, Any]) -> RenderedParts | RenderingFailure:
    """Render every part, or say which attribute is missing. Raises `BadTemplate`."""
    try:
        return templates.render(template.parts, data)
    except templates.NotRendered as error:
        return RenderingFailure(str(error), template.name)
