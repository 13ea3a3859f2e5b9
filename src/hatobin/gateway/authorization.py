"""Whether a call is allowed: asked of every operation before its function runs, and by the flow for every send.

A denial names the caller, the action and the resource, in the words that the
service has: SES words its sending operations in its own way (`sending_denial`).

Refs: IAM User Guide, "Troubleshoot access denied error messages"; "AWS global condition context keys".
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import UTC, datetime

from hatobin.gateway.call import Call, Principal
from hatobin.gateway.permissions import RESOURCE_TAG
from hatobin.gateway.resources import NO_RESOURCE, Looked, ResourceFacts, action_of, apart, resource_of
from hatobin.protocols.aws.policy import Verdict
from hatobin.protocols.aws.shapes import Shape
from hatobin.words.errors import CallerError

# Sending is checked by the flow, where it is known what is sent; AssumeRole by the role's trust as well, at its room;
# the others need no permission (STS API reference, GetCallerIdentity, GetSessionToken).
_NOT_CHECKED_HERE = frozenset(
    {
        *(("ses", name) for name in ("SendEmail", "SendRawEmail", "SendTemplatedEmail", "SendBulkTemplatedEmail")),
        *(("sesv2", name) for name in ("SendEmail", "SendBulkEmail")),
        *((service, "SendCustomVerificationEmail") for service in ("ses", "sesv2")),
        *(("sts", name) for name in ("AssumeRole", "GetCallerIdentity", "GetSessionToken")),
        # Whoever has the link may follow it (SNS API reference, ConfirmSubscription).
        *(("sns", name) for name in ("ConfirmSubscription", "Unsubscribe")),
    }
)
# Without a user name they mean the user that calls (IAM API reference).
_OF_ONESELF = frozenset(f"{verb}AccessKey" for verb in ("Create", "Update", "Delete")) | {"ListAccessKeys", "GetUser"}
# Which policies somebody may attach (Service Authorization Reference, "Condition keys for … IAM").
_POLICY_ARN = "iam:policyarn"
_JSON_SERVICES = frozenset({"sesv2", "mailmanager", "sqs", "firehose", "events", "lambda", "logs"})
API_VERSIONS = {"ses": "1", "sesv2": "2"}
"""What `ses:ApiVersion` is, by service."""


async def authorize(call: Call, request: Shape) -> None:
    """Check a call of an operation against its caller's policies. Raises `CallerError`."""
    if call.permissions.unrestricted or (call.service, call.operation) in _NOT_CHECKED_HERE:
        return
    for one in apart(request):
        await _authorize(call, one)


async def _authorize(call: Call, request: Shape) -> None:
    resource = resource_of(call.service, call.operation, request, (call.account_id, call.region))
    if resource == NO_RESOURCE and call.operation in _OF_ONESELF:
        resource = call.principal.arn
    elif isinstance(resource, Looked):
        resource = await _look_up(call, resource)
    extra = request_tags(request)
    if call.service == "iam" and isinstance(arn := getattr(request, "policy_arn", None), str):
        extra[_POLICY_ARN] = (arn,)
    if call.permissions.wants_resource_tags:
        facts = call.services.get(ResourceFacts)
        extra |= tag_context(await call.ports.database.read(lambda session: facts.tags(session, resource)))
    check_action(call, action_of(call.service, call.operation), resource, extra)


async def _look_up(call: Call, looked: Looked) -> str:
    """Give the ARN of what is there; of what is not, one that says so by its name alone."""
    find = call.services.get(ResourceFacts).arns[looked.kind]
    found = await call.ports.database.read(lambda session: find(session, call.account_id, call.region, looked.name))
    if found is not None:
        return found
    service, region = ("iam", "") if call.service == "iam" else ("ses", call.region)
    return f"arn:aws:{service}:{region}:{call.account_id}:{looked.kind}/{looked.name}"


