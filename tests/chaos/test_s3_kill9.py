"""kill -9 while objects are put: each one that was acknowledged is there, each one that is there is whole."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.chaos.conftest import Store
from tests.running import RunningServer

_KILLS = 5
_LONGEST_LIFE_S = 0.8
_UPLOADERS = 4
_PART_OCTETS = 5 * 1024 * 1024
_LARGEST_OCTETS = 3 * 1024 * 1024
_BUCKET = "crashes"


def content(key: str) -> bytes:
    """Give what stands under a key, in the whole test: a part of it, or another's, is found out."""
    dice = random.Random(key)
    return dice.randbytes(dice.randrange(_LARGEST_OCTETS))


def in_parts(key: str) -> tuple[bytes, bytes]:
    """Give the two parts of an object that is uploaded in parts."""
    return random.Random(key).randbytes(_PART_OCTETS), content(key)


def expected(key: str) -> str:
    body = b"".join(in_parts(key)) if key.startswith("parts/") else content(key)
    return hashlib.sha256(body).hexdigest()


@dataclass
class Uploaders:
    """Threads that put objects, each under a key of its own, and note which were acknowledged."""

    server: RunningServer
    seed: int
    acknowledged: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    tried: int = 0
    faults: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Uploaders:
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(_UPLOADERS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _work(self, number: int) -> None:
        client = self.server.client("s3")
        count = 0
        while not self._over.is_set():
            count += 1
            self.tried += 1
            kind = "parts" if count % 5 == 0 else "whole"
            key = f"{kind}/{self.seed}/{number}/{count}"
            try:
                _put(client, key)
                self.acknowledged.add(key)
                if count % 4 == 0:
                    self.deleted.add(key)  # From here on it may be there or not.
                    client.delete_object(Bucket=_BUCKET, Key=key)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                    self.faults.append(str(error))
            except BotoCoreError:
                time.sleep(0.05)  # The server is away.


def _put(client: Any, key: str) -> None:
    if not key.startswith("parts/"):
        client.put_object(Bucket=_BUCKET, Key=key, Body=content(key))
        return
    begun = client.create_multipart_upload(Bucket=_BUCKET, Key=key)["UploadId"]
    named = [
        {
            "PartNumber": number,
            "ETag": client.upload_part(Bucket=_BUCKET, Key=key, UploadId=begun, PartNumber=number, Body=part)["ETag"],
        }
        for number, part in enumerate(in_parts(key), 1)
    ]
    client.complete_multipart_upload(Bucket=_BUCKET, Key=key, UploadId=begun, MultipartUpload={"Parts": named})


def test_no_half_object_and_no_lost_one(seed: int, store: Store) -> None:
    dice = random.Random(seed)
    with RunningServer(store.settings) as server:
        server.client("s3").create_bucket(Bucket=_BUCKET)
        with Uploaders(server, seed) as load:
            for _ in range(_KILLS):
                time.sleep(dice.uniform(0.2, _LONGEST_LIFE_S))
                server.kill9()
                server.start()
        assert not load.faults, load.faults
        client = server.client("s3")
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=_BUCKET)
        found = {one["Key"]: one["Size"] for page in pages for one in page.get("Contents", [])}
        assert not (load.acknowledged - load.deleted - found.keys()), f"acknowledged and lost (seed {seed})"
        for key, size in found.items():
            body = client.get_object(Bucket=_BUCKET, Key=key)["Body"].read()
            assert (len(body), hashlib.sha256(body).hexdigest()) == (size, expected(key)), f"{key} is not whole"
        assert len(load.acknowledged) >= _KILLS, f"{load.tried} tried, {len(load.acknowledged)} acknowledged"
