"""Import jobs as people run them: a file to a bucket, a command, and a link to what failed."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.imports import Plan, run
from tests.interop.test_aws_cli import _AWS, _aws
from tests.peers import postgres
from tests.peers.object_store import ACCESS_KEY, SECRET, ObjectStore
from tests.running import RunningServer

MEMORY_KIB = 64 * 1024
"""What an import may cost at most, whatever its size; half of it is the page cache of the database's writer."""


@pytest.mark.parametrize("target", ["suppression", "contacts"])
def test_an_import_that_is_killed_comes_out_exact_in_little_memory(tmp_path: Path, target: str) -> None:
    with RunningServer() as server:
        measured = run(server, Plan(60_000, kills=1, target=target), tmp_path)
    assert measured.flaws == []
    assert measured.killed_at
    assert measured.mails
    assert measured.peak_kib - measured.idle_kib < MEMORY_KIB


def test_several_workers_share_jobs(tmp_path: Path) -> None:
    with RunningServer({"server.workers": "2"}) as server:
        s3 = server.client("s3")
        s3.create_bucket(Bucket="shared")
        jobs = []
        for number in range(6):
            rows = "".join(f"a{number}-{row}@example.com,BOUNCE\n" for row in range(2000))
            s3.put_object(Bucket="shared", Key=f"{number}", Body=rows.encode())
            jobs.append(_begin(server, f"s3://shared/{number}"))
        ended = [waited_for(server, job) for job in jobs]
        with server.store() as store:
            (listed,) = store.execute("SELECT COUNT(*) FROM suppressed_destinations").fetchall()[0]
    assert {(job["JobStatus"], job["ProcessedRecordsCount"]) for job in ended} == {("COMPLETED", 2000)}
    assert listed == 12_000


@pytest.mark.skipif(not _AWS.exists(), reason="the AWS CLI is not installed beside this Python")
def test_the_commands_of_the_developer_guide(mailbox: RunningServer, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("cli1@example.com,BOUNCE\ncli2@example.com,SPAM\n")
    _s3(mailbox, "mb", "s3://cli-imports")
    _s3(mailbox, "cp", str(tmp_path / "list.csv"), "s3://cli-imports/list.csv")
    job = _aws(
        mailbox,
        *("sesv2", "create-import-job"),
        *("--import-destination", "SuppressionListDestination={SuppressionListImportAction=PUT}"),
        *("--import-data-source", "S3Url=s3://cli-imports/list.csv,DataFormat=CSV"),
    )["JobId"]
    waited_for(mailbox, job)
    shown = _aws(mailbox, "sesv2", "get-import-job", "--job-id", job)
    assert (shown["JobStatus"], shown["ProcessedRecordsCount"], shown["FailedRecordsCount"]) == ("COMPLETED", 2, 1)
    with urllib.request.urlopen(shown["FailureInfo"]["FailedRecordsS3Url"], timeout=10) as answer:
        failed = answer.read().decode()
    assert failed == "cli2@example.com,SPAM,The reason <SPAM> is neither BOUNCE nor COMPLAINT.\n"
    listed = _aws(mailbox, "sesv2", "list-import-jobs", "--import-destination-type", "SUPPRESSION_LIST")
    assert job in [one["JobId"] for one in listed["ImportJobs"]]
    assert "Invalid JobId" in _aws(mailbox, "sesv2", "get-export-job", "--job-id", job, fails=True)


def _s3(server: RunningServer, *arguments: str) -> None:

    done = subprocess.run(
        [sys.executable, _AWS, "s3", *arguments],
        env=server.client_environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def waited_for(server: RunningServer, job: str, limit_s: float = 60.0) -> dict[str, Any]:
    """Give a job when it has ended."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        found: dict[str, Any] = server.client("sesv2").get_import_job(JobId=job)
        if found["JobStatus"] not in ("CREATED", "PROCESSING"):
            return found
        time.sleep(0.05)
    raise TimeoutError("the import did not end")


def test_a_real_s3_holds_the_files_and_gets_the_reports() -> None:
    with ObjectStore() as store:
        settings = {
            "aws.s3.endpoint_url": store.endpoint,
            "aws.s3.access_key_id": ACCESS_KEY,
            "aws.s3.secret_access_key": SECRET,
        }
        boto = store.client()
        boto.create_bucket(Bucket="lists")
        rows = "".join(f"a{row}@example.com,{'BOUNCE' if row % 1000 else 'SPAM'}\n" for row in range(20_000))
        boto.put_object(Bucket="lists", Key="in/rows.csv", Body=rows.encode())
        with RunningServer(settings) as server:
            ended = waited_for(server, _begin(server, "s3://lists/in/rows.csv"))
            missing = waited_for(server, _begin(server, "s3://lists/none"))
            nowhere = waited_for(server, _begin(server, "s3://nowhere/none"))
        report = f"in/rows.csv.failed-{ended['JobId']}.csv"
        failed = boto.get_object(Bucket="lists", Key=report)["Body"].read().decode()
    counts = (ended["JobStatus"], ended["ProcessedRecordsCount"], ended["FailedRecordsCount"])
    assert counts == ("COMPLETED", 20_000, 20)
    assert ended["FailureInfo"]["FailedRecordsS3Url"] == f"s3://lists/{report}"
    assert failed.count("\n") == 20
    assert missing["FailureInfo"]["ErrorMessage"] == "The object <none> does not exist in the bucket <lists>."
    assert nowhere["FailureInfo"]["ErrorMessage"] == "The bucket <nowhere> does not exist."


def _begin(server: RunningServer, url: str) -> str:
    """Make a job that puts a CSV file to the suppression list."""
    made = server.client("sesv2").create_import_job(
        ImportDestination={"SuppressionListDestination": {"SuppressionListImportAction": "PUT"}},
        ImportDataSource={"S3Url": url, "DataFormat": "CSV"},
    )
    return str(made["JobId"])


def test_two_nodes_share_jobs_and_one_goes_on_after_a_kill() -> None:
    url = postgres.shared().create_database(f"imports_{uuid.uuid4().hex[:8]}")
    with ObjectStore() as store, ExitStack() as stack:
        settings = {
            "store.url": url,
            "aws.s3.endpoint_url": store.endpoint,
            "aws.s3.access_key_id": ACCESS_KEY,
            "aws.s3.secret_access_key": SECRET,
            "account.verification": "instant",
        }
        boto = store.client()
        boto.create_bucket(Bucket="lists")
        for number in range(4):
            rows = "".join(f"a{number}-{row}@example.com,BOUNCE\n" for row in range(20_000))
            boto.put_object(Bucket="lists", Key=f"{number}", Body=rows.encode())
        one, other = (
            stack.enter_context(RunningServer(settings, variables={"HATOBIN_MASTER_KEY": "5e" * 32})) for _ in "12"
        )
        jobs = [_begin(one, f"s3://lists/{number}") for number in range(4)]
        one.kill9()
        one.start()
        ended = [waited_for(other, job) for job in jobs]
        with other.store() as database:
            (listed,) = database.execute("SELECT COUNT(*) FROM suppressed_destinations").fetchone()
    assert {(job["JobStatus"], job["ProcessedRecordsCount"]) for job in ended} == {("COMPLETED", 20_000)}
    assert listed == 80_000
