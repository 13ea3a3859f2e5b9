"""Topics, queues and streams that tests publish to, and the services that publishing needs."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from msgspec import json

from hatobin.companions import firehose, sns, sqs
from hatobin.gateway.models.firehose import CreateDeliveryStreamInput, S3DestinationConfiguration
from hatobin.gateway.models.sns import CreateTopicInput, SubscribeInput
from hatobin.gateway.models.sqs import CreateQueueRequest, ReceiveMessageRequest
from tests.capabilities.rooms import ACCOUNT, REGION, Room


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


def serve_sns(room: Room) -> None:
    """Give the room what SNS needs to publish."""
    signer = sns.SnsSigner(_key(), "https://localhost/cert.pem", link_base="https://localhost")
    waiters = sqs.SqsWaiters(room.clock)
    room.services = {
        sns.SnsSigner: signer,
        sqs.SqsWaiters: waiters,
        sns.SnsDeliveries: sns.SnsDeliveries(room.ports, room.settings, signer, waiters),
    }


async def make_topic(room: Room, name: str, *, account_id: str = ACCOUNT, region: str = REGION) -> str:
    """Make a topic and give its ARN."""
    call = room.call(service="sns", account_id=account_id, region=region)
    answer = await sns.api_topics.create_topic(call, CreateTopicInput(name=name))
    assert answer.topic_arn is not None
    return answer.topic_arn


async def make_stream(room: Room, name: str) -> None:
    """Make a delivery stream."""
    destination = S3DestinationConfiguration(
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/firehose", bucket_arn="arn:aws:s3:::events"
    )
    await firehose.api_streams.create_delivery_stream(
        room.call(service="firehose"),
        CreateDeliveryStreamInput(delivery_stream_name=name, s3_destination_configuration=destination),
    )


async def subscribe_queue(room: Room, topic_arn: str) -> str:
    """Subscribe a new queue to a topic and give the queue's URL."""
    made = await sqs.api_queues.create_queue(room.call(service="sqs"), CreateQueueRequest(queue_name="q"))
    await sns.api_subscriptions.subscribe(
        room.call(service="sns"),
        SubscribeInput(topic_arn=topic_arn, protocol="sqs", endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"),
    )
    assert made.queue_url is not None
    return made.queue_url


async def received(room: Room, queue_url: str) -> list[dict[str, str]]:
    """Take up to ten SNS envelopes from a queue."""
    answer = await sqs.api_messages.receive_message(
        room.call(service="sqs"), ReceiveMessageRequest(queue_url=queue_url, max_number_of_messages=10)
    )
    return [json.decode(message.body or "") for message in answer.messages or []]
