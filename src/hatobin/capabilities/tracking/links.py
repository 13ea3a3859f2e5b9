"""The addresses of tracked links and pixels: written at acceptance, read when somebody asks for one.

They look as at SES:

    /L0/<the URL, escaped>/<number of the link>/<message id>/<seal>=<number of the key>
    /I0/<message id>/<seal>=<number of the key>

The seal holds, encrypted, whose message it is and the link's tags, and binds
all of the rest: whoever changes an octet has a link that leads nowhere. So no
row is kept for a link, and nobody can make one (no open redirect).

Refs: RFC 5297 (AES-SIV: the same input gives the same seal, so no nonce can be
used up); RFC 3986 §2 (escapes); AWS developer guide, "faqs-metrics".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from urllib.parse import quote_from_bytes, unquote_to_bytes

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from hatobin.capabilities.queue import MessageKey
from hatobin.capabilities.tracking.key_store import FIRST_NUMBER, KEY_BYTES, find_keys, insert_key, seal_key
from hatobin.capabilities.tracking.model import Tracking
from hatobin.companions.kms import Vault
from hatobin.ports import Ports, Session
from hatobin.protocols.mail.html_links import Tags
from hatobin.words.settings import Settings

LINK_PATH, PIXEL_PATH = "/L0/", "/I0/"
MAX_LINK_LENGTH = 8000
"""Octets of a tracked link; one that would be longer is not tracked, because servers and browsers refuse it."""
MAX_TAGS_LENGTH = 1024
"""Octets of the tags of one link, in their sealed form; with more it is tracked without them."""

_DIGEST_BYTES = 6
_USUAL_URL = re.compile(r"[A-Za-z0-9_.~:=/?&%#+-]*+")


class _Facts(msgspec.Struct, frozen=True, array_like=True):
    """What a seal holds. `domain` is a digest of the sender's own tracking domain, empty for ours."""

    account_id: str
    region: str
    configuration_set: str
    domain: bytes
    tags: dict[str, list[str]]


class TrackedLink(msgspec.Struct, frozen=True):
    """What an address stands for; of a pixel `url` is empty. `url` is as it was in the mail, octet for octet."""

    key: MessageKey
    configuration_set: str
    url: bytes
    tags: Tags
    domain: bytes

    def is_at(self, host: str) -> bool:
        """Say whether `host` is the sender's own domain that the address was written with."""
        return bool(self.domain) and self.domain == _digest(host)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Facts)


class TrackingLinks:
    """Gives whoever writes and reads addresses, once the key is there."""

    def __init__(self, ports: Ports, vault: Vault, settings: Settings) -> None:
        self._ports = ports
        self._vault = vault
        self._settings = settings
        self._seals: LinkSeals | None = None

    async def seals(self) -> LinkSeals:
        """Give it; the first call reads the key, or makes it where there is none yet. Raises `SealBroken`."""
        if self._seals is None:
            keys = await self._ports.database.read(lambda session: find_keys(session, self._vault))
            if not keys:
                sealed = seal_key(self._vault, self._ports.entropy.token_bytes(KEY_BYTES))
                now = self._ports.clock.now()

                def keep(session: Session) -> dict[int, bytes]:
                    insert_key(session, sealed, now)
                    return find_keys(session, self._vault)

                keys = await self._ports.database.write(keep)
            self._seals = LinkSeals(keys, self._settings)
        return self._seals


