"""Access keys while the server runs: found by id, kept in a bounded cache, checked for SMTP logins.

Verifying a signature and an SMTP password both need the secret itself, so
the cache holds opened secrets. A change through `change_status` is exact:
the entry is forgotten, and a look-up that was under way meanwhile is not
kept. What another process changed is seen after `RECHECK_S` at the latest.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from hatobin.companions.iam import store
from hatobin.companions.iam.model import FIRST_ACCESS_KEY_ID, AccessKey, KeyStatus, first_key_allowed
from hatobin.companions.iam.smtp_regions import SMTP_REGIONS
from hatobin.companions.kms import Vault
from hatobin.gateway import Credential, Principal
from hatobin.ports import Clock, Database, Entropy
from hatobin.protocols.aws.smtp_password import smtp_password
from hatobin.words.settings import Settings

T = TypeVar("T")

CACHED_KEYS = 4096
CACHED_PASSWORD_SETS = 1024
RECHECK_S = 2.0
# IAM's own "last used" is no finer.
USE_RECORDED_EVERY_S = 900.0


@dataclass(frozen=True, slots=True)
class _Kept:
    credential: Credential
    read_at: float


@dataclass(frozen=True, slots=True)
class _Passwords:
    """The SMTP passwords of one secret, in the order of the regions."""

    secret: str
    by_region: tuple[bytes, ...]


class AccessKeys:
    """The keys that may call now; the gateway's `Credentials` and the SMTP server's logins.

    The documented first key is refused to strangers, and in mode mx to everyone.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        settings: Settings,
        *,
        smtp_regions: Sequence[str] = SMTP_REGIONS,
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._mode = settings.delivery.mode
        self._trusted_networks = tuple(settings.local.trusted_networks)
        self._regions = tuple(smtp_regions)
        self._kept: dict[str, _Kept] = {}
        self._passwords: dict[str, _Passwords] = {}
        self._uses: dict[str, float] = {}
        self._changes = 0

    async def ensure_first_key(self, entropy: Entropy) -> AccessKey:
        """Make the documented first key unless the store has it; one that was switched off stays off."""
        now = self._clock.now()
        return await self._database.write(
            lambda session: store.ensure_first_key(session, self._vault, entropy, now=now)
        )

    async def find(self, access_key_id: str, peer_ip: str) -> Credential | None:
        """Give the credential of an active key that this peer may use, or None."""
        if access_key_id == FIRST_ACCESS_KEY_ID and not first_key_allowed(
            peer_ip, mode=self._mode, trusted_networks=self._trusted_networks
        ):
            return None
        kept = self._kept.get(access_key_id)
        if kept is not None and self._clock.monotonic() - kept.read_at < RECHECK_S:
            return kept.credential
        changes = self._changes
        read_at = self._clock.monotonic()
        found = await self._database.read(lambda session: store.find_with_secret(session, access_key_id))
        if found is None or found[0].status is not KeyStatus.ACTIVE:
            self.forget(access_key_id)
            return None
        key, sealed = found
        if kept is not None and kept.credential.principal.user_id == key.user_id:
            credential = kept.credential  # Still the same row: a secret never changes.
        else:
            secret = self._vault.open(sealed, context=store.seal_context(access_key_id)).decode()
            principal = Principal(key.account_id, access_key_id, key.arn, key.user_name, key.user_id)
            credential = Credential(
                access_key_id,
                secret,
                principal,
                policies=('{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',),
            )
        if changes == self._changes:
            _keep(self._kept, access_key_id, _Kept(credential, read_at), CACHED_KEYS)
        return credential

    async def smtp_login(self, username: str, password: str, *, peer_ip: str) -> tuple[Principal, str] | None:
        """Give whose key this is and the region that the password is for, or None.

        An SMTP password is bound to its region. Every region is compared, in
        constant time, so that timing tells neither region nor characters; the
        secret access key itself is not an SMTP password.
        """
        credential = await self.find(username, peer_ip)
        if credential is None:
            return None
        given = password.encode()
        found: str | None = None
        for region, expected in zip(self._regions, self._passwords_of(credential), strict=True):
            if hmac.compare_digest(expected, given):
                found = region
        if found is None:
            return None
        await self.note_use(username)
        return credential.principal, found

    async def note_use(self, access_key_id: str) -> None:
        """Record that a key has been used, at most once per `USE_RECORDED_EVERY_S`."""
        now = self._clock.now()
        if now - self._uses.get(access_key_id, 0.0) < USE_RECORDED_EVERY_S:
            return
        _keep(self._uses, access_key_id, now, CACHED_KEYS)
        await self._database.write(
            lambda session: store.record_use(session, access_key_id=access_key_id, now=now),
            turn=f"iam {access_key_id}",
        )

    async def change_status(self, access_key_id: str, status: KeyStatus) -> bool:
        """Switch a key on or off, at once for this process; false when there is none."""
        changed = await self._database.write(
            lambda session: store.set_status(session, access_key_id=access_key_id, status=status)
        )
        self.forget(access_key_id)
        return changed

    def forget(self, access_key_id: str) -> None:
        """Drop what is cached of a key; to be called after its row was changed by other means."""
        self._changes += 1
        self._kept.pop(access_key_id, None)
        self._passwords.pop(access_key_id, None)

    def _passwords_of(self, credential: Credential) -> tuple[bytes, ...]:
        kept = self._passwords.get(credential.access_key_id)
        if kept is None or kept.secret != credential.secret:
            derived = tuple(smtp_password(credential.secret, region).encode() for region in self._regions)
            kept = _Passwords(credential.secret, derived)
            _keep(self._passwords, credential.access_key_id, kept, CACHED_PASSWORD_SETS)
        return kept.by_region


def _keep(cache: dict[str, T], key: str, value: T, limit: int) -> None:
    """Put a value in; over the limit the one that was put in first goes."""
    cache.pop(key, None)
    cache[key] = value
    if len(cache) > limit:
        del cache[next(iter(cache))]
