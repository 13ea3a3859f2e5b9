"""The ARNs by which a sender says whose identities it speaks for.

Refs: AWS developer guide "sending-authorization-delegate-sender-tasks-email": SourceArn, FromArn and
ReturnPathArn of v1, the two identity ARNs of v2, and the `X-SES-…-ARN` header fields.
"""

from __future__ import annotations

from hatobin.protocols.aws.arn import Arn, parse_arn


class BadIdentityArn(ValueError):
    """A text is no ARN of an identity; the message says which."""


def read_delegations(*texts: str | None) -> tuple[Arn, ...]:
    """Read the ARNs that are given, each once. Raises `BadIdentityArn`."""
    found: list[Arn] = []
    for text in texts:
        if not text:
            continue
        arn = parse_arn(text.strip())
        if arn is None or arn.service != "ses" or not arn.resource.startswith("identity/"):
            raise BadIdentityArn(f"Invalid identity ARN <{text}>.")
        if arn not in found:
            found.append(arn)
    return tuple(found)
