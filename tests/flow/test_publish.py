"""Publishing the outbox: envelopes are signed before the transaction, and each event is handed over once."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from hatobin.companions.sns import SnsSigner
from hatobin.companions.sns.envelope import Notice, Seal
from hatobin.flow import handing_over, publish
from hatobin.flow.publish import Publisher
from hatobin.ports import Session
from tests.api.harness import ACCOUNT, Api
from tests.peers.sns_messages import signed_text
from tests.simulation.server import SNS_KEY

EVENTS = 30


class _WatchedSigner:
    """Signs as the server's signer does and notes whether a transaction was open meanwhile."""

    def __init__(self, api: Api, signer: SnsSigner, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inside: list[bool] = []
        self._original = signer.seal
        self._open = False
        hand_over = handing_over.hand_over

        def watched(session: Session, *more: Any, **named: Any) -> Any:
            self._open = True
            try:
                return hand_over(session, *more, **named)
            finally:
                self._open = False

        monkeypatch.setattr(publish, "hand_over", watched)
        monkeypatch.setattr(signer, "seal", self._seal)

    def _seal(self, notice: Notice, version: str) -> Seal:
        self.inside.append(self._open)
        return self._original(notice, version)


def _fill(session: Session) -> None:
    for number in range(EVENTS):
        session.execute(
            """INSERT INTO event_outbox (account_id, region, destination, target_arn, message_id, payload, created_at)
            VALUES (:account, 'us-east-1', 'd', :topic, :id, :payload, 0)""",
            {
                "account": ACCOUNT,
                "topic": f"arn:aws:sns:us-east-1:{ACCOUNT}:events",
                "id": f"m{number}",
                "payload": json.dumps({"number": number}),
            },
        )


def _subscribed(api: Api, *, raw: bool = False) -> tuple[Any, str]:
    sns, sqs = api.client("sns"), api.client("sqs")
    topic = sns.create_topic(Name="events")["TopicArn"]
    url = sqs.create_queue(QueueName="mail")["QueueUrl"]
    attributes = {"RawMessageDelivery": "true"} if raw else {}
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:mail", Attributes=attributes
    )
    return sqs, url


def _received(sqs: Any, url: str) -> list[str]:
    bodies: list[str] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [message["Body"] for message in messages]
    return bodies


def _publish(api: Api, publisher: Publisher) -> None:
    async def everything() -> None:
        while await publisher.publish_batch():
            pass

    api.run(everything())


def test_envelopes_are_signed_outside_the_transaction(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "PUBLISH_BATCH", 7)
    sqs, url = _subscribed(api)
    signer = api.outbound.services.get(SnsSigner)
    watched = _WatchedSigner(api, signer, monkeypatch)
    api.run(api.world.database.write(_fill))
    _publish(api, Publisher(api.world.ports, api.outbound.services))
    assert watched.inside == [False] * EVENTS
    bodies = [json.loads(body) for body in _received(sqs, url)]
    assert [json.loads(body["Message"])["number"] for body in bodies] == list(range(EVENTS))
    assert len({body["MessageId"] for body in bodies}) == EVENTS
    for body in bodies:
        text, signature = signed_text(body), base64.b64decode(body["Signature"])
        SNS_KEY.public_key().verify(signature, text, padding.PKCS1v15(), hashes.SHA1())


def test_raw_deliveries_need_no_signature(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    sqs, url = _subscribed(api, raw=True)
    watched = _WatchedSigner(api, api.outbound.services.get(SnsSigner), monkeypatch)
    api.run(api.world.database.write(_fill))
    _publish(api, Publisher(api.world.ports, api.outbound.services))
    assert not watched.inside
    # A queue promises no order among messages of one moment.
    assert sorted(json.loads(body)["number"] for body in _received(sqs, url)) == list(range(EVENTS))


def test_a_topic_that_changes_its_signature_meanwhile_gets_the_new_one(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs, url = _subscribed(api)
    api.run(api.world.database.write(_fill))
    publisher = Publisher(api.world.ports, api.outbound.services)
    seal = publisher._seal

    async def slow(*arguments: Any) -> Any:
        sealed = await seal(*arguments)
        await api.world.database.write(
            lambda session: session.execute(
                "UPDATE sns_topic SET attributes = :attributes", {"attributes": json.dumps({"SignatureVersion": "2"})}
            )
        )
        return sealed

    monkeypatch.setattr(publisher, "_seal", slow)
    _publish(api, publisher)
    assert {json.loads(body)["SignatureVersion"] for body in _received(sqs, url)} == {"2"}


def test_of_two_publishers_one_hands_over_and_the_other_retreats(api: Api) -> None:
    sqs, url = _subscribed(api)
    api.run(api.world.database.write(_fill))
    publishers = [Publisher(api.world.ports, api.outbound.services) for _ in range(2)]

    async def both() -> None:
        await asyncio.gather(*(publisher.publish_batch() for publisher in publishers))

    api.run(both())
    assert sorted(publisher._retreat_s > 0 for publisher in publishers) == [False, True]
    assert [json.loads(json.loads(body)["Message"])["number"] for body in _received(sqs, url)] == list(range(EVENTS))
