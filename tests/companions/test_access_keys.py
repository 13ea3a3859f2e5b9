"""Access keys: how they look, who may use them, what a change does at once, and logins over SMTP."""

from __future__ import annotations

import re

import pytest

from hatobin.companions import iam
from hatobin.companions.iam import access_keys
from hatobin.companions.iam.access_keys import RECHECK_S, USE_RECORDED_EVERY_S
from hatobin.protocols.aws.smtp_password import smtp_password
from hatobin.words.settings import Delivery, Local, Settings
from tests.companions.world import ACCOUNT, NOON, OTHER_ACCOUNT, World

LOOPBACK, STRANGER = "127.0.0.1", "203.0.113.9"
RELAYING = Settings(delivery=Delivery(mode="mx"))


def keys_of(world: World, settings: Settings | None = None) -> iam.AccessKeys:
    return iam.AccessKeys(world.database, world.vault, world.clock, settings or world.settings)


def made(world: World, user: str = "app", account_id: str = ACCOUNT) -> iam.NewAccessKey:
    return world.transact(
        lambda session: iam.create_access_key(
            session, world.vault, world.chance, account_id=account_id, user_name=user, now=world.clock.now()
        )
    )


async def test_a_new_key_looks_like_one_of_aws(world: World) -> None:
    new = made(world)
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", new.key.access_key_id)
    assert re.fullmatch(r"[A-Za-z0-9+/]{40}", new.secret)
    assert new.key.arn == f"arn:aws:iam::{ACCOUNT}:user/app"
    assert re.fullmatch(r"AIDA[A-Z2-7]{16}", new.key.user_id)


async def test_the_keys_of_a_user_share_its_id(world: World) -> None:
    first, second, other = made(world), made(world), made(world, "other")
    assert first.key.user_id == second.key.user_id != other.key.user_id
    assert first.secret != second.secret


async def test_a_key_is_found_with_its_principal(world: World) -> None:
    new = made(world)
    found = await keys_of(world).find(new.key.access_key_id, STRANGER)
    assert found is not None
    assert found.secret == new.secret
    assert (found.principal.account_id, found.principal.name) == (ACCOUNT, "app")
    assert found.principal.arn == new.key.arn
    assert await keys_of(world).find("AKIAUNKNOWN", LOOPBACK) is None


async def test_the_secret_is_not_in_the_store(world: World) -> None:
    new = made(world)
    [(sealed,)] = world.rows("SELECT secret_sealed FROM iam_access_key")
    assert new.secret.encode() not in sealed


