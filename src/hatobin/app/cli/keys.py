"""`hatobin keys`: access keys for the API, and SMTP logins derived from them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from hatobin.adapters.entropy import OsEntropy
from hatobin.app.cli.options import print_json, read_settings, store_options
from hatobin.app.cli.store import in_store, with_store
from hatobin.app.data_folder import DataFolder
from hatobin.app.master_key import KeyUnusable
from hatobin.app.resealing import count_former, reseal
from hatobin.companions import iam
from hatobin.companions.kms import Vault, key_id
from hatobin.ports import Session
from hatobin.protocols.aws.smtp_password import smtp_password
from hatobin.protocols.aws.timestamps import iso_timestamp
from hatobin.words.errors import CallerError
from hatobin.words.settings import Settings

_POLICY_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)


@click.group()
def keys() -> None:
    """Make, list and retire access keys; change the master key that seals them."""


@keys.command()
@store_options
@click.option("--account", default=iam.FIRST_ACCOUNT_ID, show_default=True, help="The account it belongs to.")
@click.option(
    "--user",
    help="Its user, made where it is missing; shown as ses:caller-identity"
    " (default: hatobin, with --smtp hatobin-smtp).",
)
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="NAME|FILE",
    help="What the user may do besides what it could: an AWS-managed policy, or a JSON file. Can be repeated.",
)
@click.option("--smtp", is_flag=True, help="A login for SMTP: the user may send, and the SMTP password is printed.")
@click.option("--region", default="us-east-1", show_default=True, help="The SMTP password is bound to this region.")
def create(
    config: str | None,
    data: Path | None,
    as_json: bool,
    account: str,
    user: str | None,
    policies: tuple[str, ...],
    smtp: bool,
    region: str,
) -> None:
    """Make an access key. Its secret is shown once, now.

    A new user may do everything, unless --policy or --smtp says what; docs/access.md has more.
    """
    settings, folder = read_settings(config, data)
    name = user or ("hatobin-smtp" if smtp else "hatobin")
    grants = _grants(policies, smtp=smtp)

    def work(session: Session, vault: Vault, now: float) -> iam.NewAccessKey:
        return iam.create_access_key(
            session, vault, OsEntropy(), account_id=account, user_name=name, now=now, grants=grants
        )

    try:
        made = in_store(settings, folder, work)
    except iam.NameTaken as error:
        raise click.ClickException(str(error)) from error
    values = {
        "AccessKeyId": made.key.access_key_id,
        "SecretAccessKey": made.secret,
        "AccountId": account,
        "UserName": name,
    }
    if smtp:
        values["SmtpUsername"] = made.key.access_key_id
        values["SmtpPassword"] = smtp_password(made.secret, region)
        values["SmtpRegion"] = region
    if as_json:
        print_json(values)
        return
    for key, value in values.items():
        click.echo(f"{key:16} {value}")


def _grants(policies: tuple[str, ...], *, smtp: bool) -> iam.Grants | None:
    """Read what a user is to be given; None where nothing is said. Ends with a sentence for what is no policy."""
    if not policies and not smtp:
        return None
    attached: list[str] = []
    inline = [(iam.SMTP_POLICY_NAME, iam.SMTP_POLICY)] if smtp else []
    for given in policies:
        arn = iam.managed_arn(given)
        if arn is None:
            inline.append(_policy_file(Path(given)))
        else:
            attached.append(arn)
    return iam.Grants(tuple(attached), tuple(inline))


def _policy_file(path: Path) -> tuple[str, str]:
    """Read a policy document; it is named after its file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        names = ", ".join(policy.name for policy in iam.MANAGED.values())
        raise click.ClickException(f"{path} is neither a file nor one of {names}") from error
    if not _POLICY_NAME.fullmatch(path.stem):
        raise click.ClickException(f"{path}: the name of a policy has letters, digits and _+=,.@- only")
    try:
        document = iam.checked_document(text)
    except CallerError as error:
        raise click.ClickException(f"{path}: {error.message}") from error
    if idle := iam.idle_actions(document):
        named = ", ".join(idle)
        click.echo(f"{path}: nothing here is checked for {named}; the actions of SES begin with ses:", err=True)
    return path.stem, document


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
                    "CreateDate": iso_timestamp(key.created_at),
                    "LastUsedDate": None if key.last_used_at is None else iso_timestamp(key.last_used_at),
                }
                for key in found
            ]
        )
        return
    for key in found:
        used = "never used" if key.last_used_at is None else f"used {iso_timestamp(int(key.last_used_at))}"
        click.echo(f"{key.access_key_id:24} {key.account_id}  {key.status.value:9} {key.user_name:24} {used}")


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


@keys.command("rotate-master")
@store_options
@click.option("--prepare", is_flag=True, help="Only make the key that is to follow, for nodes to learn it first.")
@click.option("--forget", is_flag=True, help="Afterwards forget former keys: links in mails that they sealed end.")
def rotate_master(config: str | None, data: Path | None, as_json: bool, prepare: bool, forget: bool) -> None:
    """Change the master key, and seal every stored secret anew.

    A running server goes on, and may be left running. Interrupted, the command is run again: it finishes what it
    began. Former keys still open what they sealed, until --forget. docs/access.md has the steps for several nodes.
    """
    settings, folder = read_settings(config, data)
    folder.prepare()
    try:
        told = _rotated(settings, folder, prepare=prepare, forget=forget)
    except KeyUnusable as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        print_json(told)
        return
    for name, value in told.items():
        text = ", ".join(f"{count} {kind}" for kind, count in value.items()) if isinstance(value, dict) else value
        click.echo(f"{name:16} {text}")


def _rotated(settings: Settings, folder: DataFolder, *, prepare: bool, forget: bool) -> dict[str, Any]:
    """Do one step of a rotation and tell of it: the ids of keys, and how many values were sealed anew."""
    files = folder.master_keys()
    if prepare:
        return {"Prepared": key_id(files.prepare()).hex()}
    unfinished = with_store(settings, folder, count_former)
    # What an interrupted rotation left is finished first; --forget makes no other key either.
    if not (unfinished or forget or files.in_environment):
        files.rotate()
    sealed = with_store(settings, folder, reseal)
    told: dict[str, Any] = {"MasterKey": key_id(files.current()[0]).hex()}
    told |= {"FinishedEarlier": bool(unfinished), "Resealed": sum(sealed.values()), "Of": sealed}
    if forget:
        if with_store(settings, folder, count_former):
            raise click.ClickException("something was sealed under a former key just now: run this again")
        told["Forgotten"] = files.forget_former()
    return told
