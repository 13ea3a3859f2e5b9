"""`hatobin certificate`: S/MIME certificates with their private keys, for SES to name by their ARNs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from hatobin.adapters.entropy import OsEntropy
from hatobin.app.cli.options import print_json, read_settings, store_options
from hatobin.app.cli.store import in_store
from hatobin.capabilities import identities
from hatobin.companions import acm, iam
from hatobin.companions.kms import Vault
from hatobin.ports import Session
from hatobin.protocols.aws.arn import parse_arn

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def certificate() -> None:
    """Import, list and delete S/MIME certificates."""


@certificate.command("import")
@store_options
@click.option("--account", default=iam.FIRST_ACCOUNT_ID, show_default=True, help="The account it is for.")
@click.option("--region", default="us-east-1", show_default=True, help="The region it is for.")
@click.option("--cert", required=True, type=_FILE, help="The certificate as PEM; its issuers may follow it.")
@click.option("--key", required=True, type=_FILE, help="Its private key as PEM.")
@click.option("--chain", type=_FILE, help="The certificates of its issuers as PEM, without the root.")
@click.option("--password-file", type=_FILE, help="The first line is the password of an encrypted key.")
def import_certificate(
    config: str | None,
    data: Path | None,
    as_json: bool,
    account: str,
    region: str,
    cert: Path,
    key: Path,
    chain: Path | None,
    password_file: Path | None,
) -> None:
    """Keep a certificate and its key, sealed, and print the ARN for AssociateEmailIdentityCertificate."""
    settings, folder = read_settings(config, data)
    password = None if password_file is None else password_file.read_bytes().partition(b"\n")[0].rstrip(b"\r")

    def work(session: Session, vault: Vault, now: float) -> acm.Certificate:
        new = acm.read_certificate(
            cert.read_bytes(),
            key.read_bytes(),
            now=now,
            password=password,
            chain_pem=b"" if chain is None else chain.read_bytes(),
        )
        return acm.insert(session, vault, OsEntropy(), new, account_id=account, region=region, now=now)

    try:
        made = in_store(settings, folder, work)
    except acm.InvalidCertificate as invalid:
        raise click.ClickException(str(invalid)) from invalid
    if as_json:
        print_json(_shown(made))
    else:
        click.echo(made.arn)


@certificate.command("list")
@store_options
def list_certificates(config: str | None, data: Path | None, as_json: bool) -> None:
    """List the certificates of all accounts, without their keys."""
    settings, folder = read_settings(config, data)
    found = in_store(settings, folder, lambda session, vault, now: acm.list_certificates(session))
    if as_json:
        print_json([_shown(one) for one in found])
        return
    for one in found:
        click.echo(f"{one.arn}  until {_date(one.not_after)}  {', '.join(one.addresses) or one.subject}")


@certificate.command()
@store_options
@click.argument("arn")
def delete(config: str | None, data: Path | None, as_json: bool, arn: str) -> None:
    """Forget a certificate and its key; not while it is associated with an identity."""
    settings, folder = read_settings(config, data)
    parsed = parse_arn(arn)
    place = None if parsed is None else (parsed.account_id, parsed.region)
    identifier = None if place is None else acm.certificate_id(arn, *place)
    if place is None or identifier is None:
        raise click.ClickException(f"{arn} is no ARN of a certificate; hatobin certificate list shows them")

    def work(session: Session, vault: Vault, now: float) -> tuple[bool, list[str]]:
        used = identities.certified_addresses(session, *place, identifier)
        return not used and acm.delete(session, *place, identifier), used

    done, used = in_store(settings, folder, work)
    if used:
        raise click.ClickException(f"it signs for {', '.join(used)}; disassociate it first")
    if not done:
        raise click.ClickException(f"there is no certificate {arn}; hatobin certificate list shows them")
    if as_json:
        print_json({"CertificateArn": arn, "Status": "Deleted"})
    else:
        click.echo(f"{arn} is deleted")


def _shown(one: acm.Certificate) -> dict[str, Any]:
    return {
        "CertificateArn": one.arn,
        "Subject": one.subject,
        "Addresses": list(one.addresses),
        "NotBefore": _date(one.not_before),
        "NotAfter": _date(one.not_after),
    }


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
