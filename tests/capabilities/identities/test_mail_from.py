"""Custom MAIL FROM domains: what is taken, what the DNS must show, and which one answers for an address."""

from __future__ import annotations

import pytest

from hatobin.capabilities import identities
from hatobin.capabilities.identities import Status, VerificationChecks, api_v1_attributes, api_v2, api_v2_attributes
from hatobin.capabilities.identities.looks import AGAIN_AFTER_S, GIVES_UP_AFTER_S, MAX_GAP_S
from hatobin.capabilities.identities.model import MailFrom
from hatobin.gateway.models import ses
from hatobin.gateway.models.sesv2 import (
    GetEmailIdentityRequest,
    MailFromAttributes,
    PutEmailIdentityMailFromAttributesRequest,
)
from hatobin.ports import Answer, AnswerStatus
from hatobin.words.address import parse_address
from tests.capabilities.identities.domains import make, stored
from tests.capabilities.rooms import ACCOUNT, NOON, REGION, Room, refused

HOST = "10 feedback-smtp.us-east-1.hatobin.localhost."


async def put(room: Room, domain: str | None, name: str = "example.com", *, reject: bool = False) -> None:
    await api_v2_attributes.put_email_identity_mail_from_attributes(
        room.call(),
        PutEmailIdentityMailFromAttributesRequest(
            email_identity=name,
            mail_from_domain=domain,
            behavior_on_mx_failure="REJECT_MESSAGE" if reject else "USE_DEFAULT_VALUE",
        ),
    )


async def shown(room: Room, name: str = "example.com") -> MailFromAttributes:
    found = await api_v2.get_email_identity(room.call(), GetEmailIdentityRequest(email_identity=name))
    assert found.mail_from_attributes is not None
    return found.mail_from_attributes


def mail_from(room: Room) -> MailFrom:
    found = stored(room, "example.com").mail_from
    assert found is not None
    return found


async def look(room: Room) -> None:
    await VerificationChecks(room.ports, room.settings).check_due()


@pytest.fixture
async def waiting(room: Room) -> Room:
    """A room in dns mode where bounce.example.com waits."""
    room.configure(account={"verification": "dns"})
    await make(room, "example.com")
    await put(room, "Bounce.example.com", reject=True)
    return room


async def test_one_mx_record_that_is_ours_makes_it_work(waiting: Room) -> None:
    assert await shown(waiting) == MailFromAttributes(
        mail_from_domain="bounce.example.com",
        mail_from_domain_status="PENDING",
        behavior_on_mx_failure="REJECT_MESSAGE",
    )
    waiting.dns.put("bounce.example.com", "MX", HOST)
    await look(waiting)
    assert (await shown(waiting)).mail_from_domain_status == "SUCCESS"
    assert mail_from(waiting).check_at == NOON + AGAIN_AFTER_S


@pytest.mark.parametrize(
    "answer",
    [
        Answer(AnswerStatus.FOUND, (HOST, "20 mx.example.net.")),
        Answer(AnswerStatus.FOUND, ("10 mx.example.net.",)),
        Answer(AnswerStatus.NO_DATA),
        Answer(AnswerStatus.TIMEOUT),
    ],
)
async def test_anything_else_does_not(waiting: Room, answer: Answer) -> None:
    waiting.dns.zones["bounce.example.com", "MX"] = answer
    await look(waiting)
    assert mail_from(waiting).status is Status.PENDING


async def test_it_is_given_up_after_72_hours_and_searched_again_when_set_again(waiting: Room) -> None:
    while (due := mail_from(waiting).check_at) is not None:
        waiting.clock.time = due
        await look(waiting)
    assert mail_from(waiting).status is Status.FAILED
    assert GIVES_UP_AFTER_S <= waiting.clock.time - NOON <= GIVES_UP_AFTER_S + MAX_GAP_S
    await put(waiting, "bounce.example.com")
    waiting.dns.put("bounce.example.com", "MX", HOST)
    await look(waiting)
    assert mail_from(waiting).status is Status.SUCCESS


async def test_a_record_that_went_is_a_temporary_failure(waiting: Room) -> None:
    waiting.dns.put("bounce.example.com", "MX", HOST)
    await look(waiting)
    waiting.dns.zones.clear()
    waiting.clock.time = NOON + AGAIN_AFTER_S
    await look(waiting)
    assert mail_from(waiting).status is Status.TEMPORARY_FAILURE


async def test_the_same_domain_again_keeps_its_state(room: Room) -> None:
    await make(room, "example.com")
    await put(room, "bounce.example.com")
    assert mail_from(room).status is Status.SUCCESS
    room.configure(account={"verification": "dns"})
    await put(room, "bounce.example.com", reject=True)
    assert (mail_from(room).status, mail_from(room).reject_on_mx_failure) == (Status.SUCCESS, True)


@pytest.mark.parametrize("nothing", [None, ""])
async def test_none_goes_back_to_the_default(room: Room, nothing: str | None) -> None:
    await make(room, "example.com")
    await put(room, "bounce.example.com")
    await put(room, nothing)
    assert stored(room, "example.com").mail_from is None


@pytest.mark.parametrize("domain", ["example.com", "bounce.example.org", "notexample.com"])
async def test_it_must_lie_below_the_identity(room: Room, domain: str) -> None:
    await make(room, "example.com")
    text = f"Provided MAIL-FROM domain <{domain}> is not subdomain of the domain of the identity <example.com>."
    error = await refused(put(room, domain))
    assert (error.code, error.message) == ("BadRequestException", text)
    request = ses.SetIdentityMailFromDomainRequest(identity="example.com", mail_from_domain=domain)
    error = await refused(api_v1_attributes.set_identity_mail_from_domain(room.call(), request))
    assert (error.code, error.message) == ("InvalidParameterValue", text)


async def test_no_identity_no_mail_from(room: Room) -> None:
    error = await refused(put(room, "b.example.com"))
    assert (error.code, error.status) == ("NotFoundException", 404)
    assert (await refused(put(room, "no domain"))).code == "NotFoundException"
    await make(room, "example.com")
    assert (await refused(put(room, "no domain"))).message == "MAIL-FROM domain <no domain> is not a valid domain."


async def test_an_address_takes_that_of_its_domain_unless_it_has_its_own(room: Room) -> None:
    await make(room, "example.com")
    await make(room, "a@example.com")
    await put(room, "bounce.example.com")

    def used(sender: str) -> str | None:
        found = room.transact(lambda s: identities.find_sending_identity(s, ACCOUNT, REGION, parse_address(sender)))
        return None if found is None or found.mail_from is None else found.mail_from.domain

    assert (used("a@example.com"), used("b@example.com")) == ("bounce.example.com", "bounce.example.com")
    await put(room, "own.example.com", "a@example.com")
    assert (used("a@example.com"), used("b@example.com")) == ("own.example.com", "bounce.example.com")
