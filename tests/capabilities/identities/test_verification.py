"""Domains that wait for their DNS records, and the records themselves."""

from __future__ import annotations

import pytest

from hatobin.capabilities import identities
from hatobin.capabilities.identities import Status, VerificationChecks, api_v1, api_v2
from hatobin.capabilities.identities.keys import key_record
from hatobin.capabilities.identities.looks import AGAIN_AFTER_S, GIVES_UP_AFTER_S, MAX_GAP_S, next_gap_s
from hatobin.capabilities.identities.model import CheckError
from hatobin.gateway.models import ses, sesv2
from hatobin.gateway.models.sesv2 import DkimSigningAttributes
from hatobin.ports import Answer, AnswerStatus
from tests.capabilities.identities.domains import make, own_key, stored
from tests.capabilities.rooms import ACCOUNT, NOON, REGION, Room

ZONE = "dkim.hatobin.localhost"


@pytest.fixture
async def waiting(room: Room) -> Room:
    """A room in dns mode where example.com waits."""
    room.configure(account={"verification": "dns"})
    await make(room, "example.com")
    return room


def checks(room: Room) -> VerificationChecks:
    return VerificationChecks(room.ports, room.settings)


def publish_cnames(room: Room, count: int = 3) -> None:
    for token in stored(room, "example.com").dkim.tokens[:count]:
        room.dns.put(f"{token}._domainkey.example.com", "CNAME", f"{token}.{ZONE}.")


def public_key(room: Room) -> str:
    row = room.transact(lambda s: s.one("SELECT public_key FROM dkim_keys"))
    assert row is not None
    return str(row[0])


async def test_three_cnames_verify(waiting: Room) -> None:
    publish_cnames(waiting)
    assert await checks(waiting).check_due() == 1
    identity = stored(waiting, "example.com")
    assert (identity.status, identity.dkim.status) == (Status.SUCCESS, Status.SUCCESS)
    assert identity.check.due_at == NOON + AGAIN_AFTER_S
    assert identity.check.succeeded_at == NOON
    assert await checks(waiting).check_due() == 0


async def test_records_that_went_count_for_72_hours_more(waiting: Room) -> None:
    publish_cnames(waiting)
    await checks(waiting).check_due()
    waiting.dns.zones.clear()
    waiting.clock.time = lost_at = NOON + AGAIN_AFTER_S
    await checks(waiting).check_due()
    identity = stored(waiting, "example.com")
    assert (identity.status, identity.dkim.status) == (Status.TEMPORARY_FAILURE, Status.TEMPORARY_FAILURE)
    assert identity.verified
    while (due := stored(waiting, "example.com").check.due_at) is not None:
        assert stored(waiting, "example.com").verified
        waiting.clock.time = due
        await checks(waiting).check_due()
    identity = stored(waiting, "example.com")
    assert (identity.status, identity.dkim.status) == (Status.FAILED, Status.FAILED)
    assert GIVES_UP_AFTER_S <= waiting.clock.time - lost_at <= GIVES_UP_AFTER_S + MAX_GAP_S


async def test_records_that_come_back_end_the_temporary_failure(waiting: Room) -> None:
    publish_cnames(waiting)
    await checks(waiting).check_due()
    kept, waiting.dns.zones = waiting.dns.zones, {}
    waiting.clock.time += AGAIN_AFTER_S
    await checks(waiting).check_due()
    assert stored(waiting, "example.com").status is Status.TEMPORARY_FAILURE
    waiting.dns.zones = kept
    waiting.clock.time += 30
    await checks(waiting).check_due()
    identity = stored(waiting, "example.com")
    assert (identity.status, identity.dkim.status) == (Status.SUCCESS, Status.SUCCESS)


async def test_silent_name_servers_never_make_it_fail(waiting: Room) -> None:
    publish_cnames(waiting)
    await checks(waiting).check_due()
    for place in waiting.dns.zones:
        waiting.dns.zones[place] = Answer(AnswerStatus.TIMEOUT)
    for place in [(f"{stored(waiting, 'example.com').dkim.selector}._domainkey.example.com", "TXT")]:
        waiting.dns.zones[place] = Answer(AnswerStatus.TIMEOUT)
    for hours in (24, 25, 100, 200):
        waiting.clock.time = NOON + hours * 3600
        await checks(waiting).check_due()
        assert stored(waiting, "example.com").status is Status.TEMPORARY_FAILURE


