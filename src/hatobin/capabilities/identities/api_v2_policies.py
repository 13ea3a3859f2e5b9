"""The sending authorization policies of SES v2.

Refs: surface.md §4.1, appendix E; API reference "CreateEmailIdentityPolicy".
"""

from __future__ import annotations

from hatobin.capabilities.identities import policy_store, store
from hatobin.capabilities.identities.api_v2 import bad, does_not_exist
from hatobin.capabilities.identities.model import lookup_key
from hatobin.capabilities.identities.policies import (
    MAX_POLICIES,
    NAME_RULE,
    InvalidPolicy,
    check_policy,
    is_policy_name,
)
from hatobin.capabilities.identities.policy_store import Put
from hatobin.gateway import Call, operation
from hatobin.gateway.models.sesv2 import (
    CreateEmailIdentityPolicyRequest,
    CreateEmailIdentityPolicyResponse,
    DeleteEmailIdentityPolicyRequest,
    DeleteEmailIdentityPolicyResponse,
    GetEmailIdentityPoliciesRequest,
    GetEmailIdentityPoliciesResponse,
    UpdateEmailIdentityPolicyRequest,
    UpdateEmailIdentityPolicyResponse,
)
from hatobin.ports import Session
from hatobin.words.errors import CallerError
from hatobin.words.identifiers import identity_arn


async def _put(call: Call, identity: str, name: str, text: str, *, new: bool) -> None:
    if not is_policy_name(name):
        raise bad(NAME_RULE)
    key = lookup_key(identity)
    try:
        check_policy(text, identity_arn(call.account_id, call.region, lookup_key(identity)))
    except InvalidPolicy as invalid:
        raise bad(str(invalid)) from None
    result = await call.ports.database.write(
        lambda s: policy_store.put(s, call.account_id, call.region, key, name, text, new=new)
    )
    if result is Put.NO_IDENTITY:
        raise does_not_exist(identity)
    if result is Put.EXISTS:
        raise CallerError("AlreadyExistsException", f"Policy <{name}> already exists")
    if result is Put.MISSING:
        raise _no_policy(name)
    if result is Put.TOO_MANY:
        raise CallerError("LimitExceededException", f"An identity can have at most {MAX_POLICIES} policies.")


def _no_policy(name: str) -> CallerError:
    return CallerError("NotFoundException", f"Policy <{name}> does not exist", status=404)


@operation("sesv2", "CreateEmailIdentityPolicy")
async def create_email_identity_policy(
    call: Call, request: CreateEmailIdentityPolicyRequest
) -> CreateEmailIdentityPolicyResponse:
    """Keep a policy of a new name."""
    await _put(call, request.email_identity, request.policy_name, request.policy, new=True)
    return CreateEmailIdentityPolicyResponse()


@operation("sesv2", "UpdateEmailIdentityPolicy")
async def update_email_identity_policy(
    call: Call, request: UpdateEmailIdentityPolicyRequest
) -> UpdateEmailIdentityPolicyResponse:
    """Replace a policy."""
    await _put(call, request.email_identity, request.policy_name, request.policy, new=False)
    return UpdateEmailIdentityPolicyResponse()


@operation("sesv2", "DeleteEmailIdentityPolicy")
async def delete_email_identity_policy(
    call: Call, request: DeleteEmailIdentityPolicyRequest
) -> DeleteEmailIdentityPolicyResponse:
    """Remove a policy; one that is not there is fine (API reference)."""
    key = lookup_key(request.email_identity)

    def drop(session: Session) -> None:
        if store.find(session, call.account_id, call.region, key) is None:
            raise does_not_exist(request.email_identity)
        policy_store.drop(session, call.account_id, call.region, key, request.policy_name)

    await call.ports.database.write(drop)
    return DeleteEmailIdentityPolicyResponse()


@operation("sesv2", "GetEmailIdentityPolicies")
async def get_email_identity_policies(
    call: Call, request: GetEmailIdentityPoliciesRequest
) -> GetEmailIdentityPoliciesResponse:
    """Show all policies of an identity."""
    key = lookup_key(request.email_identity)

    def find(session: Session) -> dict[str, str]:
        if store.find(session, call.account_id, call.region, key) is None:
            raise does_not_exist(request.email_identity)
        return policy_store.policies(session, call.account_id, call.region, key)

    return GetEmailIdentityPoliciesResponse(policies=await call.ports.database.read(find))
