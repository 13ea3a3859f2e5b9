"""A receiver that knows fewer and fewer people: an alarm tells of 5 %, sending pauses at 10 %, and goes on again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hatobin.capabilities.reputation import ReputationMetrics
from hatobin.companions.cloudwatch import AlarmWatch
from hatobin.words.settings import Delivery, Service, Settings
from tests.api.answers import error_of
from tests.api.buses import QUEUE, Bus
from tests.api.harness import Api
from tests.api.reputed import Reputed
from tests.simulation.receiver import Accepts, Behaviour, KnowsNobody, Receiver
from tests.simulation.server import RECEIVER_IP

RELAY = Settings(
    delivery=Delivery(mode="relay", relay=RECEIVER_IP, service_signature=False), service=Service(domain="mail.example")
)


class Scene:
    """An account with an alarm on its bounce rate, and a receiver that does as it is told."""

    def __init__(self, api: Api) -> None:
        self.api, self.bus, self.reputed = api, Bus(api), Reputed(api)
        self.receiver = api.world.network.receivers[RECEIVER_IP] = Receiver(Accepts())
        api.run(api.world.verify("sender@example.com"))
        self.ses = api.client("sesv2")
        topic = self.bus.sns.create_topic(Name="alarms")["TopicArn"]
        self.bus.sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=QUEUE, Attributes={"RawMessageDelivery": "true"}
        )
        api.client("cloudwatch").put_metric_alarm(
            AlarmName="bounces",
            Namespace="AWS/SES",
            MetricName="Reputation.BounceRate",
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0.05,
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=[topic],
        )
        self.rates = ReputationMetrics(api.world.ports)
        self.alarms = AlarmWatch(api.world.ports, api.outbound.services)
        self.sent = 0

    def mail(self) -> dict[str, Any]:
        self.sent += 1
        return {
            "FromEmailAddress": "sender@example.com",
            "Destination": {"ToAddresses": [f"user{self.sent}@example.net"]},
            "Content": {"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}},
        }

    def send(self, count: int, behaviour: Behaviour) -> None:
        self.receiver.behaviour = behaviour
        for _ in range(count):
            self.ses.send_email(**self.mail())
        self.api.wait_until_delivered()

    def minute(self) -> list[str]:
        """Let a minute pass for all that looks once a minute; give the new states of alarms that were told."""
        self.api.run(self.rates.once())
        self.reputed.look()
        self.api.pass_time(66)
        self.api.run(self.alarms.once())
        self.api.pass_time(2)
        return [json.loads(message["Body"])["NewStateValue"] for message in self.bus.received()]


@pytest.mark.parametrize("api", [RELAY], indirect=True)
def test_bounces_ring_an_alarm_then_pause_and_sending_goes_on_when_it_is_switched_on(api: Api) -> None:
    scene = Scene(api)
    scene.send(110, Accepts())
    for _ in range(20):
        scene.ses.send_email(**{**scene.mail(), "Destination": {"ToAddresses": ["bounce@simulator.amazonses.com"]}})
    scene.send(5, KnowsNobody())
    assert scene.minute() == [], "5 of 115; the simulator does not count"
    scene.send(1, KnowsNobody())
    assert scene.minute() == ["ALARM"], "6 of 116 are more than 5 %"
    assert scene.ses.get_account()["EnforcementStatus"] == "PROBATION"
    scene.send(6, KnowsNobody())
    scene.minute()
    assert scene.ses.get_account()["EnforcementStatus"] == "PROBATION", "12 of 122"
    scene.send(1, KnowsNobody())
    scene.minute()
    account = scene.ses.get_account()
    assert (account["EnforcementStatus"], account["SendingEnabled"]) == ("SHUTDOWN", False)
    assert error_of(scene.ses.send_email, **scene.mail())[0] == "SendingPausedException"
    raw = {"Source": "sender@example.com", "Destination": {"ToAddresses": ["a@example.net"]}}
    old = {**raw, "Message": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}}
    assert error_of(api.client("ses").send_email, **old)[0] == "AccountSendingPausedException"
    scene.ses.put_account_sending_attributes(SendingEnabled=True)
    scene.send(10, Accepts())
    scene.minute()
    account = scene.ses.get_account()
    assert (account["EnforcementStatus"], account["SendingEnabled"]) == ("HEALTHY", True)
