"""DKIM signatures on received mail: read them, ask for their keys, check them.

`verify` is a generator: it yields a `KeyLookup` for each signature worth a
look-up, is sent what DNS said, and returns one result per signature. It
never does I/O, and never fails on what a message or a record contains.

Law: RFC 6376 §6, RFC 8301 (no rsa-sha1, keys of 1024 bits and more), RFC 8463.
Results are those of RFC 8601 §2.7.1.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from hmac import compare_digest

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hatobin.protocols.mail.canonical import Canonicalization, body_hash, relaxed_header, simple_header
from hatobin.protocols.mail.headers import Field, Message

MAX_SIGNATURES = 10
"""Signatures of one message that are checked, top to bottom. Real mail carries below five."""
MAX_RECORD_LENGTH = 8192
MIN_RSA_BITS = 1024  # RFC 8301 §3.2
MAX_RSA_BITS = 8192
CLOCK_SKEW_S = 300
"""How far in the future `t=` may lie before a signature counts as not yet valid."""

_TAG_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_DOMAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_\-]*)(?:\.[A-Za-z0-9_][A-Za-z0-9_\-]*)*\.?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,76}", re.ASCII)
_BLANK = re.compile(r"[ \t\r\n]+")
_B_VALUE = re.compile(rb"((?:\A|;)[ \t\r\n]*b[ \t\r\n]*=)[^;]*")


class DkimResult(Enum):
    """RFC 8601 §2.7.1; `policy` and `none` are the caller's."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    NEUTRAL = "neutral"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True)
class KeyLookup:
    """A TXT look-up that a signature needs."""

    name: str


@dataclass(frozen=True, slots=True)
class KeyAnswer:
    """What DNS said: the TXT records with their strings joined; `temporary` on SERVFAIL and timeout."""

    records: tuple[str, ...] = ()
    temporary: bool = False


@dataclass(frozen=True, slots=True)
class SignatureResult:
    """How one signature fared. `domain`, `selector` and `algorithm` are "" where it does not say."""

    result: DkimResult
    reason: str
    domain: str = ""
    selector: str = ""
    algorithm: str = ""
    identity: str = ""
    signature: str = ""
    """Base64 of `b=`, of which Authentication-Results shows the start (RFC 6008)."""
    testing: bool = False
    """The key record says `t=y`."""


@dataclass(frozen=True, slots=True)
class _Signature:
    field: Field
    domain: str
    selector: str
    algorithm: str
    header: Canonicalization
    body: Canonicalization
    signed: tuple[str, ...]
    body_hash: str
    signature: bytes
    signature_text: str
    length: int | None
    identity: str


class _Refused(Exception):
    """A signature cannot be judged good; carries the result and why."""

    def __init__(self, result: DkimResult, reason: str) -> None:
        super().__init__(reason)
        self.result = result
        self.reason = reason


def verify(message: Message, *, now_s: int) -> Generator[KeyLookup, KeyAnswer, tuple[SignatureResult, ...]]:
    """Check the DKIM-Signature fields of a message from top to bottom.

    Yields a look-up, expects the answer, and returns the results; an unsigned
    message gives none. `now_s` (seconds since the epoch) judges `t=` and `x=`.
    """
    results: list[SignatureResult] = []
    for field in message.all("dkim-signature")[:MAX_SIGNATURES]:
        tags = _lenient_tags(field.value)
        signature: _Signature | None = None
        testing = False
        try:
            signature = _read_signature(field, now_s)
            _check_body(signature, message)
            answer = yield KeyLookup(f"{signature.selector}._domainkey.{signature.domain}")
            key, testing = _read_key(answer, signature)
            _check_signature(key, signature, message.fields)
            outcome, reason = DkimResult.PASS, "good signature"
        except _Refused as refused:
            outcome, reason = refused.result, refused.reason
        results.append(
            SignatureResult(
                result=outcome,
                reason=reason,
                domain=_BLANK.sub("", tags.get("d", "")),
                selector=_BLANK.sub("", tags.get("s", "")),
                algorithm=_BLANK.sub("", tags.get("a", "")).lower(),
                identity=signature.identity if signature is not None else "",
                signature=_BLANK.sub("", tags.get("b", "")),
                testing=testing,
            )
        )
    return tuple(results)


