"""Identities over the wire: both doors, the caller's own key, DEV-IS-32, DEV-CL-12."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hatobin.words.settings import Account, Settings
from tests.api.answers import body_of, error_of
from tests.capabilities.identities.domains import own_key

MakeClient = Callable[..., Any]
DNS = Settings(account=Account(verification="dns"))


@pytest.fixture
def ses(make_client: MakeClient) -> Any:
    return make_client("sesv2")


def test_a_domain_has_three_tokens_and_a_zone(ses: Any) -> None:
    made = ses.create_email_identity(EmailIdentity="Example.com", Tags=[{"Key": "k", "Value": "v"}])
    assert (made["IdentityType"], made["VerifiedForSendingStatus"]) == ("DOMAIN", True)
    dkim = made["DkimAttributes"]
    assert len(dkim["Tokens"]) == 3
    assert (dkim["SigningHostedZone"], dkim["CurrentSigningKeyLength"]) == ("dkim.hatobin.localhost", "RSA_2048_BIT")
    shown = body_of(ses.get_email_identity(EmailIdentity="example.com"))
    assert shown.pop("DkimAttributes") == dkim
    assert set(shown.pop("VerificationInfo")) == {"LastSuccessTimestamp"}
    assert shown == {
        "IdentityType": "DOMAIN",
        "FeedbackForwardingStatus": True,
        "VerifiedForSendingStatus": True,
        "MailFromAttributes": {"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"},
        "Policies": {},
        "Tags": [{"Key": "k", "Value": "v"}],
        "VerificationStatus": "SUCCESS",
    }


@pytest.mark.parametrize("api", [DNS], indirect=True)
def test_a_new_domain_waits_in_dns_mode(make_client: MakeClient, ses: Any) -> None:
    made = ses.create_email_identity(EmailIdentity="example.com")
    assert made["VerifiedForSendingStatus"] is False
    assert made["DkimAttributes"]["Status"] == "NOT_STARTED"
    assert ses.get_email_identity(EmailIdentity="example.com")["DkimAttributes"]["Status"] == "PENDING"
    attributes = make_client("ses").get_identity_verification_attributes(Identities=["example.com", "no.org"])
    assert set(attributes["VerificationAttributes"]) == {"example.com"}
    assert attributes["VerificationAttributes"]["example.com"]["VerificationStatus"] == "Pending"


def test_the_guide_s_own_key_sample(ses: Any) -> None:
    private, _ = own_key(2048)
    made = ses.create_email_identity(
        EmailIdentity="example.com",
        DkimSigningAttributes={"DomainSigningSelector": "selector1", "DomainSigningPrivateKey": private},
    )
    dkim = made["DkimAttributes"]
    assert (dkim["SigningAttributesOrigin"], dkim["Tokens"]) == ("EXTERNAL", ["selector1"])
    assert dkim["Status"] == "SUCCESS"


def test_easy_dkim_may_be_asked_for_by_name(ses: Any) -> None:
    made = ses.create_email_identity(
        EmailIdentity="example.com", DkimSigningAttributes={"DomainSigningAttributesOrigin": "AWS_SES"}
    )
    assert made["DkimAttributes"]["SigningAttributesOrigin"] == "AWS_SES"


def test_errors_are_ses_s_own(ses: Any) -> None:
    ses.create_email_identity(EmailIdentity="a@example.com")
    assert error_of(ses.create_email_identity, EmailIdentity="a@example.com") == (
        "AlreadyExistsException",
        "Email identity a@example.com already exist.",
        400,
    )
    missing = ("NotFoundException", "Email identity no@example.com does not exist.", 404)
    assert error_of(ses.get_email_identity, EmailIdentity="no@example.com") == missing
    assert error_of(ses.delete_email_identity, EmailIdentity="no@example.com") == missing
    no_set = error_of(ses.create_email_identity, EmailIdentity="b@example.com", ConfigurationSetName="none")
    assert no_set == ("NotFoundException", "Configuration set <none> does not exist.", 404)
    assert error_of(ses.create_email_identity, EmailIdentity="no domain")[0] == "BadRequestException"


def test_a_default_set_is_kept(ses: Any) -> None:
    ses.create_configuration_set(ConfigurationSetName="cs")
    ses.create_email_identity(EmailIdentity="a/b@example.com", ConfigurationSetName="cs")
    assert ses.get_email_identity(EmailIdentity="a/b@example.com")["ConfigurationSetName"] == "cs"


def test_identities_are_listed_page_by_page(make_client: MakeClient, ses: Any) -> None:
    for number in range(27):
        ses.create_email_identity(EmailIdentity=f"u{number:02}@example.com")
    first = ses.list_email_identities()
    assert len(first["EmailIdentities"]) == 25
    assert first["EmailIdentities"][0] == {
        "IdentityType": "EMAIL_ADDRESS",
        "IdentityName": "u00@example.com",
        "SendingEnabled": True,
        "VerificationStatus": "SUCCESS",
    }
    rest = make_client("ses").list_identities(IdentityType="EmailAddress", NextToken=first["NextToken"])
    assert rest["Identities"] == ["u25@example.com", "u26@example.com"]
    assert "NextToken" not in rest
    wrong = error_of(ses.list_email_identities, NextToken="x")
    assert wrong == ("BadRequestException", "Invalid NextToken <x>.", 400)


def test_v1_verifies_lists_and_deletes(make_client: MakeClient) -> None:
    v1 = make_client("ses")
    v1.verify_email_identity(EmailAddress="a@example.com")
    v1.verify_email_address(EmailAddress="b@example.com")
    token = v1.verify_domain_identity(Domain="EXAMPLE.org")["VerificationToken"]
    assert v1.verify_domain_identity(Domain="example.org")["VerificationToken"] == token
    assert v1.list_identities()["Identities"] == ["a@example.com", "b@example.com", "example.org"]
    assert v1.list_identities(IdentityType="Domain")["Identities"] == ["example.org"]
    assert v1.list_verified_email_addresses()["VerifiedEmailAddresses"] == ["a@example.com", "b@example.com"]
    attributes = v1.get_identity_verification_attributes(Identities=["a@example.com", "example.org"])
    assert attributes["VerificationAttributes"] == {
        "a@example.com": {"VerificationStatus": "Success"},
        "example.org": {"VerificationStatus": "Success", "VerificationToken": token},
    }
    v1.get_waiter("identity_exists").wait(Identities=["a@example.com"], WaiterConfig={"Delay": 0, "MaxAttempts": 1})
    v1.delete_verified_email_address(EmailAddress="b@example.com")
    v1.delete_identity(Identity="example.org")
    v1.delete_identity(Identity="example.org")
    assert v1.list_identities()["Identities"] == ["a@example.com"]
    wrong = error_of(v1.verify_email_identity, EmailAddress="STUB")
    assert wrong == ("InvalidParameterValue", "Invalid email address<STUB>.", 400)


def send(ses: Any, sender: str) -> Any:
    return ses.send_email(
        FromEmailAddress=sender,
        Destination={"ToAddresses": ["b@example.net"]},
        Content={"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}},
    )


@pytest.mark.parametrize(
    ("sender", "accepted"),
    [
        ("a@example.com", True),
        ('"Ann" <a+tag@EXAMPLE.com>', True),
        ("a@sub.example.com", True),
        ("Sender@mail.org", True),
        ("sender@mail.org", False),
        ("a@example.org", False),
    ],
)
def test_who_may_send(ses: Any, sender: str, *, accepted: bool) -> None:
    ses.create_email_identity(EmailIdentity="example.com")
    ses.create_email_identity(EmailIdentity="Sender@Mail.org")
    if accepted:
        assert send(ses, sender)["MessageId"]
        return
    code, text, status = error_of(lambda: send(ses, sender))
    assert (code, status) == ("MessageRejected", 400)
    assert text == (
        f"Email address is not verified. The following identities failed the check in region US-EAST-1: {sender}"
    )
