"""Single blocks of a configuration set, changed through either door."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from hatobin.capabilities import configuration_sets
from hatobin.capabilities.configuration_sets import Options, api_v1, api_v1_options, api_v2, api_v2_options
from hatobin.gateway.models import ses, sesv2
from tests.capabilities.identities.domains import make
from tests.capabilities.rooms import ACCOUNT, NOON, OTHER_ACCOUNT, OTHER_REGION, REGION, Room, refused

ARCHIVE = f"arn:aws:ses:{REGION}:{ACCOUNT}:mailmanager-archive/a-{'x' * 24}"
CHECKED = sesv2.SuppressionValidationOptions(
    condition_threshold=sesv2.SuppressionConditionThreshold(
        condition_threshold_enabled="ENABLED",
        overall_confidence_threshold=sesv2.SuppressionConfidenceThreshold(confidence_verdict_threshold="HIGH"),
    )
)
DETACHED = sesv2.MessageSecurityOptions(
    signing_scheme=sesv2.SigningScheme(smime_scheme=sesv2.SmimeSigningScheme(signature_format="DETACHED"))
)
VDM = sesv2.VdmOptions(dashboard_options=sesv2.DashboardOptions(engagement_metrics="ENABLED"))


@pytest.fixture
async def made(room: Room) -> Room:
    """A room with the empty sets "cs" here and elsewhere."""
    for account_id, region in ((ACCOUNT, REGION), (OTHER_ACCOUNT, REGION), (ACCOUNT, OTHER_REGION)):
        room.transact(lambda s, a=account_id, r=region: configuration_sets.insert(s, a, r, "cs", Options(), NOON))
    return room


async def put(room: Room, block: str, *, name: str = "cs", **members: Any) -> None:
    """Call the Put operation of a block."""
    request = getattr(sesv2, f"PutConfigurationSet{block}OptionsRequest")
    operation = getattr(api_v2_options, f"put_configuration_set_{block.lower()}_options")
    await operation(room.call(), request(configuration_set_name=name, **members))


async def shown(room: Room, **where: str) -> dict[str, Any]:
    """Give the blocks that GetConfigurationSet shows."""
    answer = await api_v2.get_configuration_set(
        room.call(**where), sesv2.GetConfigurationSetRequest(configuration_set_name="cs")
    )
    blocks = msgspec.structs.asdict(answer)
    return {
        member: value
        for member, value in blocks.items()
        if value is not None and member not in ("configuration_set_name", "tags")
    }


@pytest.mark.parametrize(
    ("block", "members", "expected"),
    [
        ("Sending", {"sending_enabled": True}, {"sending_options": sesv2.SendingOptions(sending_enabled=True)}),
        ("Sending", {}, {"sending_options": sesv2.SendingOptions(sending_enabled=False)}),
        (
            "Reputation",
            {"reputation_metrics_enabled": True},
            {"reputation_options": sesv2.ReputationOptions(reputation_metrics_enabled=True)},
        ),
        (
            "Reputation",
            {},
            {"reputation_options": sesv2.ReputationOptions(reputation_metrics_enabled=False)},
        ),
        (
            "Delivery",
            {"tls_policy": "REQUIRE", "sending_pool_name": "ses-shared-pool", "max_delivery_seconds": 300},
            {
                "delivery_options": sesv2.DeliveryOptions(
                    tls_policy="REQUIRE", sending_pool_name="ses-shared-pool", max_delivery_seconds=300
                )
            },
        ),
        (
            "Delivery",
            {"shared_pool_delivery_mode": "REGIONAL"},
            {"delivery_options": sesv2.DeliveryOptions(shared_pool_delivery_mode="REGIONAL")},
        ),
        ("Delivery", {}, {}),
        (
            "Suppression",
            {"suppressed_reasons": ["COMPLAINT", "COMPLAINT"]},
            {"suppression_options": sesv2.SuppressionOptions(suppressed_reasons=["COMPLAINT"])},
        ),
        (
            "Suppression",
            {"suppressed_reasons": []},
            {"suppression_options": sesv2.SuppressionOptions(suppressed_reasons=[])},
        ),
        ("Suppression", {}, {"suppression_options": sesv2.SuppressionOptions(suppressed_reasons=[])}),
        (
            "Suppression",
            {"suppression_scope": "ACCOUNT", "validation_options": CHECKED},
            {"suppression_options": sesv2.SuppressionOptions(suppression_scope="ACCOUNT", validation_options=CHECKED)},
        ),
        ("Vdm", {"vdm_options": VDM}, {"vdm_options": VDM}),
        ("Vdm", {}, {}),
        (
            "Archiving",
            {"archive_arn": ARCHIVE},
            {"archiving_options": sesv2.ArchivingOptions(archive_arn=ARCHIVE)},
        ),
        ("Archiving", {}, {}),
        ("Tracking", {}, {}),
    ],
)
async def test_a_block_is_what_was_put_and_no_other_set_has_it(
    made: Room, block: str, members: dict[str, Any], expected: dict[str, Any]
) -> None:
    await put(made, block, **members)
    assert await shown(made) == expected
    assert await shown(made, account_id=OTHER_ACCOUNT) == {}
    assert await shown(made, region=OTHER_REGION) == {}


async def test_a_put_leaves_the_other_blocks(made: Room) -> None:
    await put(made, "Vdm", vdm_options=VDM)
    await put(made, "Delivery", tls_policy="REQUIRE")
    await put(made, "Archiving", archive_arn=ARCHIVE)
    await put(made, "Archiving")
    assert await shown(made) == {
        "vdm_options": VDM,
        "delivery_options": sesv2.DeliveryOptions(tls_policy="REQUIRE"),
    }


async def test_delivery_is_replaced_but_for_the_mode(made: Room) -> None:
    await put(made, "Delivery", max_delivery_seconds=600, shared_pool_delivery_mode="GLOBAL")
    await put(made, "Delivery", tls_policy="OPTIONAL")
    assert await shown(made) == {
        "delivery_options": sesv2.DeliveryOptions(tls_policy="OPTIONAL", shared_pool_delivery_mode="GLOBAL")
    }


async def test_suppression_keeps_what_is_not_given(made: Room) -> None:
    await put(made, "Suppression", suppressed_reasons=["BOUNCE"])
    await put(made, "Suppression", suppression_scope="TENANT")
    assert await shown(made) == {
        "suppression_options": sesv2.SuppressionOptions(suppressed_reasons=["BOUNCE"], suppression_scope="TENANT")
    }


async def test_resumed_sending_is_a_fresh_start(made: Room) -> None:
    await put(made, "Reputation", reputation_metrics_enabled=True)
    await put(made, "Sending", sending_enabled=True)
    assert (await shown(made))["reputation_options"].last_fresh_start is None
    await put(made, "Sending", sending_enabled=False)
    made.clock.time = NOON + 60
    await api_v1_options.update_configuration_set_sending_enabled(
        made.call(), ses.UpdateConfigurationSetSendingEnabledRequest(configuration_set_name="cs", enabled=True)
    )
    made.clock.time = NOON + 120
    await put(made, "Sending", sending_enabled=True)
    await put(made, "Reputation", reputation_metrics_enabled=False)
    assert (await shown(made))["reputation_options"] == sesv2.ReputationOptions(
        reputation_metrics_enabled=False, last_fresh_start=NOON + 60
    )


async def test_a_redirect_domain_must_be_verified_and_a_policy_needs_one(made: Room) -> None:
    error = await refused(put(made, "Tracking", https_policy="REQUIRE"))
    assert error.message == "CustomRedirectDomain must be specified."
    error = await refused(put(made, "Tracking", custom_redirect_domain=" "))
    assert error.message == "CustomRedirectDomain must be specified."
    error = await refused(put(made, "Tracking", custom_redirect_domain="links.example.com"))
    assert (error.code, error.message) == (
        "BadRequestException",
        "Domain <links.example.com> is not verified under this account.",
    )
    await make(made, "links.example.com")
    await put(made, "Tracking", custom_redirect_domain="links.example.com", https_policy="REQUIRE_OPEN_ONLY")
    assert await shown(made) == {
        "tracking_options": sesv2.TrackingOptions(
            custom_redirect_domain="links.example.com", https_policy="REQUIRE_OPEN_ONLY"
        )
    }
    await put(made, "Tracking", custom_redirect_domain="links.example.com")
    assert (await shown(made))["tracking_options"].https_policy is None
    await put(made, "Tracking")
    assert await shown(made) == {}


async def test_an_update_changes_only_what_it_names(made: Room) -> None:
    async def update(**members: Any) -> None:
        await api_v2_options.update_configuration_set(
            made.call(), sesv2.UpdateConfigurationSetRequest(configuration_set_name="cs", **members)
        )

    await update(message_security_options=DETACHED)
    await update()
    assert await shown(made) == {"message_security_options": DETACHED}


@pytest.mark.parametrize(
    ("block", "members", "text"),
    [
        ("Delivery", {"sending_pool_name": "p"}, "SendingPool <p> doesn't exist"),
        ("Delivery", {"sending_pool_name": " "}, "sendingPoolName can't be blank."),
        (
            "Archiving",
            {"archive_arn": ARCHIVE.replace(ACCOUNT, OTHER_ACCOUNT)},
            f"Archive <{ARCHIVE.replace(ACCOUNT, OTHER_ACCOUNT)}> does not belong to this account and Region.",
        ),
    ],
)
async def test_what_a_block_cannot_be_changes_nothing(
    made: Room, block: str, members: dict[str, Any], text: str
) -> None:
    error = await refused(put(made, block, **members))
    assert (error.code, error.message) == ("BadRequestException", text)
    assert await shown(made) == {}


BLOCKS = ["Sending", "Reputation", "Delivery", "Suppression", "Tracking", "Vdm", "Archiving"]


@pytest.mark.parametrize("block", BLOCKS)
async def test_blocks_of_a_missing_set_and_of_an_impossible_one(room: Room, block: str) -> None:
    error = await refused(put(room, block, name="none"))
    assert (error.code, error.status, error.message) == (
        "NotFoundException",
        404,
        "Configuration set <none> does not exist.",
    )
    error = await refused(put(room, block, name="a b"))
    assert (error.code, error.message) == (
        "BadRequestException",
        "Invalid configuration set name <a b>: only alphanumeric ASCII characters, '_', and '-' are allowed.",
    )


async def test_update_of_a_missing_set(room: Room) -> None:
    request = sesv2.UpdateConfigurationSetRequest(configuration_set_name="none")
    error = await refused(api_v2_options.update_configuration_set(room.call(), request))
    assert (error.code, error.status) == ("NotFoundException", 404)


async def described(room: Room) -> ses.DescribeConfigurationSetResponse:
    return await api_v1.describe_configuration_set(
        room.call(),
        ses.DescribeConfigurationSetRequest(
            configuration_set_name="cs",
            configuration_set_attribute_names=["trackingOptions", "deliveryOptions", "reputationOptions"],
        ),
    )


async def test_v1_switches_are_seen_by_v2(made: Room) -> None:
    call = made.call(service="ses")
    await api_v1_options.update_configuration_set_sending_enabled(
        call, ses.UpdateConfigurationSetSendingEnabledRequest(configuration_set_name="cs", enabled=False)
    )
    await api_v1_options.update_configuration_set_reputation_metrics_enabled(
        call, ses.UpdateConfigurationSetReputationMetricsEnabledRequest(configuration_set_name="cs", enabled=True)
    )
    assert await shown(made) == {
        "sending_options": sesv2.SendingOptions(sending_enabled=False),
        "reputation_options": sesv2.ReputationOptions(reputation_metrics_enabled=True),
    }
    assert (await described(made)).reputation_options == ses.ReputationOptions(
        sending_enabled=False, reputation_metrics_enabled=True
    )


async def test_v1_changes_only_the_tls_policy(made: Room) -> None:
    async def put_by_v1(options: ses.DeliveryOptions | None) -> None:
        await api_v1_options.put_configuration_set_delivery_options(
            made.call(service="ses"),
            ses.PutConfigurationSetDeliveryOptionsRequest(configuration_set_name="cs", delivery_options=options),
        )

    await put_by_v1(ses.DeliveryOptions(tls_policy="Require"))
    assert (await described(made)).delivery_options == ses.DeliveryOptions(tls_policy="Require")
    await put(made, "Delivery", tls_policy="REQUIRE", max_delivery_seconds=900)
    await put_by_v1(ses.DeliveryOptions(tls_policy="Optional"))
    assert await shown(made) == {
        "delivery_options": sesv2.DeliveryOptions(tls_policy="OPTIONAL", max_delivery_seconds=900)
    }
    await put(made, "Delivery", tls_policy="REQUIRE")
    await put_by_v1(None)
    assert await shown(made) == {}


Tracked = Callable[[Room, str | None], Awaitable[object]]


async def create_tracking(room: Room, domain: str | None, name: str = "cs") -> None:
    await api_v1_options.create_configuration_set_tracking_options(
        room.call(service="ses"),
        ses.CreateConfigurationSetTrackingOptionsRequest(
            configuration_set_name=name, tracking_options=ses.TrackingOptions(custom_redirect_domain=domain)
        ),
    )


async def update_tracking(room: Room, domain: str | None, name: str = "cs") -> None:
    await api_v1_options.update_configuration_set_tracking_options(
        room.call(service="ses"),
        ses.UpdateConfigurationSetTrackingOptionsRequest(
            configuration_set_name=name, tracking_options=ses.TrackingOptions(custom_redirect_domain=domain)
        ),
    )


async def delete_tracking(room: Room, name: str = "cs") -> None:
    await api_v1_options.delete_configuration_set_tracking_options(
        room.call(service="ses"), ses.DeleteConfigurationSetTrackingOptionsRequest(configuration_set_name=name)
    )


async def test_v1_makes_changes_and_deletes_tracking(made: Room) -> None:
    for domain in ("one.example.com", "two.example.com"):
        await make(made, domain)
    for missing in (await refused(update_tracking(made, "one.example.com")), await refused(delete_tracking(made))):
        assert (missing.code, missing.message) == (
            "TrackingOptionsDoesNotExistException",
            "There are no tracking options for configuration set <cs>",
        )
    await create_tracking(made, "one.example.com")
    taken = await refused(create_tracking(made, "two.example.com"))
    assert (taken.code, taken.message) == (
        "TrackingOptionsAlreadyExistsException",
        "Configuration set <cs> already has tracking options.",
    )
    await put(made, "Tracking", custom_redirect_domain="one.example.com", https_policy="REQUIRE")
    await update_tracking(made, "two.example.com")
    assert (await described(made)).tracking_options == ses.TrackingOptions(custom_redirect_domain="two.example.com")
    assert (await shown(made))["tracking_options"].https_policy == "REQUIRE"
    await delete_tracking(made)
    assert await shown(made) == {}


@pytest.mark.parametrize("operation", [create_tracking, update_tracking])
@pytest.mark.parametrize(
    ("domain", "text"),
    [
        (None, "At least one field of TrackingOptions must contain a value."),
        (" ", "At least one field of TrackingOptions must contain a value."),
        ("no.example.com", "Domain <no.example.com> is not verified under this account."),
    ],
)
async def test_v1_names_a_wrong_redirect_domain(made: Room, operation: Tracked, domain: str | None, text: str) -> None:
    error = await refused(operation(made, domain))
    assert (error.code, error.message) == ("InvalidTrackingOptions", text)


async def test_v1_names_a_missing_set(room: Room) -> None:
    call = room.call(service="ses")
    errors = [
        await refused(create_tracking(room, "d.example.com", "none")),
        await refused(update_tracking(room, "d.example.com", "none")),
        await refused(delete_tracking(room, "none")),
        await refused(
            api_v1_options.put_configuration_set_delivery_options(
                call, ses.PutConfigurationSetDeliveryOptionsRequest(configuration_set_name="none")
            )
        ),
        await refused(
            api_v1_options.update_configuration_set_sending_enabled(
                call, ses.UpdateConfigurationSetSendingEnabledRequest(configuration_set_name="none", enabled=True)
            )
        ),
        await refused(
            api_v1_options.update_configuration_set_reputation_metrics_enabled(
                call,
                ses.UpdateConfigurationSetReputationMetricsEnabledRequest(configuration_set_name="none", enabled=True),
            )
        ),
    ]
    assert {(error.code, error.message) for error in errors} == {
        ("ConfigurationSetDoesNotExist", "Configuration set <none> does not exist.")
    }