class LinkSeals:
    """Writes and reads addresses with the keys of the store. Pure, and safe on any thread."""

    def __init__(self, keys: dict[int, bytes], settings: Settings) -> None:
        self._ciphers = {number: AESSIV(key) for number, key in keys.items()}
        self._settings = settings

    def of(self, key: MessageKey, tracking: Tracking) -> MessageLinks:
        """Give whoever writes the addresses of one message."""
        return MessageLinks(key, tracking, self._ciphers[FIRST_NUMBER], self._settings)

    def read_link(self, path: str) -> TrackedLink | None:
        """Read what follows `LINK_PATH`, as it is on the wire; None for what was never written here."""
        parts = path.rsplit("/", 3)
        if len(path) > MAX_LINK_LENGTH or len(parts) != 4 or not path.isascii():
            return None
        url, number, message_id, seal = parts
        octets = unquote_to_bytes(url)
        return self._open(seal, message_id, [b"L0", octets, number.encode()], octets)

    def read_pixel(self, path: str) -> TrackedLink | None:
        """Read what follows `PIXEL_PATH`; None for what was never written here."""
        message_id, separator, seal = path.partition("/")
        if len(path) > MAX_LINK_LENGTH or not separator or not path.isascii():
            return None
        return self._open(seal, message_id, [b"I0"], b"")

    def _open(self, seal: str, message_id: str, bound: list[bytes], url: bytes) -> TrackedLink | None:
        token, _, number = seal.partition("=")
        cipher = self._ciphers.get(int(number)) if number.isdigit() and len(number) < 4 else None
        if cipher is None:
            return None
        try:
            sealed = base64.b64decode(f"{token}{'=' * (-len(token) % 4)}", b"-_", validate=True)
            facts = _decoder.decode(cipher.decrypt(sealed, [*bound, message_id.encode()]))
        except (ValueError, binascii.Error, InvalidTag, msgspec.DecodeError):
            return None
        key = MessageKey(facts.account_id, facts.region, message_id)
        return TrackedLink(key, facts.configuration_set, url, facts.tags, facts.domain)


class MessageLinks:
    """Writes the addresses of one message."""

    def __init__(self, key: MessageKey, tracking: Tracking, cipher: AESSIV, settings: Settings) -> None:
        self._message_id = key.message_id
        self._bound_id = key.message_id.encode()
        self._tracking = tracking
        self._cipher = cipher
        domain = b"" if tracking.domain is None else _digest(tracking.domain)
        self._facts = _Facts(key.account_id, key.region, tracking.configuration_set, domain, {})
        self._encoded_facts = _encoder.encode(self._facts)
        if tracking.domain is None:
            self._plain_base, self._secure_base = (
                settings.tracking_base(key.region, secure=secure) for secure in (False, True)
            )
        else:
            host = tracking.domain.strip().lower()
            self._plain_base, self._secure_base = f"http://{host}", f"https://{host}"

    def link(self, url: str, number: int, tags: Tags) -> str | None:
        """Write the address of a link; None where it would be too long."""
        octets = url.encode("utf-8", "surrogateescape")
        seal = self._seal([b"L0", octets, str(number).encode(), self._bound_id], tags)
        base = self._secure_base if self._tracking.secure_link(url) else self._plain_base
        address = f"{base}{LINK_PATH}{_escaped(url, octets)}/{number}/{self._message_id}/{seal}"
        return address if len(address) <= MAX_LINK_LENGTH else None

    def pixel(self) -> str:
        """Write the address of the message's pixel."""
        base = self._secure_base if self._tracking.secure_pixel else self._plain_base
        return f"{base}{PIXEL_PATH}{self._message_id}/{self._seal([b'I0', self._bound_id], {})}"

    def _seal(self, bound: list[bytes], tags: Tags) -> str:
        sealed = self._cipher.encrypt(self._facts_with(tags) if tags else self._encoded_facts, bound)
        return f"{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}={FIRST_NUMBER}"

    def _facts_with(self, tags: Tags) -> bytes:
        kept = {name: list(values) for name, values in tags.items()}
        if len(_encoder.encode(kept)) > MAX_TAGS_LENGTH:
            return self._encoded_facts
        return _encoder.encode(msgspec.structs.replace(self._facts, tags=kept))


def _escaped(url: str, octets: bytes) -> str:
    """Escape as SES does: ":" and "=" stay."""
    if _USUAL_URL.fullmatch(url) is None:
        return quote_from_bytes(octets, safe=":=")
    # The same for the characters that nearly all URLs are made of, and faster.
    url = url.replace("%", "%25").replace("/", "%2F").replace("?", "%3F")
    return url.replace("&", "%26").replace("#", "%23").replace("+", "%2B")


def _digest(domain: str) -> bytes:
    return hashlib.sha256(domain.strip().lower().rstrip(".").encode()).digest()[:_DIGEST_BYTES]
