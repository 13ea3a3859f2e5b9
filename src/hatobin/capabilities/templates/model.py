"""Stored templates as values, and what a template must be like. Pure.

Refs: AWS developer guide "send-personalized-email-api" and "quotas"
(surface.md §4.1: 20,000 templates, 500 KB each), surface.md §4.6.
"""

from __future__ import annotations

from dataclasses import dataclass

from hatobin.capabilities.tags import TagPair

MAX_TEMPLATES = 20_000
"""Per account and region."""

MAX_TEMPLATE_BYTES = 500 * 1024
"""Subject, text and HTML part together, in UTF-8."""

MAX_NAME_LENGTH = 64
"""The API reference: "up to 64 alphanumeric characters" and some more; only the length is held to."""


class InvalidTemplate(ValueError):
    """A template cannot be stored; the message is for the caller."""


@dataclass(frozen=True, slots=True)
class TemplateParts:
    """What is rendered; an absent part is None."""

    subject: str | None
    text: str | None
    html: str | None


@dataclass(frozen=True, slots=True)
class StoredTemplate:
    """A template as it was stored; absent parts are None."""

    name: str
    subject: str | None
    text: str | None
    html: str | None
    created_at: float
    tags: tuple[TagPair, ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateTitle:
    """A template in a list."""

    name: str
    created_at: float


def check_name(name: str) -> None:
    """Raises `InvalidTemplate` for a name that SES would not take."""
    if not name.strip():
        raise InvalidTemplate("TemplateName is required.")
    if name != name.strip():
        raise InvalidTemplate("TemplateName must not contain leading or trailing whitespace.")
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidTemplate(f"The template name must be at most {MAX_NAME_LENGTH} characters long.")


def check_parts(parts: TemplateParts) -> None:
    """Raises `InvalidTemplate` when nothing would be rendered, or too much; syntax is checked elsewhere."""
    present = [part for part in (parts.subject, parts.text, parts.html) if part is not None]
    if not any(part.strip() for part in present):
        raise InvalidTemplate("Template must have at least a subject, text, or html part.")
    if sum(len(part.encode()) for part in present) > MAX_TEMPLATE_BYTES:
        raise InvalidTemplate(f"The template is larger than {MAX_TEMPLATE_BYTES} bytes.")
