"""Mail that the service itself writes to somebody: from its own address, through the queue like any other.

It belongs to no account: it is in nobody's statistics and quota, and its
bounces suppress nobody.

Refs: AWS developer guide "verify-email-addresses-procedure".
"""

from __future__ import annotations

from hatobin.capabilities.identities.links import LINK_LIFE_S
from hatobin.capabilities.identities.records import service_zone
from hatobin.capabilities.identities.service_key import SERVICE_ACCOUNT
from hatobin.capabilities.queue import MessageKey, NewMessage, NewRecipient
from hatobin.ports import Ports
from hatobin.protocols.mail.compose import Content, Simple, compose
from hatobin.protocols.mail.dates import format_date
from hatobin.protocols.mail.rewrite import read_message, rewrite
from hatobin.words.address import Address, Mailbox, parse_address, parse_mailbox
from hatobin.words.identifiers import identity_arn, message_id
from hatobin.words.settings import Settings

_TEXT = """\
Somebody asked {service} to send mail from this address:

    {address}

If that was you, confirm within {hours} hours that the address is yours. Follow this link:

{url}

If it was not you, do nothing: nobody can send from the address until the link is followed.
"""


def service_sender(settings: Settings) -> Mailbox:
    """Give the address that the service writes from."""
    return parse_mailbox(f"no-reply@{service_zone(settings)}")


def topic_sender(settings: Settings) -> Mailbox:
    """Give the address that mails to subscribers of topics come from."""
    return parse_mailbox(f"no-reply@sns.{service_zone(settings)}")


def verification_mail(ports: Ports, settings: Settings, *, region: str, address: str, url: str) -> NewMessage:
    """Write the mail that asks the owner of an address to confirm it."""
    text = _TEXT.format(service=service_zone(settings), address=address, hours=LINK_LIFE_S // 3600, url=url)
    return service_mail(
        ports,
        settings,
        region=region,
        sender=service_sender(settings),
        recipient=address,
        subject=f"Email Address Verification Request in region {region}",
        text=text,
    )


def service_mail(
    ports: Ports,
    settings: Settings,
    *,
    region: str,
    sender: Mailbox,
    recipient: str,
    subject: str,
    text: str | None = None,
    html: str | None = None,
) -> NewMessage:
    """Write a mail of the service, ready for the queue. Raises `AddressError` and what `compose` raises."""
    service, now = settings.service, ports.clock.now()
    identifier = message_id(region, now, ports.entropy.uuid())
    to = parse_address(recipient)
    raw = compose(
        Simple(
            sender=sender,
            subject=Content(subject),
            to=(Mailbox("", to),),
            text=None if text is None else Content(text),
            html=None if html is None else Content(html),
            headers=(("Auto-Submitted", "auto-generated"),),  # RFC 3834 §5
        ),
        lambda: f"----=_Part_{ports.entropy.token_bytes(12).hex()}",
    )
    host = service.mail_host(region)
    envelope = service.envelope_host(region)
    content = rewrite(read_message(raw), message_id_header=f"<{identifier}@{host}>", date=format_date(now))
    key = MessageKey(SERVICE_ACCOUNT, region, identifier)
    return service_message(settings, key, sender.address, to, content, reverse_path=f"{identifier}@{envelope}", now=now)


def service_message(
    settings: Settings, key: MessageKey, sender: Address, to: Address, content: bytes, *, reverse_path: str, now: float
) -> NewMessage:
    """Give a mail that the service wrote as the queue takes it; `key` is one of `SERVICE_ACCOUNT`."""
    return NewMessage(
        key=key,
        accepted_at=now,
        expires_at=now + settings.delivery.max_delivery_s,
        source=str(sender),
        reverse_path=reverse_path,
        identity_arn=identity_arn(key.account_id, key.region, sender.domain),
        configuration_set=None,
        tls_required=False,
        dkim=None,
        tags="{}",
        mail="",
        content=content,
        blob_key=None,
        recipients=(NewRecipient(str(to), to.domain.lower()),),
    )
