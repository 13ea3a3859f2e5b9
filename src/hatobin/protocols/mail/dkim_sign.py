"""DKIM signatures: prepare what is to be signed, sign it elsewhere, finish the field.

Signing is cut in three so that the RSA operation, the only slow part, can run
in a thread: `prepare` hashes the body and canonicalises the header, `sign_payload`
needs nothing but a key and octets, `finish` makes the field. Several
signatures over one message share the hashing.

Signatures are made last, after all rewriting. `From` is over-signed: named
once more than it occurs, so that nobody can add a second one (RFC 6376 §8.15).

Law: RFC 6376 §3.5 and §5, RFC 8301 (rsa-sha256 only), RFC 8463 (ed25519-sha256),
RFC 8058 §4 (List-Unsubscribe fields must be signed).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from msgspec import Struct

from hatobin.protocols.mail.canonical import Canonicalization, body_hash, relaxed_header, simple_header
from hatobin.protocols.mail.errors import MISSING_FROM, MessageError
from hatobin.protocols.mail.headers import Field, Message, split_message

Algorithm = Literal["rsa-sha256", "ed25519-sha256"]
SigningKey = RSAPrivateKey | Ed25519PrivateKey

SIGNED_FIELDS: tuple[str, ...] = (
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "In-Reply-To",
    "References",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Message-ID",
    "Date",
    "Feedback-ID",
)
"""What is signed where present (RFC 6376 §5.4.1), in the order in which SES names it."""

_FOLD_COLUMN = 76
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_\-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_\-]*[A-Za-z0-9_])?)*")


class Signer(Struct, frozen=True):
    """Who signs, and how; the key stays outside."""

    domain: str
    selector: str
    algorithm: Algorithm = "rsa-sha256"
    header: Canonicalization = "relaxed"
    body: Canonicalization = "relaxed"
    names: tuple[str, ...] = SIGNED_FIELDS

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.domain) or not _NAME.fullmatch(self.selector):
            raise ValueError(f"no domain and selector: {self.domain!r}, {self.selector!r}")


class Unsigned(Struct, frozen=True):
    """A signature field up to its `b=`, and the octets that the key must sign."""

    algorithm: Algorithm
    field: bytes
    payload: bytes


def algorithm_of(key: SigningKey) -> Algorithm:
    """Name the algorithm that a private key signs with."""
    return "rsa-sha256" if isinstance(key, RSAPrivateKey) else "ed25519-sha256"


def prepare(
    message: Message | bytes,
    *,
    domain: str,
    selector: str,
    timestamp: int,
    header_names: Sequence[str] = SIGNED_FIELDS,
    algorithm: Algorithm = "rsa-sha256",
    header: Canonicalization = "relaxed",
    body: Canonicalization = "relaxed",
) -> Unsigned:
    """Hash a finished message for one signature; `timestamp` is in seconds since the epoch.

    The message must be as it leaves: rewritten, CRLF line ends, not dot-stuffed.
    Raises `ValueError` for a domain or selector that is no host name.
    """
    signer = Signer(domain, selector, algorithm, header, body, tuple(header_names))
    return prepare_all(message, [signer], timestamp=timestamp)[0]


def prepare_all(
    message: Message | bytes, signers: Iterable[Signer], *, timestamp: int, relaxed_hash: str | None = None
) -> list[Unsigned]:
    """Hash a finished message once for several signatures.

    With the `relaxed_hash` of a body that is not here (see `body_hash`), only
    the header of `message` counts, and signers of relaxed bodies can sign.

    Each signature covers the message without the others, so they verify in
    any order and in any number. Raises `MessageError` without a From field.
    """
    if isinstance(message, bytes):
        message = split_message(message)
    if message.get("from") is None:
        raise MessageError(MISSING_FROM)  # RFC 6376 §5.4: From must be signed, so it must be there.
    octets = message.body
    hashes_done: dict[Canonicalization, str] = {} if relaxed_hash is None else {"relaxed": relaxed_hash}
    selections: dict[tuple[tuple[str, ...], Canonicalization], tuple[list[str], bytes]] = {}
    unsigned: list[Unsigned] = []
    for signer in signers:
        if signer.body not in hashes_done:
            hashes_done[signer.body] = body_hash(octets, signer.body)
        chosen = selections.get((signer.names, signer.header))
        if chosen is None:
            chosen = _select(message.fields, signer.names, signer.header)
            selections[(signer.names, signer.header)] = chosen
        field = _field_start(signer, timestamp, chosen[0], hashes_done[signer.body])
        canonical = relaxed_header(field) if signer.header == "relaxed" else field + b"\r\n"
        # RFC 6376 §3.7: the signature's own field comes last, b= empty, without its CRLF.
        unsigned.append(Unsigned(signer.algorithm, field, chosen[1] + canonical[:-2]))
    return unsigned


def _select(
    fields: Sequence[Field], names: Sequence[str], canonicalization: Canonicalization
) -> tuple[list[str], bytes]:
    """Give the names for `h=` and the canonical fields in that order.

    Of fields that occur more than once all are signed, from the bottom up
    (RFC 6376 §5.4.2).
    """
    canonical: Callable[[bytes], bytes] = relaxed_header if canonicalization == "relaxed" else simple_header
    present: dict[str, list[bytes]] = {}
    for key, raw in fields:
        present.setdefault(key, []).append(raw)
    listed: list[str] = []
    octets: list[bytes] = []
    for name in names:
        found = present.get(name.lower())
        if found is None:
            continue
        listed.extend([name] * len(found))
        octets.extend([canonical(raw) for raw in reversed(found)])
    listed.append("From")
    return listed, b"".join(octets)


def _field_start(signer: Signer, timestamp: int, listed: Sequence[str], digest: str) -> bytes:
    """Write the field up to and with `b=`, folded with tabs as SES folds it."""
    fields = _wrapped("h=", listed)
    return (
        f"DKIM-Signature: v=1; a={signer.algorithm}; q=dns/txt; c={signer.header}/{signer.body};\r\n"
        f"\ts={signer.selector}; d={signer.domain}; t={timestamp};\r\n"
        f"\t{fields};\r\n"
        f"\tbh={digest};\r\n"
        f"\tb="
    ).encode("ascii")


def _wrapped(start: str, names: Sequence[str]) -> str:
    line, lines = start, []
    for index, name in enumerate(names):
        piece = name if index == 0 else f":{name}"
        if len(line) + len(piece) > _FOLD_COLUMN:
            lines.append(line)
            line = "\t"
        line += piece
    lines.append(line)
    return "\r\n".join(lines)


def sign_payload(key: SigningKey, payload: bytes) -> bytes:
    """Sign the payload of an `Unsigned`; pure CPU, releases the interpreter lock, fit for a thread."""
    if isinstance(key, RSAPrivateKey):
        return key.sign(payload, padding.PKCS1v15(), hashes.SHA256())
    # RFC 8463 §3: Ed25519 signs the SHA-256 digest, not the octets themselves.
    return key.sign(sha256(payload).digest())


def finish(unsigned: Unsigned, signature: bytes) -> bytes:
    """Give the whole DKIM-Signature field, with its CRLF, to put on top of the message."""
    encoded = b64encode(signature)
    width = _FOLD_COLUMN - 4
    pieces = [encoded[: width - 2]]
    pieces += [encoded[at : at + width] for at in range(width - 2, len(encoded), width)]
    return unsigned.field + b"\r\n\t ".join(pieces) + b"\r\n"


def sign(message: bytes, key: SigningKey, *, domain: str, selector: str, timestamp: int) -> bytes:
    """Sign in one go: give the DKIM-Signature field for the top of `message`."""
    unsigned = prepare(message, domain=domain, selector=selector, timestamp=timestamp, algorithm=algorithm_of(key))
    return finish(unsigned, sign_payload(key, unsigned.payload))
