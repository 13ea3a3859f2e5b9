"""S/MIME signatures: a message as multipart/signed with a detached signature.

The Content-… fields and the body become the first part, octet for octet;
what else the header says stays outside. So the signature covers the content
and the header that describes it, and Subject or List-Unsubscribe are where
mail programs look for them.

Law: RFC 8551 §3.1 (preparing an entity), §3.5.3 (multipart/signed), RFC 1847
§2.1, RFC 5652 §5 (signed data).
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from hatobin.protocols.mail.errors import MessageError
from hatobin.protocols.mail.headers import split_message
from hatobin.protocols.mail.recode import to_seven_bit
from hatobin.protocols.mail.transfer import encode_base64

# Whoever made one of these has signed or encrypted by himself, and any change would break it.
_SEALED = ("multipart/signed", "multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
_NOTICE = b"This is a message with an S/MIME signature.\r\n"
_SIGNATURE_HEADER = (
    b'Content-Type: application/pkcs7-signature; name="smime.p7s"\r\n'
    b"Content-Transfer-Encoding: base64\r\n"
    b'Content-Disposition: attachment; filename="smime.p7s"\r\n'
    b"\r\n"
)


@dataclass(frozen=True, slots=True)
class SmimeKey:
    """A certificate, its private key, and the certificates between it and its root."""

    certificate: x509.Certificate
    key: RSAPrivateKey | EllipticCurvePrivateKey
    issuers: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class Separated:
    """A message taken apart: the fields that stay outside, and the entity to be signed."""

    outer: bytes
    entity: bytes


def load_smime_key(chain_pem: str, private_der: bytes) -> SmimeKey:
    """Read what signs: the certificate first in its chain, and its private key as PKCS#8 DER."""
    own, *issuers = x509.load_pem_x509_certificates(chain_pem.encode())
    key = load_der_private_key(private_der, None)
    if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        raise TypeError("the key of an S/MIME certificate is neither RSA nor on an elliptic curve")
    return SmimeKey(own, key, tuple(issuers))


def separate(raw: bytes) -> Separated | None:
    """Take a message with CRLF line ends apart; None where its sender has signed or encrypted it already.

    The entity is in seven bits, so that no hop has a reason to recode it (RFC 8551 §3.1.3), unless it has
    no such form.
    """
    message = split_message(raw)
    if (message.value("content-type") or "").lower().startswith(_SEALED):
        return None
    try:
        raw = to_seven_bit(raw)
    except MessageError:
        pass
    else:
        message = split_message(raw)
    inner = b"".join([field[1] for field in message.fields if field[0].startswith("content-")])
    outer = b"".join([field[1] for field in message.fields if not field[0].startswith("content-")])
    if message.get("mime-version") is None:
        outer += b"MIME-Version: 1.0\r\n"
    return Separated(outer, b"".join([inner, b"\r\n", message.body_view]))


def sign_entity(key: SmimeKey, entity: bytes) -> bytes:
    """Sign an entity as it stands; gives the signed data as DER, with the certificates and without the content."""
    builder = PKCS7SignatureBuilder().set_data(entity).add_signer(key.certificate, key.key, hashes.SHA256())
    for issuer in key.issuers:
        builder = builder.add_certificate(issuer)
    return builder.sign(Encoding.DER, [PKCS7Options.DetachedSignature, PKCS7Options.Binary])


def join_signed(separated: Separated, signature: bytes, boundary: str) -> bytes:
    """Put the message together with its signature. `boundary` must not occur in the entity."""
    delimiter = b"--" + boundary.encode("ascii")
    content_type = (
        'Content-Type: multipart/signed; protocol="application/pkcs7-signature";\r\n'
        f' micalg=sha-256; boundary="{boundary}"\r\n\r\n'
    )
    return b"".join(
        [
            separated.outer,
            content_type.encode("ascii"),
            _NOTICE,
            b"\r\n",
            delimiter,
            b"\r\n",
            separated.entity,
            b"\r\n",
            delimiter,
            b"\r\n",
            _SIGNATURE_HEADER,
            encode_base64(signature),
            b"\r\n",
            delimiter,
            b"--\r\n",
        ]
    )
