"""Policy documents on their way in and out: checked, measured, and written as IAM writes them. Pure."""

from __future__ import annotations

import re
from urllib.parse import quote

from hatobin.companions.iam.errors import malformed_document
from hatobin.companions.iam.managed import MANAGED
from hatobin.protocols.aws.policy import Document, Kind, PolicyError, read_document

_ASKED = frozenset({"*", "cloudwatch", "events", "firehose", "iam", "lambda", "logs", "s3", "ses", "sns", "sqs", "sts"})
"""The prefixes of the actions that calls of this server are checked for."""
_SPACE = re.compile(r"\s+")


def checked(document: str) -> str:
    """Give a policy of a user or role as it is to be stored. Raises `CallerError` (MalformedPolicyDocument)."""
    _read(document, Kind.IDENTITY)
    return document


def idle_actions(document: str) -> tuple[str, ...]:
    """Give the actions of a checked policy that are never asked about here, each once: `sesv2:SendEmail` is one.

    The operations of all versions of SES have the prefix `ses` (Service Authorization Reference).
    """
    named = (name for statement in _read(document, Kind.IDENTITY).statements for name in statement.action_names)
    return tuple(dict.fromkeys(name for name in named if name.partition(":")[0].lower() not in _ASKED))


def read_trust(document: str) -> Document:
    """Read a role's trust policy. Raises `CallerError` (MalformedPolicyDocument)."""
    trust = _read(document, Kind.TRUST)
    for statement in trust.statements:
        if not all(name.lower().startswith("sts:") for name in statement.action_names):
            raise malformed_document("AssumeRole policy may only specify STS AssumeRole actions.")
    return trust


def _read(document: str, kind: Kind) -> Document:
    try:
        return read_document(document, kind)
    except PolicyError as error:
        raise malformed_document(str(error)) from None


def managed_text(arn: str) -> str:
    """Give the document of a managed policy. Raises `CallerError` (MalformedPolicyDocument) when there is none."""
    policy = MANAGED.get(arn)
    if policy is None:
        raise malformed_document(f"Policy {arn} does not exist or is not attachable.")
    return policy.document


def measured(document: str) -> int:
    """Count the characters of a document as quotas do: without white space.

    Refs: IAM user guide, "IAM and AWS STS character limits".
    """
    return len(_SPACE.sub("", document))


def shown(document: str) -> str:
    """Give a document as answers hold it: percent-encoded as RFC 3986 says (IAM API reference, "GetUserPolicy")."""
    return quote(document, safe="")
