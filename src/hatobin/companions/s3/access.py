"""Whether a caller may do something: one question, asked before anything is done.

`by_policies` answers it as IAM does: within an account either the caller's own
policies or the bucket's have to allow, across accounts both, and a Deny on
either side ends it. The answer is a service, `Authorization`, so that there is
one place to put another rule.

Refs: IAM User Guide, "Policy evaluation logic", "Cross-account policy evaluation
logic"; Amazon S3 user guide, "Condition keys for Amazon S3".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct

from hatobin.companions.s3.model import Bucket
from hatobin.gateway import Permissions, Principal, identity_reason, request_context
from hatobin.protocols.aws.policy import Caller, Context, Grant, Verdict, read_resource_policy, resource_grant, together
from hatobin.protocols.aws.s3.errors import S3Error, refusal

# Whoever shut everybody out, himself as well, can still open (S3 user guide, "Bucket policies": the root user may).
_OF_THE_POLICY = frozenset({"s3:PutBucketPolicy", "s3:GetBucketPolicy", "s3:DeleteBucketPolicy"})


class AccessRequest(Struct, frozen=True):
    """Who wants to do what with what.

    `action` is that of policies ("s3:PutObject"), `resource` the ARN of a bucket or
    an object, or "*". `bucket` has its account and its policy; None for the list of buckets and
    for one that is to be made. `extra` are context keys in lower case beside those of every request.
    """

    principal: Principal
    permissions: Permissions
    action: str
    resource: str
    bucket: Bucket | None
    region: str
    source_ip: str
    is_secure: bool
    now: float
    user_agent: str
    extra: Mapping[str, tuple[str, ...]]

    @property
    def is_own(self) -> bool:
        """Whether the caller's account owns the bucket."""
        return self.bucket is None or self.bucket.account_id == self.principal.account_id

    def context(self) -> Context:
        """Give what policies may ask of this request."""
        usual = request_context(
            self.principal,
            region=self.region,
            source_ip=self.source_ip,
            is_secure=self.is_secure,
            now=self.now,
            user_agent=self.user_agent,
        )
        return {**usual, **self.extra}


Authorize = Callable[[AccessRequest], Awaitable[None]]


class Authorization(Struct, frozen=True):
    """The one answer; it raises AccessDenied, or returns."""

    check: Authorize


async def by_policies(request: AccessRequest) -> None:
    """Ask the caller's policies and the bucket's. Raises AccessDenied."""
    own = request.permissions.verdict(request.action, request.resource, request.context)
    grant = Grant(Verdict.NOT_ALLOWED) if own is Verdict.DENIED else _grant(request)
    if together(own, grant, same_account=request.is_own) is Verdict.ALLOWED:
        return
    if own is Verdict.DENIED:
        raise _denied(request, identity_reason(request.action, own))
    if grant.verdict is Verdict.DENIED:
        raise _denied(request, "with an explicit deny in a resource-based policy")
    if not request.is_own and grant.verdict is not Verdict.ALLOWED:
        raise _denied(request, f"because no resource-based policy allows the {request.action} action")
    raise _denied(request, identity_reason(request.action, own))


def bucket_grant(policy: str, caller: Caller, action: str, resource: str, context: Context) -> Grant:
    """Judge a caller, or a service of ours, by a bucket's policy."""
    return resource_grant(read_resource_policy(policy), caller, action, resource, context)


def check_bucket_policy(text: str) -> None:
    """Raise `PolicyError` for a text that is no policy of a resource."""
    read_resource_policy(text)


def _grant(request: AccessRequest) -> Grant:
    bucket = request.bucket
    if bucket is None or bucket.policy is None:
        return Grant(Verdict.NOT_ALLOWED)
    principal = request.principal
    if request.is_own and request.action in _OF_THE_POLICY and principal.arn.endswith(":root"):
        return Grant(Verdict.NOT_ALLOWED)
    caller = Caller(principal.account_id, principal.arn, None, principal.role_arn or None)
    return bucket_grant(bucket.policy, caller, request.action, request.resource, request.context())


def _denied(request: AccessRequest, reason: str) -> S3Error:
    place = "" if request.resource == "*" else f' on resource: "{request.resource}"'
    return refusal(
        "AccessDenied", f"User: {request.principal.arn} is not authorized to perform: {request.action}{place} {reason}"
    )
