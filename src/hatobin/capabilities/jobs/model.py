"""Import jobs as values: what is imported from where to where, and how far it has come. Pure.

Refs: API reference v2, "CreateImportJob", "GetImportJob"; AWS developer guide, "sending-email-suppression-list",
"sending-email-list-management"; Amazon SES quotas, "Import jobs".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

MAX_OPEN_JOBS = 20
"""Import jobs of an account in a region that have not ended (SES quotas, "concurrent import jobs")."""
MAX_SOURCE_BYTES = 1024 * 1024 * 1024
MAX_RECORD_BYTES = 64 * 1024
MAX_KEY_OCTETS = 1024
"""What the key of an object may have (Amazon S3 user guide, "Naming Amazon S3 objects")."""

Target = Literal["SUPPRESSION_LIST", "CONTACT_LIST"]
Action = Literal["PUT", "DELETE"]
Format = Literal["CSV", "JSON"]
Status = Literal["CREATED", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"]

_S3_URL = re.compile(r"s3://([^/]+)/(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class JobKey:
    """Which job of which account and region."""

    account_id: str
    region: str
    job_id: str


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """What somebody wants: put to a list, or delete from it, what an object holds. `list_name` is that of contacts."""

    target: Target
    list_name: str
    action: Action
    s3_url: str
    data_format: Format

    @property
    def source(self) -> tuple[str, str]:
        """The bucket and the key of the object."""
        found = _S3_URL.fullmatch(self.s3_url)
        assert found is not None, "the model's pattern has been checked"
        return found[1], found[2]


@dataclass(frozen=True, slots=True)
class ImportJob:
    """A job and how far it has come: records that were looked at, those of them that failed, octets that are done.

    `etag` is the object's as it was first read, `header` the columns of a CSV file of contacts, with line feeds
    between them. `report` is the key of the object with the failed records, in the bucket of the source.
    """

    key: JobKey
    order: ImportOrder
    status: Status
    created_at: float
    completed_at: float | None
    processed: int
    failed: int
    position: int
    etag: str
    header: str
    error: str | None
    report: str | None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a CSV file of contacts, once they have been read."""
        return tuple(self.header.split("\n")) if self.header else ()

    @property
    def report_key(self) -> str:
        """Where the failed records go: beside the source, and always there, so that a second try replaces the first."""
        name = f"failed-{self.key.job_id}.{self.order.data_format.lower()}"
        beside = f"{self.order.source[1]}.{name}"
        return beside if len(beside.encode()) <= MAX_KEY_OCTETS else name


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot be taken: its fields as far as they could be read, or its text, and why."""

    fields: tuple[str, ...]
    reason: str


class JobFailed(Exception):
    """The whole job cannot go on; the text is for its owner."""
