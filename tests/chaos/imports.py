"""A long import job on a real server that is killed meanwhile: what it costs, and that it comes out exact.

    python -m tests.chaos.imports --rows 1000000 --kills 2

A file of that many rows goes up to a bucket, every thousandth of them one that
cannot be taken; a job puts them to the suppression list or to a contact list,
the process is killed with SIGKILL at even distances and started again, and
mail is sent all the time. The last line on stdout is what was measured, as
JSON; its status is 1 where the books are not exact.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click

from tests.peers.postgres import Postgres
from tests.running import RunningServer, wait_until

BUCKET, KEY, LIST = "imports", "rows.csv", "news"
FAILING_EVERY = 1000
_LOOK_S = 0.05
_MAIL_EVERY_S = 0.1
_LIMIT_S_PER_ROW = 0.002
_LEAST_LIMIT_S = 120.0
_TEXT = {"Data": "Hello"}
_CONTENT = {"Simple": {"Subject": _TEXT, "Body": {"Text": _TEXT}}}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is imported, and how often the process is killed while it is."""

    rows: int
    kills: int
    target: str = "suppression"

    @property
    def failing(self) -> int:
        """Rows that cannot be taken."""
        return len(range(0, self.rows, FAILING_EVERY))

    @property
    def destination(self) -> dict[str, Any]:
        """The destination as the API wants it."""
        if self.target == "contacts":
            return {"ContactListDestination": {"ContactListName": LIST, "ContactListImportAction": "PUT"}}
        return {"SuppressionListDestination": {"SuppressionListImportAction": "PUT"}}

    def lines(self) -> Iterator[str]:
        """Give the lines of the file."""
        if self.target == "contacts":
            yield "emailAddress,unsubscribeAll,attributesData,topicPreferences.Sports\n"
        for number in range(self.rows):
            address = "no address" if number % FAILING_EVERY == 0 else f"recipient{number}@example.com"
            yield (
                f'{address},false,"{{""n"":{number}}}",OPT_IN\n' if self.target == "contacts" else f"{address},BOUNCE\n"
            )


@dataclass(slots=True)
class Measured:
    """What a run took. Memory is the high-water mark in KiB: before the import, and the highest of all processes."""

    rows: int
    seconds: float = 0.0
    rows_per_s: float = 0.0
    idle_kib: int = 0
    peak_kib: int = 0
    killed_at: list[int] = field(default_factory=list)
    mails: int = 0
    mail_median_ms: float = 0.0
    mail_p99_ms: float = 0.0
    flaws: list[str] = field(default_factory=list)


class _Mail(threading.Thread):
    """Sends a mail ten times a second, and keeps how long each took; those that fail in a kill are left out."""

    def __init__(self, server: RunningServer) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._ending = threading.Event()
        self.took_s: list[float] = []

    def run(self) -> None:
        while not self._ending.wait(_MAIL_EVERY_S):
            begun = time.monotonic()
            try:
                self._server.client("sesv2").send_email(
                    FromEmailAddress="a@example.com",
                    Destination={"ToAddresses": ["you@example.net"]},
                    Content=_CONTENT,
                )
            except Exception:
                continue  # A killed server answers in many ways.
            self.took_s.append(time.monotonic() - begun)

    def end(self) -> None:
        """Stop, and wait for it."""
        self._ending.set()
        self.join()


