"""Delivery streams through a real client: records are durable at once, and in S3 once, whatever happens between."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from structlog.testing import capture_logs

from hatobin.companions import firehose, s3
from hatobin.companions.firehose import buffer_store, flushing
from hatobin.companions.firehose.model import KEPT_S
from hatobin.ports import Session
from hatobin.ports.objects import ObjectsUnavailable
from tests.api.buckets import make_bucket, objects
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION, Api
from tests.api.streams import ROLE, Streams

MEGABYTE = 1024 * 1024


@pytest.fixture
def streams(api: Api) -> Streams:
    return Streams(api)


def test_records_become_an_object_when_they_are_old_enough(streams: Streams) -> None:
    streams.make(Prefix="ses/")
    assert streams.client.put_record(DeliveryStreamName="mail", Record={"Data": b"a\n"})["RecordId"]
    streams.api.pass_time(59)
    streams.put(b"b\n", b"c\n")
    streams.flush()
    assert streams.objects == {}
    streams.api.pass_time(1)
    streams.flush()
    [(key, content)] = streams.objects.items()
    assert content == b"a\nb\nc\n"
    moment = streams.api.now()
    assert key.startswith(f"ses/{moment:%Y/%m/%d}/")
    assert f"/mail-1-{moment:%Y-%m-%d}-" in key
    assert (streams.left(), streams.octets_left()) == (0, 0)


def test_records_become_an_object_when_they_are_enough(streams: Streams) -> None:
    streams.make(size_mb=1, interval_s=900)
    for number in range(5):
        streams.put(bytes([65 + number]) * (MEGABYTE // 2))
    streams.flush()
    assert sorted(map(len, streams.objects.values())) == [MEGABYTE, MEGABYTE]
    assert (streams.left(), streams.octets_left()) == (1, 1)


def test_an_object_is_read_and_written_in_pieces(streams: Streams) -> None:
    streams.make(size_mb=16, interval_s=900)
    for number in range(40):
        streams.put(bytes([number]) * (MEGABYTE // 2))
    streams.flush()
    assert [len(content) for content in streams.objects.values()] == [16 * MEGABYTE]
    assert streams.door.largest <= flushing.READ_BYTES


def test_gzip(streams: Streams) -> None:
    streams.make(CompressionFormat="GZIP", interval_s=0)
    streams.put(b"one\n", b"two\n")
    streams.flush()
    [(key, content)] = streams.objects.items()
    assert key.endswith(".gz")
    assert gzip.decompress(content) == b"one\ntwo\n"


def test_prefix_with_expressions(streams: Streams) -> None:
    streams.make(
        interval_s=0,
        Prefix="y=!{timestamp:yyyy}/m=!{timestamp:MM}/!{firehose:random-string}/",
        ErrorOutputPrefix="errors/",
    )
    streams.put(b"x")
    streams.flush()
    [key] = streams.objects
    year, month, random_text, name = key.split("/")
    moment = streams.api.now()
    assert (year, month, len(random_text)) == (f"y={moment:%Y}", f"m={moment:%m}", 11)
    assert name.startswith("mail-1-")


def test_who_dies_after_the_object_was_written_writes_it_again_under_its_name(streams: Streams) -> None:
    streams.make(interval_s=0)
    streams.put(b"a\n", b"b\n")
    streams.door.trouble, streams.door.is_late = RuntimeError(), True
    with pytest.raises(RuntimeError):
        streams.flush()
    assert list(streams.objects.values()) == [b"a\nb\n"]
    streams.door.trouble = None
    streams.put(b"c\n")
    another = firehose.StreamFlusher(streams.api.world.ports, streams.door)
    streams.api.run(another.once())
    assert len(streams.objects) == 1, "the lease has not ended"
    streams.api.pass_time(flushing.LEASE_S)
    streams.api.run(another.once())
    streams.api.run(another.once())
    assert sorted(streams.objects.values()) == [b"a\nb\n", b"c\n"]
    assert streams.door.puts[0] == streams.door.puts[1]
    assert (streams.left(), streams.octets_left()) == (0, 0)


def test_of_two_workers_one_writes(streams: Streams) -> None:
    streams.make(interval_s=0)
    streams.put(b"a\n")
    stream = streams.api.read(firehose.store.every_stream)[0]
    now = streams.api.world.clock.now()

    def claim(batch_id: str) -> Any:
        return streams.api.run(
            streams.api.world.database.write(
                lambda session: buffer_store.claim(
                    session, stream, batch_id=batch_id, key_of=lambda _: batch_id, now=now, lease_s=10.0
                )
            )
        )

    assert claim("first").object_key == "first"
    assert claim("second") is None
    now += 10.0
    assert claim("third").object_key == "first"


def test_who_is_overtaken_while_it_reads_does_not_overwrite_the_object(streams: Streams) -> None:
    streams.make(size_mb=2, interval_s=0)
    streams.put(*(b"x" * (MEGABYTE // 2) for _ in range(2)))
    streams.put(b"y" * (MEGABYTE // 2))
    another = firehose.StreamFlusher(streams.api.world.ports, streams.api.outbound.services.get(s3.Buckets).objects)

    async def overtake() -> None:
        streams.api.world.clock.elapsed_s += flushing.LEASE_S
        await another.once()

    streams.door.after_first_piece = overtake
    streams.flush()
    [(key, content)] = streams.objects.items()
    assert (streams.door.puts, len(content)) == ([key], 3 * MEGABYTE // 2)
    assert (streams.left(), streams.octets_left()) == (0, 0)


def test_a_missing_bucket_is_waited_for(streams: Streams) -> None:
    streams.make(interval_s=0, BucketARN="arn:aws:s3:::later")
    streams.put(b"a\n")
    streams.flush()
    make_bucket(streams.api, "later")
    streams.flush()
    assert objects(streams.api, "later") == {}, "the first retry is not due"
    streams.api.pass_time(5)
    streams.flush()
    assert list(objects(streams.api, "later").values()) == [b"a\n"]


def test_after_a_day_records_are_given_up_and_counted(streams: Streams) -> None:
    arn = streams.make(interval_s=0)
    streams.door.trouble = ObjectsUnavailable("no answer")
    streams.put(b"a\n", b"b\n")
    streams.flush()
    streams.grow_older(KEPT_S)
    streams.put(b"c\n")
    streams.flush()
    [backlog] = streams.api.read(firehose.backlog)
    assert (backlog.stream_arn, backlog.lost_records, backlog.records) == (arn, 2, 1)
    assert streams.api.read(firehose.totals) == firehose.Totals(records=1, size=2, lost_records=2)
    streams.door.trouble = None
    streams.api.pass_time(60)
    streams.flush()
    assert list(streams.objects.values()) == [b"c\n"]


def test_a_stream_that_cannot_write_delays_no_other(streams: Streams) -> None:
    streams.make("broken", interval_s=0, BucketARN="arn:aws:s3:::none")
    streams.make("mail", interval_s=0)
    streams.put(b"a\n", name="broken")
    streams.put(b"b\n")
    streams.flush()
    assert list(streams.objects.values()) == [b"b\n"]


@pytest.mark.parametrize("allowed", [False, True])
def test_a_bucket_of_another_account_is_written_to_by_its_policy_alone(streams: Streams, allowed: bool) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": ROLE},
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::theirs/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]}) if allowed else None
    make_bucket(streams.api, "theirs", account_id=OTHER_ACCOUNT, policy=policy)
    streams.make(interval_s=0, BucketARN="arn:aws:s3:::theirs")
    streams.put(b"a\n")
    streams.flush()
    assert list(objects(streams.api, "theirs").values()) == ([b"a\n"] if allowed else [])


def test_what_a_deleted_stream_had_is_removed_and_a_new_one_begins_empty(streams: Streams) -> None:
    streams.make(interval_s=900)
    streams.put(b"old\n")
    streams.client.delete_delivery_stream(DeliveryStreamName="mail")
    streams.make(interval_s=0)
    streams.put(b"new\n")
    streams.api.pass_time(flushing.SWEEP_INTERVAL_S)
    streams.flush()
    assert list(streams.objects.values()) == [b"new\n"]
    assert (streams.left(), streams.octets_left()) == (0, 0)


def test_a_stream_is_shown_as_it_was_made(streams: Streams) -> None:
    arn = streams.make(
        Prefix="p/",
        ErrorOutputPrefix="e/",
        CompressionFormat="GZIP",
        EncryptionConfiguration={"NoEncryptionConfig": "NoEncryption"},
        CloudWatchLoggingOptions={"Enabled": True, "LogGroupName": "g", "LogStreamName": "s"},
        ProcessingConfiguration={"Enabled": False},
        S3BackupMode="Disabled",
    )
    assert arn == f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/mail"
    shown = streams.client.describe_delivery_stream(DeliveryStreamName="mail")["DeliveryStreamDescription"]
    assert shown["CreateTimestamp"].timestamp() == pytest.approx(streams.api.world.clock.now(), abs=1)
    [destination] = shown["Destinations"]
    extended = destination["ExtendedS3DestinationDescription"]
    assert extended == {
        "RoleARN": ROLE,
        "BucketARN": "arn:aws:s3:::events",
        "Prefix": "p/",
        "ErrorOutputPrefix": "e/",
        "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60},
        "CompressionFormat": "GZIP",
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "CloudWatchLoggingOptions": {"Enabled": True, "LogGroupName": "g", "LogStreamName": "s"},
        "S3BackupMode": "Disabled",
    }
    assert {**destination["S3DestinationDescription"], "S3BackupMode": "Disabled"} == extended
    assert (shown["DeliveryStreamStatus"], shown["DeliveryStreamType"], shown["VersionId"]) == (
        "ACTIVE",
        "DirectPut",
        "1",
    )


def test_streams_are_listed_by_name_in_pages(streams: Streams) -> None:
    for number in range(12):
        streams.make(f"s{number:02}")
    first = streams.client.list_delivery_streams()
    assert (first["DeliveryStreamNames"], first["HasMoreDeliveryStreams"]) == ([f"s{n:02}" for n in range(10)], True)
    rest = streams.client.list_delivery_streams(ExclusiveStartDeliveryStreamName="s09")
    assert (rest["DeliveryStreamNames"], rest["HasMoreDeliveryStreams"]) == (["s10", "s11"], False)


def test_tags(streams: Streams) -> None:
    streams.client.create_delivery_stream(
        DeliveryStreamName="mail",
        S3DestinationConfiguration={"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::events"},
        Tags=[{"Key": "b", "Value": "1"}, {"Key": "c"}],
    )
    streams.client.tag_delivery_stream(
        DeliveryStreamName="mail", Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}]
    )
    streams.client.untag_delivery_stream(DeliveryStreamName="mail", TagKeys=["c", "none"])
    page = streams.client.list_tags_for_delivery_stream(DeliveryStreamName="mail", Limit=1)
    assert (page["Tags"], page["HasMoreTags"]) == ([{"Key": "a", "Value": "2"}], True)
    page = streams.client.list_tags_for_delivery_stream(DeliveryStreamName="mail", ExclusiveStartTagKey="a")
    assert (page["Tags"], page["HasMoreTags"]) == ([{"Key": "b", "Value": "3"}], False)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"CompressionFormat": "ZIP"}, "CompressionFormat ZIP is not supported by this server."),
        ({"ProcessingConfiguration": {"Enabled": True}}, "ProcessingConfiguration is not supported by this server."),
        (
            {"BufferingHints": {"SizeInMBs": 5}},
            "BufferingHints needs both SizeInMBs and IntervalInSeconds, or neither.",
        ),
        (
            {"Prefix": "!{timestamp:yyyy}/"},
            "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions.",
        ),
        (
            {"Prefix": "!{partitionKeyFromQuery:a}/"},
            "Prefix has the expression !{partitionKeyFromQuery:a}, which is not supported by this server.",
        ),
        ({"Prefix": "p" * 1000}, "Prefix gives keys that no object can have: they are too long, or have a NUL."),
        ({"S3BackupMode": "Enabled"}, "S3BackupMode Enabled is not supported by this server."),
    ],
)
def test_what_is_not_served_is_said(streams: Streams, changes: dict[str, Any], text: str) -> None:
    with pytest.raises(ClientError) as caught:
        streams.make(**changes)
    assert caught.value.response["Error"] == {"Code": "InvalidArgumentException", "Message": text}


def test_events_of_a_set_arrive_as_lines_of_json_in_their_order(streams: Streams) -> None:
    arn = streams.make(interval_s=60)
    ses = streams.api.client("sesv2")
    ses.create_email_identity(EmailIdentity="example.com")
    ses.create_configuration_set(ConfigurationSetName="cs")
    ses.create_configuration_set_event_destination(
        ConfigurationSetName="cs",
        EventDestinationName="s3",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["SEND", "DELIVERY"],
            "KinesisFirehoseDestination": {"IamRoleArn": ROLE, "DeliveryStreamArn": arn},
        },
    )
    sent = [
        ses.send_email(
            FromEmailAddress="ann@example.com",
            Destination={"ToAddresses": ["bob@example.net"]},
            Content={"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}},
            ConfigurationSetName="cs",
        )["MessageId"]
        for _ in range(3)
    ]
    streams.api.wait_until_delivered()
    streams.api.pass_time(62)
    streams.flush()
    [content] = streams.objects.values()
    assert content.endswith(b"\n")
    events = [json.loads(line) for line in content.splitlines()]
    for message_id in sent:
        kinds = [event["eventType"] for event in events if event["mail"]["messageId"] == message_id]
        assert kinds == ["Send", "Delivery"]


def test_events_for_a_stream_that_was_deleted_are_lost_and_said_so(streams: Streams) -> None:
    arn = streams.make()
    api = streams.api

    def fill(session: Session) -> None:
        session.execute(
            """INSERT INTO event_outbox (account_id, region, destination, target_arn, message_id, payload, created_at)
            VALUES (:account, :region, 'cs/d', :arn, 'm', '{}', 0)""",
            {"account": ACCOUNT, "region": REGION, "arn": arn},
        )

    streams.client.delete_delivery_stream(DeliveryStreamName="mail")
    with capture_logs() as logs:
        api.run(api.world.database.write(fill))
        api.pass_time(2)
    assert [(entry["event"], entry["events"]) for entry in logs] == [("events_lost", 1)]
    assert api.read(lambda session: session.execute("SELECT 1 FROM event_outbox")) == []
    assert (streams.left(), streams.octets_left()) == (0, 0)
