"""Calls that leave while receivers are down or slow, and while the server dies: none is lost, order holds."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest

from hatobin.companions import outward
from hatobin.companions.outward.model import GIVE_UP_AFTER_S
from hatobin.companions.outward.worker import LEASE_S, REQUESTS_PER_TARGET
from hatobin.ports import HttpReply, HttpUnreachable, Session
from hatobin.words.settings import Settings, Webhook
from tests.simulation.server import ACCOUNT, REGION, CrashPlan, World

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAECAwQFBgc="
HOUR_S = 3600.0


class Receivers:
    """Hosts that take posts; `down` ones refuse, `slow` ones take their time. Arrivals are kept in order."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.down: set[str] = set()
        self.slow: dict[str, float] = {}
        self.arrived: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self.arrived_at: dict[str, list[float]] = defaultdict(list)
        self.attempts: Counter[str] = Counter()
        self.open_now: Counter[str] = Counter()
        self.most_open: Counter[str] = Counter()
        world.http.answer = self.answer

    async def answer(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpReply:
        host = urlsplit(url).netloc
        self.attempts[host] += 1
        self.open_now[host] += 1
        self.most_open[host] = max(self.most_open[host], self.open_now[host])
        try:
            if host in self.slow:
                await self._world.clock.sleep(self.slow[host])
        finally:
            self.open_now[host] -= 1
        if host in self.down:
            raise HttpUnreachable("connection refused")
        event = json.loads(body)
        self.arrived[host].append((event["message"], event["number"]))
        self.arrived_at[host].append(self._world.clock.now())
        return HttpReply(204, {}, b"")


def world_with(*names: str) -> tuple[World, Receivers]:
    hooks = tuple(Webhook(name=name, url=f"https://{name}/in", secret=SECRET) for name in names)
    world = World(settings=Settings(webhooks=hooks))
    return world, Receivers(world)


def put(session: Session, names: tuple[str, ...], messages: int, events: int) -> None:
    """Put events into the outbox, as a settlement would: `events` of each message, interleaved."""
    for number in range(events):
        for message in range(messages):
            for name in names:
                session.execute(
                    """INSERT INTO event_outbox
                    (account_id, region, destination, target_arn, message_id, payload, created_at)
                    VALUES (:account, :region, 'app/', :target, :message, :payload, 0)""",
                    {
                        "account": ACCOUNT,
                        "region": REGION,
                        "target": f"webhook:{name}",
                        "message": f"m{message}",
                        "payload": json.dumps({"message": f"m{message}", "number": number}),
                    },
                )


def in_order(arrived: list[tuple[str, int]]) -> bool:
    """Say whether each message's events came one after the other; repeats do not count."""
    seen: dict[str, int] = defaultdict(lambda: -1)
    for message, number in arrived:
        if number > seen[message] + 1:
            return False
        seen[message] = max(seen[message], number)
    return True


def everything(messages: int, events: int) -> set[tuple[str, int]]:
    return {(f"m{message}", number) for message in range(messages) for number in range(events)}


async def test_who_was_down_for_an_hour_gets_all_afterwards_in_order() -> None:
    world, receivers = world_with("a.test")
    await world.start()
    receivers.down.add("a.test")
    await world.database.write(lambda session: put(session, ("a.test",), 20, 4))
    await world.run(lambda: False, limit_s=HOUR_S)
    assert receivers.arrived["a.test"] == []
    receivers.down.clear()
    assert await world.run(lambda: len(receivers.arrived["a.test"]) == 80, limit_s=HOUR_S)
    assert set(receivers.arrived["a.test"]) == everything(20, 4)
    assert in_order(receivers.arrived["a.test"])
    await world.run(lambda: False, limit_s=10)
    assert world.count("SELECT COUNT(*) FROM outward_call") == 0
    await world.database.close()


async def test_one_that_is_slow_or_dead_delays_no_other() -> None:
    names = ("slow.test", "dead.test", "quick.test")
    world, receivers = world_with(*names)
    await world.start()
    receivers.slow["slow.test"] = 14.0
    receivers.slow["dead.test"] = 15.0
    receivers.down.add("dead.test")
    began = world.clock.now()
    await world.database.write(lambda session: put(session, names, 100, 2))
    assert await world.run(lambda: len(receivers.arrived["quick.test"]) == 200, limit_s=120)
    # Its own pace: two turns of the worker for each event of a message, and no more than the poll between.
    assert receivers.arrived_at["quick.test"][-1] - began < 10
    assert receivers.most_open["slow.test"] <= REQUESTS_PER_TARGET
    assert await world.run(lambda: len(receivers.arrived["slow.test"]) == 200, limit_s=HOUR_S)
    await world.database.close()


async def test_what_never_arrives_is_dead_after_a_day_and_lets_the_next_go() -> None:
    world, receivers = world_with("a.test")
    await world.start()
    receivers.down.add("a.test")
    await world.database.write(lambda session: put(session, ("a.test",), 1, 2))
    assert await world.run(lambda: receivers.attempts["a.test"] > 3, limit_s=60)
    await world.database.write(
        lambda session: session.execute(
            "UPDATE outward_call SET turn_at = turn_at - :day WHERE state = 0", {"day": GIVE_UP_AFTER_S}
        )
    )
    assert await world.run(lambda: world.count("SELECT COUNT(*) FROM outward_call WHERE state = 2") == 1, limit_s=120)
    [row] = await world.database.read(outward.backlog)
    assert (row.dead, row.waiting, row.dead_lettered) == (1, 1, 1)
    assert row.last_error == "connection refused"
    receivers.down.clear()
    assert await world.run(lambda: receivers.arrived["a.test"] == [("m0", 1)], limit_s=HOUR_S)
    await world.database.close()


async def test_a_webhook_that_is_configured_no_more_gets_nothing_and_loses_nothing() -> None:
    world, receivers = world_with("a.test")
    outbound = await world.start()
    receivers.down.add("a.test")
    await world.database.write(lambda session: put(session, ("a.test",), 3, 1))
    await world.run(lambda: receivers.attempts["a.test"] >= 3, limit_s=60)
    await world.kill(outbound)
    hooks, world.settings = world.settings, Settings(webhooks=())
    outbound = await world.start()
    await world.run(lambda: False, limit_s=60)
    assert world.count("SELECT COUNT(*) FROM outward_call") == 3
    await world.kill(outbound)
    world.settings = hooks
    receivers.down.clear()
    await world.start()
    assert await world.run(lambda: len(receivers.arrived["a.test"]) == 3, limit_s=HOUR_S)
    await world.database.close()


STORM = (12, 4)


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
@pytest.mark.parametrize("commit", range(1, 30, 2))
async def test_a_server_that_dies_in_a_storm_loses_nothing_and_repeats_what_was_in_flight(
    commit: int, after: bool
) -> None:
    world, receivers = world_with("a.test", "b.test")
    receivers.slow["b.test"] = 0.3
    outbound = await world.start()
    await world.database.write(lambda session: put(session, ("a.test", "b.test"), *STORM))
    world.crash = CrashPlan(at_commit=commit, after=after)
    assert await world.run(lambda: world.crash.dead, limit_s=60)
    # What had arrived and was not yet recorded as arrived may come again; nothing else may.
    in_flight = {
        host: world.count(f"SELECT COUNT(*) FROM outward_call WHERE target = '{host}' AND lease_owner IS NOT NULL")
        for host in ("a.test", "b.test")
    }
    await world.kill(outbound)
    await world.start()
    total = STORM[0] * STORM[1]
    assert await world.run(
        lambda: all(len(set(receivers.arrived[host])) == total for host in in_flight), limit_s=4 * LEASE_S
    )
    await world.run(lambda: False, limit_s=LEASE_S)
    for host, at_most in in_flight.items():
        assert set(receivers.arrived[host]) == everything(*STORM)
        assert in_order(receivers.arrived[host])
        assert len(receivers.arrived[host]) - total <= at_most
    assert world.count("SELECT COUNT(*) FROM outward_call") == 0
    await world.database.close()