async def test_two_cnames_do_not(waiting: Room) -> None:
    publish_cnames(waiting, 2)
    await checks(waiting).check_due()
    identity = stored(waiting, "example.com")
    assert (identity.status, identity.dkim.status) == (Status.PENDING, Status.PENDING)
    assert identity.check.error is CheckError.HOST_NOT_FOUND
    assert identity.check.due_at == NOON + 30


async def test_the_key_as_a_txt_record_verifies_too(waiting: Room) -> None:
    selector = stored(waiting, "example.com").dkim.selector
    waiting.dns.put(f"{selector}._domainkey.example.com", "TXT", key_record(public_key(waiting)))
    await checks(waiting).check_due()
    assert stored(waiting, "example.com").verified


async def test_another_key_does_not(waiting: Room) -> None:
    selector = stored(waiting, "example.com").dkim.selector
    waiting.dns.put(f"{selector}._domainkey.example.com", "TXT", "v=DKIM1; k=rsa; p=AAAA")
    await checks(waiting).check_due()
    assert not stored(waiting, "example.com").verified


async def test_the_older_token_verifies_the_domain_but_not_its_dkim(waiting: Room) -> None:
    token = stored(waiting, "example.com").verification_token
    waiting.dns.put("_amazonses.example.com", "TXT", "other", token)
    await checks(waiting).check_due()
    identity = stored(waiting, "example.com")
    assert (identity.status, identity.dkim.status) == (Status.SUCCESS, Status.PENDING)
    publish_cnames(waiting)
    waiting.clock.time += 30
    await checks(waiting).check_due()
    assert stored(waiting, "example.com").dkim.status is Status.SUCCESS


async def test_the_caller_s_own_key_is_looked_for_under_its_selector(room: Room) -> None:
    room.configure(account={"verification": "dns"})
    private, public = own_key()
    await api_v2.create_email_identity(
        room.call(),
        sesv2.CreateEmailIdentityRequest(
            email_identity="example.com",
            dkim_signing_attributes=DkimSigningAttributes(
                domain_signing_selector="mine", domain_signing_private_key=private
            ),
        ),
    )
    room.dns.put("mine._domainkey.example.com", "TXT", f"v=DKIM1;p={public[:100]} {public[100:]}")
    await checks(room).check_due()
    assert stored(room, "example.com").verified
    assert all(record_type == "TXT" for _, record_type in room.dns.asked)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (AnswerStatus.SERVFAIL, CheckError.DNS_SERVER_ERROR),
        (AnswerStatus.TIMEOUT, CheckError.DNS_SERVER_ERROR),
        (AnswerStatus.NO_DATA, CheckError.TYPE_NOT_FOUND),
        (AnswerStatus.FOUND, CheckError.INVALID_VALUE),
    ],
)
async def test_what_went_wrong_is_shown(waiting: Room, status: AnswerStatus, error: CheckError) -> None:
    for token in stored(waiting, "example.com").dkim.tokens:
        waiting.dns.zones[f"{token}._domainkey.example.com", "CNAME"] = Answer(status, ("elsewhere.example.",))
    await checks(waiting).check_due()
    shown = await api_v2.get_email_identity(waiting.call(), sesv2.GetEmailIdentityRequest(email_identity="example.com"))
    assert shown.verification_info == sesv2.VerificationInfo(last_checked_timestamp=NOON, error_type=error.value)


async def test_a_domain_is_given_up_after_72_hours_and_not_before(waiting: Room) -> None:
    looks = 0
    while (due := stored(waiting, "example.com").check.due_at) is not None:
        waiting.clock.time = due
        assert stored(waiting, "example.com").status is Status.PENDING
        looks += await checks(waiting).check_due()
    identity = stored(waiting, "example.com")
    assert (identity.status, identity.dkim.status) == (Status.FAILED, Status.FAILED)
    assert GIVES_UP_AFTER_S <= waiting.clock.time - NOON <= GIVES_UP_AFTER_S + MAX_GAP_S
    assert 80 < looks < 110