def run(server: RunningServer, plan: Plan, folder: Path) -> Measured:
    """Import on a running server."""
    file = folder / KEY
    with file.open("w") as rows:
        rows.writelines(plan.lines())
    _prepare(server, plan, file)
    measured = Measured(plan.rows, idle_kib=_high_water_kib(server))
    mail = _Mail(server)
    mail.start()
    begun = time.monotonic()
    job = server.client("sesv2").create_import_job(
        ImportDestination=plan.destination,
        ImportDataSource={"S3Url": f"s3://{BUCKET}/{KEY}", "DataFormat": "CSV"},
    )["JobId"]
    found = _watch(server, plan, job, measured)
    measured.seconds = round(time.monotonic() - begun, 1)
    measured.rows_per_s = round(plan.rows / measured.seconds)
    measured.peak_kib = max(measured.peak_kib, _high_water_kib(server))
    mail.end()
    took_ms = sorted(took * 1000 for took in mail.took_s)
    measured.mails = len(took_ms)
    measured.mail_median_ms = round(took_ms[len(took_ms) // 2], 1)
    measured.mail_p99_ms = round(took_ms[len(took_ms) * 99 // 100], 1)
    measured.flaws = list(_flaws(server, plan, found))
    return measured


def _prepare(server: RunningServer, plan: Plan, file: Path) -> None:
    ses, s3 = server.client("sesv2"), server.client("s3")
    ses.create_email_identity(EmailIdentity="example.com")
    if plan.target == "contacts":
        topic = {"TopicName": "Sports", "DisplayName": "Sports", "DefaultSubscriptionStatus": "OPT_OUT"}
        ses.create_contact_list(ContactListName=LIST, Topics=[topic])
    s3.create_bucket(Bucket=BUCKET)
    s3.upload_file(str(file), BUCKET, KEY)


def _watch(server: RunningServer, plan: Plan, job: str, measured: Measured) -> dict[str, Any]:
    """Look at the job until it ends, and kill the server when it has come far enough."""
    kills = [plan.rows * (number + 1) // (plan.kills + 1) for number in range(plan.kills)]
    deadline = time.monotonic() + _LEAST_LIMIT_S + plan.rows * _LIMIT_S_PER_ROW
    while time.monotonic() < deadline:
        found: dict[str, Any] = server.client("sesv2").get_import_job(JobId=job)
        if found["JobStatus"] not in ("CREATED", "PROCESSING"):
            return found
        if kills and found["ProcessedRecordsCount"] >= kills[0]:
            kills.pop(0)
            measured.killed_at.append(found["ProcessedRecordsCount"])
            measured.peak_kib = max(measured.peak_kib, _high_water_kib(server))
            server.kill9()
            server.start()
        time.sleep(_LOOK_S)
    raise TimeoutError("the import did not end")


def _flaws(server: RunningServer, plan: Plan, job: dict[str, Any]) -> Iterator[str]:
    """Say what is not as it must be."""
    wanted = ("COMPLETED", plan.rows, plan.failing)
    got = (job["JobStatus"], job["ProcessedRecordsCount"], job["FailedRecordsCount"])
    if got != wanted:
        yield f"the job says {got} instead of {wanted}"
    table = "contacts" if plan.target == "contacts" else "suppressed_destinations"
    listed = _number(server, table)
    if listed != plan.rows - plan.failing:
        yield f"{listed} entries are on the list instead of {plan.rows - plan.failing}"
    report = server.client("s3").get_object(Bucket=BUCKET, Key=f"{KEY}.failed-{job['JobId']}.csv")["Body"].read()
    lines = len(report.splitlines()) - (plan.target == "contacts")
    if lines != plan.failing:
        yield f"{lines} records are reported instead of {plan.failing}"
    # They are forgotten after the job has ended.
    wait_until(lambda: _number(server, "import_failures") == 0, "the end of the parts of the report", timeout_s=60)


def _number(server: RunningServer, table: str) -> int:
    with server.store() as store:
        return int(store.execute(f"SELECT COUNT(*) FROM {table}").fetchall()[0][0])


def _high_water_kib(server: RunningServer) -> int:
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1])


@click.command()
@click.option("--rows", default=1_000_000, show_default=True)
@click.option("--kills", default=1, show_default=True)
@click.option("--target", type=click.Choice(["suppression", "contacts"]), default="suppression", show_default=True)
@click.option("--store", type=click.Choice(["sqlite", "postgres"]), default="sqlite", show_default=True)
def main(rows: int, kills: int, target: str, store: str) -> None:
    """Import ROWS rows with KILLS kills in between, and say what it took."""
    with ExitStack() as stack:
        settings = {}
        if store == "postgres":
            # A server that has been there for a while knows its tables; a new one would for a minute look through all
            # of the list for each mail, with plans from when it was empty.
            database = stack.enter_context(Postgres(durable=True, shared_buffers="256MB", autovacuum_naptime="1s"))
            settings["store.url"] = database.create_database("imports")
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hatobin-imports-")))
        server = stack.enter_context(RunningServer(settings))
        measured = run(server, Plan(rows, kills, target), folder)
    click.echo(json.dumps(asdict(measured)))
    sys.exit(1 if measured.flaws else 0)


if __name__ == "__main__":
    main()
