"""The operations on the policies of a role, and which managed ones are attached to it."""

from __future__ import annotations

from hatobin.companions.iam import policies
from hatobin.companions.iam.holders import HolderKind
from hatobin.gateway import Call, operation
from hatobin.gateway.models import iam as models

_KIND = HolderKind.ROLE


@operation("iam", "PutRolePolicy")
async def put_role_policy(call: Call, request: models.PutRolePolicyRequest) -> None:
    """Give a role an inline policy, in the place of one of the same name."""
    await policies.put(call, _KIND, request.role_name, request.policy_name, request.policy_document)


@operation("iam", "GetRolePolicy")
async def get_role_policy(call: Call, request: models.GetRolePolicyRequest) -> models.GetRolePolicyResponse:
    """Show an inline policy of a role."""
    document = await policies.get(call, _KIND, request.role_name, request.policy_name)
    return models.GetRolePolicyResponse(
        role_name=request.role_name, policy_name=request.policy_name, policy_document=document
    )


@operation("iam", "ListRolePolicies")
async def list_role_policies(call: Call, request: models.ListRolePoliciesRequest) -> models.ListRolePoliciesResponse:
    """List the inline policies of a role by name."""
    page = await policies.names(call, _KIND, request.role_name, request.marker, request.max_items)
    return models.ListRolePoliciesResponse(policy_names=page.items, is_truncated=page.is_truncated, marker=page.marker)


@operation("iam", "DeleteRolePolicy")
async def delete_role_policy(call: Call, request: models.DeleteRolePolicyRequest) -> None:
    """Take an inline policy from a role."""
    await policies.delete(call, _KIND, request.role_name, request.policy_name)


@operation("iam", "AttachRolePolicy")
async def attach_role_policy(call: Call, request: models.AttachRolePolicyRequest) -> None:
    """Attach a managed policy to a role."""
    await policies.attach(call, _KIND, request.role_name, request.policy_arn)


@operation("iam", "DetachRolePolicy")
async def detach_role_policy(call: Call, request: models.DetachRolePolicyRequest) -> None:
    """Detach a managed policy from a role."""
    await policies.detach(call, _KIND, request.role_name, request.policy_arn)


@operation("iam", "ListAttachedRolePolicies")
async def list_attached_role_policies(
    call: Call, request: models.ListAttachedRolePoliciesRequest
) -> models.ListAttachedRolePoliciesResponse:
    """List the managed policies that are attached to a role."""
    page = await policies.attached(
        call, _KIND, request.role_name, request.path_prefix, request.marker, request.max_items
    )
    return models.ListAttachedRolePoliciesResponse(
        attached_policies=page.items, is_truncated=page.is_truncated, marker=page.marker
    )
