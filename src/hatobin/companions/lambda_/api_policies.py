"""The operations on a function's policy."""

from __future__ import annotations

from hatobin.companions.lambda_ import store
from hatobin.companions.lambda_.errors import changed_meanwhile, no_function, no_policy, unsupported
from hatobin.companions.lambda_.model import MAX_POLICY_BYTES, FunctionKey, Policy
from hatobin.companions.lambda_.naming import named
from hatobin.companions.lambda_.policies import statement
from hatobin.gateway import Call, operation
from hatobin.gateway.models import lambda_ as models
from hatobin.ports import Session
from hatobin.words.errors import CallerError


@operation("lambda", "AddPermission")
async def add_permission(call: Call, request: models.AddPermissionRequest) -> models.AddPermissionResponse:
    """Let a service, an account or a principal use a function."""
    if request.function_url_auth_type is not None or request.invoked_via_function_url:
        raise unsupported("FunctionUrlAuthType")
    key = named(call, request.function_name, request.qualifier)
    text = statement(key, request)
    fresh = call.ports.entropy.uuid()

    def work(session: Session) -> None:
        policy = _open(session, key)
        if request.revision_id is not None and request.revision_id != policy.revision_id:
            raise changed_meanwhile("GetPolicy")
        if any(identifier == request.statement_id for identifier, _ in policy.statements):
            raise CallerError(
                "ResourceConflictException",
                f"The statement id ({request.statement_id}) provided already exists. Please provide a new statement id,"
                " or remove the existing statement.",
                status=409,
            )
        new = Policy((*policy.statements, (request.statement_id, text)), fresh)
        if len(new.document.encode()) > MAX_POLICY_BYTES:
            raise CallerError(
                "PolicyLengthExceededException",
                f"The final policy size ({len(new.document.encode())}) is bigger than the limit ({MAX_POLICY_BYTES}).",
            )
        store.put_policy(session, key, new)

    await call.ports.database.write(work, turn=f"lambda {key.account_id}")
    return models.AddPermissionResponse(statement=text)


@operation("lambda", "RemovePermission")
async def remove_permission(call: Call, request: models.RemovePermissionRequest) -> None:
    """Take a statement from a function's policy."""
    key = named(call, request.function_name, request.qualifier)
    fresh = call.ports.entropy.uuid()

    def work(session: Session) -> None:
        policy = _open(session, key)
        if not policy.statements:
            raise CallerError(
                "ResourceNotFoundException", "No policy is associated with the given resource.", status=404
            )
        if request.revision_id is not None and request.revision_id != policy.revision_id:
            raise changed_meanwhile("GetPolicy")
        left = tuple(one for one in policy.statements if one[0] != request.statement_id)
        if len(left) == len(policy.statements):
            raise CallerError(
                "ResourceNotFoundException",
                f"Statement {request.statement_id} is not found in resource policy.",
                status=404,
            )
        store.put_policy(session, key, Policy(left, fresh))

    await call.ports.database.write(work, turn=f"lambda {key.account_id}")


@operation("lambda", "GetPolicy")
async def get_policy(call: Call, request: models.GetPolicyRequest) -> models.GetPolicyResponse:
    """Show a function's policy. Raises ResourceNotFoundException where there is none."""
    key = named(call, request.function_name, request.qualifier)
    policy = await call.ports.database.read(lambda session: _open(session, key))
    if not policy.statements:
        raise no_policy()
    return models.GetPolicyResponse(policy=policy.document, revision_id=policy.revision_id)


def _open(session: Session, key: FunctionKey) -> Policy:
    policy = store.find_policy(session, key)
    if policy is None:
        raise no_function(key)
    return policy
