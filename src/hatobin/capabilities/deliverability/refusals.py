"""What the operations of the dashboard say when they refuse; the texts are ours, SES's are not published."""

from __future__ import annotations

from hatobin.words.errors import CallerError


def bad(text: str) -> CallerError:
    """Word a request that cannot be meant."""
    return CallerError("BadRequestException", text)


def missing(text: str) -> CallerError:
    """Word something that is not there."""
    return CallerError("NotFoundException", text, status=404)
