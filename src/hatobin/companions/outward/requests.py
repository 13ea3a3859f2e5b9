"""Signed requests to services elsewhere, as values. Pure."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from hatobin.companions.outward.model import MAX_ERROR, TargetKey
from hatobin.ports import HttpReply
from hatobin.protocols.aws.claims import SignedRequest
from hatobin.protocols.aws.sigv4 import sign
from hatobin.words.settings import Aws, table_name


class NotReachable(Exception):
    """Nothing says where a target is, now; the text says which setting would."""


class OutwardRequest(Struct, frozen=True):
    """One HTTP request; headers may hold a signature."""

    url: str
    headers: dict[str, str]
    body: bytes


def json_request(
    aws: Aws, service: str, key: TargetKey, target: str, document: Any, *, now: float, version: str = "1.1"
) -> OutwardRequest:
    """Give a call of a service that speaks AWS JSON; `target` is the operation with its prefix."""
    headers = {"content-type": f"application/x-amz-json-{version}", "x-amz-target": target}
    return signed_request(aws, service, key, "/", headers, msgspec.json.encode(document), now=now)


def form_request(aws: Aws, service: str, key: TargetKey, form: dict[str, str], *, now: float) -> OutwardRequest:
    """Give a call of a service that speaks Query."""
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    return signed_request(aws, service, key, "/", headers, urlencode(form).encode(), now=now)


def signed_request(
    aws: Aws, service: str, key: TargetKey, path: str, headers: dict[str, str], body: bytes, *, now: float
) -> OutwardRequest:
    """Sign a POST to where a service (its signing name) lives. Raises `NotReachable`."""
    if not aws.lives_elsewhere(service):
        raise NotReachable(f"aws.{table_name(service)}.endpoint_url is not set any more")
    remote = aws.remote(service)
    there = urlsplit(remote.endpoint_url)
    whole = there.path.rstrip("/") + path
    signed = sign(
        SignedRequest("POST", whole, "", {"host": there.netloc, **headers}, body),
        access_key_id=remote.access_key_id,
        secret=remote.secret_access_key,
        region=remote.region or key.region,
        service=service,
        now=now,
        session_token=remote.session_token or None,
    )
    return OutwardRequest(f"{there.scheme}://{there.netloc}{whole}", signed, body)


def failure(reply: HttpReply) -> str | None:
    """Say what an answer that is none of success is; None for a success."""
    if 200 <= reply.status <= 299:
        return None
    text = " ".join(reply.body[: MAX_ERROR * 2].decode("utf-8", "replace").split())
    return f"HTTP status {reply.status}: {text}"[:MAX_ERROR]


def document_of(reply: HttpReply) -> dict[str, Any]:
    """Read a JSON answer; an empty one where it is none."""
    try:
        found = msgspec.json.decode(reply.body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def failures_in(items: object, number: int, *, code: str = "ErrorCode", text: str = "ErrorMessage") -> list[str | None]:
    """Read what a batch's answer says of each call, in their order; one that says too little failed as a whole."""
    if not isinstance(items, list) or len(items) != number:
        return ["the answer does not say what became of each record"] * number
    return [
        f"{item[code]}: {item.get(text, '')}"[:MAX_ERROR] if isinstance(item, dict) and item.get(code) else None
        for item in items
    ]
