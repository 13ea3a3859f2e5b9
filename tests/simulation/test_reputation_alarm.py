"""A receiver that knows nobody: the bounce rate crosses 5 %, and an alarm tells of it."""

from __future__ import annotations

from hatobin.capabilities import metrics, reputation
from hatobin.capabilities.metrics import ReputationScope
from hatobin.companions.cloudwatch import AlarmWatch, alarm_store
from hatobin.companions.cloudwatch.alarms import Alarm, Standing, State
from hatobin.gateway.models import cloudwatch as models
from hatobin.words.settings import Delivery, Service, Settings
from tests.simulation.receiver import Accepts, KnowsNobody, Receiver
from tests.simulation.server import ACCOUNT, RECEIVER_IP, REGION, World, draft


def alarm(world: World) -> Alarm:
    definition = models.PutMetricAlarmInput(
        alarm_name="bounces",
        namespace="AWS/SES",
        metric_name="Reputation.BounceRate",
        statistic="Maximum",
        period=60,
        evaluation_periods=1,
        threshold=0.05,
        comparison_operator="GreaterThanOrEqualToThreshold",
    )
    now = world.clock.now()
    standing = Standing(State.INSUFFICIENT_DATA, "", None, now, now)
    return Alarm(ACCOUNT, REGION, "bounces", definition, (), True, now, standing)


async def test_hard_bounces_cross_the_threshold() -> None:
    delivery = Delivery(mode="relay", relay=RECEIVER_IP, service_signature=False)
    world = World(settings=Settings(delivery=delivery, service=Service(domain="mail.example")))
    receiver = world.network.receivers[RECEIVER_IP] = Receiver(Accepts())
    outbound = await world.start()
    await world.verify("sender@example.com")
    await world.database.write(lambda session: alarm_store.put(session, alarm(world)))
    publisher, watch = reputation.ReputationMetrics(world.ports), AlarmWatch(world.ports, outbound.services)

    async def send(*recipients: str) -> None:
        await outbound.acceptor.accept(draft(*recipients))
        assert await world.run(lambda: world.all_final()() and not outbound.ready.messages)

    async def a_minute_later() -> State:
        await publisher.once()
        world.clock.elapsed_s += 66
        await watch.once()
        found = await world.database.read(lambda session: alarm_store.find(session, ACCOUNT, REGION, "bounces"))
        assert found is not None
        return found.standing.state

    await send(*(f"known{number}@example.net" for number in range(19)))
    await send("bounce@simulator.amazonses.com")
    assert await a_minute_later() is State.OK
    receiver.behaviour = KnowsNobody()
    await send("nobody@example.net")
    counted = await world.database.read(
        lambda session: metrics.reputation(session, ReputationScope(ACCOUNT, REGION), world.clock.now())
    )
    assert (counted.sends, counted.bounces) == (20, 1)
    assert await a_minute_later() is State.ALARM
    await world.kill(outbound)
