"""`hatobin env`: shell exports that point clients at the local server."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from hatobin.app.cli.options import print_json, read_settings, serving, store_options
from hatobin.companions import iam
from hatobin.protocols.aws.smtp_password import smtp_password
from hatobin.words.settings import Listeners, Settings


@click.command("env")
@store_options
@click.option("--region", default="us-east-1", show_default=True, help="The region to work in.")
def environment(config: str | None, data: Path | None, as_json: bool, region: str) -> None:
    """Print exports for the AWS CLI, SDKs and SMTP clients.

    Use it as: eval "$(hatobin env)". The keys are the local test keys; make your own with
    `hatobin keys create`.
    """
    settings, folder = read_settings(config, data)
    running = serving(folder)
    host, _, port = _address(running.get("submission"), settings.server.submission).rpartition(":")
    values = {
        "AWS_ENDPOINT_URL": _endpoint(settings, running.get("http")),
        "AWS_ACCESS_KEY_ID": iam.FIRST_ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": iam.FIRST_SECRET,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "SMTP_HOST": "localhost" if host == "127.0.0.1" else host,
        "SMTP_PORT": port,
        "SMTP_USERNAME": iam.FIRST_ACCESS_KEY_ID,
        "SMTP_PASSWORD": smtp_password(iam.FIRST_SECRET, region),
        "HATOBIN_CA": str(folder.tls / "ca.pem"),
    }
    if as_json:
        print_json(values)
        return
    for name, value in values.items():
        click.echo(f"export {name}={shlex.quote(value)}")


def _endpoint(settings: Settings, running: str | None) -> str:
    return settings.service.public_http or f"http://{_address(running, settings.server.http)}"


def _address(running: str | None, configured: Listeners) -> str:
    if running:
        return running
    return configured if isinstance(configured, str) else configured[0]
