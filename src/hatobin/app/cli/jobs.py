"""`hatobin jobs`: the import jobs of this server, and the end of one that nobody wants any more."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from hatobin.app.cli.options import print_json, read_settings, store_options
from hatobin.app.cli.store import in_store
from hatobin.capabilities import jobs as import_jobs
from hatobin.capabilities.jobs import ImportJob

SHOWN = 100


@click.group()
def jobs() -> None:
    """Show import jobs, or cancel one; SES has no operation for that. A running server obeys with the next batch."""


@jobs.command("list")
@store_options
def show(config: str | None, data: Path | None, as_json: bool) -> None:
    """List the import jobs that have not ended, and the last ones that have."""
    settings, folder = read_settings(config, data)
    found = in_store(settings, folder, lambda session, _, __: import_jobs.latest(session, SHOWN))
    if as_json:
        print_json([_values(job) for job in found])
        return
    for job in found:
        begun = datetime.fromtimestamp(job.created_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        click.echo(
            f"{job.key.job_id}  {job.key.account_id}  {job.key.region:14} {begun}  {job.status:10}"
            f" {job.processed:>8} records, {job.failed} failed  {job.order.action} {job.order.s3_url}"
        )


@jobs.command()
@store_options
@click.argument("job_id")
def cancel(config: str | None, data: Path | None, as_json: bool, job_id: str) -> None:
    """End an import job where it is: what it has taken stays, and nothing is reported of what failed."""
    settings, folder = read_settings(config, data)
    found = in_store(settings, folder, lambda session, _, now: import_jobs.cancel(session, job_id, now))
    if found is None:
        raise click.ClickException(f"no import job with the id {job_id} is under way")
    if as_json:
        print_json(_values(found))
    else:
        click.echo(f"{job_id} is cancelled after {found.processed} records")


def _values(job: ImportJob) -> dict[str, str | int]:
    return {
        "JobId": job.key.job_id,
        "AccountId": job.key.account_id,
        "Region": job.key.region,
        "JobStatus": job.status,
        "ProcessedRecordsCount": job.processed,
        "FailedRecordsCount": job.failed,
        "S3Url": job.order.s3_url,
    }
