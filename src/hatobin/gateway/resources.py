"""What a call is checked for: the action that policies name, and the resource of the request.

The resource follows from the members of the request. An action that AWS
defines no resource for is checked on `*`: so are all of SES v1 but its
sending operations, which the flow checks itself.

Refs: Service Authorization Reference, "Actions, resources, and condition keys for Amazon SES", "… Simple
Email Service v2", "… SNS", "… SQS", "… IAM", "… STS", "… Kinesis Firehose", "… EventBridge",
"… Lambda", "… CloudWatch Logs".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from hatobin.ports import Session
from hatobin.protocols.aws.arn import Arn, parse_arn
from hatobin.protocols.aws.shapes import Shape

NO_RESOURCE = "*"

_PREFIXES = {"sesv2": "ses", "mailmanager": "ses"}
# A batch is allowed by the permission for one (SQS and SNS developer guides).
_ACTIONS = {
    ("sqs", "SendMessageBatch"): "SendMessage",
    ("sqs", "DeleteMessageBatch"): "DeleteMessage",
    ("sqs", "ChangeMessageVisibilityBatch"): "ChangeMessageVisibility",
    ("sns", "PublishBatch"): "Publish",
    ("lambda", "Invoke"): "InvokeFunction",
}

# What is to be made has no ARN yet, and suppression lists have none at all.
_WITHOUT_RESOURCE = frozenset(
    {
        "CreateTenant",
        *(f"{verb}SuppressedDestination" for verb in ("Put", "Get", "Delete")),
        "ListSuppressedDestinations",
    }
)

_MADE = {"CreateUser": ("user", "user_name"), "CreateRole": ("role", "role_name")}

Place = tuple[str, str]
"""The account and the region of a call."""
_Member = Callable[[str, str, Place], "str | Looked"]


def action_of(service: str, operation: str) -> str:
    """Give the action that policies name.

    >>> action_of("sesv2", "GetAccount"), action_of("sqs", "SendMessageBatch")
    ('ses:GetAccount', 'sqs:SendMessage')
    """
    return f"{_PREFIXES.get(service, service)}:{_ACTIONS.get((service, operation), operation)}"


class Looked(Struct, frozen=True):
    """A resource whose ARN has more than its name: the store knows it. `kind` is a key of `ResourceFacts.arns`."""

    kind: str
    name: str


class ResourceFacts(Struct, frozen=True):
    """What the store knows of resources, as a service; each function may be asked about anything.

    `arns`: kind → function of (account, region, name) that gives the ARN, None for what is not there.
    `tags`: the tags of the resource with an ARN, none for what has none or is not there.
    """

    arns: Mapping[str, Callable[[Session, str, str, str], str | None]]
    tags: Callable[[Session, str], tuple[tuple[str, str], ...]]


def apart(request: Shape) -> list[Shape]:
    """Give a request that names several things as one for each: all of them must be allowed."""
    names = getattr(request, "alarm_names", None)
    if not isinstance(names, list) or len(names) < 2:
        return [request]
    return [replace(request, alarm_names=[name]) for name in names]


def resource_of(service: str, operation: str, request: Shape, place: Place) -> str | Looked:
    """Give the ARN of what a request is about, what to look up for it, or `NO_RESOURCE`."""
    if operation in _WITHOUT_RESOURCE:
        return NO_RESOURCE
    if service == "iam" and operation in _MADE:
        kind, member = _MADE[operation]
        return f"arn:aws:iam::{place[0]}:{kind}{getattr(request, 'path', None) or '/'}{getattr(request, member)}"
    if operation == "PutEvents":
        return f"arn:aws:events:{place[1]}:{place[0]}:event-bus/default"
    members = _MEMBERS.get(service, {})
    for member, resource in members.items():
        value = getattr(request, member, None)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, str) and value:
            return resource(value, operation, place)
    return NO_RESOURCE


def _ses(kind: str) -> Callable[[str, str, Place], str]:
    return lambda name, _, place: f"arn:aws:ses:{place[1]}:{place[0]}:{kind}/{name}"


def _identity(name: str, _: str, place: Place) -> str:
    # The name of an identity in an ARN is the one it is kept by, whatever case the caller writes its domain in.
    local, at, domain = name.strip().rpartition("@")
    return f"arn:aws:ses:{place[1]}:{place[0]}:identity/{local}{at}{domain.lower().rstrip('.')}"


def _template(name: str, operation: str, place: Place) -> str:
    kind = "custom-verification-email-template" if "CustomVerification" in operation else "template"
    return _ses(kind)(name, operation, place)


def _job(identifier: str, operation: str, place: Place) -> str:
    return _ses("import-job" if "Import" in operation else "export-job")(identifier, operation, place)


def _itself(arn: str, _: str, __: Place) -> str:
    return arn


def _subscription(arn: str, _: str, __: Place) -> str:
    """A subscription is reached by the permission for its topic."""
    parsed = parse_arn(arn)
    if parsed is None or ":" not in parsed.resource:
        return NO_RESOURCE
    topic = parsed.resource.partition(":")[0]
    return str(Arn(parsed.partition, parsed.service, parsed.region, parsed.account_id, topic))


def _topic_name(name: str, operation: str, place: Place) -> str:
    return f"arn:aws:sns:{place[1]}:{place[0]}:{name}" if operation == "CreateTopic" else NO_RESOURCE


def _queue(name: str, _: str, place: Place) -> str:
    """A queue by its name, or by its URL, whose last two parts are the account and the name."""
    parts = name.rstrip("/").rsplit("/", 2)
    owner = parts[1] if len(parts) == 3 and parts[1] else place[0]
    return f"arn:aws:sqs:{place[1]}:{owner}:{parts[-1]}"


def _alarm(name: str, _: str, place: Place) -> str:
    return f"arn:aws:cloudwatch:{place[1]}:{place[0]}:alarm:{name}"


def _stream(name: str, _: str, place: Place) -> str:
    return f"arn:aws:firehose:{place[1]}:{place[0]}:deliverystream/{name}"


def _rule(name: str, _: str, place: Place) -> str:
    return f"arn:aws:events:{place[1]}:{place[0]}:rule/{name}"


def _function(name: str, _: str, place: Place) -> str:
    """A function by its name, its ARN or a part of that, without a version."""
    parts = name.split(":")
    if "function" in parts[:-1]:
        at = parts.index("function")
        owner = parts[at - 1] if at >= 1 else place[0]
        region = parts[at - 2] if at >= 2 else place[1]
        return f"arn:aws:lambda:{region}:{owner}:function:{parts[at + 1]}"
    return f"arn:aws:lambda:{place[1]}:{place[0]}:function:{parts[0]}"


def _log_group(name: str, _: str, place: Place) -> str:
    arn = name if name.startswith("arn:") else f"arn:aws:logs:{place[1]}:{place[0]}:log-group:{name}"
    return arn if arn.endswith(":*") else f"{arn}:*"


def _stored(kind: str) -> _Member:
    return lambda name, _, __: Looked(kind, name)


_MEMBERS: Mapping[str, Mapping[str, _Member]] = {
    "sesv2": {
        "tenant_name": _stored("tenant"),
        "resource_arn": _itself,
        "reputation_entity_reference": _stored("entity"),
        "email_identity": _identity,
        "configuration_set_name": _ses("configuration-set"),
        "contact_list_name": _ses("contact-list"),
        "template_name": _template,
        "pool_name": _ses("dedicated-ip-pool"),
        "endpoint_name": _ses("multi-region-endpoint"),
        "report_id": _ses("deliverability-test-report"),
        "job_id": _job,
    },
    "mailmanager": {
        "resource_arn": _itself,
        "archive_id": _ses("mailmanager-archive"),
        "rule_set_id": _ses("mailmanager-rule-set"),
        "traffic_policy_id": _ses("mailmanager-traffic-policy"),
        "ingress_point_id": _ses("mailmanager-ingress-point"),
        "relay_id": _ses("mailmanager-smtp-relay"),
        "address_list_id": _ses("mailmanager-address-list"),
        "addon_instance_id": _ses("addon-instance"),
        "addon_subscription_id": _ses("addon-subscription"),
    },
    "sns": {
        "topic_arn": _itself,
        "target_arn": _itself,
        "resource_arn": _itself,
        "subscription_arn": _subscription,
        "name": _topic_name,
    },
    "sqs": {"queue_url": _queue, "queue_name": _queue},
    "iam": {
        "user_name": _stored("user"),
        "role_name": _stored("role"),
        "policy_arn": _itself,
    },
    "sts": {"role_arn": _itself},
    "cloudwatch": {"alarm_name": _alarm, "alarm_names": _alarm, "resource_arn": _itself},
    "firehose": {"delivery_stream_name": _stream},
    "lambda": {"function_name": _function, "resource": _itself},
    "logs": {"log_group_name": _log_group, "log_group_identifier": _log_group},
    "events": {"rule": _rule, "name": _rule, "resource_arn": _itself},
}
