"""A subscriber's check of what SNS sends, written from the AWS page and not from our own code.

Refs: Amazon SNS developer guide, "Verifying the signatures of Amazon SNS messages".
"""

from __future__ import annotations

import base64
import ssl
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


def signed_text(message: Mapping[str, str]) -> bytes:
    """Give the text that a message's signature is over."""
    names = _NOTIFICATION if message["Type"] == "Notification" else _CONFIRMATION
    return "".join(f"{name}\n{message[name]}\n" for name in names if name in message).encode()


def fetch_certificate(url: str, authority: Path) -> x509.Certificate:
    """Fetch a signing certificate over https, trusting `authority` only, and check who issued it."""
    assert url.startswith("https://"), url
    context = ssl.create_default_context(cafile=str(authority))
    with urllib.request.urlopen(url, context=context, timeout=10) as answer:
        certificate = x509.load_pem_x509_certificate(answer.read())
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.read_bytes()))
    return certificate


def signature_holds(message: Mapping[str, str], certificate: x509.Certificate) -> bool:
    """Say whether the message is what the holder of the certificate signed."""
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    algorithm = {"1": hashes.SHA1(), "2": hashes.SHA256()}[message["SignatureVersion"]]
    try:
        key.verify(base64.b64decode(message["Signature"]), signed_text(message), padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True
