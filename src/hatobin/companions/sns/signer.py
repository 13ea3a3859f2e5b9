"""The signature of SNS messages, and the addresses that they carry.

Refs: SNS developer guide, "Verifying the signatures of Amazon SNS messages":
SignatureVersion 1 is RSA PKCS #1 v1.5 over SHA-1, version 2 over SHA-256.
"""

from __future__ import annotations

import base64
from urllib.parse import quote

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hatobin.companions.sns.envelope import Notice, Seal, canonical
from hatobin.companions.sns.model import SubscriptionKey, TopicKey

# SHA-1 is what version 1 means; topics choose version 2 with SignatureVersion.
_DIGESTS = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303


class SnsSigner:
    """Signs messages with one RSA key, and knows where its certificate and our API are found.

    PKCS #1 v1.5 draws no chance, so the same message always gets the same signature.
    """

    def __init__(self, private_key: RSAPrivateKey, certificate_url: str, *, link_base: str) -> None:
        """Take the key, the address of its certificate, and the base of confirm and unsubscribe links."""
        self._key = private_key
        self._certificate_url = certificate_url
        self._link_base = link_base.rstrip("/")

    def seal(self, notice: Notice, version: str) -> Seal:
        """Sign a notice; takes most of a millisecond."""
        signature = self._key.sign(canonical(notice), padding.PKCS1v15(), _DIGESTS[version])
        return Seal(version, base64.b64encode(signature).decode(), self._certificate_url)

    def subscribe_url(self, topic: TopicKey, token: str) -> str:
        """Give the link that confirms a subscription."""
        token = quote(token, safe="")
        return f"{self._link_base}/?Action=ConfirmSubscription&TopicArn={topic.arn}&Token={token}"

    def unsubscribe_url(self, subscription: SubscriptionKey) -> str:
        """Give the link that ends a subscription."""
        return f"{self._link_base}/?Action=Unsubscribe&SubscriptionArn={subscription.arn}"