def parse_tags(text: str) -> Mapping[str, str]:
    """Read a tag list (RFC 6376 §3.2). Raises `ValueError` for bad syntax and for a doubled tag."""
    tags: dict[str, str] = {}
    for element in text.split(";"):
        if not element.strip(" \t\r\n"):
            continue
        name, equals, value = element.partition("=")
        name = name.strip(" \t\r\n")
        if not equals or not _TAG_NAME.fullmatch(name) or name in tags:
            raise ValueError("bad tag list")
        tags[name] = value.strip(" \t\r\n")
    return tags


def _lenient_tags(text: str) -> Mapping[str, str]:
    try:
        return parse_tags(text)
    except ValueError:
        return {}


def _permerror(reason: str) -> _Refused:
    return _Refused(DkimResult.PERMERROR, reason)


def _read_signature(field: Field, now_s: int) -> _Signature:
    """Read the field and check what needs no key (RFC 6376 §6.1.1)."""
    try:
        tags = {name: _BLANK.sub("", value) for name, value in parse_tags(field.value).items()}
    except ValueError:
        raise _permerror("syntax error in the signature") from None
    if any(name not in tags for name in ("v", "a", "b", "bh", "d", "h", "s")):
        raise _permerror("a required tag is missing")
    if tags["v"] != "1":
        raise _permerror("unknown version")
    algorithm = tags["a"].lower()
    if algorithm not in ("rsa-sha256", "ed25519-sha256"):
        raise _permerror("unsupported algorithm")
    domain, selector = tags["d"].lower(), tags["s"]
    if not _DOMAIN.fullmatch(domain) or not _DOMAIN.fullmatch(selector) or len(domain) + len(selector) > 240:
        raise _permerror("d= or s= is no domain name")
    identity = tags.get("i", f"@{domain}")
    host = identity.rpartition("@")[2].lower()
    if host != domain and not host.endswith(f".{domain}"):
        raise _permerror("i= is not within d=")
    header, body = _canonicalizations(tags.get("c", "simple/simple"))
    signed = tuple([name.lower() for name in tags["h"].split(":") if name])
    if "from" not in signed:
        raise _permerror("From is not signed")
    length = _number(tags, "l")
    expires, made = _number(tags, "x"), _number(tags, "t")
    if made is not None and made > now_s + CLOCK_SKEW_S:
        raise _Refused(DkimResult.NEUTRAL, "signature lies in the future")
    if expires is not None and expires < now_s:
        raise _Refused(DkimResult.FAIL, "signature has expired")
    try:
        signature = b64decode(tags["b"], validate=True)
    except (Base64Error, ValueError):
        raise _permerror("b= is no base64") from None
    return _Signature(
        field, domain, selector, algorithm, header, body, signed, tags["bh"], signature, tags["b"], length, identity
    )


def _canonicalizations(text: str) -> tuple[Canonicalization, Canonicalization]:
    header, _, body = text.lower().partition("/")
    known: dict[str, Canonicalization] = {"simple": "simple", "relaxed": "relaxed"}
    if header not in known or (body or "simple") not in known:
        raise _permerror("unknown canonicalization")
    return known[header], known[body or "simple"]


def _number(tags: Mapping[str, str], name: str) -> int | None:
    text = tags.get(name)
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        raise _permerror(f"{name}= is no number")
    return int(text)


def _check_body(signature: _Signature, message: Message) -> None:
    digest = body_hash(message.body, signature.body, signature.length)
    if not compare_digest(digest.encode("ascii"), signature.body_hash.encode("utf-8")):
        raise _Refused(DkimResult.FAIL, "body hash did not verify")


