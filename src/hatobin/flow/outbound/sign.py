"""Signing: the identity's DKIM signature, and our own service's, at dispatch; before them that of S/MIME.

Hashing runs on the event loop, the RSA operation on the `threads` port, where
OpenSSL releases the interpreter lock. Keys are read once per key id and kept
in a bounded cache; a rotated key has another id, so nothing goes stale.

Refs: RFC 6376; SES signs with the identity's domain and with its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from hatobin.capabilities import identities
from hatobin.capabilities.queue import DkimKeyChoice, MessageKey
from hatobin.companions import acm
from hatobin.companions.kms import Vault
from hatobin.ports import Ports
from hatobin.protocols.mail import dkim_sign, smime
from hatobin.protocols.mail.headers import Message
from hatobin.words.settings import Settings

log = structlog.get_logger()

MAX_CACHED_KEYS = 10_000
_BOUNDARY_BYTES = 16


class Signer:
    """Puts the DKIM signatures in front of a message."""

    def __init__(self, ports: Ports, settings: Settings, vault: Vault) -> None:
        self._ports = ports
        self._settings = settings
        self._vault = vault
        self._keys: dict[str, dkim_sign.SigningKey] = {}
        self._certificates: dict[tuple[str, str, str], smime.SmimeKey] = {}
        self._service: tuple[DkimKeyChoice, dkim_sign.SigningKey] | None = None

    async def sign(self, key: MessageKey, choice: DkimKeyChoice | None, content: bytes) -> bytes:
        """Give `content` with its signatures; unsigned where the identity has no key."""
        signers = await self._signers(choice)
        if not signers:
            return content
        pairs = _prepare(signers, content, int(self._ports.clock.now()))
        return b"".join([*await self._headers(pairs), content])

    async def sign_head(self, choice: DkimKeyChoice | None, head: Message, body_hash: str) -> bytes:
        """Give the signatures of a message whose body was hashed before, in relaxed form; none without a key."""
        signers = await self._signers(choice)
        if not signers:
            return b""
        pairs = _prepare(signers, head, int(self._ports.clock.now()), body_hash)
        return b"".join(await self._headers(pairs))

    async def sign_smime(self, key: MessageKey, certificate: str, content: bytes) -> bytes:
        """Give `content` with an S/MIME signature; as it is where its sender has signed it, or the certificate is gone.

        The DKIM signatures come after this, because it changes the body.
        """
        chosen = await self._certificate(key, certificate)
        separated = None if chosen is None else smime.separate(content)
        if chosen is None or separated is None:
            return content
        signature = await self._ports.threads.run(lambda: smime.sign_entity(chosen, separated.entity))
        # 128 bits of chance occur in no content.
        return smime.join_signed(separated, signature, self._ports.entropy.token_bytes(_BOUNDARY_BYTES).hex())

    async def _certificate(self, key: MessageKey, certificate: str) -> smime.SmimeKey | None:
        place = (key.account_id, key.region, certificate)
        found = self._certificates.get(place)
        if found is None:
            opened = await self._ports.database.read(lambda session: acm.open_certificate(session, self._vault, *place))
            if opened is None:
                # Disassociated and deleted since the message was accepted.
                log.warning("smime_certificate_gone", message_id=key.message_id, certificate=certificate)
                return None
            if len(self._certificates) >= MAX_CACHED_KEYS:
                self._certificates.pop(next(iter(self._certificates)))
            found = self._certificates[place] = smime.load_smime_key(opened.chain_pem, opened.private_der)
        return found

    async def _signers(self, choice: DkimKeyChoice | None) -> list[tuple[DkimKeyChoice, dkim_sign.SigningKey]]:
        signers: list[tuple[DkimKeyChoice, dkim_sign.SigningKey]] = []
        if choice is not None:
            signers.append((choice, await self._key(choice)))
        if self._settings.delivery.service_signature:
            service = await self._service_key()
            if choice is None or choice.domain != service[0].domain:
                signers.append(service)
        return signers

    async def _headers(self, pairs: Sequence[tuple[dkim_sign.Unsigned, dkim_sign.SigningKey]]) -> list[bytes]:
        signatures = await self._ports.threads.run(lambda: _signatures(pairs))
        return [dkim_sign.finish(one, made) for (one, _), made in zip(pairs, signatures, strict=True)]

    async def _key(self, choice: DkimKeyChoice) -> dkim_sign.SigningKey:
        found = self._keys.get(choice.key_id)
        if found is None:
            der = await self._ports.database.read(
                lambda session: identities.dkim_private_key(session, self._vault, choice.key_id)
            )
            if len(self._keys) >= MAX_CACHED_KEYS:
                self._keys.pop(next(iter(self._keys)))
            found = self._keys[choice.key_id] = _load(der)
        return found

    async def _service_key(self) -> tuple[DkimKeyChoice, dkim_sign.SigningKey]:
        if self._service is None:
            chosen = await identities.ensure_service_dkim(self._ports, self._vault, self._settings)
            choice = DkimKeyChoice(chosen.domain, chosen.selector, chosen.key_id)
            self._service = (choice, await self._key(choice))
        return self._service


def _prepare(
    signers: Sequence[tuple[DkimKeyChoice, dkim_sign.SigningKey]],
    content: Message | bytes,
    timestamp: int,
    body_hash: str | None = None,
) -> list[tuple[dkim_sign.Unsigned, dkim_sign.SigningKey]]:
    described = [
        dkim_sign.Signer(choice.domain, choice.selector, dkim_sign.algorithm_of(key)) for choice, key in signers
    ]
    unsigned = dkim_sign.prepare_all(content, described, timestamp=timestamp, relaxed_hash=body_hash)
    return list(zip(unsigned, (key for _, key in signers), strict=True))


def _signatures(pairs: Sequence[tuple[dkim_sign.Unsigned, dkim_sign.SigningKey]]) -> list[bytes]:
    return [dkim_sign.sign_payload(key, unsigned.payload) for unsigned, key in pairs]


def _load(der: bytes) -> dkim_sign.SigningKey:
    key = load_der_private_key(der, None)
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise TypeError("a stored DKIM key is neither RSA nor Ed25519")
    return key
