"""The operations that put records: durable before the answer, in S3 when the stream's buffer is full or old."""

from __future__ import annotations

from collections.abc import Sequence

from hatobin.companions.firehose.api_streams import key_of
from hatobin.companions.firehose.errors import invalid, open_stream
from hatobin.companions.firehose.model import MAX_BATCH_BYTES, MAX_BATCH_RECORDS
from hatobin.companions.firehose.putting import put_into
from hatobin.gateway import Call, operation
from hatobin.gateway.models.firehose import (
    PutRecordBatchInput,
    PutRecordBatchOutput,
    PutRecordBatchResponseEntry,
    PutRecordInput,
    PutRecordOutput,
)
from hatobin.ports import Session

_ID_OCTETS = 110
"""Record ids are long at AWS, and nobody reads them."""


@operation("firehose", "PutRecord")
async def put_record(call: Call, request: PutRecordInput) -> PutRecordOutput:
    """Put one record. Raises ResourceNotFoundException."""
    await _put(call, request.delivery_stream_name, [request.record.data])
    return PutRecordOutput(record_id=_record_id(call), encrypted=False)


@operation("firehose", "PutRecordBatch")
async def put_record_batch(call: Call, request: PutRecordBatchInput) -> PutRecordBatchOutput:
    """Put up to 500 records, in one transaction: all of them are taken."""
    records = [record.data for record in request.records]
    size = sum(map(len, records))
    if size > MAX_BATCH_BYTES:
        raise invalid(f"Records size exceeds {MAX_BATCH_BYTES} bytes limit: {size} bytes in {len(records)} records.")
    assert len(records) <= MAX_BATCH_RECORDS, "the model says so"
    await _put(call, request.delivery_stream_name, records)
    return PutRecordBatchOutput(
        failed_put_count=0,
        encrypted=False,
        request_responses=[PutRecordBatchResponseEntry(record_id=_record_id(call)) for _ in records],
    )


async def _put(call: Call, name: str, records: Sequence[bytes]) -> None:
    key, now = key_of(call, name), call.ports.clock.now()

    def work(session: Session) -> None:
        put_into(session, open_stream(session, key), records, now=now)

    await call.ports.database.write(work)


def _record_id(call: Call) -> str:
    return call.ports.entropy.token_bytes(_ID_OCTETS).hex()
