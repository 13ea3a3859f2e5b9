"""The identity operations of both doors."""

from __future__ import annotations

import re

import pytest
from msgspec import UNSET

from hatobin.capabilities import configuration_sets
from hatobin.capabilities.configuration_sets import Options
from hatobin.capabilities.identities import api_v1, api_v2
from hatobin.gateway.models import ses, sesv2
from hatobin.gateway.models.sesv2 import DkimSigningAttributes, Tag
from tests.capabilities.identities.domains import SMALL, ed25519_key, make, own_key, stored
from tests.capabilities.rooms import ACCOUNT, NOON, REGION, Room, refused


async def shown(room: Room, name: str) -> sesv2.GetEmailIdentityResponse:
    return await api_v2.get_email_identity(room.call(), sesv2.GetEmailIdentityRequest(email_identity=name))


async def test_a_domain_is_ready_at_once_in_mailbox_mode(room: Room) -> None:
    made = await make(room, "Example.COM")
    assert (made.identity_type, made.verified_for_sending_status) == ("DOMAIN", True)
    dkim = made.dkim_attributes
    assert dkim is not None
    assert dkim.status == "SUCCESS"
    assert dkim.signing_hosted_zone == "dkim.hatobin.localhost"
    assert dkim.signing_attributes_origin == "AWS_SES"
    assert dkim.current_signing_key_length == dkim.next_signing_key_length == "RSA_1024_BIT"
    assert len(set(dkim.tokens or [])) == 3
    assert all(re.fullmatch("[a-z0-9]{32}", token) for token in dkim.tokens or [])
    later = await shown(room, "example.com")
    assert later.dkim_attributes == dkim
    assert (later.verification_status, later.feedback_forwarding_status) == ("SUCCESS", True)
    assert (later.policies, later.tags, later.configuration_set_name) == ({}, [], None)


async def test_a_key_of_2048_bits_is_the_default(room: Room) -> None:
    made = await api_v2.create_email_identity(
        room.call(), sesv2.CreateEmailIdentityRequest(email_identity="example.com")
    )
    assert made.dkim_attributes is not None
    assert made.dkim_attributes.current_signing_key_length == "RSA_2048_BIT"


async def test_a_domain_waits_for_its_records_in_dns_mode(room: Room) -> None:
    room.configure(account={"verification": "dns"})
    made = await make(room, "example.com")
    assert made.verified_for_sending_status is False
    assert made.dkim_attributes is not None
    assert made.dkim_attributes.status == "NOT_STARTED"
    later = await shown(room, "example.com")
    assert (later.verification_status, later.verified_for_sending_status) == ("PENDING", False)
    assert later.dkim_attributes is not None
    assert later.dkim_attributes.status == "PENDING"


async def test_an_address_shows_the_dkim_of_its_domain(room: Room) -> None:
    alone = await make(room, "a@example.com")
    assert alone.identity_type == "EMAIL_ADDRESS"
    assert alone.dkim_attributes is not None
    assert (alone.dkim_attributes.signing_enabled, alone.dkim_attributes.status) == (False, "NOT_STARTED")
    domain = await make(room, "example.com")
    assert (await shown(room, "a@example.com")).dkim_attributes == domain.dkim_attributes


async def test_mail_from_has_only_its_behaviour_until_it_is_set(room: Room) -> None:
    await make(room, "a@example.com")
    mail_from = (await shown(room, "a@example.com")).mail_from_attributes
    assert mail_from is not None
    assert mail_from.behavior_on_mx_failure == "USE_DEFAULT_VALUE"
    assert mail_from.mail_from_domain is UNSET


async def test_tags_and_default_set_are_kept(room: Room) -> None:
    room.transact(lambda s: configuration_sets.insert(s, ACCOUNT, REGION, "cs", Options(), NOON))
    await api_v2.create_email_identity(
        room.call(),
        sesv2.CreateEmailIdentityRequest(
            email_identity="a@example.com", tags=[Tag(key="k", value="v")], configuration_set_name="cs"
        ),
    )
    later = await shown(room, "a@example.com")
    assert (later.tags, later.configuration_set_name) == ([Tag(key="k", value="v")], "cs")


async def test_a_missing_default_set_leaves_nothing_behind(room: Room) -> None:
    error = await refused(make(room, "a@example.com", configuration_set="none"))
    assert (error.code, error.message) == ("NotFoundException", "Configuration set <none> does not exist.")
    assert (await refused(shown(room, "a@example.com"))).code == "NotFoundException"