async def test_the_first_key_is_made_once_and_stays_off_when_switched_off(world: World) -> None:
    keys = keys_of(world)
    first = await keys.ensure_first_key(world.chance)
    assert (first.access_key_id, first.account_id, first.arn) == ("test", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/test")
    found = await keys.find("test", LOOPBACK)
    assert found is not None
    assert found.secret == "test"
    await keys.change_status("test", iam.KeyStatus.INACTIVE)
    assert (await keys.ensure_first_key(world.chance)).status is iam.KeyStatus.INACTIVE
    assert await keys.find("test", LOOPBACK) is None


@pytest.mark.parametrize(
    ("settings", "peer", "allowed"),
    [
        (Settings(), "127.0.0.1", True),
        (Settings(), "::1", True),
        (Settings(), "::ffff:127.0.0.1", True),
        (Settings(), "203.0.113.9", False),
        (Settings(), "::ffff:203.0.113.9", False),
        (Settings(), "", False),
        (Settings(local=Local(trusted_networks=("172.16.0.0/12",))), "172.17.0.5", True),
        (Settings(local=Local(trusted_networks=("172.16.0.0/12",))), "172.32.0.5", False),
        (Settings(local=Local(trusted_networks=("172.16.0.0/12",))), "fd00::5", False),
        (RELAYING, "127.0.0.1", False),
    ],
)
async def test_who_may_use_the_first_key(world: World, settings: Settings, peer: str, allowed: bool) -> None:
    keys = keys_of(world, settings)
    await keys.ensure_first_key(world.chance)
    assert (await keys.find("test", peer) is not None) is allowed
    login = await keys.smtp_login("test", smtp_password("test", "eu-west-1"), peer_ip=peer)
    assert (login is not None) is allowed


async def test_a_key_that_is_switched_off_is_refused_at_once(world: World) -> None:
    keys, new = keys_of(world), made(world)
    assert await keys.find(new.key.access_key_id, STRANGER) is not None
    assert await keys.change_status(new.key.access_key_id, iam.KeyStatus.INACTIVE)
    assert await keys.find(new.key.access_key_id, STRANGER) is None
    assert not await keys.change_status("AKIAUNKNOWN", iam.KeyStatus.INACTIVE)


async def test_a_change_by_another_process_is_seen_soon(world: World) -> None:
    keys, new = keys_of(world), made(world)
    await keys.find(new.key.access_key_id, STRANGER)
    world.rows("UPDATE iam_access_key SET status = 'Inactive'")
    await world.clock.advance(RECHECK_S)
    assert await keys.find(new.key.access_key_id, STRANGER) is None


async def test_a_look_up_under_way_during_a_change_is_not_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    keys, new = keys_of(world), made(world)
    real_read = world.database.read

    async def overtaken(work: object) -> object:
        result = await real_read(work)  # type: ignore[arg-type, var-annotated]
        await keys.change_status(new.key.access_key_id, iam.KeyStatus.INACTIVE)
        return result

    monkeypatch.setattr(world.database, "read", overtaken)
    await keys.find(new.key.access_key_id, STRANGER)
    monkeypatch.setattr(world.database, "read", real_read)
    assert await keys.find(new.key.access_key_id, STRANGER) is None


async def test_the_caches_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_keys, "CACHED_KEYS", 3)
    monkeypatch.setattr(access_keys, "CACHED_PASSWORD_SETS", 2)
    keys = keys_of(world)
    for number in range(5):
        new = made(world, f"user-{number}")
        assert await keys.smtp_login(new.key.access_key_id, smtp_password(new.secret, "us-east-1"), peer_ip=STRANGER)
    assert (len(keys._kept), len(keys._uses), len(keys._passwords)) == (3, 3, 2)


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "ap-northeast-1", "us-west-2"])
async def test_the_region_of_an_smtp_login_follows_from_the_password(world: World, region: str) -> None:
    new = made(world)
    login = await keys_of(world).smtp_login(new.key.access_key_id, smtp_password(new.secret, region), peer_ip=STRANGER)
    assert login is not None
    assert login[1] == region
    assert login[0].arn == new.key.arn


async def test_what_is_no_smtp_password(world: World) -> None:
    keys, new, other = keys_of(world), made(world), made(world, account_id=OTHER_ACCOUNT)
    name = new.key.access_key_id
    right = smtp_password(new.secret, "us-east-1")
    for password in (new.secret, "", right[:-1], right + "x", smtp_password(other.secret, "us-east-1"), "pässword"):
        assert await keys.smtp_login(name, password, peer_ip=LOOPBACK) is None
    assert await keys.smtp_login("AKIAUNKNOWN", right, peer_ip=LOOPBACK) is None
    assert await keys.smtp_login(name, smtp_password(new.secret, "mars-1"), peer_ip=LOOPBACK) is None
    await keys.change_status(name, iam.KeyStatus.INACTIVE)
    assert await keys.smtp_login(name, right, peer_ip=LOOPBACK) is None


async def test_the_last_use_is_recorded_now_and_then(world: World) -> None:
    keys, new = keys_of(world), made(world)
    password = smtp_password(new.secret, "us-east-1")

    def last_used() -> float | None:
        [key] = world.transact(iam.list_access_keys)
        return key.last_used_at

    assert last_used() is None
    await keys.smtp_login(new.key.access_key_id, password, peer_ip=STRANGER)
    assert last_used() == NOON
    await world.clock.advance(10)
    await keys.smtp_login(new.key.access_key_id, password, peer_ip=STRANGER)
    assert last_used() == NOON
    await world.clock.advance(USE_RECORDED_EVERY_S)
    await keys.smtp_login(new.key.access_key_id, password, peer_ip=STRANGER)
    assert last_used() == world.clock.now()


async def test_keys_are_listed_by_account(world: World) -> None:
    made(world)
    made(world, account_id=OTHER_ACCOUNT)
    assert len(world.transact(iam.list_access_keys)) == 2
    [key] = world.transact(lambda session: iam.list_access_keys(session, account_id=OTHER_ACCOUNT))
    assert key.account_id == OTHER_ACCOUNT
