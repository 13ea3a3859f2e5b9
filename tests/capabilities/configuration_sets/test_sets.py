"""Configuration sets: every block comes back, and what a send reads off them."""

from __future__ import annotations

from typing import Any

import pytest

from hatobin.capabilities import configuration_sets
from hatobin.capabilities.configuration_sets import ConfigurationSet, Options, api_v2
from hatobin.gateway.models import sesv2
from hatobin.gateway.models.sesv2 import (
    CreateConfigurationSetRequest,
    DeleteConfigurationSetRequest,
    DeliveryOptions,
    GetConfigurationSetRequest,
    GetConfigurationSetResponse,
    ListConfigurationSetsRequest,
    SuppressionOptions,
    Tag,
    TrackingOptions,
)
from tests.capabilities.identities.domains import make
from tests.capabilities.rooms import ACCOUNT, NOON, OTHER_REGION, REGION, Room, refused

BLOCKS: list[dict[str, Any]] = [
    {},
    {"delivery_options": DeliveryOptions(tls_policy="REQUIRE", max_delivery_seconds=3600)},
    {"reputation_options": sesv2.ReputationOptions(reputation_metrics_enabled=True, last_fresh_start=NOON)},
    {"sending_options": sesv2.SendingOptions(sending_enabled=False)},
    {"suppression_options": SuppressionOptions(suppressed_reasons=[])},
    {"suppression_options": SuppressionOptions(suppressed_reasons=["COMPLAINT"], suppression_scope="ACCOUNT")},
    {
        "vdm_options": sesv2.VdmOptions(
            dashboard_options=sesv2.DashboardOptions(engagement_metrics="ENABLED"),
            guardian_options=sesv2.GuardianOptions(optimized_shared_delivery="DISABLED"),
        )
    },
    {"archiving_options": sesv2.ArchivingOptions()},
    {
        "message_security_options": sesv2.MessageSecurityOptions(
            signing_scheme=sesv2.SigningScheme(smime_scheme=sesv2.SmimeSigningScheme(signature_format="DETACHED"))
        )
    },
]


def found(room: Room, name: str) -> ConfigurationSet:
    there = room.transact(lambda s: configuration_sets.find(s, ACCOUNT, REGION, name))
    assert there is not None
    return there


async def create(room: Room, name: str, region: str = REGION, **blocks: Any) -> None:
    await api_v2.create_configuration_set(
        room.call(region=region),
        CreateConfigurationSetRequest(configuration_set_name=name, **blocks),
    )


async def shown(room: Room, name: str) -> GetConfigurationSetResponse:
    return await api_v2.get_configuration_set(room.call(), GetConfigurationSetRequest(configuration_set_name=name))


@pytest.mark.parametrize("blocks", BLOCKS, ids=lambda blocks: "+".join(blocks) or "none")
async def test_blocks_come_back_and_absent_stays_absent(room: Room, blocks: dict[str, Any]) -> None:
    await create(room, "cs", **blocks)
    assert await shown(room, "cs") == GetConfigurationSetResponse(configuration_set_name="cs", tags=[], **blocks)


async def test_tags_come_back(room: Room) -> None:
    await create(room, "cs", tags=[Tag(key="k", value="v")])
    assert (await shown(room, "cs")).tags == [Tag(key="k", value="v")]


async def test_a_bare_set_has_the_defaults_of_a_send(room: Room) -> None:
    await create(room, "cs")
    plain = found(room, "cs")
    assert plain.arn == f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/cs"
    assert (plain.sending_enabled, plain.tls_policy, plain.max_delivery_s) == (True, "OPTIONAL", None)
    assert (plain.suppressed_reasons, plain.redirect_domain, plain.destinations) == (None, None, ())


async def test_a_send_reads_the_blocks(room: Room) -> None:
    await create(
        room,
        "cs",
        delivery_options=DeliveryOptions(tls_policy="REQUIRE", max_delivery_seconds=300),
        sending_options=sesv2.SendingOptions(sending_enabled=False),
        suppression_options=SuppressionOptions(suppressed_reasons=[]),
    )
    strict = found(room, "cs")
    assert (strict.sending_enabled, strict.tls_policy, strict.max_delivery_s) == (False, "REQUIRE", 300)
    assert strict.suppressed_reasons == ()