async def test_the_same_identity_is_not_made_twice(room: Room) -> None:
    await make(room, "example.com")
    error = await refused(make(room, "EXAMPLE.com"))
    assert (error.code, error.status) == ("AlreadyExistsException", 400)
    assert error.message == "Email identity EXAMPLE.com already exist."


async def test_a_missing_identity_is_named(room: Room) -> None:
    delete = sesv2.DeleteEmailIdentityRequest(email_identity="No.org")
    for answer in (shown(room, "No.org"), api_v2.delete_email_identity(room.call(), delete)):
        error = await refused(answer)
        assert (error.code, error.status) == ("NotFoundException", 404)
        assert error.message == "Email identity No.org does not exist."


@pytest.mark.parametrize("pkcs8", [True, False])
async def test_the_caller_s_own_key_is_taken(room: Room, *, pkcs8: bool) -> None:
    private, public = own_key(pkcs8=pkcs8)
    made = await api_v2.create_email_identity(
        room.call(),
        sesv2.CreateEmailIdentityRequest(
            email_identity="example.com",
            dkim_signing_attributes=DkimSigningAttributes(
                domain_signing_selector="mine", domain_signing_private_key=private
            ),
        ),
    )
    dkim = made.dkim_attributes
    assert dkim is not None
    assert (dkim.signing_attributes_origin, dkim.tokens, dkim.signing_hosted_zone) == ("EXTERNAL", ["mine"], None)
    key = room.transact(lambda s: s.one("SELECT selector, public_key, bits FROM dkim_keys"))
    assert key == ("mine", public, 1024)


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (
            DkimSigningAttributes(domain_signing_attributes_origin="EXTERNAL"),
            "EXTERNAL origin requires DomainSigningSelector and DomainSigningPrivateKey.",
        ),
        (
            DkimSigningAttributes(domain_signing_selector="s"),
            "EXTERNAL origin requires DomainSigningSelector and DomainSigningPrivateKey.",
        ),
        (
            DkimSigningAttributes(domain_signing_selector="s", domain_signing_private_key="AAAA"),
            "DomainSigningPrivateKey is not a valid private key.",
        ),
        (
            DkimSigningAttributes(domain_signing_selector="s", domain_signing_private_key=ed25519_key()),
            "DomainSigningPrivateKey must be an RSA private key.",
        ),
        (
            DkimSigningAttributes(domain_signing_attributes_origin="AWS_SES_EU_WEST_1"),
            "DomainSigningAttributesOrigin AWS_SES_EU_WEST_1 is not supported by this server.",
        ),
    ],
)
async def test_keys_that_cannot_sign_are_refused(room: Room, wanted: DkimSigningAttributes, text: str) -> None:
    error = await refused(
        api_v2.create_email_identity(
            room.call(),
            sesv2.CreateEmailIdentityRequest(email_identity="example.com", dkim_signing_attributes=wanted),
        )
    )
    assert (error.code, error.message) == ("BadRequestException", text)


async def test_an_address_has_no_key_of_its_own(room: Room) -> None:
    error = await refused(
        api_v2.create_email_identity(
            room.call(),
            sesv2.CreateEmailIdentityRequest(email_identity="a@example.com", dkim_signing_attributes=SMALL),
        )
    )
    assert error.message == "The EmailIdentity value must be a valid domain."


async def test_lists_page_by_name_and_doors_share_tokens(room: Room) -> None:
    for name in ("b@example.com", "c@example.com", "a@example.com", "example.org"):
        await make(room, name)
    first = await api_v2.list_email_identities(room.call(), sesv2.ListEmailIdentitiesRequest(page_size=2))
    assert [info.identity_name for info in first.email_identities or []] == ["a@example.com", "b@example.com"]
    assert (first.email_identities or [])[0] == sesv2.IdentityInfo(
        identity_type="EMAIL_ADDRESS",
        identity_name="a@example.com",
        sending_enabled=True,
        verification_status="SUCCESS",
    )
    rest = await api_v1.list_identities(room.call(), ses.ListIdentitiesRequest(next_token=first.next_token))
    assert (rest.identities, rest.next_token) == (["c@example.com", "example.org"], None)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"IDENTITY_TYPE": "DOMAIN"}, ["example.org"]),
        ({"IDENTITY_NAME_CONTAINS": "EXAMPLE.C"}, ["a@example.com"]),
        ({"IDENTITY_NAME_CONTAINS": "a%"}, []),
        ({"VERIFICATION_STATUS": "PENDING"}, []),
        ({"VERIFICATION_STATUS": "SUCCESS", "IDENTITY_TYPE": "EMAIL_ADDRESS"}, ["a@example.com"]),
    ],
)
async def test_lists_are_filtered(room: Room, wanted: dict[sesv2.IdentityFilterKey, str], names: list[str]) -> None:
    await make(room, "a@example.com")
    await make(room, "example.org")
    found = await api_v2.list_email_identities(room.call(), sesv2.ListEmailIdentitiesRequest(filter=wanted))
    assert [info.identity_name for info in found.email_identities or []] == names


