"""The operations of STS that SES users need."""

from __future__ import annotations

from hatobin.companions import iam
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sts as models
from hatobin.words.errors import CallerError

USER_SESSION_S = 43_200
"""How long temporary credentials of a user last unless it says otherwise."""
PACKED_CHARACTERS = 2048
"""What session policies and tags may have together (IAM user guide, "IAM and AWS STS character limits")."""


@operation("sts", "GetCallerIdentity")
async def get_caller_identity(call: Call, request: models.GetCallerIdentityRequest) -> models.GetCallerIdentityResponse:
    """Say whose access key signed the request."""
    principal = call.principal
    return models.GetCallerIdentityResponse(user_id=principal.user_id, account=principal.account_id, arn=principal.arn)


@operation("sts", "AssumeRole")
async def assume_role(call: Call, request: models.AssumeRoleRequest) -> models.AssumeRoleResponse:
    """Give credentials that speak for a role, where its trust policy and the caller's own policies let the caller."""
    _refuse_unserved(request)
    arns = [one.arn for one in request.policy_arns or () if one.arn is not None]
    tags = iam.checked_tags(request.tags)
    packed = _packed_percent(request.policy, arns, tags)
    asked = iam.RoleSession(
        role_arn=request.role_arn,
        name=request.role_session_name,
        policies=iam.checked_policies(request.policy, arns),
        tags=tags,
        duration_s=request.duration_seconds,
        external_id=request.external_id,
        least_token=request.minimum_session_token_size or 0,
    )
    role, made = await iam.assume(call, asked)
    name = asked.name
    return models.AssumeRoleResponse(
        credentials=_shown(made),
        assumed_role_user=models.AssumedRoleUser(
            assumed_role_id=f"{role.role_id}:{name}",
            arn=f"arn:aws:sts::{role.account_id}:assumed-role/{role.name}/{name}",
        ),
        packed_policy_size=packed,
        session_token_size=len(made.token),
    )


@operation("sts", "GetSessionToken")
async def get_session_token(call: Call, request: models.GetSessionTokenRequest) -> models.GetSessionTokenResponse:
    """Give a user temporary credentials of its own, which may do what it may, but neither IAM nor this."""
    if call.principal.access_key_id.startswith(iam.TEMPORARY):
        raise CallerError("AccessDenied", "Cannot call GetSessionToken with session credentials", status=403)
    _refuse_devices(request.serial_number, request.token_code)
    made = await iam.of_user(call, request.duration_seconds or USER_SESSION_S, request.minimum_session_token_size or 0)
    return models.GetSessionTokenResponse(credentials=_shown(made), session_token_size=len(made.token))


@operation("sts", "GetAccessKeyInfo")
async def get_access_key_info(call: Call, request: models.GetAccessKeyInfoRequest) -> models.GetAccessKeyInfoResponse:
    """Say to which account a key belongs, whosever it is: at AWS the id itself tells."""
    key = await call.ports.database.read(lambda session: iam.find_access_key(session, request.access_key_id))
    if key is None:
        raise CallerError("InvalidClientTokenId", "The security token included in the request is invalid.", status=403)
    return models.GetAccessKeyInfoResponse(account=key.account_id)


def _refuse_unserved(request: models.AssumeRoleRequest) -> None:
    """Refuse members that would change who somebody is and that nothing here heeds."""
    for name, value in (
        ("SourceIdentity", request.source_identity),
        ("ProvidedContexts", request.provided_contexts),
        ("TransitiveTagKeys", request.transitive_tag_keys),
    ):
        if value:
            raise iam.not_served(name)
    _refuse_devices(request.serial_number, request.token_code)


def _refuse_devices(serial_number: str | None, token_code: str | None) -> None:
    """Refuse a code of a device: no user has one."""
    if serial_number is not None or token_code is not None:
        text = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
        raise CallerError("AccessDenied", text, status=403)


def _packed_percent(policy: str | None, arns: list[str], tags: tuple[iam.TagPair, ...]) -> int | None:
    """Say how much of the room session policies and tags take; None without any. Raises `CallerError`."""
    characters = sum(map(len, [policy or "", *arns, *(part for pair in tags for part in pair)]))
    if not characters:
        return None
    percent = -(-100 * characters // PACKED_CHARACTERS)
    if percent > 100:
        text = f"Packed size of session tags and policies consumes {percent}% of the allotted space"
        raise CallerError("PackedPolicyTooLarge", text)
    return percent


def _shown(made: iam.NewTemporary) -> models.Credentials:
    return models.Credentials(
        access_key_id=made.session.access_key_id,
        secret_access_key=made.secret,
        session_token=made.token,
        expiration=made.session.expires_at,
    )
