"""Who may send, with which key: DEV-IS-32 and the rules of DKIM."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import load_der_private_key

from hatobin.capabilities import identities
from hatobin.capabilities.identities import DkimKeyMissing, SendingDkim, SendingIdentity, api_v2
from hatobin.companions.kms import KEY_BYTES, SealBroken, Vault
from hatobin.gateway.models.sesv2 import DeleteEmailIdentityRequest
from hatobin.words.address import parse_address
from tests.capabilities.identities.domains import make, stored
from tests.capabilities.rooms import ACCOUNT, NOON, OTHER_ACCOUNT, OTHER_REGION, REGION, Room


def sender(room: Room, address: str, *, account_id: str = ACCOUNT, region: str = REGION) -> SendingIdentity | None:
    return room.transact(lambda s: identities.find_sending_identity(s, account_id, region, parse_address(address)))


def answering(room: Room, address: str) -> str | None:
    found = sender(room, address)
    return found.name if found is not None and found.verified else None


def failing(room: Room, *addresses: str) -> list[str]:
    given = [parse_address(address) for address in addresses]
    return room.transact(lambda s: identities.failing_identities(s, ACCOUNT, REGION, given))


@pytest.mark.parametrize(
    "address", ["a@example.com", "a+tag@example.com", "A@EXAMPLE.com", "a@sub.example.com", "a@x.y.Example.COM"]
)
async def test_a_domain_covers_its_addresses_and_subdomains(room: Room, address: str) -> None:
    await make(room, "example.com")
    assert answering(room, address) == "example.com"
    assert failing(room, address) == []


async def test_a_subdomain_does_not_cover_its_parent_or_neighbours(room: Room) -> None:
    await make(room, "mail.example.com")
    others = ["a@example.com", "a@notmail.example.com", "a@mail.example.com.evil.org"]
    assert [answering(room, address) for address in others] == [None] * 3
    assert failing(room, *others) == others


async def test_an_address_is_verified_in_its_own_case_only(room: Room) -> None:
    await make(room, "Sender@Example.com")
    assert answering(room, "Sender@EXAMPLE.com") == "Sender@Example.com"
    wrong = ["sender@example.com", "Sender+tag@example.com", "other@example.com"]
    assert failing(room, "Sender@example.com", *wrong, wrong[0]) == wrong


async def test_accounts_and_regions_do_not_lend_identities(room: Room) -> None:
    await make(room, "example.com")
    assert sender(room, "a@example.com", account_id=OTHER_ACCOUNT) is None
    assert sender(room, "a@example.com", region=OTHER_REGION) is None


async def test_an_unverified_identity_is_given_but_may_not_send(room: Room) -> None:
    room.configure(account={"verification": "dns"})
    await make(room, "example.com")
    found = sender(room, "a@example.com")
    assert found is not None
    assert not found.verified
    assert found.dkim is None
    assert failing(room, "a@example.com") == ["a@example.com"]


async def test_a_verified_parent_goes_before_an_unverified_address(room: Room) -> None:
    room.configure(account={"verification": "dns"})
    await make(room, "a@mail.example.com")
    await make(room, "example.com")
    room.transact(lambda s: identities.mark_verified(s, ACCOUNT, REGION, "Example.com", NOON))
    assert answering(room, "a@mail.example.com") == "example.com"


async def test_an_address_signs_with_the_key_of_exactly_its_domain(room: Room) -> None:
    await make(room, "example.com")
    await make(room, "a@example.com")
    await make(room, "a@mail.example.com")
    dkim = stored(room, "example.com").dkim
    by_address, below, by_domain = (
        sender(room, address) for address in ("a@example.com", "a@mail.example.com", "b@example.com")
    )
    assert by_address is not None
    assert below is not None
    assert by_domain is not None
    expected = SendingDkim("example.com", dkim.tokens[0], dkim.key_id or "")
    assert (by_address.name, by_address.dkim) == ("a@example.com", expected)
    assert (below.name, below.dkim) == ("a@mail.example.com", None)
    assert (by_domain.name, by_domain.dkim) == ("example.com", expected)
    assert by_address.arn == f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/a@example.com"


async def test_the_key_opens_with_its_vault_and_in_its_place_only(room: Room) -> None:
    await make(room, "example.com")
    await make(room, "example.org")
    one, other = (stored(room, name).dkim.key_id or "" for name in ("example.com", "example.org"))
    der = room.transact(lambda s: identities.dkim_private_key(s, room.vault, one))
    assert load_der_private_key(der, None).key_size == 1024  # type: ignore[union-attr]
    with pytest.raises(SealBroken):
        room.transact(lambda s: identities.dkim_private_key(s, Vault(b"\x01" * KEY_BYTES, room.chance), one))
    swap = "UPDATE dkim_keys SET sealed = (SELECT sealed FROM dkim_keys WHERE key_id = :other) WHERE key_id = :one"
    room.transact(lambda s: s.execute(swap, {"one": one, "other": other}))
    with pytest.raises(SealBroken):
        room.transact(lambda s: identities.dkim_private_key(s, room.vault, one))
    with pytest.raises(DkimKeyMissing):
        room.transact(lambda s: identities.dkim_private_key(s, room.vault, f"{ACCOUNT}/{REGION}/none"))


async def test_a_deleted_identity_s_key_still_signs_what_is_queued(room: Room) -> None:
    await make(room, "example.com")
    key_id = stored(room, "example.com").dkim.key_id or ""
    await api_v2.delete_email_identity(room.call(), DeleteEmailIdentityRequest(email_identity="EXAMPLE.com"))
    assert sender(room, "a@example.com") is None
    assert room.transact(lambda s: identities.dkim_private_key(s, room.vault, key_id))


async def test_the_regions_of_an_identity_are_known(room: Room) -> None:
    await make(room, "example.com")
    await make(room, "a@example.com", region=OTHER_REGION)
    for name, regions in (
        ("a@example.com", [OTHER_REGION, REGION]),
        ("b@mail.example.com", [REGION]),
        ("example.com", [REGION]),
        ("example.org", []),
    ):
        assert room.transact(lambda s, n=name: identities.identity_regions(s, ACCOUNT, n)) == regions


async def test_more_senders_than_one_statement_takes(room: Room) -> None:
    await make(room, "example.com")
    many = [f"u{number}@{'sub' if number % 2 else 'other'}.example.{'com' if number != 400 else 'org'}"
            for number in range(600)]  # fmt: skip
    assert failing(room, *many) == [many[400]]


def test_the_refusal_names_everyone_and_the_region_in_capitals() -> None:
    error = identities.not_verified("eu-west-1", ["a@x.org", "b@x.org"])
    assert error.code == "MessageRejected"
    assert error.message == (
        "Email address is not verified. The following identities failed the check in region EU-WEST-1: a@x.org, b@x.org"
    )


async def test_the_service_has_one_key_of_its_own(room: Room) -> None:
    assert room.transact(lambda s: identities.service_dkim(s, room.settings)) is None
    made = await identities.ensure_service_dkim(room.ports, room.vault, room.settings)
    again = await identities.ensure_service_dkim(room.ports, room.vault, room.settings)
    assert made == again
    assert made.domain == "hatobin.localhost"
    assert room.transact(lambda s: identities.dkim_private_key(s, room.vault, made.key_id))
    assert made.record.name == f"{made.selector}._domainkey.hatobin.localhost"
    room.configure(service={"domain": "mail.example.net"})
    assert room.transact(lambda s: identities.service_dkim(s, room.settings)) is None
