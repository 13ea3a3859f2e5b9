"""The header fields by which a sender steers SES: X-SES-CONFIGURATION-SET and its kin.

They are read once, at acceptance, and never leave with the message.

Refs: SES developer guide, "sending-email" pages on SMTP headers,
"event-publishing-send-email", "sending-email-subscription-management",
"sending-authorization-delegate-sender-tasks-email".
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from hatobin.protocols.mail.headers import Field
from hatobin.protocols.mail.tags import MessageTag, parse_tags

CONTROL_PREFIX = "x-ses-"


class ListManagement(Struct, frozen=True):
    """A contact list and, optionally, one of its topics."""

    contact_list: str
    topic: str | None = None


class ControlHeaders(Struct, frozen=True):
    """What the control fields of a message ask for; None where the field is absent or empty."""

    configuration_set: str | None = None
    tags: tuple[MessageTag, ...] = ()
    list_management: ListManagement | None = None
    source_arn: str | None = None
    from_arn: str | None = None
    return_path_arn: str | None = None
    tenant: str | None = None


NO_CONTROL_HEADERS = ControlHeaders()


def parse_control_headers(fields: Iterable[Field]) -> ControlHeaders:
    """Read the control fields; of several with one name the first counts. Raises `TagError`."""
    values: dict[str, str] = {}
    for field in fields:
        if field[0].startswith(CONTROL_PREFIX):
            values.setdefault(field[0], field.value)
    if not values:
        return NO_CONTROL_HEADERS
    return ControlHeaders(
        configuration_set=values.get("x-ses-configuration-set") or None,
        tags=parse_tags(values.get("x-ses-message-tags", "")),
        list_management=_list_management(values.get("x-ses-list-management-options", "")),
        source_arn=values.get("x-ses-source-arn") or None,
        from_arn=values.get("x-ses-from-arn") or None,
        return_path_arn=values.get("x-ses-return-path-arn") or None,
        tenant=values.get("x-ses-tenant") or None,
    )


def _list_management(value: str) -> ListManagement | None:
    """Read `{list}; topic={topic}`; the braces of the guide are seen in real mail and dropped."""
    contact_list, _, rest = value.partition(";")
    contact_list = contact_list.strip().removeprefix("{").removesuffix("}").strip()
    if not contact_list:
        return None
    for option in rest.split(";"):
        name, _, topic = option.partition("=")
        if name.strip().lower() in ("topic", "topicname"):
            return ListManagement(contact_list, topic.strip().removeprefix("{").removesuffix("}").strip() or None)
    return ListManagement(contact_list)
