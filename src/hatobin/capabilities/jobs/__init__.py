"""Jobs: many entries of a list at once, from an object in a bucket.

An import job puts or deletes addresses of the suppression list, or contacts of
a list, as the lines of a CSV or JSON object say. It is stored and answered at
once; `flow/imports` works on it. What is here is what its records mean
(`Splitter`, `read_batch`), what a batch of them does (`take_step`), and the
rows by which exactly one worker does it, exactly once.

An export job writes metrics, or insights into messages, to a file that a link
leads to; `flow/exports` works on it, and the room `insights` says what is in it.
"""

from __future__ import annotations

from hatobin.capabilities.jobs import api_v2, api_v2_exports
from hatobin.capabilities.jobs.effects import JobLost, Step, take_step
from hatobin.capabilities.jobs.export_links import EXPORT_PATH, ExportLinks
from hatobin.capabilities.jobs.export_model import EXPORT_BLOB_PREFIX, EXPORT_KEPT_S, ExportJob, export_blob
from hatobin.capabilities.jobs.export_store import (
    claim_export,
    complete_export,
    ended_exports,
    files_over,
    find_export,
    forget_exports,
    forget_files,
    has_due_export,
    note_progress,
    release_export,
    unknown_exports,
)
from hatobin.capabilities.jobs.hold_store import Hold
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
    "EXPORT_BLOB_PREFIX",
    "EXPORT_KEPT_S",
    "EXPORT_PATH",
    "MAX_SOURCE_BYTES",
    "Batch",
    "ExportJob",
    "ExportLinks",
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
    "claim_export",
    "complete",
    "complete_export",
    "ended_exports",
    "export_blob",
    "failures",
    "files_over",
    "find_ended",
    "find_export",
    "forget",
    "forget_exports",
    "forget_failures",
    "forget_files",
    "has_due",
    "has_due_export",
    "header_line",
    "latest",
    "note_progress",
    "read_batch",
    "release",
    "release_export",
    "take_step",
    "unknown_exports",
]
