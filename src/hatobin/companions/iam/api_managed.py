"""The operations on managed policies: AWS's own are there to be read, others cannot be made."""

from __future__ import annotations

from hatobin.companions.iam import documents, pages, policy_store
from hatobin.companions.iam.errors import no_such
from hatobin.companions.iam.managed import CREATED_AT, MANAGED, VERSION_ID, ManagedPolicy
from hatobin.gateway import Call, operation
from hatobin.gateway.models import iam as models

_LIST = "managed"


@operation("iam", "GetPolicy")
async def get_policy(call: Call, request: models.GetPolicyRequest) -> models.GetPolicyResponse:
    """Show a managed policy, without its document."""
    policy = _found(request.policy_arn)
    counts = await _counts(call)
    return models.GetPolicyResponse(policy=_shown(policy, counts, with_description=True))


@operation("iam", "ListPolicies")
async def list_policies(call: Call, request: models.ListPoliciesRequest) -> models.ListPoliciesResponse:
    """List the managed policies by ARN: all are AWS's and permissions, with the path "/"."""
    after = pages.start(call, request.marker, kind=_LIST)
    counts = await _counts(call)
    none = (
        request.scope == "Local"
        or (request.path_prefix or "/") != "/"
        or request.policy_usage_filter == "PermissionsBoundary"
    )
    rest = [
        policy
        for policy in (() if none else MANAGED.values())
        if policy.arn > after and (not request.only_attached or policy.arn in counts)
    ]
    page = pages.cut(call, rest, request.max_items, kind=_LIST, key=lambda policy: policy.arn)
    policies = [_shown(policy, counts, with_description=False) for policy in page.items]
    return models.ListPoliciesResponse(policies=policies, is_truncated=page.is_truncated, marker=page.marker)


@operation("iam", "GetPolicyVersion")
async def get_policy_version(_call: Call, request: models.GetPolicyVersionRequest) -> models.GetPolicyVersionResponse:
    """Show the document of a managed policy; each has one version."""
    policy = _found(request.policy_arn)
    if request.version_id != VERSION_ID:
        text = f"Policy {policy.arn} version {request.version_id} does not exist or is not attachable."
        raise no_such(text)
    version = _version(policy)
    return models.GetPolicyVersionResponse(policy_version=version)


@operation("iam", "ListPolicyVersions")
async def list_policy_versions(
    call: Call, request: models.ListPolicyVersionsRequest
) -> models.ListPolicyVersionsResponse:
    """List the one version of a managed policy."""
    kind = f"versions of {request.policy_arn}"
    after = pages.start(call, request.marker, kind=kind)
    policy = _found(request.policy_arn)
    known = [_version(policy, with_document=False)] if not after else []
    return models.ListPolicyVersionsResponse(versions=known, is_truncated=False)


def _found(arn: str) -> ManagedPolicy:
    policy = MANAGED.get(arn)
    if policy is None:
        raise no_such(f"Policy {arn} was not found.")
    return policy


async def _counts(call: Call) -> dict[str, int]:
    return await call.ports.database.read(lambda session: policy_store.attachment_counts(session, call.account_id))


def _shown(policy: ManagedPolicy, counts: dict[str, int], *, with_description: bool) -> models.Policy:
    """Give a policy as answers have it; lists leave out the description (API reference)."""
    return models.Policy(
        policy_name=policy.name,
        policy_id=policy.policy_id,
        arn=policy.arn,
        path="/",
        default_version_id=VERSION_ID,
        attachment_count=counts.get(policy.arn, 0),
        permissions_boundary_usage_count=0,
        is_attachable=True,
        description=policy.description if with_description else None,
        create_date=CREATED_AT,
        update_date=CREATED_AT,
    )


def _version(policy: ManagedPolicy, *, with_document: bool = True) -> models.PolicyVersion:
    return models.PolicyVersion(
        document=documents.shown(policy.document) if with_document else None,
        version_id=VERSION_ID,
        is_default_version=True,
        create_date=CREATED_AT,
    )
