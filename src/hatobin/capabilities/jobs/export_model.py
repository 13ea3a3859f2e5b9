"""Export jobs as values. Pure.

Refs: API reference v2, "CreateExportJob", "GetExportJob"; Amazon SES quotas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hatobin.capabilities.jobs.model import Format, JobKey, Status

MAX_OPEN_EXPORTS = 20
"""Export jobs of one source that have not ended, of an account in a region (SES quotas)."""
EXPORT_KEPT_S = 7 * 86_400
"""How long the file of a job can be fetched; SES does not say how long its own are kept."""
EXPORT_BLOB_PREFIX = "exports/"

SourceType = Literal["METRICS_DATA", "MESSAGE_INSIGHTS"]


@dataclass(frozen=True, slots=True)
class ExportJob:
    """A job and how far it has come: records that were looked at, and those of them that are in the file.

    `source` is the JSON of the request's `ExportDataSource`.
    """

    key: JobKey
    source_type: SourceType
    data_format: Format
    source: str
    status: Status
    created_at: float
    completed_at: float | None = None
    processed: int = 0
    exported: int = 0
    error: str | None = None
    has_file: bool = False

    @property
    def blob_key(self) -> str:
        """Where its file lies."""
        return export_blob(self.key)

    @property
    def content_type(self) -> str:
        """The media type of its file."""
        return "text/csv; charset=utf-8" if self.data_format == "CSV" else "application/json"

    @property
    def file_name(self) -> str:
        """What its file is called."""
        kind = "metrics" if self.source_type == "METRICS_DATA" else "messages"
        return f"ses-{kind}-{self.key.job_id}.{self.data_format.lower()}"


def export_blob(key: JobKey) -> str:
    """Name the blob of a job's file."""
    return f"{EXPORT_BLOB_PREFIX}{key.account_id}/{key.region}/{key.job_id}"
