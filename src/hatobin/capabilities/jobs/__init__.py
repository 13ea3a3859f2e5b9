"""Jobs: many entries of a list at once, from an object in a bucket.

An import job puts or deletes addresses of the suppression list, or contacts of
a list, as the lines of a CSV or JSON object say. It is stored and answered at
once; `flow/imports` works on it. What is here is what its records mean
(`Splitter`, `read_batch`), what a batch of them does (`take_step`), and the
rows by which exactly one worker does it, exactly once.

Export jobs are refused: what they export, metrics and insights into messages,
is not kept yet.
"""

from __future__ import annotations

from hatobin.capabilities.jobs import api_v2, api_v2_exports
from hatobin.capabilities.jobs.effects import JobLost, Step, take_step
from hatobin.capabilities.jobs.model import (
    MAX_SOURCE_BYTES,
    ImportJob,
    ImportOrder,
    JobFailed,
    JobKey,
)
from hatobin.capabilities.jobs.reading import Batch, read_batch
from hatobin.capabilities.jobs.report import header_line
from hatobin.capabilities.jobs.report_links import ReportLinks
from hatobin.capabilities.jobs.splitting import RawRecord, Splitter
from hatobin.capabilities.jobs.store import (
    Hold,
    cancel,
    claim,
    complete,
    failures,
    find_ended,
    forget,
    forget_failures,
    has_due,
    latest,
    release,
)

__all__ = [
    "MAX_SOURCE_BYTES",
    "Batch",
    "Hold",
    "ImportJob",
    "ImportOrder",
    "JobFailed",
    "JobKey",
    "JobLost",
    "RawRecord",
    "ReportLinks",
    "Splitter",
    "Step",
    "api_v2",
    "api_v2_exports",
    "cancel",
    "claim",
    "complete",
    "failures",
    "find_ended",
    "forget",
    "forget_failures",
    "has_due",
    "header_line",
    "latest",
    "read_batch",
    "release",
    "take_step",
]
