"""The policy language of IAM: documents, and what they say about a call. Pure.

    set_ = read_policies([text, …])
    set_.verdict("ses:SendEmail", "arn:aws:ses:…:identity/example.com", context) is Verdict.ALLOWED

`context` is what a request tells: keys in lower case, each with its values
(`{"aws:sourceip": ("192.0.2.1",)}`). Policies of resources (sending
authorization, a role's trust) name principals: `resource_grant`.

Refs: IAM User Guide, "IAM JSON policy reference".
"""

from __future__ import annotations

from hatobin.protocols.aws.policy.document import (
    Document,
    Kind,
    PolicyError,
    read_document,
    read_resource_policy,
)
from hatobin.protocols.aws.policy.evaluation import (
    Caller,
    Grant,
    PolicySet,
    Verdict,
    grant_of,
    read_policies,
    resource_grant,
    together,
)
from hatobin.protocols.aws.policy.pattern import Pattern, read_pattern
from hatobin.protocols.aws.policy.variables import Context

__all__ = [
    "Caller",
    "Context",
    "Document",
    "Grant",
    "Kind",
    "Pattern",
    "PolicyError",
    "PolicySet",
    "Verdict",
    "grant_of",
    "read_document",
    "read_pattern",
    "read_policies",
    "read_resource_policy",
    "resource_grant",
    "together",
]