async def test_a_tracking_domain_must_be_a_verified_identity(room: Room) -> None:
    tracking = TrackingOptions(custom_redirect_domain="links.example.com", https_policy="REQUIRE")
    error = await refused(create(room, "cs", tracking_options=tracking))
    assert error.message == "Domain <links.example.com> is not verified under this account."
    await make(room, "links.example.com")
    await create(room, "cs", tracking_options=tracking)
    assert (await shown(room, "cs")).tracking_options == tracking
    assert (found(room, "cs").redirect_domain, found(room, "cs").https_policy) == ("links.example.com", "REQUIRE")


@pytest.mark.parametrize(
    ("name", "blocks", "text"),
    [
        ("", {}, "ConfigurationSetName is required."),
        (
            "a b",
            {},
            "Invalid configuration set name <a b>: only alphanumeric ASCII characters, '_', and '-' are allowed.",
        ),
        ("x" * 65, {}, "Configuration set name cannot exceed 64 characters."),
        (
            "cs",
            {"tracking_options": TrackingOptions(custom_redirect_domain=" ")},
            "CustomRedirectDomain must be specified.",
        ),
        ("cs", {"delivery_options": DeliveryOptions(sending_pool_name="p")}, "SendingPool <p> doesn't exist"),
        ("cs", {"delivery_options": DeliveryOptions(sending_pool_name="")}, "sendingPoolName can't be blank."),
    ],
)
async def test_what_cannot_be_a_set_is_refused(room: Room, name: str, blocks: dict[str, Any], text: str) -> None:
    error = await refused(create(room, name, **blocks))
    assert (error.code, error.message) == ("BadRequestException", text)


async def test_a_taken_name_is_refused_in_its_region_only(room: Room) -> None:
    await create(room, "cs")
    error = await refused(create(room, "cs"))
    assert (error.code, error.message) == ("AlreadyExistsException", "Configuration set cs already exists.")
    await create(room, "cs", region=OTHER_REGION)
    await create(room, "CS")


async def test_a_missing_set_is_named_by_each_door(room: Room) -> None:
    error = await refused(shown(room, "none"))
    assert (error.code, error.status) == ("NotFoundException", 404)
    assert error.message == "Configuration set <none> does not exist."
    v1 = configuration_sets.does_not_exist("none", "ses")
    assert (v1.code, v1.status, v1.message) == ("ConfigurationSetDoesNotExist", 400, error.message)
    gone = await refused(
        api_v2.delete_configuration_set(room.call(), DeleteConfigurationSetRequest(configuration_set_name="none"))
    )
    assert gone.message == error.message


def test_a_paused_set_is_named_by_each_door() -> None:
    v1, v2 = (configuration_sets.sending_paused("cs", service) for service in ("ses", "sesv2"))
    assert (v1.code, v2.code) == ("ConfigurationSetSendingPausedException", "SendingPausedException")
    assert v1.message == v2.message == "Sending is paused for configuration set cs"


async def names(room: Room, request: ListConfigurationSetsRequest) -> tuple[list[str], str | None]:
    answer = await api_v2.list_configuration_sets(room.call(), request)
    return answer.configuration_sets or [], answer.next_token


async def test_sets_are_listed_by_name_and_by_part(room: Room) -> None:
    for name in ("news-b", "news-a", "mail_1", "mailx1"):
        room.transact(lambda s, n=name: configuration_sets.insert(s, ACCOUNT, REGION, n, Options(), NOON))
    first, token = await names(room, ListConfigurationSetsRequest(page_size=3))
    rest, end = await names(room, ListConfigurationSetsRequest(next_token=token))
    assert (first, rest, end) == (["mail_1", "mailx1", "news-a"], ["news-b"], None)
    part: dict[sesv2.ConfigurationSetFilterKey, str] = {"CONFIGURATION_SET_NAME_CONTAINS": "L_1"}
    found_names, _ = await names(room, ListConfigurationSetsRequest(filter=part))
    assert found_names == ["mail_1"]
    bound = await refused(names(room, ListConfigurationSetsRequest(filter=part, next_token=token)))
    assert bound.message == f"invalid nextToken {token}"


@pytest.mark.parametrize("part", ["ab", "x" * 65])
async def test_a_part_has_a_length(room: Room, part: str) -> None:
    request = ListConfigurationSetsRequest(filter={"CONFIGURATION_SET_NAME_CONTAINS": part})
    error = await refused(names(room, request))
    assert error.message == "CONFIGURATION_SET_NAME_CONTAINS must be between 3 and 64 characters"
