"""The frozen values of the events room, and the assembly of the published JSON."""

from __future__ import annotations

from functools import lru_cache

import msgspec
from msgspec import Struct

from hatobin.capabilities.queue import MessageKey
from hatobin.words.event import EventKind

EVENT_SUBJECT = "Amazon SES Email Event Notification"
WEBHOOK_TARGET = "webhook:"
"""How `OutboxRow.target_arn` begins where a webhook's name follows."""
METRICS_TARGET = "cloudwatch:"
"""`OutboxRow.target_arn` of what is measured for a CloudWatch elsewhere."""
NOTICE_PREFIX = "identity:"
"""How `OutboxRow.destination` begins where a classic notification goes; no configuration set is called so."""

CHANGE_PREFIX = "change:"
"""How `OutboxRow.destination` begins where SES itself tells the bus of a change; what follows is the detail type."""


class MailJson(Struct, frozen=True):
    """The two stored halves of an event's `mail` object: all members but `tags`, and the tags."""

    head: str
    tags: str


class Event(Struct, frozen=True):
    """Something that became true about a message.

    `detail` is the JSON of the event's own facts. `mail` may be left out when
    it is in the message's row. `outgoing_ip` adds the tag `ses:outgoing-ip`,
    which SES shows from Delivery on. `remote_ip` is the remote host of a
    bounce or a delivery, which only the classic notifications show.
    """

    key: MessageKey
    configuration_set: str | None
    kind: EventKind
    at: float
    detail: str
    mail: MailJson | None = None
    outgoing_ip: str = ""
    remote_ip: str = ""
    count: int = 1
    """As how many the metrics take it: the recipients that it is about."""

    def tags(self, mail: MailJson) -> str:
        """Give the JSON of the tags as this event shows them."""
        if not self.outgoing_ip or not mail.tags:
            return mail.tags
        member = _outgoing_ip(self.outgoing_ip)
        return f"{{{member}}}" if mail.tags == "{}" else f"{mail.tags[:-1]},{member}}}"

    def payload(self, head: str, tags: str) -> str:
        """Assemble the JSON that subscribers get out of the head of `mail` and the tags, as `tags` gives them."""
        opening, name = _AROUND[self.kind]
        return f'{opening}{head[:-1]},"tags":{tags}}},{name}{self.detail}}}'


_AROUND = {kind: (f'{{"eventType":"{kind.value}","mail":', f'"{kind.detail_name}":') for kind in EventKind}


@lru_cache(maxsize=64)
def _outgoing_ip(address: str) -> str:
    """Write the member of the tags; a server has few addresses."""
    return f'"ses:outgoing-ip":[{msgspec.json.encode(address).decode()}]'


class OutboxRow(Struct, frozen=True):
    """One event on its way to one destination."""

    id: int
    account_id: str
    region: str
    destination: str
    target_arn: str
    message_id: str
    payload: str
    at: float

    @property
    def subject(self) -> str | None:
        """The Subject of the SNS message; the classic notifications have none."""
        return None if self.destination.startswith(NOTICE_PREFIX) else EVENT_SUBJECT


class RecordedEvent(Struct, frozen=True):
    """An event as read back."""

    kind: EventKind
    at: float
    detail: str
