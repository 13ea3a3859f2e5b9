"""S/MIME certificates for tests: an authority, and senders' certificates that it issued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Issued:
    """A certificate and its key as PEM, and the authority's certificate."""

    certificate: bytes
    key: bytes
    authority: bytes


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def curve_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def _authority_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: Key, password: bytes | None = None) -> bytes:
    sealed = serialization.NoEncryption() if password is None else serialization.BestAvailableEncryption(password)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed)


def issue(
    *addresses: str,
    now: float,
    days: int = 30,
    since_days: int = 1,
    key: Key | None = None,
    purposes: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.EMAIL_PROTECTION,),
    signs: bool = True,
    older: str | None = None,
) -> Issued:
    """Issue a certificate that names `addresses`, valid from `since_days` before `now` until `days` after it."""
    moment = datetime.fromtimestamp(now, UTC)
    own = key or rsa_key()
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Authority")])
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, "Sender")]
    if older is not None:
        subject.append(x509.NameAttribute(NameOID.EMAIL_ADDRESS, older))
    begin, end = moment - timedelta(days=since_days), moment + timedelta(days=days)
    leaf = _builder(x509.Name(subject), authority, own, begin, end)
    leaf = leaf.add_extension(_usage(digital_signature=signs, key_cert_sign=False), critical=True)
    if purposes:
        leaf = leaf.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    if addresses:
        names = x509.SubjectAlternativeName([x509.RFC822Name(address) for address in addresses])
        leaf = leaf.add_extension(names, critical=False)
    root = _builder(authority, authority, _authority_key(), moment - timedelta(days=999), moment + timedelta(days=999))
    root = root.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    root = root.add_extension(_usage(digital_signature=False, key_cert_sign=True), critical=True)
    return Issued(_signed(leaf), key_pem(own), _signed(root))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Key, begin: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )


def _signed(builder: x509.CertificateBuilder) -> bytes:
    return builder.sign(_authority_key(), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _usage(*, digital_signature: bool, key_cert_sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=not digital_signature and not key_cert_sign,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
