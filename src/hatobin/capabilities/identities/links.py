"""The link in a verification mail: whoever opens it has read the mail, so the address is theirs.

A link holds for 24 hours and may be opened again within them (surface.md
§4.7). Its token is drawn at random and stored only as a digest. An opened
link redirects to where its mail's template says, never to a place that the
request names.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from hatobin.capabilities.identities import check_store, store
from hatobin.capabilities.identities.keys import make_verification_token
from hatobin.capabilities.identities.model import ADDRESS_DKIM, Identity, IdentityKind, Status, address_key
from hatobin.ports import Entropy, Session, Value

LINK_LIFE_S = 24 * 60 * 60
LINK_PATH = "/verify/"
MAX_TOKEN_LENGTH = 100
MAX_LIVE_LINKS = 10
"""While an address has so many, it is not asked again: nobody is flooded by verifying."""
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class VerificationLink:
    """A link for one address; without redirections it leads to a page of ours."""

    account_id: str
    region: str
    address: str
    token: str
    expires_at: float
    success_url: str | None = None
    failure_url: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening a link came to; `address` is None for a token that was never given out."""

    verified: bool
    address: str | None
    redirect: str | None


def new_token(entropy: Entropy) -> str:
    """Draw a token that nobody can guess; it needs no escaping in a URL."""
    return base64.urlsafe_b64encode(entropy.token_bytes(_TOKEN_BYTES)).decode().rstrip("=")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def await_owner(session: Session, link: VerificationLink, *, now: float, entropy: Entropy) -> None:
    """Make the address an identity that waits for its link to be opened, or let it wait again; keep the link.

    A verified address stays verified. Raises `InvalidIdentity`.
    """
    key = address_key(link.address)
    found = store.find(session, link.account_id, link.region, key)
    if found is None:
        store.insert(
            session,
            Identity(
                account_id=link.account_id,
                region=link.region,
                key=key,
                name=link.address,
                kind=IdentityKind.EMAIL_ADDRESS,
                status=Status.PENDING,
                created_at=now,
                verification_token=make_verification_token(entropy),
                dkim=ADDRESS_DKIM,
            ),
        )
    elif not found.verified:
        check_store.wait_again(session, link.account_id, link.region, key)
    keep_link(session, link)


def live_links(session: Session, account_id: str, region: str, key: str, now: float) -> int:
    """Count the links of an address that still hold."""
    row = session.one(
        """
        SELECT count(*) FROM verification_links
        WHERE account_id = :account_id AND region = :region AND identity_key = :identity_key AND expires_at > :now
        """,
        {"account_id": account_id, "region": region, "identity_key": key, "now": now},
    )
    return 0 if row is None else int(row[0])


def keep_link(session: Session, link: VerificationLink) -> None:
    """Keep a link to an identity that is there."""
    session.execute(
        """
        INSERT INTO verification_links
          (account_id, region, digest, identity_key, expires_at, success_url, failure_url)
        VALUES (:account_id, :region, :digest, :identity_key, :expires_at, :success_url, :failure_url)
        """,
        {
            "account_id": link.account_id,
            "region": link.region,
            "digest": _digest(link.token),
            "identity_key": address_key(link.address),
            "expires_at": link.expires_at,
            "success_url": link.success_url,
            "failure_url": link.failure_url,
        },
    )


def open_link(session: Session, token: str, now: float) -> Opened:
    """Verify the address that a link stands for.

    Nothing is verified by a link that is over, or whose identity was deleted since.
    """
    if len(token) > MAX_TOKEN_LENGTH:
        return Opened(verified=False, address=None, redirect=None)
    parameters: dict[str, Value] = {"digest": _digest(token)}
    row = session.one(
        """
        SELECT account_id, region, identity_key, expires_at, success_url, failure_url FROM verification_links
        WHERE digest = :digest
        """,
        parameters,
    )
    if row is None:
        return Opened(verified=False, address=None, redirect=None)
    account_id, region, key, expires_at, success_url, failure_url = row
    if now > expires_at:
        return Opened(verified=False, address=key, redirect=failure_url)
    found = store.find(session, account_id, region, key)
    if found is None:
        return Opened(verified=False, address=key, redirect=failure_url)
    if not found.verified:
        check_store.mark_verified(session, account_id, region, key, now)
    return Opened(verified=True, address=key, redirect=success_url)


def links_over(session: Session, before: float, limit: int) -> list[str]:
    """Give at most `limit` links that were over before `before`, as `forget_links` takes them."""
    rows = session.execute(
        "SELECT digest FROM verification_links WHERE expires_at < :before ORDER BY expires_at LIMIT :limit",
        {"before": before, "limit": limit},
    )
    return [row[0] for row in rows]


def forget_links(session: Session, links: Sequence[str]) -> None:
    """Forget links."""
    session.many("DELETE FROM verification_links WHERE digest = :digest", [{"digest": digest} for digest in links])
