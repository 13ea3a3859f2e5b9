"""`hatobin dns`: the records that a domain identity wants, and those of our own zone; printed or pushed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from hatobin.adapters.dns_update import UpdateRefused, push_records, read_tsig_key, record_data
from hatobin.adapters.entropy import OsEntropy
from hatobin.app.cli.options import print_json, read_settings, store_options
from hatobin.app.cli.store import in_store
from hatobin.app.data_folder import DataFolder
from hatobin.capabilities import identities
from hatobin.capabilities.identities import DnsRecord
from hatobin.companions import iam
from hatobin.ports import Session
from hatobin.words.settings import Settings

TTL_S = 300
# These belong to the domain's other mail as well: a machine replaces them only when it is told to.
_SHARED = frozenset({"spf", "dmarc", "inbound"})
_DNS_PORT = 53


@click.command()
@click.argument("domain", required=False)
@store_options
@click.option("--account", default=iam.FIRST_ACCOUNT_ID, show_default=True, help="The account of the identity.")
@click.option("--region", default="us-east-1", show_default=True, help="The region of the identity.")
@click.option("--zone-file", is_flag=True, help="Print lines for a zone file.")
@click.option("--push", metavar="HOST[:PORT]", help="Send the records to this name server (RFC 2136 update over TCP).")
@click.option("--zone", help="With --push: the zone to change; only records in it are sent.")
@click.option(
    "--tsig-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --push: a key file, as tsig-keygen writes it.",
)
@click.option("--new-key", is_flag=True, help="First make the next Easy DKIM key; it signs when the DNS shows it.")
@click.option("--purpose", "purposes", multiple=True, help="Only records for this; may be given several times.")
def dns(
    domain: str | None,
    config: str | None,
    data: Path | None,
    as_json: bool,
    account: str,
    region: str,
    zone_file: bool,
    push: str | None,
    zone: str | None,
    tsig_key: Path | None,
    new_key: bool,
    purposes: tuple[str, ...],
) -> None:
    """Print the DNS records for DOMAIN: DKIM, SPF, DMARC, MX, and our own zone behind the CNAMEs.

    Without DOMAIN: all records of our own zone. With --push they go to a name
    server, which replaces what it had of the same name and type; SPF, DMARC
    and inbound MX records only when --purpose names them.
    """
    settings, folder = read_settings(config, data)
    if new_key:
        _rotate(settings, folder, account, region, domain)
    found = in_store(settings, folder, lambda session, vault, now: _found(session, account, region, domain, settings))
    wanted = [record for record in found if not purposes or record.purpose in purposes]
    if push is not None:
        safe = [record for record in wanted if purposes or record.purpose not in _SHARED]
        _push(safe, push, zone, tsig_key, as_json=as_json)
    else:
        _print(wanted, as_json=as_json, zone_file=zone_file)


def _rotate(settings: Settings, folder: DataFolder, account: str, region: str, domain: str | None) -> None:
    if domain is None:
        raise click.UsageError("--new-key needs the DOMAIN whose key is to change")
    try:
        in_store(
            settings,
            folder,
            lambda session, vault, now: identities.rotate_key(
                session, vault, OsEntropy(), settings, account_id=account, region=region, domain=domain, now=now
            ),
        )
    except (identities.NoSuchIdentity, identities.NotChangeable) as error:
        raise click.ClickException(f"the key of {domain} cannot be changed: {error}") from error


def _found(session: Session, account: str, region: str, domain: str | None, settings: Settings) -> list[DnsRecord]:
    """Give the identity's records, and the key of the service's own signature, which every message carries."""
    service = identities.service_dkim(session, settings) if settings.delivery.service_signature else None
    own = [] if service is None else [service.record]
    if domain is None:
        return [*identities.zone_records(session, settings), *own]
    try:
        found = identities.domain_records(session, account, region, domain, settings)
    except identities.InvalidIdentity as error:
        raise click.ClickException(f"{domain} is not a domain: {error}") from error
    if found is None:
        raise click.ClickException(
            f"account {account} has no identity {domain} in {region}; make it first with: "
            f"aws sesv2 create-email-identity --email-identity {domain} --region {region}"
        )
    return [*found, *own]


def _print(records: Sequence[DnsRecord], *, as_json: bool, zone_file: bool) -> None:
    if as_json:
        print_json([_document(record) for record in records])
        return
    for record in records:
        if zone_file:
            data = record_data(record.type, record.value)
            click.echo(f"{record.name}. {TTL_S} IN {record.type} {data} ; {record.purpose}")
            continue
        value = f'"{record.value}"' if record.type == "TXT" else record.value
        click.echo(f"{record.name}. {record.type} {value}   ; {record.purpose}")


def _document(record: DnsRecord) -> dict[str, str]:
    return {"name": record.name, "type": record.type, "value": record.value, "purpose": record.purpose}


def _push(records: Sequence[DnsRecord], server: str, zone: str | None, key_file: Path | None, *, as_json: bool) -> None:
    if zone is None:
        raise click.UsageError("--push needs --zone, the zone that the name server is to change")
    apex = zone.rstrip(".").lower()
    inside = [record for record in records if record.name == apex or record.name.endswith(f".{apex}")]
    if not inside:
        raise click.ClickException(f"none of the records is in the zone {apex}")
    host, _, port = server.rpartition(":") if ":" in server else (server, "", str(_DNS_PORT))
    try:
        push_records(
            [(record.name, record.type, record.value) for record in inside],
            server=(host.strip("[]"), int(port)),
            zone=apex,
            key=None if key_file is None else read_tsig_key(key_file.read_text(encoding="utf-8")),
            ttl_s=TTL_S,
        )
    except (UpdateRefused, ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        print_json([_document(record) for record in inside])
    else:
        click.echo(f"{len(inside)} records are in the zone {apex} now.")
