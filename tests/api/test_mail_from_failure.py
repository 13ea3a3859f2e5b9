"""BehaviorOnMxFailure at every door: what happens while the MX record of a MAIL FROM domain is not seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.answers import error_of
from tests.api.harness import Api
from tests.api.submission import submit

TEXT = "The MX record required to use the MAIL FROM domain <bounce.example.com> could not be read."
SENDER, TO = "ann@example.com", "you@example.net"
RAW = f"From: {SENDER}\r\nTo: {TO}\r\nSubject: Hi\r\n\r\nHello\r\n".encode()


def by_v2(api: Api) -> None:
    api.client("sesv2").send_email(Content={"Raw": {"Data": RAW}})


def by_v1(api: Api) -> None:
    api.client("ses").send_raw_email(RawMessage={"Data": RAW})


def by_v2_bulk(api: Api) -> Any:
    return api.client("sesv2").send_bulk_email(
        FromEmailAddress=SENDER,
        DefaultContent={"Template": {"TemplateContent": {"Subject": "Hi", "Text": "x"}, "TemplateData": "{}"}},
        BulkEmailEntries=[{"Destination": {"ToAddresses": [TO]}}, {"Destination": {"ToAddresses": [TO]}}],
    )


def by_v1_bulk(api: Api) -> Any:
    return api.client("ses").send_bulk_templated_email(
        Source=SENDER,
        Template="t",
        DefaultTemplateData="{}",
        Destinations=[{"Destination": {"ToAddresses": [TO]}}, {"Destination": {"ToAddresses": [TO]}}],
    )


def prepared(api: Api, status: str, behavior: str) -> None:
    ses = api.client("sesv2")
    ses.create_email_identity(EmailIdentity="example.com")
    ses.create_email_template(TemplateName="t", TemplateContent={"Subject": "Hi", "Text": "x"})
    ses.put_email_identity_mail_from_attributes(
        EmailIdentity="example.com", MailFromDomain="bounce.example.com", BehaviorOnMxFailure=behavior
    )
    parameters = {"status": status}
    api.run(
        api.world.database.write(lambda s: s.execute("UPDATE identities SET mail_from_status = :status", parameters))
    )


@pytest.mark.parametrize("status", ["PENDING", "FAILED", "TEMPORARY_FAILURE"])
@pytest.mark.parametrize("door", [by_v2, by_v1, by_v2_bulk, by_v1_bulk])
def test_api_refuses_while_the_record_is_not_seen(api: Api, door: Callable[[Api], object], status: str) -> None:
    prepared(api, status, "REJECT_MESSAGE")
    assert error_of(lambda: door(api)) == ("MailFromDomainNotVerifiedException", TEXT, 400)
    assert api.world.count("SELECT COUNT(*) FROM queue_message") == 0


@pytest.mark.parametrize("status", ["PENDING", "FAILED", "TEMPORARY_FAILURE"])
def test_smtp_refuses_while_the_record_is_not_seen(api: Api, status: str) -> None:
    prepared(api, status, "REJECT_MESSAGE")
    assert submit(api, RAW, TO, reverse_path=SENDER) == f"554 Message rejected: {TEXT}"
    assert api.world.count("SELECT COUNT(*) FROM queue_message") == 0


def reverse_paths(api: Api) -> set[str]:
    rows = api.read(lambda s: list(s.execute("SELECT reverse_path FROM queue_message")))
    return {row[0].rpartition("@")[2] for row in rows}


def from_everywhere(api: Api) -> None:
    by_v2(api)
    by_v1(api)
    assert {one["Status"] for one in by_v2_bulk(api)["BulkEmailEntryResults"]} == {"SUCCESS"}
    assert {one["Status"] for one in by_v1_bulk(api)["Status"]} == {"Success"}
    assert submit(api, RAW, TO, reverse_path=SENDER).startswith("250")


@pytest.mark.parametrize("status", ["PENDING", "FAILED", "TEMPORARY_FAILURE"])
def test_default_is_to_send_from_the_service_s_own_domain(api: Api, status: str) -> None:
    prepared(api, status, "USE_DEFAULT_VALUE")
    from_everywhere(api)
    assert reverse_paths(api) == {"hatobin.localhost"}


def test_mail_leaves_from_the_domain_once_the_record_is_seen(api: Api) -> None:
    prepared(api, "SUCCESS", "REJECT_MESSAGE")
    from_everywhere(api)
    assert reverse_paths(api) == {"bounce.example.com"}
