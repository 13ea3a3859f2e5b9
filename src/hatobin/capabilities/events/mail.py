"""The `mail` object that all events share, made once at acceptance.

Refs: SES developer guide, event-publishing-retrieving-sns-contents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from hatobin.capabilities.events.model import MailJson
from hatobin.words.instant import iso_ms

_encode = msgspec.json.Encoder().encode


class MailFacts(Struct, frozen=True):
    """What acceptance knows about a message; the header, in JSON, is None where SES shows none (Rendering Failure)."""

    accepted_at: float
    source: str
    source_arn: str | None
    account_id: str
    message_id: str
    destination: Sequence[str]
    headers: msgspec.Raw | None
    headers_truncated: bool
    common_headers: msgspec.Raw | None


def mail_head(facts: MailFacts) -> str:
    """Give the JSON of `mail` without its tags."""
    mail: dict[str, Any] = {
        "timestamp": iso_ms(facts.accepted_at),
        "source": facts.source,
        **({} if facts.source_arn is None else {"sourceArn": facts.source_arn}),
        "sendingAccountId": facts.account_id,
        "messageId": facts.message_id,
        "destination": facts.destination,
        "headersTruncated": facts.headers_truncated,
    }
    if facts.headers is not None:
        mail["headers"] = facts.headers
    if facts.common_headers is not None:
        mail["commonHeaders"] = facts.common_headers
    return _encode(mail).decode()


def forgotten_mail(*, accepted_at: float, account_id: str, message_id: str, configuration_set: str) -> MailJson:
    """Give what a late Open or Click shows of a message whose row is gone: what its link knows, and empty members."""
    mail = {
        "timestamp": iso_ms(accepted_at),
        "sendingAccountId": account_id,
        "messageId": message_id,
        "destination": [],
        "headersTruncated": True,
    }
    return MailJson(_encode(mail).decode(), _encode({"ses:configuration-set": [configuration_set]}).decode())


def mail_tags(
    *,
    operation: str,
    configuration_set: str | None,
    source_ip: str,
    from_domain: str,
    caller_identity: str,
    tls_version: str | None,
    custom: Mapping[str, str],
    tenant: str | None = None,
) -> str:
    """Give the JSON of `mail.tags`: SES's own first, then the caller's; every value is a list."""
    tags: dict[str, list[str]] = {"ses:operation": [operation]}
    if configuration_set is not None:
        tags["ses:configuration-set"] = [configuration_set]
    if tenant is not None:
        tags["ses:tenant-name"] = [tenant]
    if tls_version is not None:
        tags["ses:source-tls-version"] = [tls_version]
    tags["ses:source-ip"] = [source_ip]
    tags["ses:from-domain"] = [from_domain]
    tags["ses:caller-identity"] = [caller_identity]
    for name, value in custom.items():
        tags[name] = [value]
    return _encode(tags).decode()
