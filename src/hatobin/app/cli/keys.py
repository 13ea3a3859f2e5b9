"""`hatobin keys`: access keys for the API, and SMTP logins derived from them."""

from __future__ import annotations

from pathlib import Path

import click

from hatobin.adapters.entropy import OsEntropy
from hatobin.app.cli.options import print_json, read_settings, store_options
from hatobin.app.cli.store import in_store
from hatobin.companions import iam
from hatobin.companions.kms import Vault
from hatobin.ports import Session
from hatobin.protocols.aws.smtp_password import smtp_password


@click.group()
def keys() -> None:
    """Make, list and retire access keys."""


@keys.command()
@store_options
@click.option("--account", default=iam.FIRST_ACCOUNT_ID, show_default=True, help="The account it belongs to.")
@click.option("--user", default="hatobin", show_default=True, help="User name, shown as ses:caller-identity.")
@click.option("--smtp", is_flag=True, help="Print the SMTP user and password too.")
@click.option("--region", default="us-east-1", show_default=True, help="The SMTP password is bound to this region.")
def create(
    config: str | None, data: Path | None, as_json: bool, account: str, user: str, smtp: bool, region: str
) -> None:
    """Make an access key. Its secret is shown once, now."""
    settings, folder = read_settings(config, data)

    def work(session: Session, vault: Vault, now: float) -> iam.NewAccessKey:
        return iam.create_access_key(session, vault, OsEntropy(), account_id=account, user_name=user, now=now)

    made = in_store(settings, folder, work)
    values = {"AccessKeyId": made.key.access_key_id, "SecretAccessKey": made.secret, "AccountId": account}
    if smtp:
        values["SmtpUsername"] = made.key.access_key_id
        values["SmtpPassword"] = smtp_password(made.secret, region)
        values["SmtpRegion"] = region
    if as_json:
        print_json(values)
        return
    for name, value in values.items():
        click.echo(f"{name:16} {value}")


@keys.command("list")
@store_options
def list_keys(config: str | None, data: Path | None, as_json: bool) -> None:
    """List the access keys, without their secrets."""
    settings, folder = read_settings(config, data)
    found = in_store(settings, folder, lambda session, vault, now: iam.list_access_keys(session))
    if as_json:
        print_json(
            [
                {
                    "AccessKeyId": key.access_key_id,
                    "AccountId": key.account_id,
                    "UserName": key.user_name,
                    "Status": key.status.value,
                }
                for key in found
            ]
        )
        return
    for key in found:
        click.echo(f"{key.access_key_id:24} {key.account_id}  {key.status.value:9} {key.user_name}")


@keys.command()
@store_options
@click.argument("access_key_id")
def retire(config: str | None, data: Path | None, as_json: bool, access_key_id: str) -> None:
    """Make an access key unusable, for the API and for SMTP."""
    settings, folder = read_settings(config, data)
    done = in_store(
        settings,
        folder,
        lambda session, vault, now: iam.set_status(session, access_key_id=access_key_id, status=iam.KeyStatus.INACTIVE),
    )
    if not done:
        raise click.ClickException(f"there is no access key {access_key_id}; hatobin keys list shows them")
    if as_json:
        print_json({"AccessKeyId": access_key_id, "Status": "Inactive"})
    else:
        click.echo(f"{access_key_id} is retired")
