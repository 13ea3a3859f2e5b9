"""Sending for a tenant at all doors: what it must have been given, its pause, its suppression list, its events."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hatobin.capabilities import events
from hatobin.capabilities.queue import MessageKey
from tests.api.answers import error_of
from tests.api.harness import ACCOUNT, REGION, Api
from tests.api.submission import submit

ARN = f"arn:aws:ses:{REGION}:{ACCOUNT}:"
TO = {"ToAddresses": ["you@example.net"]}
TEXT = {"Data": "Hello"}
SIMPLE = {"Simple": {"Subject": TEXT, "Body": {"Text": TEXT}}}
RAW = b"From: sender@example.com\r\nTo: you@example.net\r\nSubject: Hi\r\nX-SES-TENANT: %s\r\n%s\r\nHello\r\n"
TEMPLATE = {"TemplateName": "t", "TemplateData": "{}"}
SENT = {"FromEmailAddress": "sender@example.com", "Destination": TO, "TenantName": "acme"}
PAUSED = "Sending is paused for tenant acme"


@pytest.fixture
def ses(api: Api) -> Any:
    client = api.client("sesv2")
    client.create_email_identity(EmailIdentity="example.com")
    client.create_configuration_set(ConfigurationSetName="cs")
    client.create_email_template(TemplateName="t", TemplateContent={"Subject": "Hi", "Text": "Hello"})
    client.create_tenant(TenantName="acme")
    return client


def give(ses: Any, *resources: str, tenant: str = "acme") -> None:
    for resource in resources:
        ses.create_tenant_resource_association(TenantName=tenant, ResourceArn=f"{ARN}{resource}")


def lacking(*resources: str) -> str:
    return f"Tenant not associated with resources [{', '.join(f'{ARN}{resource}' for resource in resources)}]."


def by_smtp(api: Api, tenant: str = "acme", more: str = "") -> str:
    return submit(api, RAW % (tenant.encode(), more.encode()), "you@example.net", reverse_path="sender@example.com")


def recorded(api: Api, message_id: str) -> list[Any]:
    """Give the events of a message, once nothing of it is queued."""
    api.wait_until_delivered()
    return api.read(lambda s: events.recorded(s, MessageKey(ACCOUNT, REGION, message_id)))


def kinds(api: Api, message_id: str) -> list[str]:
    return [one.kind.value for one in recorded(api, message_id)]


def test_everything_that_a_send_uses_must_have_been_given(ses: Any) -> None:
    templated = {**SENT, "Content": {"Template": TEMPLATE}, "ConfigurationSetName": "cs"}

    def refused() -> tuple[str, str, int]:
        return error_of(ses.send_email, **templated)

    everything = ("identity/example.com", "configuration-set/cs", "template/t")
    assert refused() == ("AccessDeniedException", lacking(*everything), 403)
    give(ses, everything[0])
    assert refused() == ("AccessDeniedException", lacking(*everything[1:]), 403)
    give(ses, everything[2])
    assert refused() == ("AccessDeniedException", lacking(everything[1]), 403)
    give(ses, everything[1])
    assert ses.send_email(**templated)["MessageId"]
    inline = {"Template": {"TemplateContent": {"Subject": "Hi", "Text": "Hello"}, "TemplateData": "{}"}}
    ses.delete_tenant_resource_association(TenantName="acme", ResourceArn=f"{ARN}template/t")
    assert ses.send_email(**{**templated, "Content": inline})["MessageId"]


def test_the_identity_is_the_one_that_answers_for_the_sender(ses: Any) -> None:
    give(ses, "identity/example.com")
    ses.send_email(**SENT, Content=SIMPLE)
    ses.create_email_identity(EmailIdentity="sender@example.com")
    refused = error_of(ses.send_email, **SENT, Content=SIMPLE)
    assert refused == ("AccessDeniedException", lacking("identity/sender@example.com"), 403)
    unknown = {**SENT, "FromEmailAddress": "Eve <eve@none.example>"}
    # Observed: that comes before the identity is found to be unverified.
    assert error_of(ses.send_email, **unknown, Content=SIMPLE)[1] == lacking("identity/eve@none.example")


def test_the_set_may_be_the_identitys_own(ses: Any) -> None:
    give(ses, "identity/example.com")
    ses.put_email_identity_configuration_set_attributes(EmailIdentity="example.com", ConfigurationSetName="cs")
    refused = ("AccessDeniedException", lacking("configuration-set/cs"), 403)
    assert error_of(ses.send_email, **SENT, Content=SIMPLE) == refused
    give(ses, "configuration-set/cs")
    assert ses.send_email(**SENT, Content=SIMPLE)["MessageId"]


def test_an_unknown_tenant_is_told_with_the_account(api: Api, ses: Any) -> None:
    text = f"Tenant ghost for AwsAccountId {ACCOUNT} not found."
    ghost = {**SENT, "TenantName": "ghost"}
    assert error_of(ses.send_email, **ghost, Content=SIMPLE) == ("NotFoundException", text, 404)
    assert by_smtp(api, "ghost") == f"554 Transaction failed: {text}"
    entry = {"Destination": TO}
    bulk = {"DefaultContent": {"Template": TEMPLATE}, "BulkEmailEntries": [entry, entry], "TenantName": "ghost"}
    refused = error_of(ses.send_bulk_email, FromEmailAddress="sender@example.com", **bulk)
    assert refused == ("NotFoundException", text, 404)
    raw = {"RawMessage": {"Data": RAW % (b"ghost", b"")}}
    assert error_of(api.client("ses").send_raw_email, **raw) == ("InvalidParameterValue", text, 400)


def test_bulk_sends_are_for_the_tenant_too(ses: Any) -> None:
    entry = {"Destination": TO}
    bulk = {"DefaultContent": {"Template": TEMPLATE}, "BulkEmailEntries": [entry, entry], "TenantName": "acme"}
    give(ses, "identity/example.com")
    refused = error_of(ses.send_bulk_email, FromEmailAddress="sender@example.com", **bulk)
    assert refused == ("AccessDeniedException", lacking("template/t"), 403)
    give(ses, "template/t")
    results = ses.send_bulk_email(FromEmailAddress="sender@example.com", **bulk)["BulkEmailEntryResults"]
    assert [one["Status"] for one in results] == ["SUCCESS", "SUCCESS"]


def test_the_header_names_the_tenant_of_raw_mail(api: Api, ses: Any) -> None:
    text = lacking("identity/example.com")
    v1, header = api.client("ses"), RAW % (b"acme", b"")
    assert by_smtp(api) == f"554 Access denied: {text}"
    assert error_of(v1.send_raw_email, RawMessage={"Data": header}) == ("AccessDenied", text, 403)
    raw = {"FromEmailAddress": "sender@example.com", "Content": {"Raw": {"Data": header}}}
    assert error_of(ses.send_email, **raw) == ("AccessDeniedException", text, 403)
    give(ses, "identity/example.com")
    assert by_smtp(api).startswith("250 Ok ")
    assert v1.send_raw_email(RawMessage={"Data": header})["MessageId"]
    assert ses.send_email(**raw)["MessageId"]
    # The parameter wins over the header.
    assert error_of(ses.send_email, **raw, TenantName="ghost")[0] == "NotFoundException"


def test_a_large_message_by_smtp_is_for_the_tenant_too(api: Api, ses: Any) -> None:
    assert by_smtp(api, more="\r\n" + "A line.\r\n" * 20_000).startswith("554 Access denied: ")


def test_a_paused_tenant_does_not_send_and_the_others_do(api: Api, ses: Any) -> None:
    ses.create_tenant(TenantName="other")
    for name in ("acme", "other"):
        give(ses, "identity/example.com", tenant=name)

    arn = ses.get_tenant(TenantName="acme")["Tenant"]["TenantArn"]

    def switch(status: str, reference: str = arn) -> None:
        ses.update_reputation_entity_customer_managed_status(
            ReputationEntityType="RESOURCE", ReputationEntityReference=reference, SendingStatus=status
        )

    switch("DISABLED")
    assert ses.get_tenant(TenantName="acme")["Tenant"]["SendingStatus"] == "DISABLED"
    assert error_of(ses.send_email, **SENT, Content=SIMPLE) == ("SendingPausedException", PAUSED, 400)
    assert by_smtp(api) == f"554 Message rejected: {PAUSED}"
    raw = {"RawMessage": {"Data": RAW % (b"acme", b"")}}
    assert error_of(api.client("ses").send_raw_email, **raw) == ("MessageRejected", PAUSED, 400)
    assert by_smtp(api, "other").startswith("250 Ok ")
    switch("REINSTATED", arn.replace("acme/", ""))
    assert by_smtp(api).startswith("250 Ok ")


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ("x", "Reputation entity reference <x> is invalid."),
        (f"{ARN}identity/example.com", f"Reputation entity reference <{ARN}identity/example.com> is invalid."),
        (
            f"arn:aws:ses:{REGION}:210987654321:tenant/acme/tn-0",
            f"Reputation entity reference <arn:aws:ses:{REGION}:210987654321:tenant/acme/tn-0> is invalid.",
        ),
        (f"{ARN}tenant/acme/tn-0", f"Reputation entity <{ARN}tenant/acme/tn-0> does not exist."),
    ],
)
def test_only_a_tenant_can_be_paused(ses: Any, reference: str, text: str) -> None:
    refused = error_of(
        ses.update_reputation_entity_customer_managed_status,
        ReputationEntityType="RESOURCE",
        ReputationEntityReference=reference,
        SendingStatus="DISABLED",
    )
    assert refused == ("BadRequestException", text, 400)


def test_events_name_the_tenant_and_its_mail_does_not(api: Api, ses: Any) -> None:
    give(ses, "identity/example.com", "configuration-set/cs")
    message_id = ses.send_email(**SENT, ConfigurationSetName="cs", Content=SIMPLE)["MessageId"]
    api.wait_until_delivered()
    (tags, tenant) = api.read(
        lambda s: s.execute("SELECT tags, tenant FROM queue_message WHERE message_id = :id", {"id": message_id})
    )[0]
    assert json.loads(tags)["ses:tenant-name"] == ["acme"]
    assert tenant == "acme"
    plain = ses.send_email(FromEmailAddress="sender@example.com", Destination=TO, Content=SIMPLE)["MessageId"]
    (tags, tenant) = api.read(
        lambda s: s.execute("SELECT tags, tenant FROM queue_message WHERE message_id = :id", {"id": plain})
    )[0]
    assert (tenant, "ses:tenant-name" in tags) == (None, False)
    by_smtp(api)
    heads = api.read(lambda s: s.execute("SELECT content FROM queue_body"))
    assert heads
    assert not any(b"tenant" in bytes(content).lower() for (content,) in heads)


@pytest.mark.parametrize(
    ("tenant_list", "account_list", "rules", "set_rules", "expected"),
    [
        # The tenant has no settings: the account's hold.
        ("BOUNCE", None, None, None, "Delivery"),
        (None, "BOUNCE", None, None, "OnAccountSuppressionList"),
        # The scope says which list is asked, and only that.
        ("BOUNCE", None, ("TENANT", ["BOUNCE"]), None, "OnTenantSuppressionList"),
        (None, "BOUNCE", ("TENANT", ["BOUNCE"]), None, "Delivery"),
        (None, "BOUNCE", ("ACCOUNT", ["BOUNCE"]), None, "OnAccountSuppressionList"),
        ("COMPLAINT", None, ("TENANT", ["COMPLAINT"]), None, "OnTenantSuppressionList"),
        # The reasons say for what.
        ("COMPLAINT", None, ("TENANT", ["BOUNCE"]), None, "Delivery"),
        ("BOUNCE", None, ("TENANT", []), None, "Delivery"),
        (None, "BOUNCE", ("ACCOUNT", []), None, "Delivery"),
        # The configuration set overrides each for itself.
        ("BOUNCE", None, None, {"SuppressionScope": "TENANT"}, "OnTenantSuppressionList"),
        ("BOUNCE", "BOUNCE", ("TENANT", ["BOUNCE"]), {"SuppressionScope": "ACCOUNT"}, "OnAccountSuppressionList"),
        ("BOUNCE", None, ("TENANT", ["COMPLAINT"]), {"SuppressedReasons": ["BOUNCE"]}, "OnTenantSuppressionList"),
        ("BOUNCE", None, ("TENANT", ["BOUNCE"]), {"SuppressedReasons": []}, "Delivery"),
    ],
)
def test_the_scope_says_which_list_mail_is_held_against(
    api: Api,
    ses: Any,
    tenant_list: str | None,
    account_list: str | None,
    rules: tuple[str, list[str]] | None,
    set_rules: dict[str, Any] | None,
    expected: str,
) -> None:
    give(ses, "identity/example.com", "configuration-set/cs")
    you = {"EmailAddress": "you@example.net"}
    if tenant_list is not None:
        ses.put_suppressed_destination(**you, Reason=tenant_list, TenantName="acme")
    if account_list is not None:
        ses.put_suppressed_destination(**you, Reason=account_list)
    if rules is not None:
        ses.put_tenant_suppression_attributes(TenantName="acme", SuppressionScope=rules[0], SuppressedReasons=rules[1])
    if set_rules is not None:
        ses.put_configuration_set_suppression_options(ConfigurationSetName="cs", **set_rules)
    message_id = ses.send_email(**SENT, ConfigurationSetName="cs", Content=SIMPLE)["MessageId"]
    [_, second] = recorded(api, message_id)
    detail = json.loads(second.detail)
    told = detail.get("bounceSubType") or detail.get("complaintSubType") or second.kind.value
    assert told == expected
    if told == "OnTenantSuppressionList" and second.kind.value == "Bounce":
        [bounced] = detail["bouncedRecipients"]
        assert detail["bounceType"] == "Permanent"
        assert bounced["diagnosticCode"].endswith("because it is on the suppression list for your tenant.")


def test_a_set_with_the_scope_of_tenants_is_the_accounts_without_one(api: Api, ses: Any) -> None:
    ses.put_configuration_set_suppression_options(ConfigurationSetName="cs", SuppressionScope="TENANT")
    ses.put_configuration_set_suppression_options(ConfigurationSetName="cs", SuppressedReasons=["BOUNCE"])
    ses.put_suppressed_destination(EmailAddress="you@example.net", Reason="BOUNCE")
    message_id = ses.send_email(
        FromEmailAddress="sender@example.com", Destination=TO, ConfigurationSetName="cs", Content=SIMPLE
    )["MessageId"]
    assert kinds(api, message_id) == ["Send", "Bounce"]


class Watched:
    """A session that notes what is asked of it."""

    def __init__(self, session: Any, asked: list[str]) -> None:
        self._session, self._asked = session, asked
        self.memo, self.dialect = session.memo, session.dialect

    def __getattr__(self, name: str) -> Any:
        ask = getattr(self._session, name)
        return lambda sql, *more: (self._asked.append(sql), ask(sql, *more))[1]


def test_mail_without_a_tenant_asks_nothing_about_tenants(api: Api, ses: Any) -> None:
    asked: list[str] = []
    write: Callable[..., Any] = api.world.database.write

    async def watched(work: Callable[[Any], Any], **how: Any) -> Any:
        return await write(lambda session: work(Watched(session, asked)), **how)

    api.world.database.write = watched  # type: ignore[method-assign]
    ses.send_email(FromEmailAddress="sender@example.com", Destination=TO, Content=SIMPLE)
    assert any("suppressed_destinations" in sql for sql in asked)
    assert not any("tenants" in sql or "tenant_resources" in sql for sql in asked)
