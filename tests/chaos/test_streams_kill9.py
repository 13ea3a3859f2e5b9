"""kill -9 while records are put and objects written: each acknowledged record is in S3 once, others at most once."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from hatobin.companions.firehose.flushing import LEASE_S
from tests.chaos.conftest import Store
from tests.running import RunningServer

_KILLS = 5
_LONGEST_LIFE_S = 1.6
"""Objects are written once a second, so some processes die before, some after, some meanwhile."""
_BUCKET = "crashes"
_PADDING = "x" * 2000
_BATCH = 20


@dataclass
class Writer:
    """A thread that puts numbered records, and notes which were acknowledged."""

    server: RunningServer
    tried: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Writer:
        self._thread = threading.Thread(target=self._work)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=60)

    def _work(self) -> None:
        client = self.server.client("firehose")
        while not self._over.is_set():
            names = [f"{len(self.tried) + number}" for number in range(_BATCH)]
            self.tried += names
            records = [{"Data": f"{name} {_PADDING}\n".encode()} for name in names]
            try:
                client.put_record_batch(DeliveryStreamName="mail", Records=records)
                self.acknowledged += names
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                    self.faults.append(str(error))
            except BotoCoreError:
                time.sleep(0.05)  # The server is away.


def _written(client: Any) -> Counter[str]:
    found: Counter[str] = Counter()
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=_BUCKET):
        for one in page.get("Contents", []):
            body = client.get_object(Bucket=_BUCKET, Key=one["Key"])["Body"].read().decode()
            assert body.endswith(f"{_PADDING}\n"), f"{one['Key']} is not whole"
            found.update(line.partition(" ")[0] for line in body.splitlines())
    return found


def test_each_record_is_in_s3_once(seed: int, store: Store) -> None:
    dice = random.Random(seed)
    with RunningServer(store.settings) as server:
        server.client("s3").create_bucket(Bucket=_BUCKET)
        server.client("firehose").create_delivery_stream(
            DeliveryStreamName="mail",
            ExtendedS3DestinationConfiguration={
                "RoleARN": "arn:aws:iam::123456789012:role/firehose",
                "BucketARN": f"arn:aws:s3:::{_BUCKET}",
                "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
            },
        )
        with Writer(server) as load:
            for _ in range(_KILLS):
                time.sleep(dice.uniform(0.4, _LONGEST_LIFE_S))
                server.kill9()
                server.start()
        assert not load.faults, load.faults
        client, end = server.client("s3"), time.monotonic() + 2 * LEASE_S
        while set(load.acknowledged) - (found := _written(client)).keys() and time.monotonic() < end:
            time.sleep(1.0)
        assert not set(load.acknowledged) - found.keys(), f"acknowledged and lost (seed {seed})"
        assert not [name for name, count in found.items() if count > 1], f"written twice (seed {seed})"
        assert found.keys() <= set(load.tried)
        assert len(load.acknowledged) >= _KILLS * _BATCH