async def test_verifying_again_starts_the_search_anew(waiting: Room) -> None:
    waiting.clock.time = NOON + GIVES_UP_AFTER_S
    await checks(waiting).check_due()
    assert stored(waiting, "example.com").status is Status.FAILED
    await api_v1.verify_domain_identity(waiting.call(), ses.VerifyDomainIdentityRequest(domain="example.com"))
    publish_cnames(waiting)
    assert await checks(waiting).check_due() == 1
    assert stored(waiting, "example.com").verified


async def test_a_verdict_about_a_deleted_identity_is_dropped(waiting: Room) -> None:
    publish_cnames(waiting)
    before = stored(waiting, "example.com")
    await api_v1.delete_identity(waiting.call(), ses.DeleteIdentityRequest(identity="example.com"))
    await make(waiting, "example.com")
    await checks(waiting).check_due()  # The new tokens are not published.
    after = stored(waiting, "example.com")
    assert after.dkim.tokens != before.dkim.tokens
    assert not after.verified


async def test_the_operator_s_word_verifies_and_ends_the_search(waiting: Room) -> None:
    await make(waiting, "Ann@example.com")
    for name, there in (("Ann@Example.com", True), ("EXAMPLE.com", True), ("none.org", False)):
        done = waiting.transact(lambda s, n=name: identities.mark_verified(s, ACCOUNT, REGION, n, NOON))
        assert done is there
    assert stored(waiting, "Ann@example.com").verified
    assert stored(waiting, "example.com").dkim.status is Status.SUCCESS
    assert await checks(waiting).check_due() == 0


async def test_addresses_are_not_looked_for(room: Room) -> None:
    room.configure(account={"verification": "dns"})
    await make(room, "a@example.com")
    assert await checks(room).check_due() == 0
    assert stored(room, "a@example.com").status is Status.PENDING


def test_gaps_grow_and_end_at_an_hour() -> None:
    gaps = [next_gap_s(age) for age in (0, 60, 600, 3600, 7200, 86_400)]
    assert gaps == sorted(gaps)
    assert (gaps[0], gaps[-1]) == (30.0, 3600.0)


def records(room: Room, domain: str) -> dict[tuple[str, str, str], str]:
    found = room.transact(lambda s: identities.domain_records(s, ACCOUNT, REGION, domain, room.settings))
    assert found is not None
    return {(record.purpose, record.type, record.name): record.value for record in found}


async def test_the_records_of_a_domain_are_complete(room: Room) -> None:
    room.configure(service={"domain": "mail.example.net"})
    await make(room, "example.com")
    found = records(room, "Example.com")
    zone, text = "dkim.mail.example.net", key_record(public_key(room))
    for token in stored(room, "example.com").dkim.tokens:
        assert found.pop(("dkim", "CNAME", f"{token}._domainkey.example.com")) == f"{token}.{zone}"
        assert found.pop(("dkim-key", "TXT", f"{token}.{zone}")) == text
    assert found == {
        ("spf", "TXT", "example.com"): "v=spf1 include:mail.example.net ~all",
        ("dmarc", "TXT", "_dmarc.example.com"): "v=DMARC1; p=none;",
        ("verification", "TXT", "_amazonses.example.com"): stored(room, "example.com").verification_token,
        ("inbound", "MX", "example.com"): "10 inbound-smtp.us-east-1.mail.example.net",
    }


async def test_compatible_names_are_amazon_s(room: Room) -> None:
    room.configure(service={"compat_names": True})
    await make(room, "example.com")
    assert records(room, "example.com")["spf", "TXT", "example.com"] == "v=spf1 include:amazonses.com ~all"


async def test_a_mail_from_domain_has_records_of_its_own(room: Room) -> None:
    await make(room, "example.com")
    room.transact(
        lambda s: s.execute(
            "UPDATE identities SET mail_from_domain = 'bounce.example.com', mail_from_status = 'PENDING'"
        )
    )
    found = records(room, "example.com")
    host = "10 feedback-smtp.us-east-1.hatobin.localhost"
    assert found["mail-from", "MX", "bounce.example.com"] == host
    assert found["mail-from", "TXT", "bounce.example.com"] == "v=spf1 include:hatobin.localhost ~all"


def test_an_unknown_domain_has_no_records(room: Room) -> None:
    assert room.transact(lambda s: identities.domain_records(s, ACCOUNT, REGION, "no.org", room.settings)) is None
