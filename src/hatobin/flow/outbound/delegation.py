"""The ARNs by which a sender says whose identities it speaks for.

Refs: AWS developer guide "sending-authorization-delegate-sender-tasks-email": SourceArn, FromArn and
ReturnPathArn of v1, the two identity ARNs of v2, and the `X-SES-…-ARN` header fields.
"""

from __future__ import annotations

from hatobin.protocols.aws.arn import Arn, parse_arn


class BadIdentityArn(ValueError):
    """A text is no ARN of an identity; the message says which."""


def read_delegations(*texts: str | None) -> tuple[Arn, ...]:
    """Read the ARNs that a call gives as parameters, each once. Raises `BadIdentityArn`."""
    for text in texts:
        if text and _identity(text) is None:
            raise BadIdentityArn(f"Invalid identity ARN <{text}>.")
    return header_delegations(*texts)


def header_delegations(*texts: str | None) -> tuple[Arn, ...]:
    """Read the ARNs of header fields, each once; a text that is none names nobody's identity."""
    found = (_identity(text) for text in texts if text)
    return tuple(dict.fromkeys(arn for arn in found if arn is not None))


def _identity(text: str) -> Arn | None:
    arn = parse_arn(text.strip())
    return arn if arn is not None and arn.service == "ses" and arn.resource.startswith("identity/") else None
