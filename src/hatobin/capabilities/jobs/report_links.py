"""How this room asks for a link to an object of failed records.

SES gives a presigned URL. Whose key signs it, and where the buckets are, the
composition root knows and offers as a service.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec import Struct

from hatobin.gateway import Call


class ReportLinks(Struct, frozen=True):
    """Gives the URL of an object for whoever calls: call, bucket, key → URL."""

    make: Callable[[Call, str, str], Awaitable[str]]
