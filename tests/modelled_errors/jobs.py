"""The errors of import and export jobs; those of export jobs have texts observed at SES."""

from __future__ import annotations

from typing import Any

from tests.modelled_errors.provocation import Group, Provocation

_V2 = Group("sesv2")
_BAD = "BadRequestException"
_SOURCE = {"S3Url": "s3://lists/file", "DataFormat": "CSV"}
_PUT = {"SuppressionListDestination": {"SuppressionListImportAction": "PUT"}}
_DATES = {"StartDate": 1_767_225_600, "EndDate": 1_767_312_000}
_INSIGHTS: dict[str, Any] = {"MessageInsightsDataSource": _DATES}

ALL: tuple[Provocation, ...] = (
    _V2.one(
        "CreateImportJob",
        _BAD,
        "ImportDestination must have exactly one of SuppressionListDestination and ContactListDestination.",
        ImportDestination={},
        ImportDataSource=_SOURCE,
    ),
    Group("sesv2", "full").one(
        "CreateImportJob",
        "LimitExceededException",
        "The maximum number of concurrent import jobs (20) is reached.",
        ImportDestination=_PUT,
        ImportDataSource=_SOURCE,
    ),
    _V2.one("GetImportJob", "NotFoundException", "Import job none does not exist.", JobId="none"),
    _V2.one("ListImportJobs", _BAD, "Invalid NextToken", NextToken="none"),
    _V2.one("ListImportJobs", _BAD, "The page size must be between 1 and 1000", PageSize=0),
    _V2.one(
        "CreateExportJob",
        _BAD,
        "One data source must be provided",
        ExportDataSource={},
        ExportDestination={"DataFormat": "CSV"},
    ),
    _V2.one(
        "CreateExportJob",
        _BAD,
        "Providing a custom S3 URL is not supported",
        ExportDataSource=_INSIGHTS,
        ExportDestination={"DataFormat": "CSV", "S3Url": "s3://lists/file"},
    ),
    _V2.one(
        "CreateExportJob",
        _BAD,
        "To use this feature you must enable Virtual Deliverability Manager",
        ExportDataSource=_INSIGHTS,
        ExportDestination={"DataFormat": "CSV"},
    ),
    Group("sesv2", "full").one(
        "CreateExportJob",
        "LimitExceededException",
        "There are too many <MESSAGE_INSIGHTS> export jobs running - either cancel one of the jobs or wait for it to"
        " complete before resubmitting.",
        ExportDataSource=_INSIGHTS,
        ExportDestination={"DataFormat": "CSV"},
    ),
    *_V2.each(("GetExportJob", "CancelExportJob"), _BAD, "Invalid JobId", JobId="none"),
    _V2.one("ListExportJobs", _BAD, "Invalid NextToken", NextToken="none"),
)