async def test_sizes_and_tokens_are_refused_in_each_door_s_words(room: Room) -> None:
    v2 = await refused(api_v2.list_email_identities(room.call(), sesv2.ListEmailIdentitiesRequest(page_size=0)))
    v1 = await refused(api_v1.list_identities(room.call(), ses.ListIdentitiesRequest(max_items=0)))
    bad = await refused(api_v2.list_email_identities(room.call(), sesv2.ListEmailIdentitiesRequest(next_token="x")))
    assert v2.message == "Value 0 for parameter PageSize is invalid. PageSize must be between 1 and 1000."
    assert v1.message == "Value 0 for parameter MaxItems is invalid. MaxItems must be between 1 and 1000."
    assert (v1.code, bad.message) == ("InvalidParameterValue", "Invalid NextToken <x>.")


async def test_v1_verifies_addresses_by_both_names(room: Room) -> None:
    await api_v1.verify_email_identity(room.call(), ses.VerifyEmailIdentityRequest(email_address="a@example.com"))
    await api_v1.verify_email_address(room.call(), ses.VerifyEmailAddressRequest(email_address="b@example.com"))
    await api_v1.verify_email_address(room.call(), ses.VerifyEmailAddressRequest(email_address="a@example.com"))
    listed = await api_v1.list_verified_email_addresses(room.call(), ses.ListVerifiedEmailAddressesRequest())
    assert listed.verified_email_addresses == ["a@example.com", "b@example.com"]
    for text in ("STUB", "a@b@c"):
        error = await refused(
            api_v1.verify_email_identity(room.call(), ses.VerifyEmailIdentityRequest(email_address=text))
        )
        assert (error.code, error.message) == ("InvalidParameterValue", f"Invalid email address<{text}>.")


async def test_a_domain_keeps_its_v1_token_whatever_the_case(room: Room) -> None:
    tokens = set()
    for name in ("EXAMPLE.COM", "EXAMPle.com", "example.com"):
        answer = await api_v1.verify_domain_identity(room.call(), ses.VerifyDomainIdentityRequest(domain=name))
        tokens.add(answer.verification_token)
    assert len(tokens) == 1
    listed = await api_v1.list_identities(room.call(), ses.ListIdentitiesRequest(identity_type="Domain"))
    assert listed.identities == ["example.com"]


async def test_v1_shows_states_by_the_names_asked_for(room: Room) -> None:
    room.configure(account={"verification": "dns"})
    await make(room, "example.com")
    await make(room, "a@example.com")
    answer = await api_v1.get_identity_verification_attributes(
        room.call(),
        ses.GetIdentityVerificationAttributesRequest(identities=["Example.COM", "a@example.com", "no.org"]),
    )
    assert answer.verification_attributes == {
        "Example.COM": ses.IdentityVerificationAttributes(
            verification_status="Pending", verification_token=stored(room, "example.com").verification_token
        ),
        "a@example.com": ses.IdentityVerificationAttributes(verification_status="Pending"),
    }


async def test_v1_deletes_without_complaint(room: Room) -> None:
    await make(room, "example.com")
    await make(room, "a@example.com")
    await api_v1.delete_verified_email_address(
        room.call(), ses.DeleteVerifiedEmailAddressRequest(email_address="example.com")
    )
    for name in ("a@example.com", "none@example.com"):
        await api_v1.delete_verified_email_address(
            room.call(), ses.DeleteVerifiedEmailAddressRequest(email_address=name)
        )
    listed = await api_v1.list_identities(room.call(), ses.ListIdentitiesRequest())
    assert listed.identities == ["example.com"]
    for _ in range(2):
        await api_v1.delete_identity(room.call(), ses.DeleteIdentityRequest(identity="example.com"))
    assert (await api_v1.list_identities(room.call(), ses.ListIdentitiesRequest())).identities == []
