"""Changing what an identity has: its keys, its MAIL FROM domain, its switches; for both generations of the API.

A new key never interrupts signing: the old one signs until the new one is
seen in the DNS (`verification.take_over`).

Refs: AWS developer guide "send-email-authentication-dkim-easy-managing",
"send-email-authentication-dkim-bring-your-own", "mail-from"; surface.md §4.7.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hatobin.capabilities.identities import check_store, store
from hatobin.capabilities.identities.creation import SigningWish
from hatobin.capabilities.identities.key_store import KeyToStore, insert_key, retire_key, seal_key
from hatobin.capabilities.identities.keys import DEFAULT_BITS, KeyPair, make_key, make_tokens
from hatobin.capabilities.identities.mail_from import changed_mail_from, mail_from_of
from hatobin.capabilities.identities.model import (
    Dkim,
    DkimOrigin,
    Identity,
    IdentityKind,
    KeyChoice,
    Status,
    lookup_key,
)
from hatobin.capabilities.identities.verification import take_over
from hatobin.companions.kms import Vault
from hatobin.gateway import Call
from hatobin.ports import Entropy, Session
from hatobin.words.settings import Settings

LENGTH_CHANGES_EVERY_S = 24 * 60 * 60
"""The key length can be changed once in 24 hours (developer guide)."""


class NoSuchIdentity(Exception):
    """The account has no identity of this name in the region."""


class NotChangeable(ValueError):
    """The identity cannot be changed like this; the message is for the caller."""


async def change_identity(
    call: Call, name: str, change: Callable[[Session, Identity], Identity], write: Callable[[Session, Identity], None]
) -> Identity:
    """Change one identity of the caller in one transaction. Raises `NoSuchIdentity`, and what `change` raises."""

    def work(session: Session) -> Identity:
        found = store.find_to_change(session, call.account_id, call.region, lookup_key(name))
        if found is None:
            raise NoSuchIdentity(name)
        changed = change(session, found)
        write(session, changed)
        return changed

    return await call.ports.database.write(work)


async def set_dkim_enabled(call: Call, name: str, *, enabled: bool) -> None:
    """Switch signing on or off; an address refuses or takes the key of its domain with it."""
    await change_identity(
        call,
        name,
        lambda _, found: replace(found, dkim=replace(found.dkim, signing_enabled=enabled)),
        store.put_dkim,
    )


async def set_mail_from(call: Call, name: str, domain: str | None, *, reject: bool) -> None:
    """Set a custom MAIL FROM domain, or none. Raises `InvalidIdentity` for a domain that cannot be it."""
    now, instant = call.ports.clock.now(), call.settings.instant_verification

    def change(_: Session, found: Identity) -> Identity:
        if not domain:
            return replace(found, mail_from=None)
        wanted = mail_from_of(found.key, domain, reject=reject, instant=instant, now=now)
        return replace(found, mail_from=changed_mail_from(found.mail_from, wanted))

    await change_identity(call, name, change, store.put_mail_from)


async def set_signing(call: Call, name: str, origin: DkimOrigin, wish: SigningWish | None) -> Identity:
    """Let a domain sign with a key of ours or with the caller's own; `wish` None keeps the length of the key.

    Easy DKIM with another length starts a rotation. Asking again for what
    there is searches again for records whose search was given up.
    Raises `NoSuchIdentity`, `NotChangeable`.
    """
    found = await call.ports.database.read(
        lambda s: store.find(s, call.account_id, call.region, lookup_key(name)),
    )
    if found is None:
        raise NoSuchIdentity(name)
    if found.kind is IdentityKind.EMAIL_ADDRESS:
        raise NotChangeable("The EmailIdentity value must be a valid domain.")
    if origin is DkimOrigin.EXTERNAL:
        return await _replace_key(call, found, origin, wish or SigningWish())
    if found.dkim.origin is not origin or found.dkim.key_id is None:
        return await _replace_key(call, found, origin, wish or SigningWish())
    return await _change_length(call, found, None if wish is None else wish.bits)


async def _change_length(call: Call, found: Identity, bits: int | None) -> Identity:
    """Begin a rotation where the next key is to have another length than the coming one."""
    now, instant = call.ports.clock.now(), call.settings.instant_verification
    if bits is None or bits == coming_bits(found.dkim):
        await call.ports.database.write(
            lambda s: check_store.restart_check(s, call.account_id, call.region, found.key, now),
        )
        return found
    if changed_lately(found, now):
        raise NotChangeable("The DKIM signing key length can be changed once in 24 hours.")
    pair = await call.ports.threads.run_long(lambda: make_key(bits))
    sealed = _seal(call.services.get(Vault), call.ports.entropy, found, pair, _next_selector(found.dkim))

    def change(session: Session, current: Identity) -> Identity:
        return _begin_rotation(session, current, found, sealed, now=now, instant=instant)

    return await change_identity(call, found.name, change, store.put_dkim)


def rotate_key(
    session: Session,
    vault: Vault,
    entropy: Entropy,
    settings: Settings,
    *,
    account_id: str,
    region: str,
    domain: str,
    now: float,
) -> Identity:
    """Make the next key of a domain with Easy DKIM, as long as the present one; for the operator.

    Raises `NoSuchIdentity`, `NotChangeable`.
    """
    found = store.find_to_change(session, account_id, region, lookup_key(domain))
    if found is None:
        raise NoSuchIdentity(domain)
    if found.dkim.origin is not DkimOrigin.AWS_SES or not found.dkim.tokens:
        raise NotChangeable("it has no Easy DKIM")
    sealed = _seal(vault, entropy, found, make_key(coming_bits(found.dkim)), _next_selector(found.dkim))
    changed = _begin_rotation(session, found, found, sealed, now=now, instant=settings.instant_verification)
    store.put_dkim(session, changed)
    return changed


def _begin_rotation(
    session: Session, current: Identity, seen: Identity, sealed: KeyToStore, *, now: float, instant: bool
) -> Identity:
    """Make a key the next one; `seen` is the identity for which it was made."""
    dkim = current.dkim
    if (dkim.key_id, dkim.upcoming) != (seen.dkim.key_id, seen.dkim.upcoming):
        raise NotChangeable("The signing key of the identity was just changed.")
    insert_key(session, sealed, now)
    if dkim.upcoming is not None:
        retire_key(session, dkim.upcoming.key_id, now)
    upcoming = KeyChoice(sealed.selector, sealed.key_id, sealed.bits)
    dkim, retired = take_over(replace(dkim, upcoming=upcoming, made_at=now), seen_upcoming=instant)
    if retired is not None:
        retire_key(session, retired, now)
    check = current.check if instant else replace(current.check, due_at=now, started_at=now)
    return replace(current, dkim=dkim, check=check)


def coming_bits(dkim: Dkim) -> int:
    """Give the length of the key that signs next."""
    return dkim.bits if dkim.upcoming is None else dkim.upcoming.bits


def changed_lately(identity: Identity, now: float) -> bool:
    """Say whether the identity got another key than its first within the last 24 hours."""
    made_at = identity.dkim.made_at
    return made_at is not None and made_at > identity.created_at and now - made_at < LENGTH_CHANGES_EVERY_S


def _next_selector(dkim: Dkim) -> str:
    """Give the token after the one that signs; its record in our zone is free for another key."""
    place = dkim.tokens.index(dkim.selector) if dkim.selector in dkim.tokens else -1
    return dkim.tokens[(place + 1) % len(dkim.tokens)]


async def _replace_key(call: Call, found: Identity, origin: DkimOrigin, wish: SigningWish) -> Identity:
    """Put another key in place of the present one, which signs on until the new one is verified."""
    now = call.ports.clock.now()
    if wish.own_key is not None and wish.own_selector is not None:
        pair = wish.own_key
        tokens: tuple[str, ...] = (wish.own_selector,)
    else:
        pair = await call.ports.threads.run_long(lambda: make_key(wish.bits or DEFAULT_BITS))
        tokens = make_tokens(call.ports.entropy)
    sealed = _seal(call.services.get(Vault), call.ports.entropy, found, pair, tokens[0])
    instant = call.settings.instant_verification

    def change(session: Session, current: Identity) -> Identity:
        insert_key(session, sealed, now)
        old = current.dkim
        previous = _signing_key(old)
        for unused in (old.upcoming, _key(old)):
            if unused is not None and unused != previous:
                retire_key(session, unused.key_id, now)
        dkim = Dkim(
            old.signing_enabled,
            Status.SUCCESS if instant else Status.PENDING,
            origin,
            tokens[0],
            tokens,
            sealed.key_id,
            pair.bits,
            now,
            previous=previous,
        )
        dkim, retired = take_over(dkim, seen_upcoming=False)
        if retired is not None:
            retire_key(session, retired, now)
        check = current.check if instant else replace(current.check, due_at=now, started_at=now)
        return replace(current, dkim=dkim, check=check)

    return await change_identity(call, found.name, change, store.put_dkim)


def _key(dkim: Dkim) -> KeyChoice | None:
    if dkim.selector is None or dkim.key_id is None:
        return None
    return KeyChoice(dkim.selector, dkim.key_id, dkim.bits)


def _signing_key(dkim: Dkim) -> KeyChoice | None:
    """Give the key that signs now: the verified one, else the one before it."""
    return _key(dkim) if dkim.status.holds else dkim.previous


def _seal(vault: Vault, entropy: Entropy, identity: Identity, pair: KeyPair, selector: str) -> KeyToStore:
    return seal_key(
        vault,
        pair,
        account_id=identity.account_id,
        region=identity.region,
        identity_key=identity.key,
        selector=selector,
        uuid=entropy.uuid(),
    )
