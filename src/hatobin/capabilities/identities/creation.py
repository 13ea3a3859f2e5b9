"""Making identities, for both generations of the API.

A domain gets its DKIM key at once, made on a thread and sealed before any
transaction is open. With `account.verification = "instant"` an identity is
verified the moment it is made; otherwise a domain waits for its DNS records
(`verification`), and an address for its owner, who gets a mail with a link (`links`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from hatobin.capabilities import configuration_sets, queue
from hatobin.capabilities.identities import store
from hatobin.capabilities.identities.key_store import KeyToStore, insert_key, seal_key
from hatobin.capabilities.identities.keys import (
    DEFAULT_BITS,
    KeyPair,
    make_key,
    make_tokens,
    make_verification_token,
)
from hatobin.capabilities.identities.links import (
    LINK_LIFE_S,
    LINK_PATH,
    MAX_LIVE_LINKS,
    VerificationLink,
    keep_link,
    live_links,
    new_token,
)
from hatobin.capabilities.identities.model import (
    ADDRESS_DKIM,
    MAX_IDENTITIES,
    Check,
    Dkim,
    DkimOrigin,
    Identity,
    IdentityKind,
    Status,
    address_key,
    domain_key,
)
from hatobin.capabilities.identities.service_mail import verification_mail
from hatobin.capabilities.queue import NewMessage
from hatobin.capabilities.tags import TagPair
from hatobin.companions.kms import Vault
from hatobin.gateway import Call
from hatobin.ports import Session


class NotMade(Enum):
    """Why an identity was not made."""

    EXISTS = "exists"
    TOO_MANY = "too many"
    NO_CONFIGURATION_SET = "no configuration set"


@dataclass(frozen=True, slots=True)
class SigningWish:
    """How a new domain signs: with a key of ours of `bits`, or with the caller's own."""

    bits: int = DEFAULT_BITS
    own_key: KeyPair | None = None
    own_selector: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """An identity to be made; `text` is an address or a domain as the caller wrote it."""

    text: str
    signing: SigningWish = SigningWish()
    configuration_set: str | None = None
    tags: tuple[TagPair, ...] = ()


def key_of(text: str) -> str:
    """Give the key of an address or a domain. Raises `InvalidIdentity`."""
    return address_key(text) if "@" in text else domain_key(text)


async def make_identity(call: Call, wish: Wish) -> Identity | NotMade:
    """Make an identity for the calling account. Raises `InvalidIdentity`."""
    key = key_of(wish.text)
    now = call.ports.clock.now()
    kind = IdentityKind.EMAIL_ADDRESS if "@" in key else IdentityKind.DOMAIN
    status = Status.SUCCESS if call.settings.instant_verification else Status.PENDING
    dkim, sealed = ADDRESS_DKIM, None
    if kind is IdentityKind.DOMAIN:
        dkim, sealed = await _new_dkim(call, key, wish.signing, status, now)
    waits = status is Status.PENDING and kind is IdentityKind.DOMAIN
    identity = Identity(
        account_id=call.account_id,
        region=call.region,
        key=key,
        name=key if kind is IdentityKind.DOMAIN else wish.text,
        kind=kind,
        status=status,
        created_at=now,
        verification_token=make_verification_token(call.ports.entropy),
        dkim=dkim,
        check=Check(due_at=now, started_at=now) if waits else Check(succeeded_at=None if waits else now),
        configuration_set=wish.configuration_set,
        tags=wish.tags,
    )
    request = _request(call, identity) if status is Status.PENDING and kind is IdentityKind.EMAIL_ADDRESS else None
    return await call.ports.database.write(lambda s: _store(s, identity, sealed, request))


def _request(call: Call, identity: Identity) -> OwnerRequest:
    """Write the mail that asks the owner of an address, with its link."""
    now = call.ports.clock.now()
    link = VerificationLink(
        identity.account_id, identity.region, identity.name, new_token(call.ports.entropy), now + LINK_LIFE_S
    )
    url = f"{call.settings.link_base}{LINK_PATH}{link.token}"
    mail = verification_mail(call.ports, call.settings, region=identity.region, address=identity.name, url=url)
    return OwnerRequest(link, mail, now)


@dataclass(frozen=True, slots=True)
class OwnerRequest:
    """A link and the mail that carries it; they become durable together."""

    link: VerificationLink
    mail: NewMessage
    at: float

    def send(self, session: Session, key: str) -> None:
        """Keep the link and queue the mail, unless the address has links enough."""
        if live_links(session, self.link.account_id, self.link.region, key, self.at) < MAX_LIVE_LINKS:
            keep_link(session, self.link)
            queue.enqueue(session, self.mail, None)


async def ask_again(call: Call, identity: Identity) -> None:
    """Send the owner of an address that waits another mail, as SES does when it is asked for again."""
    if identity.kind is IdentityKind.DOMAIN or identity.verified:
        return
    request = _request(call, identity)
    await call.ports.database.write(lambda s: request.send(s, identity.key))


async def _new_dkim(call: Call, key: str, wish: SigningWish, status: Status, now: float) -> tuple[Dkim, KeyToStore]:
    tokens: tuple[str, ...]
    if wish.own_key is not None and wish.own_selector is not None:
        pair, tokens, origin = wish.own_key, (wish.own_selector,), DkimOrigin.EXTERNAL
    else:
        pair = await call.ports.threads.run_long(lambda: make_key(wish.bits))
        tokens, origin = make_tokens(call.ports.entropy), DkimOrigin.AWS_SES
    sealed = seal_key(
        call.services.get(Vault),
        pair,
        account_id=call.account_id,
        region=call.region,
        identity_key=key,
        selector=tokens[0],
        uuid=call.ports.entropy.uuid(),
    )
    return Dkim(True, status, origin, tokens[0], tokens, sealed.key_id, pair.bits, now), sealed


def _store(
    session: Session, identity: Identity, sealed: KeyToStore | None, request: OwnerRequest | None
) -> Identity | NotMade:
    account_id, region, chosen = identity.account_id, identity.region, identity.configuration_set
    if store.find(session, account_id, region, identity.key) is not None:
        return NotMade.EXISTS
    if store.number(session, account_id, region) >= MAX_IDENTITIES:
        return NotMade.TOO_MANY
    if chosen is not None and not configuration_sets.exists(session, account_id, region, chosen):
        return NotMade.NO_CONFIGURATION_SET
    store.insert(session, identity)
    if sealed is not None:
        insert_key(session, sealed, identity.created_at)
    if request is not None:
        request.send(session, identity.key)
    return identity


async def identity_of(call: Call, text: str) -> Identity | None:
    """Give the caller's identity of this name. Raises `InvalidIdentity`."""
    key = key_of(text)
    return await call.ports.database.read(lambda s: store.find(s, call.account_id, call.region, key))
