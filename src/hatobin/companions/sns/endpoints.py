"""Where a subscription delivers to: which endpoints are accepted, and how they are called and shown."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

from hatobin.companions.lambda_ import FunctionKey
from hatobin.companions.sns.addresses import invalid
from hatobin.companions.sns.model import (
    FUNCTION_PROTOCOL,
    HTTP_PROTOCOLS,
    MAIL_PROTOCOLS,
    MAX_ENDPOINT_CHARACTERS,
    PROTOCOLS,
)
from hatobin.companions.sqs import QueueKey
from hatobin.words.address import AddressError, parse_address

_KNOWN_AT_AWS = frozenset({"sms", "application", "firehose"})
_URL_CHARACTERS = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Target:
    """A URL without credentials, and the Authorization header that they make."""

    url: str
    authorization: str | None


def check_endpoint(protocol: str, endpoint: str, *, account_id: str) -> None:
    """Raise InvalidParameter for a protocol or endpoint that this server does not deliver to."""
    if protocol in _KNOWN_AT_AWS:
        # Deviates: AWS has more protocols; saying so at once is better than a subscription that gets nothing.
        served = "http, https, email, email-json, sqs and lambda are"
        raise invalid(f"Protocol Reason: {protocol} is not supported by this server, {served}")
    if protocol not in PROTOCOLS:
        raise invalid(f"Amazon SNS does not support this protocol string: {protocol}")
    if not endpoint or len(endpoint) > MAX_ENDPOINT_CHARACTERS:
        raise invalid("Endpoint")
    if protocol in MAIL_PROTOCOLS:
        _check_address(endpoint)
    elif protocol in HTTP_PROTOCOLS:
        _check_url(protocol, endpoint)
    elif protocol == FUNCTION_PROTOCOL:
        # Whether it is there and lets itself be invoked shows when it is, as at AWS.
        if FunctionKey.from_arn(endpoint) is None:
            raise invalid("Lambda endpoint ARN")
    else:
        _check_queue(endpoint, account_id)


def target_of(endpoint: str) -> Target:
    """Split the credentials off a URL.

    Deviates: they are sent as Basic with the first request; AWS sends them
    only after a 401, which doubles the requests.
    """
    parts = urlsplit(endpoint)
    if "@" not in parts.netloc:
        return Target(endpoint, None)
    credentials, _, host = parts.netloc.rpartition("@")
    pair = unquote(credentials).encode()
    url = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
    return Target(url, f"Basic {base64.b64encode(pair).decode()}")


def shown_endpoint(endpoint: str) -> str:
    """Give an endpoint as lists show it, its password hidden.

    >>> shown_endpoint("https://user:secret@example.com/hook")
    'https://user:****@example.com/hook'
    """
    parts = urlsplit(endpoint)
    if parts.scheme not in HTTP_PROTOCOLS or "@" not in parts.netloc:
        return endpoint
    credentials, _, host = parts.netloc.rpartition("@")
    user, separator, _ = credentials.partition(":")
    hidden = f"{user}:****" if separator else user
    return urlunsplit((parts.scheme, f"{hidden}@{host}", parts.path, parts.query, parts.fragment))


def _check_url(protocol: str, endpoint: str) -> None:
    try:
        parts = urlsplit(endpoint)
        is_whole = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise invalid("Endpoint") from None
    if parts.scheme.lower() != protocol:
        raise invalid("Endpoint must match the specified protocol")
    if not is_whole or not _URL_CHARACTERS.fullmatch(endpoint):
        raise invalid("Endpoint")


def _check_address(endpoint: str) -> None:
    try:
        parse_address(endpoint)
    except AddressError:
        raise invalid("Email address") from None


def _check_queue(endpoint: str, account_id: str) -> None:
    key = QueueKey.from_arn(endpoint)
    if key is None:
        raise invalid("SQS endpoint ARN")
    if key.name.endswith(".fifo"):
        raise invalid(
            "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"
        )
    if key.account_id != account_id:
        raise invalid("Endpoint Reason: queues of other accounts are not supported by this server")
