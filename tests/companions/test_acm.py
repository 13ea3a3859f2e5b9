"""Certificates that are brought: which can sign mail, what is known of them, and that their keys stay sealed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID

from hatobin.companions import acm
from hatobin.companions.kms import KEY_BYTES, SealBroken, Vault
from tests.capabilities.rooms import ACCOUNT, NOON, OTHER_ACCOUNT, OTHER_REGION, REGION, Room
from tests.mail_certificates import curve_key, issue, key_pem, rsa_key


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    made = Room()
    yield made
    await made.database.close()


def read(address: str = "ann@example.com", **more: Any) -> acm.NewCertificate:
    issued = issue(address, now=NOON, **more)
    return acm.read_certificate(issued.certificate, issued.key, now=NOON, chain_pem=issued.authority)


def keep(room: Room, new: acm.NewCertificate, account_id: str = ACCOUNT, region: str = REGION) -> acm.Certificate:
    return room.transact(
        lambda s: acm.insert(s, room.vault, room.chance, new, account_id=account_id, region=region, now=NOON)
    )


def test_certificate_is_known_by_its_addresses_and_its_validity() -> None:
    new = read("Ann@Example.com", older="old@example.com")
    assert new.addresses == ("ann@example.com", "old@example.com")
    assert new.not_before < NOON < new.not_after
    assert new.chain_pem.count("BEGIN CERTIFICATE") == 2
    assert new.subject == "1.2.840.113549.1.9.1=old@example.com,CN=Sender"


@pytest.mark.parametrize("key", [rsa_key(), curve_key()], ids=["rsa", "curve"])
def test_both_kinds_of_keys_may_sign(key: Any) -> None:
    assert read(key=key).private_der


def test_encrypted_key_opens_with_its_password() -> None:
    issued = issue("ann@example.com", now=NOON)
    sealed = key_pem(rsa_key(), b"secret")
    assert acm.read_certificate(issued.certificate, sealed, now=NOON, password=b"secret").addresses
    for password in (None, b"other"):
        with pytest.raises(acm.InvalidCertificate):
            acm.read_certificate(issued.certificate, sealed, now=NOON, password=password)
    with pytest.raises(acm.InvalidCertificate, match="not encrypted"):
        acm.read_certificate(issued.certificate, issued.key, now=NOON, password=b"secret")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"signs": False}, "key usage"),
        ({"purposes": (ExtendedKeyUsageOID.SERVER_AUTH,)}, "protection of mail"),
        ({"days": -1, "since_days": 9}, "valid from"),
        ({"since_days": -1}, "valid from"),
        ({"key": rsa_key(1024)}, "2048 bits"),
        ({"key": ec.generate_private_key(ec.SECP256K1())}, "P-256"),
    ],
)
def test_certificate_that_cannot_sign_mail_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(acm.InvalidCertificate, match=said):
        read(**wrong)


def test_certificate_without_a_purpose_is_taken() -> None:
    assert read(purposes=()).addresses
    assert read(purposes=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)).addresses


def test_files_that_hold_something_else_are_refused() -> None:
    issued = issue("ann@example.com", now=NOON)
    with pytest.raises(acm.InvalidCertificate, match="no certificate"):
        acm.read_certificate(issued.key, issued.key, now=NOON)
    with pytest.raises(acm.InvalidCertificate, match="no private key"):
        acm.read_certificate(issued.certificate, issued.certificate, now=NOON)
    with pytest.raises(acm.InvalidCertificate, match="not the certificate's"):
        acm.read_certificate(issued.certificate, key_pem(curve_key()), now=NOON)
    with pytest.raises(acm.InvalidCertificate, match="more than"):
        acm.read_certificate(issued.certificate * 11, issued.key, now=NOON)
    edwards = ed25519.Ed25519PrivateKey.generate()
    with pytest.raises(acm.InvalidCertificate, match="neither RSA"):
        acm.read_certificate(issued.certificate, key_pem(edwards), now=NOON)  # type: ignore[arg-type]


def test_certificate_belongs_to_its_account_and_region(room: Room) -> None:
    made = keep(room, read())
    assert made.arn == f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/{made.certificate_id}"
    assert acm.certificate_id(made.arn, ACCOUNT, REGION) == made.certificate_id
    assert acm.certificate_id(made.arn, OTHER_ACCOUNT, REGION) is None
    assert acm.certificate_id(made.arn, ACCOUNT, OTHER_REGION) is None
    assert acm.certificate_id(made.arn.replace(":certificate/", ":key/"), ACCOUNT, REGION) is None
    assert room.transact(lambda s: acm.find(s, ACCOUNT, REGION, made.certificate_id)) == made
    for place in ((OTHER_ACCOUNT, REGION), (ACCOUNT, OTHER_REGION)):
        assert room.transact(lambda s, place=place: acm.find(s, *place, made.certificate_id)) is None
        assert not room.transact(lambda s, place=place: acm.delete(s, *place, made.certificate_id))
    assert room.transact(acm.list_certificates) == [made]
    assert room.transact(lambda s: acm.delete(s, ACCOUNT, REGION, made.certificate_id))
    assert room.transact(acm.list_certificates) == []


def test_key_is_kept_sealed(room: Room) -> None:
    new = read()
    made = keep(room, new)
    [(sealed,)] = room.transact(lambda s: list(s.execute("SELECT sealed FROM acm_certificate")))
    assert new.private_der not in sealed
    opened = room.transact(lambda s: acm.open_certificate(s, room.vault, ACCOUNT, REGION, made.certificate_id))
    assert opened is not None
    assert (opened.chain_pem, opened.private_der) == (new.chain_pem, new.private_der)
    assert room.transact(lambda s: acm.open_certificate(s, room.vault, ACCOUNT, REGION, "other")) is None
    other = Vault(b"x" * KEY_BYTES, room.chance)
    with pytest.raises(SealBroken):
        room.transact(lambda s: acm.open_certificate(s, other, ACCOUNT, REGION, made.certificate_id))
