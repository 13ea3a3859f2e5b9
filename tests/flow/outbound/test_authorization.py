"""What a sender may send: its own policies, those of the identities, and both across accounts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from hatobin.app.tagged import tagged_kinds
from hatobin.capabilities.configuration_sets import api_v2 as sets_v2
from hatobin.capabilities.identities import api_v2_attributes, api_v2_policies
from hatobin.capabilities.tags import TaggedKinds
from hatobin.capabilities.tags import api_v2 as tags_v2
from hatobin.flow.outbound.accept import Acceptor
from hatobin.flow.outbound.delegation import BadIdentityArn, read_delegations
from hatobin.flow.outbound.draft import Draft, RenderedContent
from hatobin.flow.outbound.refusals import AccessDenied, NotVerified
from hatobin.gateway import Principal, Services, permissions_of
from hatobin.gateway.models import sesv2
from hatobin.protocols.mail.rewrite import read_message
from hatobin.words.address import parse_address
from hatobin.words.settings import Account, Settings
from tests.simulation.server import ACCOUNT, REGION, World, draft

OTHER = "210987654321"
SITE = f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/example.com"
SET = f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/main"
TEMPLATE = f"arn:aws:ses:{REGION}:{ACCOUNT}:template/welcome"
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"


def allow(actions: Any, resources: Any = "*", **rest: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources} | rest


def asked(one: Draft, *statements: dict[str, Any], account_id: str = ACCOUNT, **changes: Any) -> Draft:
    """A draft of the user ann, who has these statements as her policy."""
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    origin = replace(
        one.origin,
        principal=Principal(account_id, "AKIAANN", ANN.replace(ACCOUNT, account_id), "ann", "AIDAANN"),
        permissions=permissions_of((text,)) if statements else permissions_of(()),
        **{name: changes.pop(name) for name in ("source_ip", "tls_version", "api_version") if name in changes},
    )
    return replace(one, origin=origin, **changes)


@pytest.fixture(params=[Settings()])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    world = World(settings=request.param)
    outbound = await world.start()
    world.acceptor = outbound.acceptor  # type: ignore[attr-defined]
    await world.verify("example.com")
    yield world
    await world.kill(outbound)


async def accept(world: World, one: Draft) -> None:
    acceptor: Acceptor = world.acceptor  # type: ignore[attr-defined]
    await acceptor.accept(one)


async def denied(world: World, one: Draft, action: str, resource: str) -> None:
    with pytest.raises(AccessDenied) as caught:
        await accept(world, one)
    arn = one.origin.principal.arn
    assert caught.value.text == f"User `{arn}' is not authorized to perform `{action}' on resource `{resource}'"


async def put_policy(world: World, *statements: dict[str, Any], account_id: str = ACCOUNT) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    request = sesv2.CreateEmailIdentityPolicyRequest(email_identity="example.com", policy_name="p", policy=text)
    call = world._call()
    call = replace(call, principal=replace(call.principal, account_id=account_id))
    await api_v2_policies.create_email_identity_policy(call, request)


async def make_set(world: World) -> None:
    request = sesv2.CreateConfigurationSetRequest(configuration_set_name="main")
    await sets_v2.create_configuration_set(world._call(), request)


async def tag(world: World, arn: str) -> None:
    call = replace(world._call(), services=Services({TaggedKinds: tagged_kinds()}))
    request = sesv2.TagResourceRequest(resource_arn=arn, tags=[sesv2.Tag(key="Team", value="mail")])
    await tags_v2.tag_resource(call, request)


async def make_default(world: World) -> None:
    request = sesv2.PutEmailIdentityConfigurationSetAttributesRequest(
        email_identity="example.com", configuration_set_name="main"
    )
    await api_v2_attributes.put_email_identity_configuration_set_attributes(world._call(), request)


def raw(header: str) -> RenderedContent:
    return RenderedContent(read_message(f"{header}\r\nTo: a@b.example\r\n\r\nHello\r\n".encode()))


async def test_nothing_is_allowed_without_a_policy(world: World) -> None:
    await denied(world, asked(draft("a@b.example")), "ses:SendEmail", SITE)


async def test_the_identity_that_answers_is_the_resource(world: World) -> None:
    await accept(world, asked(draft("a@b.example"), allow("ses:SendEmail", SITE)))
    await denied(world, asked(draft("a@b.example"), allow("ses:SendEmail", SITE + ".x")), "ses:SendEmail", SITE)


async def test_without_an_identity_the_address_is_the_resource(world: World) -> None:
    stranger = replace(draft("a@b.example"), senders=(parse_address("x@y.example"),), source="x@y.example")
    arn = SITE.replace("example.com", "x@y.example")
    await denied(world, asked(stranger, allow("ses:SendEmail", SITE)), "ses:SendEmail", arn)
    with pytest.raises(NotVerified):
        await accept(world, asked(stranger, allow("ses:SendEmail")))


async def test_an_address_of_its_own_comes_before_its_domain(world: World) -> None:
    await world.verify("sender@example.com")
    arn = SITE.replace("example.com", "sender@example.com")
    await denied(world, asked(draft("a@b.example"), allow("ses:SendEmail", SITE)), "ses:SendEmail", arn)


async def test_a_configuration_set_is_checked_before_it_is_looked_for(world: World) -> None:
    one = draft("a@b.example", configuration_set="main")
    await denied(world, asked(one, allow("ses:SendEmail", SITE)), "ses:SendEmail", SET)
    await make_set(world)
    await accept(world, asked(one, allow("ses:SendEmail", [SITE, SET])))


async def test_an_identitys_default_set_is_checked_as_well(world: World) -> None:
    await make_set(world)
    await make_default(world)
    await denied(world, asked(draft("a@b.example"), allow("ses:SendEmail", SITE)), "ses:SendEmail", SET)


async def test_a_template_is_checked(world: World) -> None:
    way = (("ses:SendTemplatedEmail",),)
    one = replace(draft("a@b.example"), template="welcome", actions=way)
    await denied(world, asked(one, allow("ses:SendTemplatedEmail", SITE)), "ses:SendTemplatedEmail", TEMPLATE)
    await accept(world, asked(one, allow("ses:SendTemplatedEmail", [SITE, TEMPLATE])))


async def test_a_way_wants_all_its_actions_and_one_way_is_enough(world: World) -> None:
    ways = (("ses:SendBulkEmail", "ses:SendBulkTemplatedEmail"), ("ses:SendTemplatedEmail",))
    one = replace(draft("a@b.example"), actions=ways)
    await denied(world, asked(one, allow("ses:SendBulkEmail")), "ses:SendBulkTemplatedEmail", SITE)
    await denied(world, asked(one, allow("ses:SendEmail")), "ses:SendBulkEmail", SITE)
    await accept(world, asked(one, allow(["ses:SendBulkEmail", "ses:SendBulkTemplatedEmail"])))
    await accept(world, asked(one, allow("ses:SendTemplatedEmail")))
    deny = {"Effect": "Deny", "Action": "ses:SendBulkEmail", "Resource": "*"}
    await denied(world, asked(one, allow("*"), deny), "ses:SendBulkEmail", SITE)


@pytest.mark.parametrize(
    ("operator", "key", "value", "allowed"),
    [
        ("StringLike", "ses:FromAddress", "sender@*", True),
        ("StringEquals", "ses:FromAddress", "SENDER@Example.com", True),
        ("StringEquals", "ses:FromAddress", "other@example.com", False),
        ("StringEquals", "ses:FromDisplayName", "Grüße", True),
        ("StringEquals", "ses:FromDisplayName", "Sender", False),
        ("ForAllValues:StringLike", "ses:Recipients", "*@b.example", True),
        ("ForAllValues:StringLike", "ses:Recipients", "*@c.example", False),
        ("StringEquals", "ses:FeedbackAddress", "bounces@example.com", True),
        ("StringEquals", "ses:ApiVersion", "2", True),
        ("StringEquals", "ses:ApiVersion", "1", False),
        ("IpAddress", "aws:SourceIp", "127.0.0.0/8", True),
        ("Bool", "aws:SecureTransport", "true", False),
        ("DateLessThan", "aws:CurrentTime", "1970-01-02T00:00:00Z", True),
        ("DateGreaterThan", "aws:CurrentTime", "1970-01-02T00:00:00Z", False),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:user/a*", True),
        ("StringEquals", "aws:username", "ann", True),
        ("StringEquals", "aws:RequestedRegion", REGION, True),
    ],
)
async def test_what_a_condition_may_ask(world: World, operator: str, key: str, value: str, allowed: bool) -> None:
    content = raw("From: =?utf-8?q?Gr=C3=BC=C3=9Fe?= <sender@example.com>")
    one = asked(
        replace(draft("a@b.example", "c@b.example"), content=content, return_path="bounces@example.com"),
        allow("ses:SendEmail", Condition={operator: {key: value}}),
        api_version="2",
    )
    if allowed:
        await accept(world, one)
    else:
        await denied(world, one, "ses:SendEmail", SITE)


async def test_every_from_address_is_asked_about(world: World) -> None:
    """Naming an allowed source beside a From that is not allowed does not help."""
    content = raw("From: boss@example.com")
    senders = (parse_address("boss@example.com"), parse_address("ann@example.com"))
    one = replace(draft("a@b.example"), content=content, senders=senders, source="ann@example.com")
    mine = allow("ses:SendEmail", Condition={"StringEquals": {"ses:FromAddress": "ann@example.com"}})
    await denied(world, asked(one, mine), "ses:SendEmail", SITE)
    both = allow("ses:SendEmail", Condition={"StringLike": {"ses:FromAddress": "*@example.com"}})
    await accept(world, asked(one, both))


async def test_a_set_is_asked_about_with_every_from_address(world: World) -> None:
    await make_set(world)
    content = raw("From: boss@example.com")
    senders = (parse_address("boss@example.com"), parse_address("ann@example.com"))
    one = replace(
        draft("a@b.example", configuration_set="main"), content=content, senders=senders, source="ann@example.com"
    )
    for mine in ("ann@example.com", "boss@example.com"):
        with_set = allow("ses:SendEmail", SET, Condition={"StringEquals": {"ses:FromAddress": mine}})
        await denied(world, asked(one, allow("ses:SendEmail", SITE), with_set), "ses:SendEmail", SET)


async def test_an_identitys_policy_that_denies_one_way_denies_all(world: World) -> None:
    await put_policy(world, allow("ses:SendBulkEmail", SITE, Principal="*") | {"Effect": "Deny"})
    ways = (("ses:SendBulkEmail", "ses:SendBulkTemplatedEmail"), ("ses:SendTemplatedEmail",))
    one = replace(draft("a@b.example"), actions=ways)
    await denied(world, asked(one, allow("*")), "ses:SendBulkEmail", SITE)


async def test_one_call_is_asked_about_all_its_recipients(world: World) -> None:
    one = replace(draft("a@b.example"), all_recipients=(parse_address("a@b.example"), parse_address("x@y.example")))
    only = allow("ses:SendEmail", Condition={"ForAllValues:StringLike": {"ses:Recipients": "*@b.example"}})
    await denied(world, asked(one, only), "ses:SendEmail", SITE)


@pytest.mark.parametrize("world", [Settings(account=Account(sandbox=True, verification="instant"))], indirect=True)
async def test_in_the_sandbox_recipients_are_resources_too(world: World) -> None:
    await world.verify("friend@b.example")
    arn = SITE.replace("example.com", "friend@b.example")
    await denied(world, asked(draft("friend@b.example"), allow("ses:SendEmail", SITE)), "ses:SendEmail", arn)
    await accept(world, asked(draft("friend@b.example"), allow("ses:SendEmail", [SITE, arn])))


@pytest.mark.parametrize("world", [Settings(account=Account(sandbox=True, verification="instant"))], indirect=True)
async def test_the_simulator_is_no_resource(world: World) -> None:
    await accept(world, asked(draft("success@simulator.amazonses.com"), allow("ses:SendEmail", SITE)))


async def test_an_identitys_policy_denies_even_who_may_do_everything(world: World) -> None:
    condition = {"StringNotLike": {"ses:FromAddress": "news@*"}}
    await put_policy(
        world, {"Effect": "Deny", "Principal": "*", "Action": "ses:*", "Resource": SITE, "Condition": condition}
    )
    await denied(world, asked(draft("a@b.example"), allow("*")), "ses:SendEmail", SITE)
    with pytest.raises(AccessDenied):
        await accept(world, draft("a@b.example"))
    news = replace(draft("a@b.example"), senders=(parse_address("news@example.com"),), source="news@example.com")
    await accept(world, news)


async def test_an_identitys_policy_lets_a_user_of_the_account_send(world: World) -> None:
    await put_policy(world, allow("ses:SendEmail", SITE, Principal={"AWS": ANN}))
    await accept(world, asked(draft("a@b.example")))
    await denied(
        world, asked(draft("a@b.example", configuration_set="main")), "ses:SendEmail", SET
    )  # The policy speaks of the identity alone.


async def test_a_policy_that_names_the_account_leaves_it_to_the_accounts_policies(world: World) -> None:
    await put_policy(world, allow("ses:SendEmail", SITE, Principal={"AWS": ACCOUNT}))
    await denied(world, asked(draft("a@b.example")), "ses:SendEmail", SITE)


async def test_another_account_sends_where_both_sides_allow_it(world: World) -> None:
    guest = asked(draft("a@b.example"), allow("ses:SendEmail"), account_id=OTHER, delegations=read_delegations(SITE))
    await denied(world, guest, "ses:SendEmail", SITE)
    await put_policy(world, allow("ses:SendEmail", SITE, Principal={"AWS": OTHER}))
    await accept(world, guest)
    await denied(world, asked(guest, account_id=OTHER), "ses:SendEmail", SITE)
    with pytest.raises(NotVerified):  # It has to say whose identity it means.
        await accept(world, replace(guest, delegations=()))


async def test_an_arn_that_does_not_cover_the_sender_opens_nothing(world: World) -> None:
    await put_policy(world, allow("ses:SendEmail", SITE, Principal={"AWS": OTHER}))
    stranger = replace(draft("a@b.example"), senders=(parse_address("x@y.example"),), source="x@y.example")
    guest = asked(stranger, allow("ses:SendEmail"), account_id=OTHER, delegations=read_delegations(SITE))
    with pytest.raises(NotVerified):
        await accept(world, guest)


async def test_an_identity_in_another_region_opens_nothing(world: World) -> None:
    await put_policy(world, allow("ses:SendEmail", SITE, Principal={"AWS": OTHER}))
    elsewhere = read_delegations(SITE.replace(REGION, "eu-west-3"))
    with pytest.raises(NotVerified):
        await accept(
            world, asked(draft("a@b.example"), allow("ses:SendEmail"), account_id=OTHER, delegations=elsewhere)
        )


async def test_the_owners_default_set_is_not_the_guests(world: World) -> None:
    await make_set(world)
    await make_default(world)
    await put_policy(world, allow("ses:SendEmail", SITE, Principal={"AWS": OTHER}))
    guest = asked(
        draft("a@b.example"), allow("ses:SendEmail", SITE), account_id=OTHER, delegations=read_delegations(SITE)
    )
    await accept(world, guest)
    assert world.count("SELECT count(*) FROM queue_message WHERE configuration_set IS NOT NULL") == 0


@pytest.mark.parametrize("text", ["example.com", "arn:aws:sns:r:1:identity/x", "arn:aws:ses:r:1:template/x", "arn:aws"])
def test_what_is_no_arn_of_an_identity(text: str) -> None:
    with pytest.raises(BadIdentityArn, match="Invalid identity ARN"):
        read_delegations(text)


def test_arns_are_read_once_each() -> None:
    assert [str(arn) for arn in read_delegations(None, "", SITE, SITE)] == [SITE]


async def test_a_condition_asks_about_the_tags_of_each_resource(world: World) -> None:
    await make_set(world)
    tagged = allow("ses:SendEmail", Condition={"StringEquals": {"aws:ResourceTag/Team": "mail"}})
    one = draft("a@b.example", configuration_set="main")
    await denied(world, asked(one, tagged), "ses:SendEmail", SITE)
    await tag(world, SITE)
    await denied(world, asked(one, tagged), "ses:SendEmail", SET)
    await tag(world, SET)
    await accept(world, asked(one, tagged))
