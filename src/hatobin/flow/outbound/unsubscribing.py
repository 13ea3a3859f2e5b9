"""What a list-managed message carries: its unsubscribe link, in the header and where its texts ask for it.

Refs: SES developer guide, "sending-email-subscription-management" (one
recipient only, the sender's own fields give way, two placeholders); RFC 8058
§3.1; DEV-IS-13.
"""

from __future__ import annotations

from hatobin.capabilities import contacts
from hatobin.capabilities.contacts import SubscriptionLink, SubscriptionLinks
from hatobin.capabilities.queue import MessageKey
from hatobin.flow.outbound.draft import Draft
from hatobin.protocols.mail.headers import Message
from hatobin.protocols.mail.placeholders import replace_in_texts


def unsubscribable(
    links: SubscriptionLinks, draft: Draft, message: Message, key: MessageKey
) -> tuple[Message, list[tuple[str, str]]]:
    """Give the message with the placeholders of its link replaced, and the header fields it needs.

    A link is one recipient's: a message to several, or without list
    management, is left as it is. Raises `MessageError` for broken MIME.
    """
    if draft.list_management is None or len(draft.recipients) != 1:
        return message, []
    chosen = draft.list_management
    url = links.url(
        SubscriptionLink(
            key.account_id, key.region, key.message_id, chosen.contact_list, chosen.topic, str(draft.recipients[0])
        )
    )
    replaced = replace_in_texts(message, contacts.PLACEHOLDER.encode(), url.encode(), limit=contacts.MAX_REPLACED)
    # No mailto: beside it, because no mail is received here yet.
    return replaced, [("List-Unsubscribe", f"<{url}>"), ("List-Unsubscribe-Post", contacts.ONE_CLICK)]
