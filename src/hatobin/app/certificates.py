"""The local certificate authority, and the certificates it gives to this server.

Made at the first start in the data folder, so that TLS works on every
listener without a public name; `hatobin trust` tells clients about `ca.pem`.
Two certificates come from it: one for the listeners, and an RSA one that
signs SNS messages, because SNS signatures are RSA with SHA-1 or SHA-256
(https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html).

Several processes may start at once: a file lock lets one of them make the
files. Time is passed in, in seconds since the epoch.

Refs: RFC 5280 (profile), RFC 6125 §6.4.4 (names live in the SAN).
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 3650
LEAF_DAYS = 397
"""What browsers accept at most from a public authority; long enough for a local one."""

RENEW_DAYS = 30
"""A certificate with less than this left is made anew at the start."""

CLOCK_SKEW = timedelta(hours=1)
"""Certificates begin this much in the past, for peers whose clocks are behind."""

SNS_KEY_BITS = 2048

_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """A certificate chain (PEM, the leaf first) and its private key (PEM, mode 0600)."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class LocalCertificates:
    """Everything that the data folder holds."""

    authority: CertificateFiles
    server: CertificateFiles
    sns: CertificateFiles


@dataclass(frozen=True, slots=True)
class _Pair:
    certificate: x509.Certificate
    key: _Key


def ensure_certificates(folder: Path, *, names: Sequence[str], service_domain: str, now_s: float) -> LocalCertificates:
    """Give the certificates in `folder`, making or renewing what is missing, old or differently named.

    The server's certificate covers `names` (DNS names and addresses) and the service domain. A new
    authority is made only when there is none that works: clients have been told to trust it.
    Raises `OSError` when the folder cannot be written, `ValueError` for a name that is none.
    """
    now = datetime.fromtimestamp(now_s, UTC)
    alternatives = _alternative_names([*names, service_domain])
    sns_name = _alternative_names([f"sns.{service_domain}"])
    authority_files = CertificateFiles(folder / "ca.pem", folder / "ca.key")
    server_files = CertificateFiles(folder / "server.pem", folder / "server.key")
    sns_files = CertificateFiles(folder / "sns.pem", folder / "sns.key")
    with _alone_in(folder):
        authority = _load(authority_files)
        if authority is None or not _holds(authority.certificate, now):
            authority = _make_authority(now)
            _store(authority_files, authority, chain=())
        server = _load(server_files)
        if server is None or not _serves(server, authority, alternatives, now):
            server = _make_leaf(authority, ec.generate_private_key(ec.SECP256R1()), alternatives, now, for_tls=True)
            _store(server_files, server, chain=(authority.certificate,))
        sns = _load(sns_files)
        if sns is None or not _serves(sns, authority, sns_name, now):
            key = rsa.generate_private_key(public_exponent=65537, key_size=SNS_KEY_BITS)
            sns = _make_leaf(authority, key, sns_name, now, for_tls=False)
            _store(sns_files, sns, chain=())
    return LocalCertificates(authority_files, server_files, sns_files)


def certificate_id(certificate: Path) -> str:
    """Give the name part of `/SimpleNotificationService-<id>.pem`: it changes when the certificate does."""
    leaf = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    return leaf.fingerprint(hashes.SHA256()).hex()[:32]


def server_context(files: CertificateFiles) -> ssl.SSLContext:
    """Make the TLS context of our listeners: TLS 1.2 or newer (RFC 8996).

    Raises `OSError` or `ssl.SSLError` when the files cannot be read or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_IGNORE_UNEXPECTED_EOF
    context.load_cert_chain(files.certificate, files.key)
    return context


def client_context(authority: Path) -> ssl.SSLContext:
    """Make a context that trusts this authority and nobody else, for our own command line."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(authority)
    return context


def _alternative_names(names: Sequence[str]) -> tuple[x509.GeneralName, ...]:
    """Turn configured names into SAN entries, each once and in order; raises `ValueError`."""
    found: dict[x509.GeneralName, None] = {}
    for name in names:
        bare = name.strip().strip("[]").rstrip(".").lower()
        try:
            entry: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(bare))
        except ValueError:
            if not bare or not bare.isascii() or any(character in " /:@" for character in bare):
                raise ValueError(f"{name!r} is neither a host name nor an address") from None
            entry = x509.DNSName(bare)
        found[entry] = None
    return tuple(found)


def _subject(common_name: str) -> x509.Name:
    # RFC 5280 appendix A.1: ub-common-name is 64 characters. The names that count are in the SAN.
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "hatobin"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
        ]
    )


def _builder(subject: x509.Name, issuer: x509.Name, key: _Key, now: datetime, days: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _make_authority(now: datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    # Each authority has a name of its own: trust stores tell them apart, also after a new start.
    mark = x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest.hex()[:8]
    name = _subject(f"hatobin local CA {mark}")
    certificate = (
        _builder(name, name, key, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _Pair(certificate, key)


def _make_leaf(
    authority: _Pair, key: _Key, names: tuple[x509.GeneralName, ...], now: datetime, *, for_tls: bool
) -> _Pair:
    issuer_key = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    # A leaf must not outlive its authority: a chain that ends earlier only fails more puzzlingly.
    days = min(LEAF_DAYS, (authority.certificate.not_valid_after_utc - now).days)
    builder = (
        _builder(_subject(str(names[0].value)), authority.certificate.subject, key, now, days)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
    )
    if for_tls:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return _Pair(builder.sign(authority.key, hashes.SHA256()), key)


def _holds(certificate: x509.Certificate, now: datetime) -> bool:
    """Say whether the certificate is valid and will be for the coming weeks."""
    begun = certificate.not_valid_before_utc <= now
    return begun and certificate.not_valid_after_utc - now >= timedelta(days=RENEW_DAYS)


def _serves(leaf: _Pair, authority: _Pair, names: tuple[x509.GeneralName, ...], now: datetime) -> bool:
    """Say whether a leaf still holds, carries exactly these names, and comes from this authority."""
    try:
        leaf.certificate.verify_directly_issued_by(authority.certificate)
        carried = leaf.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except Exception:  # Whatever is wrong with it (cryptography raises five kinds): it is made anew.
        return False
    return _holds(leaf.certificate, now) and set(carried) == set(names)


def _load(files: CertificateFiles) -> _Pair | None:
    """Read a pair, or None when it is missing, damaged, or does not belong together."""
    try:
        certificate = x509.load_pem_x509_certificates(files.certificate.read_bytes())[0]
        key = serialization.load_pem_private_key(files.key.read_bytes(), password=None)
    except (FileNotFoundError, ValueError, IndexError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        return None
    return _Pair(certificate, key) if key.public_key() == certificate.public_key() else None


def _store(files: CertificateFiles, pair: _Pair, *, chain: Sequence[x509.Certificate]) -> None:
    key = pair.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificates = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in (pair.certificate, *chain))
    # The key first: a crash between the two leaves a pair that does not match, which is made anew.
    _replace_file(files.key, key, 0o600)
    _replace_file(files.certificate, certificates, 0o644)


def _replace_file(path: Path, data: bytes, mode: int) -> None:
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes that start at the same moment out of the folder."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
