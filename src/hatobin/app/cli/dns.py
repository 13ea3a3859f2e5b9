"""`hatobin dns DOMAIN`: the records that a domain identity wants."""

from __future__ import annotations

from pathlib import Path

import click

from hatobin.app.cli.options import print_json, read_settings, store_options
from hatobin.app.cli.store import in_store
from hatobin.capabilities import identities
from hatobin.companions import iam
from hatobin.ports import Session
from hatobin.words.settings import Settings


@click.command()
@click.argument("domain")
@store_options
@click.option("--account", default=iam.FIRST_ACCOUNT_ID, show_default=True, help="The account of the identity.")
@click.option("--region", default="us-east-1", show_default=True, help="The region of the identity.")
def dns(domain: str, config: str | None, data: Path | None, as_json: bool, account: str, region: str) -> None:
    """Print the DNS records for DOMAIN: DKIM, SPF, DMARC, MX, and our own zone behind the CNAMEs."""
    settings, folder = read_settings(config, data)
    try:
        found = in_store(
            settings,
            folder,
            lambda session, vault, now: _records(session, account, region, domain, settings),
        )
    except identities.InvalidIdentity as error:
        raise click.ClickException(f"{domain} is not a domain: {error}") from error
    if found is None:
        raise click.ClickException(
            f"account {account} has no identity {domain} in {region}; make it first with: "
            f"aws sesv2 create-email-identity --email-identity {domain} --region {region}"
        )
    if as_json:
        print_json(
            [
                {"name": record.name, "type": record.type, "value": record.value, "purpose": record.purpose}
                for record in found
            ]
        )
        return
    for record in found:
        value = f'"{record.value}"' if record.type == "TXT" else record.value
        click.echo(f"{record.name}. {record.type} {value}   ; {record.purpose}")


def _records(
    session: Session, account: str, region: str, domain: str, settings: Settings
) -> list[identities.DnsRecord] | None:
    """Give the identity's records, and the key of the service's own signature, which every message carries."""
    found = identities.domain_records(session, account, region, domain, settings)
    service = identities.service_dkim(session, settings) if settings.delivery.service_signature else None
    return found if found is None or service is None else [*found, service.record]
