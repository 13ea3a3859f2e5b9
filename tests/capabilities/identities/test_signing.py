"""Changing the key of a domain: another length, the caller's own key and back, and never a gap in between."""

from __future__ import annotations

import pytest

from hatobin.capabilities import identities
from hatobin.capabilities.identities import NotChangeable, Status, VerificationChecks, api_v2, api_v2_attributes
from hatobin.capabilities.identities.changes import LENGTH_CHANGES_EVERY_S
from hatobin.capabilities.identities.keys import key_record
from hatobin.capabilities.identities.model import DkimOrigin, SendingDkim
from hatobin.gateway.models.sesv2 import (
    DkimAttributes,
    DkimSigningAttributes,
    GetEmailIdentityRequest,
    PutEmailIdentityDkimAttributesRequest,
    PutEmailIdentityDkimSigningAttributesRequest,
    PutEmailIdentityDkimSigningAttributesResponse,
)
from hatobin.words.address import parse_address
from tests.capabilities.identities.domains import make, own_key, stored
from tests.capabilities.rooms import ACCOUNT, NOON, OTHER_ACCOUNT, REGION, Room, refused

ZONE = "dkim.hatobin.localhost"


async def put(room: Room, origin: str, **attributes: str) -> PutEmailIdentityDkimSigningAttributesResponse:
    return await api_v2_attributes.put_email_identity_dkim_signing_attributes(
        room.call(),
        PutEmailIdentityDkimSigningAttributesRequest(
            email_identity="example.com",
            signing_attributes_origin=origin,  # type: ignore[arg-type]
            signing_attributes=DkimSigningAttributes(**attributes) if attributes else None,  # type: ignore[arg-type]
        ),
    )


async def shown(room: Room, name: str = "example.com") -> DkimAttributes:
    found = await api_v2.get_email_identity(room.call(), GetEmailIdentityRequest(email_identity=name))
    assert found.dkim_attributes is not None
    return found.dkim_attributes


def signer(room: Room, sender: str = "a@example.com") -> SendingDkim | None:
    found = room.transact(lambda s: identities.find_sending_identity(s, ACCOUNT, REGION, parse_address(sender)))
    assert found is not None
    return found.dkim


def published(room: Room) -> None:
    """Put all that `hatobin dns` prints of the DKIM into the DNS, and the keys where resolvers follow the CNAMEs to."""
    found = room.transact(lambda s: identities.domain_records(s, ACCOUNT, REGION, "example.com", room.settings))
    assert found is not None
    for record in found:
        if record.purpose in ("dkim", "dkim-key"):
            room.dns.put(record.name, record.type, record.value)
        if record.purpose == "dkim-key":
            token = record.name.removesuffix(f".{ZONE}")
            room.dns.put(f"{token}._domainkey.example.com", "TXT", record.value)


async def look(room: Room) -> None:
    await VerificationChecks(room.ports, room.settings).check_due()


@pytest.fixture
async def verified(room: Room) -> Room:
    """A room in dns mode where example.com is verified with a key of 1024 bits."""
    room.configure(account={"verification": "dns"})
    await make(room, "example.com")
    published(room)
    await look(room)
    assert stored(room, "example.com").verified
    return room


async def test_a_longer_key_signs_when_the_dns_shows_it(verified: Room) -> None:
    room, old = verified, signer(verified)
    verified.clock.time += 60
    answer = await put(room, "AWS_SES", next_signing_key_length="RSA_2048_BIT")
    assert (answer.dkim_status, answer.signing_hosted_zone) == ("SUCCESS", ZONE)
    lengths = await shown(room)
    assert (lengths.current_signing_key_length, lengths.next_signing_key_length) == ("RSA_1024_BIT", "RSA_2048_BIT")
    await look(room)
    assert signer(room) == old, "the old key signs until the new one is seen"

    published(room)
    room.clock.time += 30
    await look(room)
    new = signer(room)
    assert new is not None
    assert old is not None
    assert (new.domain, new.selector, new.key_id != old.key_id) == ("example.com", answer.dkim_tokens[1], True)  # type: ignore[index]
    lengths = await shown(room)
    assert (lengths.current_signing_key_length, lengths.next_signing_key_length) == ("RSA_2048_BIT", "RSA_2048_BIT")


async def test_mail_signed_before_the_change_can_still_be_verified(verified: Room) -> None:
    def keys() -> dict[str, str]:
        found = verified.transact(
            lambda s: identities.domain_records(s, ACCOUNT, REGION, "example.com", verified.settings)
        )
        return {record.name: record.value for record in found or () if record.purpose == "dkim-key"}

    first = f"{stored(verified, 'example.com').dkim.tokens[0]}.{ZONE}"
    before = keys()[first]
    verified.clock.time += 60
    await put(verified, "AWS_SES", next_signing_key_length="RSA_2048_BIT")
    published(verified)
    await look(verified)
    assert keys()[first] == before
    assert len(set(keys().values())) == 2


async def test_the_length_changes_once_a_day(verified: Room) -> None:
    verified.clock.time += 60
    await put(verified, "AWS_SES", next_signing_key_length="RSA_2048_BIT")
    await put(verified, "AWS_SES", next_signing_key_length="RSA_2048_BIT")
    error = await refused(put(verified, "AWS_SES", next_signing_key_length="RSA_1024_BIT"))
    assert (error.code, error.message) == (
        "BadRequestException",
        "The DKIM signing key length can be changed once in 24 hours.",
    )
    verified.clock.time += LENGTH_CHANGES_EVERY_S
    await put(verified, "AWS_SES", next_signing_key_length="RSA_1024_BIT")
    assert (await shown(verified)).next_signing_key_length == "RSA_1024_BIT"


