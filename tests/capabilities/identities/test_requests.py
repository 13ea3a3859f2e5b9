"""The mail that asks the owner of a new address, and what its link does."""

from __future__ import annotations

import pytest

from hatobin.capabilities import identities, queue
from hatobin.capabilities.identities import Opened, Status, api_v1, api_v2
from hatobin.capabilities.identities.links import LINK_LIFE_S, MAX_LIVE_LINKS
from hatobin.capabilities.queue import MessageKey
from hatobin.gateway.models import ses
from hatobin.gateway.models.sesv2 import DeleteEmailIdentityRequest
from tests.capabilities.identities.domains import make, stored
from tests.capabilities.rooms import NOON, Room

ADDRESS = "Ann@example.com"


@pytest.fixture
def asking(room: Room) -> Room:
    """A room where owners of addresses are asked."""
    room.configure(account={"verification": "dns"}, service={"public_http": "http://ses.example.net"})
    return room


def mails(room: Room) -> list[str]:
    """Give the queued mails, oldest first."""
    rows = room.transact(
        lambda s: s.execute("SELECT account_id, region, message_id FROM queue_message ORDER BY message_id")
    )
    bodies = room.transact(lambda s: [queue.body(s, MessageKey(*row))[0] for row in rows])
    return [(body or b"").decode() for body in bodies]


def token(mail: str) -> str:
    [line] = [line for line in mail.splitlines() if line.startswith("http://ses.example.net/verify/")]
    return line.rpartition("/")[2]


def follow(room: Room, text: str) -> Opened:
    return room.transact(lambda s: identities.open_link(s, text, room.clock.now()))


async def test_the_link_in_the_mail_verifies_the_address(asking: Room) -> None:
    await make(asking, ADDRESS)
    assert stored(asking, ADDRESS).status is Status.PENDING
    [mail] = mails(asking)
    assert "\r\nTo: Ann@example.com\r\n" in mail
    assert "From: no-reply@hatobin.localhost\r\n" in mail
    followed = follow(asking, token(mail))
    assert followed == Opened(verified=True, address=ADDRESS, redirect=None)
    assert stored(asking, ADDRESS).verified
    assert follow(asking, token(mail)) == followed, "people click twice"


async def test_a_link_is_over_after_24_hours(asking: Room) -> None:
    await make(asking, ADDRESS)
    [mail] = mails(asking)
    asking.clock.time = NOON + LINK_LIFE_S + 1
    assert not follow(asking, token(mail)).verified
    assert not stored(asking, ADDRESS).verified


async def test_asking_again_sends_another_mail_and_both_links_work(asking: Room) -> None:
    request = ses.VerifyEmailIdentityRequest(email_address=ADDRESS)
    await api_v1.verify_email_identity(asking.call(), request)
    asking.clock.time += 1
    await api_v1.verify_email_identity(asking.call(), request)
    first, second = mails(asking)
    assert token(first) != token(second)
    assert follow(asking, token(second)).verified
    assert follow(asking, token(first)).verified
    await api_v1.verify_email_identity(asking.call(), request)
    assert len(mails(asking)) == 2, "who is verified is not asked"


async def test_nobody_is_flooded(asking: Room) -> None:
    for _ in range(MAX_LIVE_LINKS + 5):
        asking.clock.time += 1
        await api_v1.verify_email_address(asking.call(), ses.VerifyEmailAddressRequest(email_address=ADDRESS))
    assert len(mails(asking)) == MAX_LIVE_LINKS


async def test_a_made_up_token_does_nothing(asking: Room) -> None:
    await make(asking, ADDRESS)
    [mail] = mails(asking)
    row = asking.transact(lambda s: s.one("SELECT digest FROM verification_links"))
    assert row is not None
    for wrong in (token(mail)[:-1], "", row[0]):  # What the store keeps is no token.
        assert follow(asking, wrong) == Opened(verified=False, address=None, redirect=None)


async def test_the_link_of_a_deleted_identity_does_not_verify_its_successor(asking: Room) -> None:
    await make(asking, ADDRESS)
    [mail] = mails(asking)
    await api_v2.delete_email_identity(asking.call(), DeleteEmailIdentityRequest(email_identity=ADDRESS))
    await make(asking, ADDRESS)
    assert not follow(asking, token(mail)).verified
    assert not stored(asking, ADDRESS).verified


async def test_a_link_verifies_in_its_own_region_only(asking: Room) -> None:
    await make(asking, ADDRESS)
    [mail] = mails(asking)
    await make(asking, ADDRESS, region="ap-northeast-1")
    follow(asking, token(mail))
    assert not stored(asking, ADDRESS, "ap-northeast-1").verified


async def test_domains_and_instant_rooms_get_no_mail(room: Room) -> None:
    await make(room, ADDRESS)
    room.configure(account={"verification": "dns"})
    await make(room, "example.com")
    assert mails(room) == []
