"""What an infrastructure project asserts of SES itself (DEV-CL-12), as calls of boto3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hatobin.words.settings import Account, Settings
from tests.api.harness import Api

BY_RECORDS = Settings(account=Account(verification="dns"))
SANDBOX = Settings(account=Account(sandbox=True))
SIMPLE = {"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}}


def refused(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return error["Code"], error.get("Message", "")


@pytest.mark.parametrize("api", [BY_RECORDS], indirect=True)
def test_a_new_domain_waits_with_three_tokens(api: Api) -> None:
    ses = api.client("sesv2")
    made = ses.create_email_identity(EmailIdentity="example.com")
    assert made["IdentityType"] == "DOMAIN"
    assert made["VerifiedForSendingStatus"] is False
    assert len(made["DkimAttributes"]["Tokens"]) == 3
    read = ses.get_email_identity(EmailIdentity="example.com")
    assert read["DkimAttributes"]["Tokens"] == made["DkimAttributes"]["Tokens"]
    assert read["VerifiedForSendingStatus"] is False


def test_an_address_is_an_email_address(api: Api) -> None:
    ses = api.client("sesv2")
    assert ses.create_email_identity(EmailIdentity="ann@example.com")["IdentityType"] == "EMAIL_ADDRESS"


def test_a_default_set_that_is_taken_away_is_absent(api: Api) -> None:
    ses = api.client("sesv2")
    ses.create_configuration_set(ConfigurationSetName="cs")
    ses.create_email_identity(EmailIdentity="example.com", ConfigurationSetName="cs")
    assert ses.get_email_identity(EmailIdentity="example.com")["ConfigurationSetName"] == "cs"
    ses.put_email_identity_configuration_set_attributes(EmailIdentity="example.com")
    assert "ConfigurationSetName" not in ses.get_email_identity(EmailIdentity="example.com")


def test_what_was_deleted_is_not_found(api: Api) -> None:
    ses = api.client("sesv2")
    ses.create_email_identity(EmailIdentity="example.com")
    ses.create_configuration_set(ConfigurationSetName="cs")
    ses.create_email_template(TemplateName="t", TemplateContent={"Subject": "s", "Text": "t"})
    ses.create_contact_list(ContactListName="news")
    ses.create_contact(ContactListName="news", EmailAddress="bob@example.net")
    ses.delete_contact(ContactListName="news", EmailAddress="bob@example.net")
    assert refused(lambda: ses.get_contact(ContactListName="news", EmailAddress="bob@example.net"))[0] == (
        "NotFoundException"
    )
    ses.delete_email_identity(EmailIdentity="example.com")
    ses.delete_configuration_set(ConfigurationSetName="cs")
    ses.delete_email_template(TemplateName="t")
    ses.delete_contact_list(ContactListName="news")
    for gone in (
        lambda: ses.get_email_identity(EmailIdentity="example.com"),
        lambda: ses.get_configuration_set(ConfigurationSetName="cs"),
        lambda: ses.get_email_template(TemplateName="t"),
        lambda: ses.get_contact_list(ContactListName="news"),
    ):
        assert refused(gone)[0] == "NotFoundException"


def test_a_deleted_list_takes_its_contacts_along(api: Api) -> None:
    ses = api.client("sesv2")
    ses.create_contact_list(ContactListName="news")
    ses.create_contact(ContactListName="news", EmailAddress="bob@example.net")
    ses.delete_contact_list(ContactListName="news")
    ses.create_contact_list(ContactListName="news")
    assert ses.list_contacts(ContactListName="news")["Contacts"] == []


@pytest.mark.parametrize("api", [SANDBOX], indirect=True)
def test_the_sandbox_refuses_a_stranger(api: Api) -> None:
    ses = api.client("sesv2")
    to = {"ToAddresses": ["success@simulator.amazonses.com"]}
    code, text = refused(lambda: ses.send_email(FromEmailAddress="nobody@example.com", Destination=to, Content=SIMPLE))
    assert code == "MessageRejected"
    assert "not verified" in text
    template = {"TemplateContent": {"Subject": "s", "Text": "t"}, "TemplateData": "{}"}
    code, text = refused(
        lambda: ses.send_bulk_email(
            FromEmailAddress="nobody@example.com",
            DefaultContent={"Template": template},
            BulkEmailEntries=[{"Destination": to}],
        )
    )
    assert code == "MessageRejected"
    assert "not verified" in text


@pytest.mark.parametrize("api", [SANDBOX], indirect=True)
def test_the_sandbox_does_not_take_suppressed_destinations_but_shows_them(api: Api) -> None:
    ses = api.client("sesv2")
    code, text = refused(lambda: ses.put_suppressed_destination(EmailAddress="a@example.net", Reason="BOUNCE"))
    assert code == "BadRequestException"
    assert "sandbox" in text.lower()
    assert ses.list_suppressed_destinations()["SuppressedDestinationSummaries"] == []
    assert refused(lambda: ses.get_suppressed_destination(EmailAddress="a@example.net"))[0] == "NotFoundException"


def test_a_bounce_for_an_unknown_message_is_rejected(api: Api) -> None:
    api.client("sesv2").create_email_identity(EmailIdentity="example.com")
    code, text = refused(
        lambda: api.client("ses").send_bounce(
            OriginalMessageId="unknown",
            BounceSender="ann@example.com",
            BouncedRecipientInfoList=[{"Recipient": "bob@example.com", "BounceType": "DoesNotExist"}],
        )
    )
    assert code == "MessageRejected"
    assert text.startswith("Failed to generate a bounce for unknown")
