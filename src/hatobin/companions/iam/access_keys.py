"""Access keys while the server runs: found by id, kept in a bounded cache, checked for SMTP logins.

Verifying a signature and an SMTP password both need the secret itself, so
the cache holds opened secrets, and with each the policies of its user or
role. A change by an operation is exact: `forget` and `forget_holder` drop what
is cached, and a look-up that was under way meanwhile is not kept. What another
process changed is seen after `RECHECK_S` at the latest; an unchanged revision
costs one small look-up.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from hatobin.companions.iam import store
from hatobin.companions.iam.model import FIRST_ACCESS_KEY_ID, AccessKey, KeyStatus, first_key_allowed
from hatobin.companions.iam.provision import ensure_first_key
from hatobin.companions.iam.smtp_regions import SMTP_REGIONS
from hatobin.companions.iam.speakers import credential_of, read_speaker, record_use
from hatobin.companions.kms import Vault
from hatobin.gateway import Credential, Principal
from hatobin.ports import Clock, Database, Entropy
from hatobin.ports.database import DatabaseUnavailable
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
    holder_id: str
    revision: int
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
        return await self._database.write(lambda session: ensure_first_key(session, self._vault, entropy, now=now))

    async def find(self, access_key_id: str, peer_ip: str) -> Credential | None:
        """Give the credential of an active key that this peer may use, or None; also of expired temporary ones."""
        if access_key_id == FIRST_ACCESS_KEY_ID and not first_key_allowed(
            peer_ip, mode=self._mode, trusted_networks=self._trusted_networks
        ):
            return None
        return await self.current(access_key_id)

    async def current(self, access_key_id: str) -> Credential | None:
        """Give what is true of an active key now, at most `RECHECK_S` old, or None.

        For who has shown already that the key is theirs, and from where: a long SMTP session
        asks before each message. While nothing changes it is the same value with the same `policies`.
        """
        kept = self._kept.get(access_key_id)
        if kept is not None and self._clock.monotonic() - kept.read_at < RECHECK_S:
            return kept.credential
        changes = self._changes
        read_at = self._clock.monotonic()
        known = None if kept is None else (kept.holder_id, kept.revision)
        found = await self._database.read(lambda session: read_speaker(session, access_key_id, known))
        if found is None:
            self.forget(access_key_id)
            return None
        if found.policies is None:
            assert kept is not None, "only what is kept is known"
            credential = kept.credential  # A secret never changes, and nothing else did.
        else:
            policies = found.policies
            if kept is not None and kept.credential.policies == policies:
                policies = kept.credential.policies
            credential = credential_of(found, self._vault, policies)
        if changes == self._changes:
            keep = _Kept(credential, found.holder_id, found.holder.revision, read_at)
            _keep(self._kept, access_key_id, keep, CACHED_KEYS)
        return credential

    async def smtp_login(self, username: str, password: str, *, peer_ip: str) -> tuple[Principal, str] | None:
        """Give whose key this is and the region that the password is for, or None.

        An SMTP password is bound to its region. Every region is compared, in
        constant time, so that timing tells neither region nor characters; the
        secret access key itself is not an SMTP password.
        """
        credential = await self.find(username, peer_ip)
        if credential is None or credential.session_token is not None:
            return None  # SES: no SMTP password can be made from temporary credentials.
        given = password.encode()
        found: str | None = None
        for region, expected in zip(self._regions, self._passwords_of(credential), strict=True):
            if hmac.compare_digest(expected, given):
                found = region
        if found is None:
            return None
        await self.note_use(username, "ses", found)
        return credential.principal, found

    async def note_use(self, access_key_id: str, service: str, region: str) -> None:
        """Record when and for what a key was used, at most once per `USE_RECORDED_EVERY_S`.

        A store that cannot record it now refuses nobody: the next use is recorded.
        """
        now = self._clock.now()
        if now - self._uses.get(access_key_id, -USE_RECORDED_EVERY_S) < USE_RECORDED_EVERY_S:
            return
        _keep(self._uses, access_key_id, now, CACHED_KEYS)
        kept = self._kept.get(access_key_id)
        role_id = kept.holder_id if kept is not None and kept.credential.principal.role_arn else ""
        try:
            await self._database.write(
                lambda session: record_use(session, access_key_id, role_id, service=service, region=region, now=now),
                turn=f"iam {access_key_id}",
            )
        except DatabaseUnavailable:
            self._uses.pop(access_key_id, None)

    async def change_status(self, access_key_id: str, status: KeyStatus) -> bool:
        """Switch a key on or off, at once for this process; false when there is none."""
        changed = await self._database.write(
            lambda session: store.set_status(session, access_key_id=access_key_id, status=status)
        )
        self.forget(access_key_id)
        return changed

    def forget_holder(self, holder_id: str) -> None:
        """Drop what is cached of a user or role, with all keys that speak for it; after each change of it."""
        self._changes += 1
        for access_key_id in [key for key, kept in self._kept.items() if kept.holder_id == holder_id]:
            self.forget(access_key_id)

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
