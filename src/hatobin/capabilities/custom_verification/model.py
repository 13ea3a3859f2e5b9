"""Templates of verification mails as values, and what they must be like. Pure.

Refs: AWS developer guide "creating-identities", custom verification email
templates (limits in its questions and answers); surface.md appendix E.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from hatobin.capabilities.tags import TagPair

MAX_TEMPLATES = 50
"""Per account and region."""
MAX_CONTENT_BYTES = 10 * 1024 * 1024
MAX_NAME_LENGTH = 64
MAX_URL_LENGTH = 2048


class InvalidTemplate(ValueError):
    """A member of a template cannot be like this; the message is for the caller."""


class InvalidContent(ValueError):
    """The content has what a verification mail must not have; the message is for the caller."""


@dataclass(frozen=True, slots=True)
class VerificationTemplate:
    """A verification mail without its link, and where the link leads to afterwards."""

    name: str
    from_address: str
    subject: str
    content: str
    success_url: str
    failure_url: str
    tags: tuple[TagPair, ...] = ()


def check(template: VerificationTemplate) -> None:
    """Raises `InvalidTemplate`; the content is checked elsewhere."""
    if not template.name.strip():
        raise InvalidTemplate("TemplateName is required.")
    if len(template.name) > MAX_NAME_LENGTH:
        raise InvalidTemplate(f"The template name must be at most {MAX_NAME_LENGTH} characters long.")
    for which, url in (("success", template.success_url), ("failure", template.failure_url)):
        if not _is_web_url(url):
            raise InvalidTemplate(f"The {which} redirection URL is invalid")


def _is_web_url(text: str) -> bool:
    """Say whether a browser can be sent there: http or https with a host, in printable ASCII (RFC 9110 §10.2.2)."""
    if len(text) > MAX_URL_LENGTH or not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