async def test_the_callers_own_key_takes_over_when_seen_and_ours_signs_till_then(verified: Room) -> None:
    room, old = verified, signer(verified)
    private, public = own_key()
    answer = await put(room, "EXTERNAL", domain_signing_selector="pigeon", domain_signing_private_key=private)
    assert (answer.dkim_status, answer.dkim_tokens) == ("PENDING", ["pigeon"])
    assert signer(room) == old
    room.dns.put("pigeon._domainkey.example.com", "TXT", key_record(public))
    await look(room)
    now_signs = signer(room)
    assert now_signs is not None
    assert now_signs.selector == "pigeon"
    attributes = await shown(room)
    assert (attributes.status, attributes.signing_attributes_origin) == ("SUCCESS", "EXTERNAL")
    back = await put(room, "AWS_SES")
    assert back.dkim_tokens is not None
    assert len(back.dkim_tokens) == 3
    assert signer(room) == now_signs
    published(room)
    await look(room)
    assert stored(room, "example.com").dkim.origin is DkimOrigin.AWS_SES
    assert stored(room, "example.com").dkim.previous is None


async def test_at_once_where_nothing_is_looked_up(room: Room) -> None:
    await make(room, "example.com")
    room.clock.time += 60
    old = signer(room)
    await put(room, "AWS_SES", next_signing_key_length="RSA_2048_BIT")
    assert (await shown(room)).current_signing_key_length == "RSA_2048_BIT"
    assert signer(room) != old


async def test_signing_off_and_on(room: Room) -> None:
    await make(room, "example.com")
    await make(room, "a@example.com")

    async def switch(name: str, *, on: bool) -> None:
        await api_v2_attributes.put_email_identity_dkim_attributes(
            room.call(), PutEmailIdentityDkimAttributesRequest(email_identity=name, signing_enabled=on)
        )

    await switch("a@example.com", on=False)
    assert (signer(room, "a@example.com"), (await shown(room, "a@example.com")).signing_enabled) == (None, False)
    assert signer(room, "b@example.com") is not None
    await switch("a@example.com", on=True)
    assert signer(room, "a@example.com") is not None
    await switch("example.com", on=False)
    assert (signer(room), signer(room, "b@example.com")) == (None, None)
    assert (await shown(room)).signing_enabled is False


@pytest.mark.parametrize(
    ("origin", "attributes", "text"),
    [
        ("EXTERNAL", {}, "EXTERNAL origin requires DomainSigningSelector and DomainSigningPrivateKey."),
        (
            "EXTERNAL",
            {"domain_signing_selector": "x", "domain_signing_private_key": "bm8="},
            "DomainSigningPrivateKey is not a valid private key.",
        ),
        (
            "AWS_SES",
            {"domain_signing_selector": "x"},
            "DomainSigningSelector and DomainSigningPrivateKey require EXTERNAL origin.",
        ),
        ("AWS_SES_EU_WEST_1", {}, "DomainSigningAttributesOrigin AWS_SES_EU_WEST_1 is not supported by this server."),
    ],
)
async def test_what_cannot_be_meant_is_refused(room: Room, origin: str, attributes: dict[str, str], text: str) -> None:
    await make(room, "example.com")
    error = await refused(put(room, origin, **attributes))
    assert (error.code, error.message) == ("BadRequestException", text)


async def test_an_address_has_no_key_of_its_own(room: Room) -> None:
    await make(room, "a@example.com")
    request = PutEmailIdentityDkimSigningAttributesRequest(
        email_identity="a@example.com", signing_attributes_origin="AWS_SES"
    )
    error = await refused(api_v2_attributes.put_email_identity_dkim_signing_attributes(room.call(), request))
    assert (error.code, error.message) == ("BadRequestException", "The EmailIdentity value must be a valid domain.")


async def test_the_operator_makes_the_next_key(verified: Room) -> None:
    def rotate(account_id: str, domain: str) -> None:
        verified.transact(
            lambda s: identities.rotate_key(
                s,
                verified.vault,
                verified.chance,
                verified.settings,
                account_id=account_id,
                region=REGION,
                domain=domain,
                now=NOON + 60,
            )
        )

    old = signer(verified)
    rotate(ACCOUNT, "example.com")
    assert stored(verified, "example.com").dkim.upcoming is not None
    verified.clock.time = NOON + 60
    published(verified)
    await look(verified)
    assert signer(verified) != old
    with pytest.raises(identities.NoSuchIdentity):
        rotate(OTHER_ACCOUNT, "example.com")
    await make(verified, "a@example.com")
    with pytest.raises(NotChangeable):
        rotate(ACCOUNT, "a@example.com")


async def test_a_search_that_was_given_up_begins_again(room: Room) -> None:
    room.configure(account={"verification": "dns"})
    await make(room, "example.com")
    room.clock.time += 72 * 3600
    await look(room)
    assert stored(room, "example.com").dkim.status is Status.FAILED
    await put(room, "AWS_SES")
    published(room)
    await look(room)
    assert stored(room, "example.com").verified
