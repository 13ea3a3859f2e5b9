"""Import jobs: how they are made and shown, and how they fail."""

from __future__ import annotations

from typing import Any

import pytest

from hatobin.companions import s3
from hatobin.flow.imports import GIVE_UP_S, RETRY_S
from hatobin.ports.objects import ObjectsUnavailable
from hatobin.words.settings import Account, Settings
from tests.api.answers import error_of
from tests.api.buckets import make_bucket, put_object
from tests.api.harness import OTHER_ACCOUNT, Api
from tests.api.importing import (
    BUCKET,
    KEY,
    TOPICS,
    URL,
    begin,
    counts,
    imported,
    people,
    suppressed,
    suppression,
    work,
)

BAD, MISSING = "BadRequestException", "NotFoundException"


@pytest.fixture
def ses(api: Api) -> Any:
    make_bucket(api, BUCKET)
    client = api.client("sesv2")
    client.create_contact_list(ContactListName="news", Topics=TOPICS)
    return client


def refused(ses: Any, destination: dict[str, Any]) -> tuple[str, str, int]:
    source = {"S3Url": URL, "DataFormat": "CSV"}
    return error_of(ses.create_import_job, ImportDestination=destination, ImportDataSource=source)


# ── jobs that fail ───────────────────────────────────────────────────────────


def failed(api: Api, ses: Any, url: str) -> str:
    job = begin(ses, suppression("PUT"), url=url)
    work(api)
    found = ses.get_import_job(JobId=job)
    assert found["JobStatus"] == "FAILED"
    assert found["CompletedTimestamp"]
    return str(found["FailureInfo"]["ErrorMessage"])


def test_what_is_not_there_or_not_ours_ends_the_job(api: Api, ses: Any) -> None:
    make_bucket(api, "theirs", account_id=OTHER_ACCOUNT)
    put_object(api, "theirs", "file", b"a@example.com,BOUNCE\n")
    assert failed(api, ses, "s3://lists/none") == "The object <none> does not exist in the bucket <lists>."
    assert failed(api, ses, "s3://nowhere/file") == "The bucket <nowhere> does not exist."
    assert failed(api, ses, "s3://theirs/file") == "Access to the bucket <theirs> is denied."
    assert not suppressed(ses)


def test_what_is_no_text_ends_the_job(api: Api, ses: Any) -> None:
    put_object(api, BUCKET, KEY, b"a@example.com,BOUNCE\n\0\n")
    assert failed(api, ses, URL) == "The object is no text."
    assert not suppressed(ses)


@pytest.mark.parametrize("api", [Settings(account=Account(max_import_lines=3))], indirect=True)
def test_a_file_with_too_many_lines_changes_nothing(api: Api, ses: Any) -> None:
    lines = "a@example.com,BOUNCE\nb@example.com,BOUNCE\nc@example.com,BOUNCE"
    put_object(api, BUCKET, KEY, f"{lines}\nd@example.com,BOUNCE".encode())
    assert failed(api, ses, URL) == "The object has more than 3 lines."
    assert not suppressed(ses)
    assert counts(imported(api, ses, lines, suppression("PUT"))) == ("COMPLETED", 3, 0)
    people_lines = "emailAddress\na@example.com\nb@example.com\nc@example.com\n"
    assert counts(imported(api, ses, people_lines, people("PUT"))) == ("COMPLETED", 3, 0)


def test_a_contact_list_that_goes_meanwhile_ends_the_job(api: Api, ses: Any) -> None:
    put_object(api, BUCKET, KEY, b"emailAddress\na@example.com\n")
    job = begin(ses, people("PUT"))
    ses.delete_contact_list(ContactListName="news")
    work(api)
    found = ses.get_import_job(JobId=job)
    assert counts(found) == ("FAILED", 0, 0)
    assert found["FailureInfo"]["ErrorMessage"] == "ContactList <news> doesn't exist"


def test_a_store_that_does_not_answer_is_tried_again_and_at_last_given_up(
    api: Api, ses: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_object(api, BUCKET, KEY, b"a@example.com,BOUNCE\n")
    job, other = begin(ses, suppression("PUT")), begin(ses, suppression("PUT"))
    imports, objects = api.outbound.imports, api.outbound.services.get(s3.Buckets).objects

    async def silent(name: str) -> Any:
        raise ObjectsUnavailable("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(objects, "bucket", silent)
        assert api.run(imports.once())
        assert api.run(imports.once())
        assert not api.run(imports.once())
        assert ses.get_import_job(JobId=job)["JobStatus"] == "PROCESSING"
        api.world.clock.elapsed_s += GIVE_UP_S
        assert api.run(imports.once())
    api.world.clock.elapsed_s += RETRY_S
    work(api)
    found = {ses.get_import_job(JobId=one)["JobStatus"] for one in (job, other)}
    assert found == {"COMPLETED", "FAILED"}


# ── operations ───────────────────────────────────────────────────────────────


def test_a_job_begins_as_created_and_is_listed_the_newest_first(api: Api, ses: Any) -> None:
    made = []
    for destination in (suppression("PUT"), people("PUT"), suppression("DELETE")):
        made.append(begin(ses, destination))
        api.world.clock.elapsed_s += 1
    listed = ses.list_import_jobs()["ImportJobs"]
    assert [job["JobId"] for job in listed] == made[::-1]
    assert listed[0] == {
        "JobId": made[2],
        "ImportDestination": suppression("DELETE"),
        "JobStatus": "CREATED",
        "CreatedTimestamp": listed[0]["CreatedTimestamp"],
        "ProcessedRecordsCount": 0,
        "FailedRecordsCount": 0,
    }
    wanted = ses.list_import_jobs(ImportDestinationType="CONTACT_LIST")["ImportJobs"]
    assert [job["JobId"] for job in wanted] == [made[1]]
    first = ses.list_import_jobs(PageSize=2)
    second = ses.list_import_jobs(PageSize=2, NextToken=first["NextToken"])
    assert [job["JobId"] for job in (*first["ImportJobs"], *second["ImportJobs"])] == made[::-1]
    assert not second.get("NextToken")
    other = {"PageSize": 2, "NextToken": first["NextToken"], "ImportDestinationType": "CONTACT_LIST"}
    assert error_of(ses.list_import_jobs, **other) == (BAD, "Invalid NextToken", 400)


@pytest.mark.parametrize("destination", [{}, {**suppression("PUT"), **people("PUT")}])
def test_a_job_has_one_destination(api: Api, ses: Any, destination: dict[str, Any]) -> None:
    assert refused(ses, destination) == (
        BAD,
        "ImportDestination must have exactly one of SuppressionListDestination and ContactListDestination.",
        400,
    )


def test_a_job_needs_the_contact_list_that_it_names(ses: Any) -> None:
    assert refused(ses, people("PUT", "other")) == (MISSING, "ContactList <other> doesn't exist", 404)


@pytest.mark.parametrize("api", [Settings(account=Account(sandbox=True))], indirect=True)
def test_an_account_in_the_sandbox_imports_contacts_alone(ses: Any) -> None:
    assert refused(ses, suppression("PUT")) == (BAD, "Your account is still in the sandbox.", 400)
    assert begin(ses, people("PUT"))


def test_an_account_has_twenty_jobs_under_way(api: Api, ses: Any) -> None:
    for _ in range(20):
        begin(ses, suppression("PUT"))
    code, text, status = refused(ses, suppression("PUT"))
    assert (code, status) == ("LimitExceededException", 400)
    assert text == "The maximum number of concurrent import jobs (20) is reached."
    work(api)
    assert begin(ses, suppression("PUT"))
