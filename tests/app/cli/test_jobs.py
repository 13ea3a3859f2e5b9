"""`hatobin jobs`: import jobs are listed, and one that is under way is cancelled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hatobin.app.cli import main
from hatobin.app.cli.options import read_settings
from hatobin.app.cli.store import in_store
from hatobin.capabilities.jobs import ImportOrder, JobKey, store

ORDER = ImportOrder("SUPPRESSION_LIST", "", "PUT", "s3://lists/file", "CSV")


@pytest.fixture
def run(tmp_path: Path) -> Any:
    settings, folder = read_settings(None, tmp_path / "data")
    key = JobKey("123456789012", "us-east-1", "job-1")
    in_store(settings, folder, lambda session, _, __: store.insert(session, key, ORDER, 1_767_225_600.0))

    def invoke(*arguments: str, fails: bool = False) -> str:
        result = CliRunner().invoke(main, [*arguments, "--data", str(tmp_path / "data")], env={"HATOBIN_CONFIG": ""})
        assert (result.exit_code != 0) == fails, result.output
        return result.output

    return invoke


def test_jobs_are_listed_and_one_is_cancelled_once(run: Any) -> None:
    [listed] = json.loads(run("jobs", "list", "--json"))
    assert (listed["JobId"], listed["JobStatus"], listed["S3Url"]) == ("job-1", "CREATED", "s3://lists/file")
    line = run("jobs", "list")
    for word in ("job-1", "2026-01-01T00:00:00Z", "CREATED", "0 records, 0 failed", "PUT s3://lists/file"):
        assert word in line
    assert json.loads(run("jobs", "cancel", "job-1", "--json"))["JobStatus"] == "CANCELLED"
    assert "CANCELLED" in run("jobs", "list")
    assert "no import job with the id job-1 is under way" in run("jobs", "cancel", "job-1", fails=True)


def test_a_cancelled_job_says_how_far_it_came(run: Any) -> None:
    assert run("jobs", "cancel", "job-1") == "job-1 is cancelled after 0 records\n"
