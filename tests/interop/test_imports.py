"""Import jobs as people run them: a file to a bucket, a command, and a link to what failed."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.imports import Plan, run
from tests.interop.test_aws_cli import _AWS, _aws
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
        ses, s3 = server.client("sesv2"), server.client("s3")
        s3.create_bucket(Bucket="shared")
        jobs = []
        for number in range(6):
            rows = "".join(f"a{number}-{row}@example.com,BOUNCE\n" for row in range(2000))
            s3.put_object(Bucket="shared", Key=f"{number}", Body=rows.encode())
            source = {"S3Url": f"s3://shared/{number}", "DataFormat": "CSV"}
            jobs.append(
                ses.create_import_job(
                    ImportDestination={"SuppressionListDestination": {"SuppressionListImportAction": "PUT"}},
                    ImportDataSource=source,
                )["JobId"]
            )
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
