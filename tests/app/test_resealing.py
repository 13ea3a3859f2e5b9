"""All that is sealed, brought under another master key: whole, in pieces, interrupted, and under a wrong key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hatobin.app import resealing
from hatobin.app.resealing import TABLES, count_former, reseal
from hatobin.app.schema import schema
from hatobin.capabilities.identities.key_store import dkim_private_key, insert_key, seal_key
from hatobin.capabilities.identities.keys import make_key
from hatobin.capabilities.tracking import key_store as tracking_keys
from hatobin.companions import acm, iam
from hatobin.companions.iam.session_store import create
from hatobin.companions.kms import SealBroken, Vault
from hatobin.ports import Session
from tests.companions.world import ACCOUNT, REGION, World
from tests.mail_certificates import issue

OLD, NEW, WRONG = b"o" * 32, b"n" * 32, b"w" * 32


class Keys:
    """Master keys that a test changes."""

    def __init__(self, *keys: bytes) -> None:
        self.keys = keys

    def current(self) -> tuple[bytes, ...]:
        return self.keys


class Sealed:
    """A store with several of everything that is sealed, and what each must open to."""

    def __init__(self) -> None:
        self.world = World()
        self.keys = Keys(OLD)
        self.vault = Vault(self.keys, self.world.chance)
        self.world.transact(self._fill)
        self.expected = self.opened()

    def _fill(self, session: Session) -> None:
        chance, now = self.world.chance, self.world.clock.now()
        iam.ensure_first_key(session, self.vault, chance, now=now)
        pair, issued = make_key(1024), issue("ann@example.com", now=now)
        certificate = acm.read_certificate(issued.certificate, issued.key, now=now)
        for number in range(3):
            made = iam.create_access_key(
                session, self.vault, chance, account_id=ACCOUNT, user_name=f"user{number}", now=now
            )
            create(
                session,
                self.vault,
                chance,
                account_id=ACCOUNT,
                holder_id=made.key.user_id,
                name="run",
                policies=None,
                tags=(),
                now=now,
                duration_s=900,
            )
            scope = {"account_id": ACCOUNT, "region": REGION, "identity_key": f"{number}.example"}
            insert_key(session, seal_key(self.vault, pair, **scope, selector="s", uuid=str(number)), now)
            acm.insert(session, self.vault, chance, certificate, account_id=ACCOUNT, region=REGION, now=now)
        tracking_keys.insert_key(session, tracking_keys.seal_key(self.vault, b"t" * 64), now)

    def opened(self, *keys: bytes) -> list[Any]:
        """Open everything, each by the way that the product takes."""
        vault = Vault(Keys(*(keys or self.keys.keys)), self.world.chance)

        def read(session: Session) -> list[Any]:
            values = [value for table in TABLES for value in table.read(session, None, 1000)]
            dkim = [dkim_private_key(session, vault, f"{ACCOUNT}/{REGION}/{number}") for number in range(3)]
            return [vault.open(value.sealed, context=value.context) for value in values] + dkim

        return self.world.transact(read)


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> Sealed:
    monkeypatch.setattr(resealing, "PIECE", 2)
    return Sealed()


async def test_everything_comes_under_the_first_key(sealed: Sealed) -> None:
    assert await count_former(sealed.world.database, sealed.vault) == 0
    sealed.keys.keys = (NEW, OLD)
    assert await count_former(sealed.world.database, sealed.vault) == 14
    done = await reseal(sealed.world.database, sealed.vault)
    assert done == {"access keys": 4, "sessions": 3, "certificates": 3, "DKIM keys": 3, "tracking keys": 1}
    assert await count_former(sealed.world.database, sealed.vault) == 0
    assert sealed.opened(NEW) == sealed.expected
    with pytest.raises(SealBroken):
        sealed.opened(OLD)
    assert sum((await reseal(sealed.world.database, sealed.vault)).values()) == 0


@pytest.mark.parametrize("commit", range(1, 9))
async def test_interrupted_anywhere_it_opens_and_goes_on(
    sealed: Sealed, commit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed.keys.keys = (NEW, OLD)
    write, commits = sealed.world.database.write, 0

    async def dies(work: Callable[[Session], Any], **how: Any) -> Any:
        nonlocal commits
        commits += 1
        if commits == commit:
            raise KeyboardInterrupt
        return await write(work, **how)

    with monkeypatch.context() as patched:
        patched.setattr(sealed.world.database, "write", dies)
        with pytest.raises(KeyboardInterrupt):
            await reseal(sealed.world.database, sealed.vault)
    assert sealed.opened(NEW, OLD) == sealed.expected
    left = await count_former(sealed.world.database, sealed.vault)
    assert left > 0
    assert sum((await reseal(sealed.world.database, sealed.vault)).values()) == left
    assert sealed.opened(NEW) == sealed.expected


async def test_under_a_wrong_key_nothing_is_changed(sealed: Sealed) -> None:
    sealed.keys.keys = (NEW, WRONG)
    for work in (reseal, count_former):
        with pytest.raises(SealBroken, match="does not open with this master key"):
            await work(sealed.world.database, sealed.vault)
    assert sealed.opened(OLD) == sealed.expected


async def test_a_value_that_changed_meanwhile_is_left_as_it_is(sealed: Sealed) -> None:
    sealed.keys.keys = (NEW, OLD)

    def overtaken(session: Session) -> None:
        for table in TABLES:
            value = table.read(session, None, 1)[0]
            table.replace(session, value, b"newer")
            table.replace(session, value, b"ours")
            assert table.read(session, None, 1)[0].sealed == b"newer"

    sealed.world.transact(overtaken)


def test_every_table_with_something_sealed_is_known() -> None:
    tables = [part for part in schema().split("CREATE TABLE IF NOT EXISTS ")[1:] if "sealed" in part.split(";")[0]]
    assert len(tables) == len(TABLES)
