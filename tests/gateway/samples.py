"""Sample values for every shape of the service models, made by rule, the same in every run.

`sample` gives what a botocore client accepts and what AWS would accept: enums,
lengths and patterns are kept. The variant says which member a union takes and
which value an enum and a Boolean, so a few variants together visit all of them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel, Shape

from tools.generate_models.types import pattern_source

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
# One of these fits every pattern of the models; the order is from the plain to the special.
CANDIDATES = (
    "example-1",
    "example",
    "EN",
    "Ab",
    "a@b.example",
    "550",
    "5.1.1",
    "123456789",
    "123456",
    "+4912345678",
    "as-1a2b3c",
    "a-1a2b3c",
    "ai-1a2b3c",
    "X-Header",
    "https://example.com/a",
    "/",
    "v1",
    "s3://bucket/key",
    "192.0.2.0/24",
    "2001:db8:0:0:0:0:0:1/64",
    "vpce-0123456789abcdefg",
    "QUJDREVGR0g=",
    "arn:aws:iam::123456789012:role/name",
    "arn:aws:connect:us-east-1:123456789012:instance/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
    "arn:aws:ses:us-east-1:123456789012:mailmanager-archive/a-abcdefghijklmnopqrstuvwx",
    "arn:aws:ses:us-east-1:123456789012:mailmanager-x",
    "arn:aws:kms:us-east-1:123456789012:key/abc",
    "arn:aws:sns:us-east-1:123456789012:topic",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:abc",
    "arn:aws:acm:us-east-1:123456789012:certificate/abc",
    "addon.example",
    "arn:aws:s3:::example",
    "arn:aws:firehose:us-east-1:123456789012:deliverystream/example",
    "arn:aws:kinesis:us-east-1:123456789012:stream/example",
    "arn:aws:es:us-east-1:123456789012:domain/example",
    "arn:aws:glue:us-east-1:123456789012:catalog",
    "jdbc:redshift://cluster.example.redshift.example.com:5439/data",
    ".json",
    "https://example.snowflakecomputing.com",
    "arn:aws:lambda:us-east-1:123456789012:function:example",
    "arn:aws:lambda:us-east-1:123456789012:layer:example:1",
    "arn:aws:lambda:us-east-1:123456789012:capacity-provider:example",
    "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdefg",
    "arn:aws:lambda:us-east-1::runtime:0123456789abcdef0123456789abcdef",
    "arn:aws:lambda:us-east-1:123456789012:runtime/example",
    "arn:aws:lambda:us-east-1:123456789012:function:example:1/durable-execution/example/example",
    "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-0123456789abcdef0",
    "arn:aws:signer:us-east-1:123456789012:/signing-jobs/example",
    "subnet-1a2b3c",
    "sg-1a2b3c",
    "o-1a2b3c4d5e",
    "lambda:InvokeFunction",
    "/mnt/example",
    "us-east-1",
    "123456789012",
    "ExampleException",
    "com.example.vpce.us-east-1.vpce-svc-0123456789abcdefg",
)
# Free text: markup, spaces at the ends, a line feed, characters beyond ASCII and beyond the basic plane.
SPECIAL = " é<&>\"' x\ny 鳩+%/🕊 "
# Members that make botocore itself take another way (multi-region endpoints sign with SigV4A).
# And one that travels in a header, which is ASCII.
LEFT_OUT = {"EndpointId", "ClientContext"}


@cache
def service(name: str) -> ServiceModel:
    """Load botocore's model of a service."""
    return botocore.session.get_session().get_service_model(name)


def variants(shape: Shape | None) -> int:
    """Say how many variants visit every member of every union and every value of every enum under `shape`."""
    return max(_choices(shape, ())) if shape is not None else 1


def sample(shape: Shape, *, variant: int = 0, required_only: bool = False) -> Any:
    """Make a value of `shape`, with every member or only those required."""
    if shape.type_name == "structure":
        return _structure(shape, variant, required_only)
    if shape.type_name == "list":
        count = max(shape.metadata.get("min", 0), 1 if required_only else 2)
        count = min(count, shape.metadata.get("max", count))
        return [sample(shape.member, variant=variant + index, required_only=required_only) for index in range(count)]
    if shape.type_name == "map":
        keys = _keys(shape.key, max(shape.metadata.get("min", 1), 1))
        return {key: sample(shape.value, variant=variant, required_only=required_only) for key in keys}
    return _scalar(shape, variant)


def _structure(shape: Shape, variant: int, required_only: bool) -> dict[str, Any]:
    members = {name: member for name, member in shape.members.items() if name not in LEFT_OUT}
    if shape.is_tagged_union:
        name = list(members)[variant % len(members)]
        return {name: sample(members[name], variant=variant, required_only=required_only)}
    chosen = shape.required_members if required_only else members
    return {name: sample(members[name], variant=variant, required_only=required_only) for name in chosen}


def _keys(shape: Shape, count: int) -> list[str]:
    if shape.enum:
        return shape.enum[:count]
    return [f"key{index}" for index in range(count)]


def _scalar(shape: Shape, variant: int) -> Any:
    kind, metadata = shape.type_name, shape.metadata
    if kind == "string":
        return shape.enum[variant % len(shape.enum)] if shape.enum else _text(shape)
    if kind in ("integer", "long"):
        return max(7, metadata.get("min", 7)) if metadata.get("max", 7) >= 7 else metadata["max"]
    if kind in ("float", "double"):
        return max(0.5, metadata.get("min", 0.5))
    if kind == "boolean":
        return variant % 2 == 0
    if kind == "timestamp":
        return MOMENT
    return b"\x00blob\xff"


def _text(shape: Shape) -> str:
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", 10**9)
    pattern = pattern_source(shape.metadata["pattern"]) if "pattern" in shape.metadata else ""
    padded = (*CANDIDATES, "x" * low, "1" * low) if pattern else (SPECIAL, "x" * low, *CANDIDATES)
    for text in padded:
        if low <= len(text) <= high and text and re.search(pattern, text):
            return text
    raise LookupError(f"no candidate for {shape.name}: {shape.metadata}")


def _choices(shape: Shape, above: tuple[str, ...]) -> list[int]:
    """Count the choices that there are at each place under a shape."""
    if shape.name in above:
        return [1]
    if shape.type_name == "list":
        return _choices(shape.member, above)
    if shape.type_name == "map":
        return _choices(shape.value, above)
    if shape.type_name == "string":
        return [len(shape.enum) or 1]
    if shape.type_name != "structure":
        return [2 if shape.type_name == "boolean" else 1]
    sizes = [len(shape.members) if shape.is_tagged_union else 1]
    for member in shape.members.values():
        sizes += _choices(member, (*above, shape.name))
    return sizes
