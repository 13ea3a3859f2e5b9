"""Export jobs: there are none yet, and every operation says so in the words that SES has for it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.answers import body_of, error_of

BAD = "BadRequestException"
DATES = {"StartDate": 1_767_225_600, "EndDate": 1_767_312_000}
INSIGHTS = {"MessageInsightsDataSource": DATES}
METRICS = {
    "MetricsDataSource": {
        **DATES,
        "Namespace": "VDM",
        "Dimensions": {"ISP": ["*"]},
        "Metrics": [{"Name": "SEND", "Aggregation": "VOLUME"}],
    }
}


@pytest.fixture
def ses(make_client: Any) -> Any:
    return make_client("sesv2")


def refusal(ses: Any, source: dict[str, Any], **destination: str) -> str:
    asked = {"ExportDataSource": source, "ExportDestination": {"DataFormat": "CSV", **destination}}
    code, text, status = error_of(ses.create_export_job, **asked)
    assert (code, status) == (BAD, 400)
    return text


def test_a_request_is_checked_as_far_as_an_export_could_begin(ses: Any) -> None:
    assert refusal(ses, {}) == "One data source must be provided"
    assert refusal(ses, {**INSIGHTS, **METRICS}) == "One data source must be provided"
    assert refusal(ses, INSIGHTS, S3Url="s3://mine/prefix") == "Providing a custom S3 URL is not supported"
    assert refusal(ses, INSIGHTS) == "To use this feature you must enable Virtual Deliverability Manager"
    ses.put_account_vdm_attributes(VdmAttributes={"VdmEnabled": "ENABLED"})
    kept = "not kept by this server yet, so there is nothing to export."
    assert refusal(ses, INSIGHTS) == f"Insights into messages are {kept}"
    assert refusal(ses, METRICS) == f"Metrics are {kept}"


def test_there_is_no_export_job(ses: Any) -> None:
    assert body_of(ses.list_export_jobs())["ExportJobs"] == []
    assert error_of(ses.get_export_job, JobId="none") == (BAD, "Invalid JobId", 400)
    assert error_of(ses.cancel_export_job, JobId="none") == (BAD, "Invalid JobId", 400)
    assert error_of(ses.list_export_jobs, PageSize=0) == (BAD, "The page size must be between 1 and 1000", 400)
