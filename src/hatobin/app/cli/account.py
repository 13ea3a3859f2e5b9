"""`hatobin account`: who may send to whom and how much; the operator's answer to requests for production access."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hatobin.app.cli.options import print_json, read_settings, store_options
from hatobin.app.cli.store import in_store
from hatobin.capabilities import account as accounts
from hatobin.capabilities import reputation, tenants
from hatobin.companions import iam
from hatobin.companions.kms import Vault
from hatobin.ports import Session

_of_account = click.option("--account", default=iam.FIRST_ACCOUNT_ID, show_default=True, help="The account.")
_of_region = click.option("--region", default="us-east-1", show_default=True, help="The region.")


@click.group()
def account() -> None:
    """Show accounts, grant them production access, or deny it. A running server sees it at once."""


@account.command()
@store_options
@_of_account
@_of_region
def show(config: str | None, data: Path | None, as_json: bool, account: str, region: str) -> None:
    """Show how an account stands in a region."""
    settings, folder = read_settings(config, data)
    _print(
        in_store(settings, folder, lambda session, _, __: accounts.standing(session, account, region, settings)),
        account,
        region,
        as_json=as_json,
    )


@account.command()
@store_options
def requests(config: str | None, data: Path | None, as_json: bool) -> None:
    """List the requests for production access that wait for an answer, the oldest first."""
    settings, folder = read_settings(config, data)
    found = in_store(settings, folder, lambda session, _, __: accounts.waiting_requests(session))
    if as_json:
        print_json(
            [
                {
                    "AccountId": one.account_id,
                    "Region": one.region,
                    "CaseId": one.review.case_id,
                    "MailType": one.details.mail_type,
                    "WebsiteURL": one.details.website_url,
                    "UseCaseDescription": one.details.use_case_description,
                }
                for one in found
            ]
        )
        return
    for one in found:
        click.echo(f"{one.account_id}  {one.region:14} {one.details.mail_type:13} {one.details.website_url}")


@account.command()
@store_options
@_of_account
@_of_region
@click.option("--max-send-rate", type=float, help="Recipients a second; -1 is unlimited (default: the settings').")
@click.option("--max-24-hour-send", type=int, help="Recipients in 24 hours; -1 is unlimited (default: the settings').")
def grant(
    config: str | None,
    data: Path | None,
    as_json: bool,
    account: str,
    region: str,
    max_send_rate: float | None,
    max_24_hour_send: int | None,
) -> None:
    """Take an account out of the sandbox of a region, with limits of its own or those of the settings."""
    _answer(
        config,
        data,
        account,
        region,
        granted=True,
        as_json=as_json,
        max_send_rate=max_send_rate,
        max_24_hour_send=max_24_hour_send,
    )


@account.command()
@store_options
@_of_account
@_of_region
def deny(config: str | None, data: Path | None, as_json: bool, account: str, region: str) -> None:
    """Deny production access; an account that had it is back in the sandbox of the region."""
    _answer(config, data, account, region, granted=False, as_json=as_json)


@account.command()
@store_options
@_of_account
@_of_region
@click.option("--tenant", required=True, help="The tenant's name.")
@click.option("--cause", default="", help="Why, as its account is shown it.")
@click.option("--lift", is_flag=True, help="End the pause.")
def enforce(
    config: str | None,
    data: Path | None,
    as_json: bool,
    account: str,
    region: str,
    tenant: str,
    cause: str,
    lift: bool,
) -> None:
    """Pause a tenant whatever its account says, or end that."""
    settings, folder = read_settings(config, data)

    def work(session: Session, _: Vault, now: float) -> str:
        found = tenants.find_to_change(session, account, region, tenant)
        if found is None:
            raise click.ClickException(f"account {account} has no tenant {tenant!r} in {region}")
        record = tenants.StatusRecord(tenants.ENABLED if lift else tenants.DISABLED, now, cause or None)
        reputation.switch_tenant(session, found, record, "AWS_MANAGED", enforced=True)
        now_stands = tenants.find(session, account, region, tenant)
        return "" if now_stands is None else now_stands.status

    status = in_store(settings, folder, work)
    if as_json:
        print_json({"TenantName": tenant, "SendingStatus": status})
    else:
        click.echo(f"{tenant} {status}")


def _answer(
    config: str | None, data: Path | None, account: str, region: str, *, granted: bool, as_json: bool, **limits: Any
) -> None:
    settings, folder = read_settings(config, data)

    def work(session: Session, _: Vault, __: float) -> accounts.AccountStanding:
        accounts.put_production_access(session, account, region, granted=granted, **limits)
        accounts.answer_review(session, account, region, "GRANTED" if granted else "DENIED")
        return accounts.standing(session, account, region, settings)

    _print(in_store(settings, folder, work), account, region, as_json=as_json)


def _print(standing: accounts.AccountStanding, account: str, region: str, *, as_json: bool) -> None:
    values = {
        "AccountId": account,
        "Region": region,
        "ProductionAccessEnabled": not standing.sandboxed,
        "SendingEnabled": standing.sending_enabled,
        "MaxSendRate": standing.limits.max_send_rate,
        "Max24HourSend": standing.limits.max_24_hour_send,
    }
    if as_json:
        print_json(values)
        return
    for name, value in values.items():
        click.echo(f"{name:24} {value}")
