"""What tests of import jobs do: put a file, make a job of it, let the worker work, and look at what the job says."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tests.api.answers import body_of
from tests.api.buckets import get_object, put_object
from tests.api.harness import Api

BUCKET, KEY = "lists", "in/file"
URL = f"s3://{BUCKET}/{KEY}"
TOPICS = [
    {"TopicName": "Sports", "DisplayName": "Sports", "DefaultSubscriptionStatus": "OPT_OUT"},
    {"TopicName": "Cycling", "DisplayName": "Cycling", "DefaultSubscriptionStatus": "OPT_IN"},
]


def suppression(action: str) -> dict[str, Any]:
    return {"SuppressionListDestination": {"SuppressionListImportAction": action}}


def people(action: str, name: str = "news") -> dict[str, Any]:
    return {"ContactListDestination": {"ContactListName": name, "ContactListImportAction": action}}


def begin(ses: Any, destination: dict[str, Any], data_format: str = "CSV", url: str = URL) -> str:
    source = {"S3Url": url, "DataFormat": data_format}
    return str(ses.create_import_job(ImportDestination=destination, ImportDataSource=source)["JobId"])


def work(api: Api) -> None:
    """Let the worker do what there is to do."""
    while api.run(api.outbound.imports.once()):
        pass


def imported(
    api: Api, ses: Any, content: str | bytes, destination: dict[str, Any], data_format: str = "CSV"
) -> dict[str, Any]:
    """Import a file, and give what the job says at its end."""
    put_object(api, BUCKET, KEY, content.encode() if isinstance(content, str) else content)
    job = begin(ses, destination, data_format)
    work(api)
    return body_of(ses.get_import_job(JobId=job))


def counts(job: dict[str, Any]) -> tuple[str, int, int]:
    return job["JobStatus"], job["ProcessedRecordsCount"], job["FailedRecordsCount"]


def suppressed(ses: Any) -> dict[str, str]:
    found = ses.list_suppressed_destinations()["SuppressedDestinationSummaries"]
    return {entry["EmailAddress"]: entry["Reason"] for entry in found}


def contacts(ses: Any) -> list[str]:
    return [entry["EmailAddress"] for entry in ses.list_contacts(ContactListName="news").get("Contacts", [])]


def report(api: Api, job: dict[str, Any]) -> str:
    """Give the failed records of a job, by the key that its link names."""
    path = urlsplit(f"http://host{job['FailureInfo']['FailedRecordsS3Url']}").path
    assert path.startswith(f"/{BUCKET}/")
    return get_object(api, BUCKET, path.removeprefix(f"/{BUCKET}/")).decode()
