"""Trees as HTTP requests, in each protocol that an operation can be called in, and what breaks a request as such."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import cbor2
from botocore.model import OperationModel

from hatobin.gateway import HttpRequest
from hatobin.gateway.routes import FORMER_ROUTES
from hatobin.protocols.aws.claims import SignedRequest
from hatobin.protocols.aws.sigv4 import sign

_VERSIONS = {
    **{"ses": "2010-12-01", "sns": "2010-03-31", "sqs": "2012-11-05", "sts": "2011-06-15", "iam": "2010-05-08"},
    "cloudwatch": "2010-08-01",
}
_TARGETS = {
    **{"sqs": "AmazonSQS", "cloudwatch": "GraniteServiceVersion20100801"},
    **{"firehose": "Firehose_20150804", "events": "AWSEvents", "logs": "Logs_20140328"},
}
_SIGNING_NAMES = {"sesv2": "ses", "cloudwatch": "monitoring"}
_FORMER = {name: (method, route, dict(query)) for name, method, route, query in FORMER_ROUTES}


@dataclass(frozen=True)
class Spoken:
    """A request before it is signed. Text is Latin-1, as the gateway wants it."""

    service: str
    method: str
    path: str
    query: str
    content_type: str
    body: bytes
    target: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def signed(self, access_key_id: str, secret: str, region: str, now: float) -> HttpRequest:
        """Give the request as a client with these credentials sends it."""
        headers = {"host": "localhost:8005", **dict(self.headers)}
        if self.content_type:
            headers["content-type"] = self.content_type
        if self.target is not None:
            headers["x-amz-target"] = self.target
        whole = SignedRequest(self.method, self.path, self.query, headers, self.body)
        service = _SIGNING_NAMES.get(self.service, self.service)
        signed = sign(whole, access_key_id=access_key_id, secret=secret, region=region, service=service, now=now)
        return HttpRequest(self.method, self.path, self.query, signed, self.body, "127.0.0.1")


Writer = Callable[[str, OperationModel, dict[str, Any]], Spoken]


def rest_json(service: str, operation: OperationModel, values: dict[str, Any]) -> Spoken:
    """Write what SES v2 reads: path, query string and a JSON body."""
    return _rest(service, operation, values, operation.http["method"], operation.http["requestUri"], {})


def former_rest_json(service: str, operation: OperationModel, values: dict[str, Any]) -> Spoken:
    """Write it for the route that older SDKs know, where there is one."""
    if operation.name not in _FORMER:
        return rest_json(service, operation, values)
    return _rest(service, operation, values, *_FORMER[operation.name])


def query(service: str, operation: OperationModel, values: dict[str, Any]) -> Spoken:
    """Write a form."""
    pairs = [("Action", operation.name), ("Version", _VERSIONS[service]), *_flat(values, "", service == "sqs")]
    form = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in pairs)
    return Spoken(service, "POST", "/", "", "application/x-www-form-urlencoded; charset=utf-8", form.encode())


def query_string(service: str, operation: OperationModel, values: dict[str, Any]) -> Spoken:
    """Write the form into the URL."""
    spoken = query(service, operation, values)
    return replace(spoken, method="GET", query=spoken.body.decode(), body=b"", content_type="")


def json_rpc(service: str, operation: OperationModel, values: dict[str, Any]) -> Spoken:
    """Write AWS JSON."""
    target = f"{_TARGETS[service]}.{operation.name}"
    return Spoken(service, "POST", "/", "", "application/x-amz-json-1.0", _json(values), target)


def rpc_cbor(service: str, operation: OperationModel, values: dict[str, Any]) -> Spoken:
    """Write CBOR; what it has no form for becomes text."""
    path = f"/service/{_TARGETS[service]}/operation/{operation.name}"
    try:
        body = cbor2.dumps(values)
    except (ValueError, cbor2.CBOREncodeError):
        body = cbor2.dumps(json.loads(_json(values).decode().replace("\\ud", "\\u0")))
    return Spoken(service, "POST", path, "", "application/cbor", body)


WRITERS: dict[str, tuple[Writer, ...]] = {
    "sesv2": (rest_json, rest_json, former_rest_json),
    "ses": (query, query, query_string),
    "sns": (query, query_string),
    "sqs": (json_rpc, query, rpc_cbor),
    "sts": (query,),
    "iam": (query,),
    "cloudwatch": (rpc_cbor, json_rpc, query),
    "firehose": (json_rpc,),
    "events": (json_rpc,),
    "lambda": (rest_json,),
    "logs": (json_rpc,),
}


def _rest(
    service: str, operation: OperationModel, values: dict[str, Any], method: str, route: str, former: dict[str, str]
) -> Spoken:
    body, pairs, path = dict(values), [], route
    headers: list[tuple[str, str]] = []
    for name, member in operation.input_shape.members.items():
        location = "querystring" if name in former else member.serialization.get("location")
        wire = former.get(name) or member.serialization.get("name", name)
        if location == "uri":
            path = path.replace(f"{{{wire}}}", _encoded(body.pop(name, "")))
        elif location == "querystring":
            given = body.pop(name, None)
            given = given if isinstance(given, list) else [given]
            pairs += [f"{wire}={_encoded(value)}" for value in given if value is not None]
        elif location == "header" and (text := body.pop(name, None)) is not None:
            # What no client could send in a header is left out of it.
            headers.append((wire.lower(), "".join(one for one in _text(text) if " " <= one <= "~").strip()))
    payload = operation.input_shape.serialization.get("payload")
    if payload is not None:
        sent = body.pop(payload, b"")
        data = sent if isinstance(sent, bytes) else _text(sent).encode("utf-8", "replace")
        return Spoken(service, method, path, "&".join(pairs), "application/json", data, None, tuple(headers))
    sent = b"" if method in ("GET", "DELETE") and not body else _json(body)
    return Spoken(service, method, path, "&".join(pairs), "application/json", sent, None, tuple(headers))


def _json(values: Any) -> bytes:
    return json.dumps(values, default=lambda data: base64.b64encode(data).decode()).encode()


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value if isinstance(value, str) else json.dumps(value, default=repr)


def _encoded(value: Any) -> str:
    return quote(_text(value).encode("utf-8", "surrogatepass"), safe="")


def _flat(value: Any, name: str, is_flat: bool) -> Iterator[tuple[str, Any]]:
    """Name every leaf as forms do: `A.member.1.B`; SQS leaves `member` and `entry` out."""
    prefix = f"{name}." if name else ""
    if isinstance(value, dict):
        yield from (pair for key, item in value.items() for pair in _flat(item, f"{prefix}{_text(key)}", is_flat))
        entries = prefix if is_flat else f"{prefix}entry."
        for number, (key, item) in enumerate(value.items() if name else (), 1):
            yield f"{entries}{number}.key", key
            yield from _flat(item, f"{entries}{number}.value", is_flat)
    elif isinstance(value, list):
        members = prefix if is_flat else f"{prefix}member."
        if not value:
            yield name, ""
        for number, item in enumerate(value, 1):
            yield from _flat(item, f"{members}{number}", is_flat)
    elif value is not None:
        yield name, value


def _swapped(spoken: Spoken, position: int) -> Spoken:
    at = position % (len(spoken.body) + 1)
    return replace(spoken, body=spoken.body[:at] + b"\xff\x00{" + spoken.body[at:])


# What else can be wrong with a request; the number says where.
BREAKAGES: tuple[Callable[[Spoken, int], Spoken], ...] = (
    lambda spoken, at: replace(spoken, body=spoken.body[: at % (len(spoken.body) + 1)]),
    _swapped,
    lambda spoken, _: replace(spoken, body=b""),
    lambda spoken, _: replace(spoken, body=b"null"),
    lambda spoken, _: replace(spoken, body=b"\xef\xbb\xbf" + spoken.body),
    lambda spoken, _: replace(spoken, body=b'{"a":' * 5000 + b"1" + b"}" * 5000),
    lambda spoken, _: replace(spoken, body=b"[" * 100_000),
    lambda spoken, _: replace(spoken, body=spoken.body + b"&" * 30_000),
    lambda spoken, _: replace(spoken, body=b"\x9f" * 5000),
    lambda spoken, _: replace(spoken, body=spoken.body + b"&A.1=x&A=y&A.member.1.B.C=z&.=&=&..=." + b".a" * 100),
    lambda spoken, _: replace(spoken, content_type="text/plain"),
    lambda spoken, _: replace(spoken, content_type=""),
    lambda spoken, _: replace(spoken, content_type="application/x-amz-json-1.1"),
    lambda spoken, _: replace(spoken, content_type="application/x-www-form-urlencoded"),
    lambda spoken, at: replace(spoken, method=("GET", "PUT", "DELETE", "PATCH", "HEAD")[at % 5]),
    lambda spoken, _: replace(spoken, path=f"{spoken.path}/"),
    lambda spoken, _: replace(spoken, path=f"{spoken.path}/%ff%00%"),
    lambda spoken, _: replace(spoken, path="/service/AmazonSQS/operation/SendMessage"),
    lambda spoken, _: replace(spoken, target="MailManagerSvc.ListRelays"),
    lambda spoken, _: replace(spoken, target="AmazonSQS."),
    lambda spoken, _: replace(spoken, query=f"{spoken.query}&%ff=%00&PageSize=1e5&NextToken"),
    lambda spoken, _: replace(spoken, query="Action=SendEmail&Version=2010-12-01&Source=%ED%A0%80"),
)
