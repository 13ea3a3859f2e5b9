"""The one operation of STS that SES users need."""

from __future__ import annotations

from hatobin.gateway import Call, operation
from hatobin.gateway.models.sts import GetCallerIdentityRequest, GetCallerIdentityResponse


@operation("sts", "GetCallerIdentity")
async def get_caller_identity(call: Call, request: GetCallerIdentityRequest) -> GetCallerIdentityResponse:
    """Say whose access key signed the request."""
    principal = call.principal
    return GetCallerIdentityResponse(user_id=principal.user_id, account=principal.account_id, arn=principal.arn)
