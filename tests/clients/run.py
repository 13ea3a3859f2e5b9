"""Run public client suites, unmodified, against a server of ours.

    python -m tests.clients.run FROM [--only NAME]… [--docs]

FROM is a folder outside the repository; docs/clients.md says what lies where
in it. A suite that is not there is skipped with a reason. The status is 1
where a test failed that no exclusion names. `--docs` writes the results of
the suites that ran into docs/clients.md.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from tests.clients import page
from tests.clients.checks import run_check
from tests.clients.front import Front
from tests.clients.places import MissingPlace, Places
from tests.clients.results import Outcome, Result, Verdict, compare, read_junit
from tests.clients.suites import Suite, read_all
from tests.programs import find_program
from tests.running import ACCESS_KEY_ID, REGION, ROOT, SECRET, RunningServer

SUITE_TIMEOUT_S = 900.0
_SHOWN_LINES = 12


class SuiteBroken(Exception):
    """A suite ended without results that can be read; the text has the end of what it said."""


def run_suite(suite: Suite, places: Places) -> Verdict:
    """Start a server, prepare it, run the suite in its folder, and compare.

    Raises `MissingPlace` where FROM lacks something, `SuiteBroken` where there are no results.
    """
    places.demand(suite)
    for program in suite.programs:
        if find_program(program) is None:
            raise MissingPlace(f"{program} is not installed")
    with _server(suite) as (server, endpoint), tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.xml"
        done = _start(suite, places, server, endpoint, report)
        results = _results(suite, done, report)
        if suite.check and server is not None:
            results |= run_check(suite.check, server)
    verdict = compare(suite, results)
    if done.returncode != 0 and not verdict.failed and not verdict.excluded:
        raise SuiteBroken(f"status {done.returncode}, yet no test failed:\n{_end(done.stdout)}")
    return verdict


@contextmanager
def _server(suite: Suite) -> Iterator[tuple[RunningServer | None, str]]:
    if suite.front:
        with Front(suite.settings) as front:
            yield None, front.endpoint
        return
    with RunningServer(suite.settings) as server:
        if suite.user:
            made = server.command("keys", "create", "--user", suite.user)
            server.use_keys(made["AccessKeyId"], made["SecretAccessKey"])
        for call in suite.calls:
            getattr(server.client(call.service, call.region), call.operation)(**call.arguments)
        yield server, server.endpoint


def _start(
    suite: Suite, places: Places, server: RunningServer | None, endpoint: str, report: Path
) -> subprocess.CompletedProcess[str]:
    words = {
        "python": str(places.python(suite)),
        "from": str(places.root),
        "root": str(ROOT),
        "here": str(Path(__file__).parent),
        "endpoint": endpoint,
        "data": "" if server is None else str(server.data),
        "key": ACCESS_KEY_ID if server is None else server.access_key_id,
        "secret": SECRET if server is None else server.secret,
        "scratch": str(report.parent),
        "report": str(report),
    }
    environment = {
        "PATH": os.pathsep.join([str(places.python(suite).parent), os.environ.get("PATH", os.defpath)]),
        "HOME": str(report.parent),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": words["key"],
        "AWS_SECRET_ACCESS_KEY": words["secret"],
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    } | {name: text.format_map(words) for name, text in suite.environment.items()}
    return subprocess.run(
        [word.format_map(words) for word in suite.command],
        cwd=places.folder(suite) / suite.work,
        env=environment,
        input=suite.answers,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SUITE_TIMEOUT_S,
    )


def _results(suite: Suite, done: subprocess.CompletedProcess[str], report: Path) -> dict[str, Result]:
    if suite.report != "junit":
        good = done.returncode == 0 and suite.report in done.stdout
        return {f"{suite.name}::ends well": Result(Outcome.PASSED if good else Outcome.FAILED, _end(done.stdout))}
    if not report.exists():
        raise SuiteBroken(f"status {done.returncode} and no report:\n{_end(done.stdout)}")
    return read_junit(report)


def _end(said: str) -> str:
    return said[-3000:]


def _tell(suite: Suite, verdict: Verdict) -> None:
    counts = f"{len(verdict.passed)} passed, {len(verdict.excluded)} excluded, {len(verdict.skipped)} skipped"
    click.echo(f"{suite.name}: {counts}, {len(verdict.failed)} failed")
    for test, said in verdict.failed.items():
        lines = [line for line in said.splitlines() if line.strip()][-_SHOWN_LINES:]
        click.echo("\n".join([f"  FAILED {test}", *(f"    {line}" for line in lines)]))
    for test in verdict.now_pass:
        click.echo(f"  passes, though it is excluded: {test}")
    for test in verdict.unknown:
        click.echo(f"  excluded, and not in the suite: {test}")


@click.command()
@click.argument("source", metavar="FROM", type=click.Path(path_type=Path, file_okay=False))
@click.option("--only", multiple=True, help="The suite of this name; may be given several times.")
@click.option("--docs", is_flag=True, help="Write the results into docs/clients.md.")
def main(source: Path, only: tuple[str, ...], docs: bool) -> None:
    """Run the client suites that lie below FROM."""
    places = Places(source.resolve())
    verdicts: dict[str, tuple[Verdict, str]] = {}
    broken = False
    for suite in read_all():
        if only and suite.name not in only:
            continue
        try:
            verdict = run_suite(suite, places)
        except MissingPlace as missing:
            click.echo(f"{suite.name}: skipped, {missing}")
            continue
        except SuiteBroken as error:
            broken = True
            click.echo(f"{suite.name}: broken, {error}")
            continue
        _tell(suite, verdict)
        broken = broken or not verdict.ok
        verdicts[suite.name] = (verdict, places.revision(suite))
    if docs:
        page.write(ROOT / "docs" / "clients.md", read_all(), verdicts)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