def tag_context(tags: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Give the context keys of a resource's tags: `aws:ResourceTag/KEY`."""
    return {f"{RESOURCE_TAG}{key.lower()}": (value,) for key, value in tags}


def check_action(call: Call, action: str, resource: str, extra: Mapping[str, tuple[str, ...]] | None = None) -> None:
    """Check one action on one resource, with context keys beside those of every call. Raises `CallerError`."""
    verdict = call.permissions.verdict(action, resource, lambda: {**call_context(call), **(extra or {})})
    if verdict is not Verdict.ALLOWED:
        raise access_denied(call.service, denial(call.principal.arn, action, resource, verdict))


def access_denied(service: str, text: str) -> CallerError:
    """Give the error under the name that the service's protocol uses."""
    if service == "sns":
        return CallerError("AuthorizationError", text, status=403)
    code = "AccessDeniedException" if service in _JSON_SERVICES else "AccessDenied"
    return CallerError(code, text, status=403)


def denial(arn: str, action: str, resource: str, verdict: Verdict) -> str:
    """Word a denial as IAM does."""
    place = "" if resource == NO_RESOURCE else f" on resource: {resource}"
    shown = f"SNS:{action[4:]}" if action.startswith("sns:") else action
    return f"User: {arn} is not authorized to perform: {shown}{place} {identity_reason(shown, verdict)}"


def identity_reason(action: str, verdict: Verdict) -> str:
    """Say what about the caller's own policies is the reason of a denial."""
    if verdict is Verdict.DENIED:
        return "with an explicit deny in an identity-based policy"
    return f"because no identity-based policy allows the {action} action"


def call_context(call: Call) -> dict[str, tuple[str, ...]]:
    """Give the context keys of a call that do not depend on its request."""
    context = request_context(
        call.principal,
        region=call.region,
        source_ip=call.source_ip,
        is_secure=call.tls_version is not None,
        now=call.ports.clock.now(),
        user_agent=call.user_agent,
    )
    if (version := API_VERSIONS.get(call.service)) is not None:
        context["ses:apiversion"] = (version,)
    return context


def request_context(
    principal: Principal,
    *,
    region: str,
    source_ip: str,
    is_secure: bool,
    now: float,
    user_agent: str = "",
    keys: Container[str] | None = None,
) -> dict[str, tuple[str, ...]]:
    """Give what policies may ask of any request: key in lower case → values.

    What takes time is left out unless it is among `keys`, if any are given.
    """
    is_session = ":assumed-role/" in principal.arn
    context: dict[str, tuple[str, ...]] = {
        "aws:securetransport": ("true" if is_secure else "false",),
        "aws:requestedregion": (region,),
        "aws:principalarn": (principal.role_arn or principal.arn,),
        "aws:principalaccount": (principal.account_id,),
        "aws:principaltype": ("AssumedRole" if is_session else "User",),
        "aws:userid": (principal.user_id,),
        "aws:epochtime": (str(int(now)),),
    }
    if keys is None or "aws:currenttime" in keys:
        context["aws:currenttime"] = (datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),)
    if source_ip:
        context["aws:sourceip"] = (source_ip,)
    if user_agent:
        context["aws:useragent"] = (user_agent,)
    if not is_session:
        context["aws:username"] = (principal.name,)
    for key, value in principal.tags:
        context[f"aws:principaltag/{key.lower()}"] = (value,)
    return context


def request_tags(request: Shape) -> dict[str, tuple[str, ...]]:
    """Give the context keys of the tags that a request would set: `aws:RequestTag/KEY` and `aws:TagKeys`."""
    tags = getattr(request, "tags", None)
    if not isinstance(tags, list):
        return {}
    pairs = [(tag.key, tag.value) for tag in tags if hasattr(tag, "key") and hasattr(tag, "value")]
    context: dict[str, tuple[str, ...]] = {f"aws:requesttag/{key.lower()}": (value or "",) for key, value in pairs}
    return context | ({"aws:tagkeys": tuple(key for key, _ in pairs)} if pairs else {})