def _read_key(answer: KeyAnswer, signature: _Signature) -> tuple[RSAPublicKey | Ed25519PublicKey, bool]:
    """Find the key among the records (RFC 6376 §6.1.2), and whether it is only for testing."""
    if answer.temporary:
        raise _Refused(DkimResult.TEMPERROR, "key look-up failed")
    if not answer.records:
        raise _permerror("no key for signature")
    refused = _permerror("no key for signature")
    for record in answer.records:
        try:
            return _one_key(record, signature)
        except _Refused as error:
            refused = error
    raise refused


def _one_key(record: str, signature: _Signature) -> tuple[RSAPublicKey | Ed25519PublicKey, bool]:
    if len(record) > MAX_RECORD_LENGTH:
        raise _permerror("key record too long")
    try:
        tags = parse_tags(record)
    except ValueError:
        raise _permerror("syntax error in the key record") from None
    if tags.get("v", "DKIM1") != "DKIM1":
        raise _permerror("key record of another version")
    kind = tags.get("k", "rsa").lower()
    if kind != signature.algorithm.partition("-")[0]:
        raise _permerror("key is of another kind")
    if "h" in tags and "sha256" not in _list(tags["h"]):
        raise _permerror("key forbids sha256")
    if "s" in tags and not {"*", "email"} & _list(tags["s"]):
        raise _permerror("key is not for mail")
    flags = _list(tags.get("t", ""))
    if "s" in flags and signature.identity.rpartition("@")[2].lower() != signature.domain:
        raise _permerror("key forbids subdomains in i=")
    encoded = _BLANK.sub("", tags.get("p", ""))
    if not encoded:
        raise _permerror("key has been revoked" if "p" in tags else "key record has no key")
    return _load_key(encoded, kind), "y" in flags


def _list(text: str) -> frozenset[str]:
    return frozenset(element.strip(" \t\r\n").lower() for element in text.split(":"))


def _load_key(encoded: str, kind: str) -> RSAPublicKey | Ed25519PublicKey:
    try:
        octets = b64decode(encoded, validate=True)
        if kind == "ed25519":
            return Ed25519PublicKey.from_public_bytes(octets)
        key = _load_rsa(octets)
    except (Base64Error, ValueError, UnsupportedAlgorithm):
        raise _permerror("key record does not decode") from None
    if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
        raise _permerror("key has an unsuitable size")
    return key


def _load_rsa(octets: bytes) -> RSAPublicKey:
    """Load a SubjectPublicKeyInfo, or the bare RSAPublicKey that some publish (RFC 6376 §3.6.1 allows both)."""
    key = load_der_public_key(octets)
    if not isinstance(key, RSAPublicKey):
        raise ValueError("no RSA key")
    return key


def _check_signature(key: RSAPublicKey | Ed25519PublicKey, signature: _Signature, fields: Sequence[Field]) -> None:
    payload = _payload(signature, fields)
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature.signature, payload, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(signature.signature, sha256(payload).digest())
    except InvalidSignature:
        raise _Refused(DkimResult.FAIL, "signature did not verify") from None


def _payload(signature: _Signature, fields: Sequence[Field]) -> bytes:
    """Rebuild what was signed: fields from the bottom up, then this field without its signature."""
    canonical = relaxed_header if signature.header == "relaxed" else simple_header
    left: dict[str, list[bytes]] = {}
    for key, raw in fields:
        left.setdefault(key, []).append(raw)
    octets: list[bytes] = []
    for name in signature.signed:
        stack = left.get(name)
        if stack:
            # RFC 6376 §5.4.2: each mention takes the next one up; a mention too many signs nothing.
            octets.append(canonical(stack.pop()))
    own_name, colon, value = signature.field[1].partition(b":")
    own = canonical(own_name + colon + _B_VALUE.sub(rb"\1", value.removesuffix(b"\r\n")) + b"\r\n")
    return b"".join([*octets, own.removesuffix(b"\r\n")])
