"""The bases of the generated request and response types.

Every structure of a service model is a frozen msgspec Struct: snake_case
fields, the wire's names through `rename`, absent members None. What the wire
needs to know beyond names and types sits in `Meta(extra=...)` under the keys
below, so the types are the only description that the protocols read.

| key | on | meaning |
|---|---|---|
| `timestamp` | number | a moment in epoch seconds: a number in JSON, ISO 8601 in XML and query strings, tag 1 in CBOR |
| `flat` | list, map | Query: members follow the given name directly (`Tag.1`), no `.member.` or `.entry.` level |
| `pattern` | string | the pattern as the service words it, where `re` needs another spelling |
| `key`, `value` | map | Query: names of a map entry's two parts, where they are not `key` and `value` |

Refs: Smithy 2.0, awsQuery, awsJson and restJson1 protocol pages.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

TIMESTAMP = "timestamp"
FLAT = "flat"
KEY = "key"
VALUE = "value"
PATTERN = "pattern"

Timestamp = Annotated[float, Meta(extra={TIMESTAMP: True})]


class Shape(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="pascal"):
    """A structure of a service model. Unknown members are ignored, as AWS does."""


class UnionShape(Shape, frozen=True, kw_only=True):
    """A structure of which exactly one member is set (Smithy `union`)."""

    def __post_init__(self) -> None:
        """Refuse none or several members; msgspec reports this as a validation error."""
        if sum(getattr(self, name) is not None for name in self.__struct_fields__) != 1:
            raise ValueError("Exactly one member must be set")
