"""What a certificate must be to sign mail, and what is known of it. Pure.

Refs: RFC 8550 §3 (addresses in certificates), §4.4.2 (key usage), §4.4.4
(extended key usage); RFC 8551 §4.3 (lengths of keys); ACM user guide,
"import-certificate-prerequisites" (the key matches, the certificate is in force).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, SECP521R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hatobin.protocols.aws.arn import Arn, parse_arn

E = TypeVar("E", bound=x509.ExtensionType)

MIN_RSA_BITS = 2048
MAX_CHAIN = 10
_CURVES = (SECP256R1, SECP384R1, SECP521R1)
_MAIL_PURPOSES = {ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}


class InvalidCertificate(ValueError):
    """A certificate or key that cannot sign mail; the message is for whoever brought it."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A stored certificate, without its key. `addresses` are those it names, in lower case; it may name none."""

    account_id: str
    region: str
    certificate_id: str
    subject: str
    addresses: tuple[str, ...]
    not_before: float
    not_after: float

    @property
    def arn(self) -> str:
        """The name that SES knows it by."""
        return certificate_arn(self.account_id, self.region, self.certificate_id)

    def names(self, address: str) -> bool:
        """Say whether it may stand for this sender: it names the address in whatever case, or nobody (RFC 8550 §3)."""
        return not self.addresses or address.lower() in self.addresses


@dataclass(frozen=True, slots=True)
class NewCertificate:
    """What was read from the files of whoever brings a certificate; times are seconds since the epoch."""

    chain_pem: str
    private_der: bytes
    subject: str
    addresses: tuple[str, ...]
    not_before: float
    not_after: float


def certificate_arn(account_id: str, region: str, identifier: str) -> str:
    """Write the ARN of a certificate."""
    return str(Arn("aws", "acm", region, account_id, f"certificate/{identifier}"))


def certificate_id(arn: str, account_id: str, region: str) -> str | None:
    """Read the id out of an ARN; None where that is no certificate of this account and region."""
    parsed = parse_arn(arn)
    if parsed is None or (parsed.service, parsed.account_id, parsed.region) != ("acm", account_id, region):
        return None
    return parsed.resource_id if parsed.resource_type == "certificate" else None


def read_certificate(
    certificate_pem: bytes, key_pem: bytes, *, now: float, password: bytes | None = None, chain_pem: bytes = b""
) -> NewCertificate:
    """Read a certificate and its key from PEM, and check that they can sign mail now.

    `certificate_pem` may hold its issuers too, or `chain_pem` does. Raises `InvalidCertificate`.
    """
    chain = _chain(certificate_pem + b"\n" + chain_pem)
    own = chain[0]
    key = _key(key_pem, password)
    if _public(key.public_key()) != _public(own.public_key()):
        raise InvalidCertificate("the private key is not the certificate's")
    _check_usage(own)
    not_before, not_after = own.not_valid_before_utc.timestamp(), own.not_valid_after_utc.timestamp()
    if not not_before <= now < not_after:
        raise InvalidCertificate(
            f"the certificate is valid from {own.not_valid_before_utc} to {own.not_valid_after_utc}"
        )
    return NewCertificate(
        chain_pem=b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain).decode(),
        private_der=key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        subject=own.subject.rfc4514_string(),
        addresses=_addresses(own),
        not_before=not_before,
        not_after=not_after,
    )


def _chain(pem: bytes) -> list[x509.Certificate]:
    try:
        chain = x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise InvalidCertificate("there is no certificate in PEM form") from None
    if len(chain) > MAX_CHAIN:
        raise InvalidCertificate(f"there are more than {MAX_CHAIN} certificates")
    return chain


def _key(pem: bytes, password: bytes | None) -> RSAPrivateKey | EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password)
    except TypeError:
        text = "the private key is encrypted" if password is None else "the private key is not encrypted"
        raise InvalidCertificate(text) from None
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidCertificate("there is no private key in PEM form, or its password is another") from None
    if isinstance(key, RSAPrivateKey):
        if key.key_size < MIN_RSA_BITS:  # RFC 8551 §4.3
            raise InvalidCertificate(f"an RSA key has {MIN_RSA_BITS} bits or more")
        return key
    if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, _CURVES):
        return key
    raise InvalidCertificate("the private key is neither RSA nor on one of the curves P-256, P-384 and P-521")


def _public(key: CertificatePublicKeyTypes) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _check_usage(certificate: x509.Certificate) -> None:
    """A certificate that says what it is for must say that it is for signing mail; one that says nothing may."""
    usage = _extension(certificate, x509.KeyUsage)
    if usage is not None and not (usage.digital_signature or usage.content_commitment):  # RFC 8550 §4.4.2
        raise InvalidCertificate("the certificate's key usage does not allow signatures")
    purposes = _extension(certificate, x509.ExtendedKeyUsage)
    if purposes is not None and _MAIL_PURPOSES.isdisjoint(purposes):  # RFC 8550 §4.4.4
        raise InvalidCertificate("the certificate's extended key usage does not allow the protection of mail")


def _addresses(certificate: x509.Certificate) -> tuple[str, ...]:
    """Give the addresses it names: subject alternative names, and the attribute of older ones (RFC 8550 §3)."""
    names = _extension(certificate, x509.SubjectAlternativeName)
    found: Sequence[str] = [] if names is None else names.get_values_for_type(x509.RFC822Name)
    older = [str(attribute.value) for attribute in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)]
    return tuple(dict.fromkeys(address.lower() for address in (*found, *older)))


def _extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    except ValueError:
        raise InvalidCertificate("an extension of the certificate cannot be read") from None
