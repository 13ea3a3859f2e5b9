"""The file store keeps the promises of the blobs port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hatobin.adapters.blobs import FileBlobs
from hatobin.ports.blobs import Blobs
from hatobin.testing.blobs import BLOBS_CHECKS, BlobsCheck, run_blobs_check


@pytest.mark.parametrize("check", BLOBS_CHECKS, ids=lambda check: check.__name__)
async def test_file_blobs(check: BlobsCheck, tmp_path: Path) -> None:
    @asynccontextmanager
    async def make() -> AsyncIterator[Blobs]:
        blobs = FileBlobs(tmp_path / "blobs")
        yield blobs
        await blobs.close()

    await run_blobs_check(make, check)
