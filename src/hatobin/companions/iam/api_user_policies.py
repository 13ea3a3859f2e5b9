"""The operations on the policies of a user, and which managed ones are attached to it."""

from __future__ import annotations

from hatobin.companions.iam import policies
from hatobin.companions.iam.holders import HolderKind
from hatobin.gateway import Call, operation
from hatobin.gateway.models import iam as models

_KIND = HolderKind.USER


@operation("iam", "PutUserPolicy")
async def put_user_policy(call: Call, request: models.PutUserPolicyRequest) -> None:
    """Give a user an inline policy, in the place of one of the same name."""
    await policies.put(call, _KIND, request.user_name, request.policy_name, request.policy_document)


@operation("iam", "GetUserPolicy")
async def get_user_policy(call: Call, request: models.GetUserPolicyRequest) -> models.GetUserPolicyResponse:
    """Show an inline policy of a user."""
    document = await policies.get(call, _KIND, request.user_name, request.policy_name)
    return models.GetUserPolicyResponse(
        user_name=request.user_name, policy_name=request.policy_name, policy_document=document
    )


@operation("iam", "ListUserPolicies")
async def list_user_policies(call: Call, request: models.ListUserPoliciesRequest) -> models.ListUserPoliciesResponse:
    """List the inline policies of a user by name."""
    page = await policies.names(call, _KIND, request.user_name, request.marker, request.max_items)
    return models.ListUserPoliciesResponse(policy_names=page.items, is_truncated=page.is_truncated, marker=page.marker)


@operation("iam", "DeleteUserPolicy")
async def delete_user_policy(call: Call, request: models.DeleteUserPolicyRequest) -> None:
    """Take an inline policy from a user."""
    await policies.delete(call, _KIND, request.user_name, request.policy_name)


@operation("iam", "AttachUserPolicy")
async def attach_user_policy(call: Call, request: models.AttachUserPolicyRequest) -> None:
    """Attach a managed policy to a user."""
    await policies.attach(call, _KIND, request.user_name, request.policy_arn)


@operation("iam", "DetachUserPolicy")
async def detach_user_policy(call: Call, request: models.DetachUserPolicyRequest) -> None:
    """Detach a managed policy from a user."""
    await policies.detach(call, _KIND, request.user_name, request.policy_arn)


@operation("iam", "ListAttachedUserPolicies")
async def list_attached_user_policies(
    call: Call, request: models.ListAttachedUserPoliciesRequest
) -> models.ListAttachedUserPoliciesResponse:
    """List the managed policies that are attached to a user."""
    page = await policies.attached(
        call, _KIND, request.user_name, request.path_prefix, request.marker, request.max_items
    )
    return models.ListAttachedUserPoliciesResponse(
        attached_policies=page.items, is_truncated=page.is_truncated, marker=page.marker
    )
