"""The sending authorization policies of SES v1, the same as those of v2.

Refs: surface.md §4.1, appendix E; API reference "PutIdentityPolicy".
"""

from __future__ import annotations

from hatobin.capabilities.identities import policy_store, store
from hatobin.capabilities.identities.api_v1 import no_identity
from hatobin.capabilities.identities.model import lookup_key
from hatobin.capabilities.identities.policies import (
    MAX_NAME_LENGTH,
    MAX_POLICIES,
    NAME_RULE,
    InvalidPolicy,
    check_policy,
    is_policy_name,
)
from hatobin.capabilities.identities.policy_store import Put
from hatobin.gateway import Call, operation
from hatobin.gateway.models.ses import (
    DeleteIdentityPolicyRequest,
    DeleteIdentityPolicyResponse,
    GetIdentityPoliciesRequest,
    GetIdentityPoliciesResponse,
    ListIdentityPoliciesRequest,
    ListIdentityPoliciesResponse,
    PutIdentityPolicyRequest,
    PutIdentityPolicyResponse,
)
from hatobin.ports import Session
from hatobin.words.errors import CallerError
from hatobin.words.identifiers import identity_arn


@operation("ses", "PutIdentityPolicy")
async def put_identity_policy(call: Call, request: PutIdentityPolicyRequest) -> PutIdentityPolicyResponse:
    """Keep a policy, in place of one of the same name."""
    name, identity, text = request.policy_name, request.identity, request.policy
    if len(name) > MAX_NAME_LENGTH:
        raise CallerError(
            "ValidationError",
            "1 validation error detected: Value at 'policyName' failed to satisfy constraint: "
            f"Member must have length less than or equal to {MAX_NAME_LENGTH}",
        )
    if not is_policy_name(name):
        raise CallerError("InvalidParameterValue", NAME_RULE)
    try:
        check_policy(text, identity_arn(call.account_id, call.region, lookup_key(identity)))
    except InvalidPolicy as invalid:
        raise CallerError("InvalidPolicy", str(invalid)) from None
    key = lookup_key(identity)
    result = await call.ports.database.write(
        lambda s: policy_store.put(s, call.account_id, call.region, key, name, text)
    )
    if result is Put.NO_IDENTITY:
        raise no_identity(identity)
    if result is Put.TOO_MANY:
        raise CallerError("LimitExceeded", f"An identity can have at most {MAX_POLICIES} policies.")
    return PutIdentityPolicyResponse()


@operation("ses", "GetIdentityPolicies")
async def get_identity_policies(call: Call, request: GetIdentityPoliciesRequest) -> GetIdentityPoliciesResponse:
    """Show the policies asked for; those that are not there are left out."""
    known = await _policies(call, request.identity)
    return GetIdentityPoliciesResponse(policies={name: known[name] for name in request.policy_names if name in known})


@operation("ses", "ListIdentityPolicies")
async def list_identity_policies(call: Call, request: ListIdentityPoliciesRequest) -> ListIdentityPoliciesResponse:
    """List the names of an identity's policies."""
    return ListIdentityPoliciesResponse(policy_names=list(await _policies(call, request.identity)))


async def _policies(call: Call, identity: str) -> dict[str, str]:
    key = lookup_key(identity)

    def find(session: Session) -> dict[str, str]:
        if store.find(session, call.account_id, call.region, key) is None:
            raise no_identity(identity)
        return policy_store.policies(session, call.account_id, call.region, key)

    return await call.ports.database.read(find)


@operation("ses", "DeleteIdentityPolicy")
async def delete_identity_policy(call: Call, request: DeleteIdentityPolicyRequest) -> DeleteIdentityPolicyResponse:
    """Remove a policy; one that is not there is fine (API reference)."""
    key = lookup_key(request.identity)
    await call.ports.database.write(
        lambda s: policy_store.drop(s, call.account_id, call.region, key, request.policy_name)
    )
    return DeleteIdentityPolicyResponse()
