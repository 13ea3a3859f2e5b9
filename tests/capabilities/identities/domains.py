"""Identities that tests make, with small keys so that they are made quickly."""

from __future__ import annotations

import base64
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from hatobin.capabilities.identities import Identity, api_v2, store
from hatobin.gateway.models.sesv2 import (
    CreateEmailIdentityRequest,
    CreateEmailIdentityResponse,
    DkimSigningAttributes,
)
from tests.capabilities.rooms import ACCOUNT, REGION, Room

SMALL = DkimSigningAttributes(next_signing_key_length="RSA_1024_BIT")


async def make(
    room: Room, name: str, *, region: str = REGION, configuration_set: str | None = None
) -> CreateEmailIdentityResponse:
    """Make an identity through the v2 door."""
    return await api_v2.create_email_identity(
        room.call(region=region),
        CreateEmailIdentityRequest(
            email_identity=name,
            dkim_signing_attributes=None if "@" in name else SMALL,
            configuration_set_name=configuration_set,
        ),
    )


def stored(room: Room, key: str, region: str = REGION) -> Identity:
    """Give an identity that must be there."""
    found = room.transact(lambda s: store.find(s, ACCOUNT, region, key))
    assert found is not None
    return found


@cache
def own_key(bits: int = 1024, *, pkcs8: bool = True) -> tuple[str, str]:
    """Make a caller's key: base64 of the private key, and of the public key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    form = serialization.PrivateFormat.PKCS8 if pkcs8 else serialization.PrivateFormat.TraditionalOpenSSL
    private = key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(private).decode(), base64.b64encode(public).decode()


@cache
def ed25519_key() -> str:
    """Make a key that SES does not take."""
    private = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return base64.b64encode(private).decode()
