"""The file store and the S3 store keep the promises of the blobs port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hatobin.adapters.blobs import FileBlobs
from hatobin.adapters.s3_blobs import S3Blobs
from hatobin.ports.blobs import Blobs
from hatobin.testing.blobs import BLOBS_CHECKS, BlobsCheck, run_blobs_check
from tests.peers.object_store import ObjectStore


@pytest.mark.parametrize("check", BLOBS_CHECKS, ids=lambda check: check.__name__)
async def test_file_blobs(check: BlobsCheck, tmp_path: Path) -> None:
    @asynccontextmanager
    async def make() -> AsyncIterator[Blobs]:
        blobs = FileBlobs(tmp_path / "blobs")
        yield blobs
        await blobs.close()

    await run_blobs_check(make, check)


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectStore]:
    with ObjectStore() as running:
        running.client().create_bucket(Bucket="conformance")
        yield running


@pytest.mark.parametrize("check", BLOBS_CHECKS, ids=lambda check: check.__name__)
async def test_s3_blobs(check: BlobsCheck, server: ObjectStore) -> None:
    @asynccontextmanager
    async def make() -> AsyncIterator[Blobs]:
        blobs = S3Blobs(server.url(f"conformance/{check.__name__}"))
        yield blobs
        await blobs.close()

    await run_blobs_check(make, check)
