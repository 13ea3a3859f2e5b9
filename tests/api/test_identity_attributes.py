"""Attributes of identities over the wire, v1 and v2 on the same identities, and what they do to mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hatobin.capabilities import queue
from hatobin.words.settings import Account, Settings
from tests.api.answers import body_of, error_of
from tests.api.harness import OTHER_ACCOUNT, Api

MakeClient = Callable[..., Any]
DNS = Settings(account=Account(verification="dns"))
HINTED = "The MX record required to use the MAIL FROM domain <bounce.example.com> could not be read."


@pytest.fixture
def v2(make_client: MakeClient) -> Any:
    return make_client("sesv2")


@pytest.fixture
def v1(make_client: MakeClient) -> Any:
    return make_client("ses")


def test_dkim_of_v1_and_v2_is_one(v1: Any, v2: Any) -> None:
    tokens = v1.verify_domain_dkim(Domain="example.com")["DkimTokens"]
    assert v2.get_email_identity(EmailIdentity="example.com")["DkimAttributes"]["Tokens"] == tokens
    v2.create_email_identity(EmailIdentity="a@example.com")
    v2.create_email_identity(EmailIdentity="a@other.example")
    v1.set_identity_dkim_enabled(Identity="example.com", DkimEnabled=False)
    asked = v1.get_identity_dkim_attributes(Identities=["example.com", "a@example.com", "a@other.example", "no.org"])
    off = {"DkimEnabled": False, "DkimVerificationStatus": "Success", "DkimTokens": tokens}
    assert asked["DkimAttributes"] == {
        "example.com": off,
        "a@example.com": off,
        "a@other.example": {"DkimEnabled": False, "DkimVerificationStatus": "NotStarted"},
    }
    v2.put_email_identity_dkim_attributes(EmailIdentity="example.com", SigningEnabled=True)
    assert v1.get_identity_dkim_attributes(Identities=["example.com"])["DkimAttributes"]["example.com"]["DkimEnabled"]
    wrong = ("InvalidParameterValue", "Identity <no.org> does not exist.", 400)
    assert error_of(v1.set_identity_dkim_enabled, Identity="no.org", DkimEnabled=True) == wrong
    assert error_of(v1.verify_domain_dkim, Domain="a@b.c")[0] == "InvalidParameterValue"


def test_mail_from_of_v1_and_v2_is_one(v1: Any, v2: Any) -> None:
    v2.create_email_identity(EmailIdentity="example.com")
    default = {"example.com": {"BehaviorOnMXFailure": "UseDefaultValue"}}
    asked = v1.get_identity_mail_from_domain_attributes(Identities=["example.com", "no.org"])
    assert asked["MailFromDomainAttributes"] == default
    v1.set_identity_mail_from_domain(
        Identity="example.com", MailFromDomain="bounce.example.com", BehaviorOnMXFailure="RejectMessage"
    )
    assert v2.get_email_identity(EmailIdentity="example.com")["MailFromAttributes"] == {
        "MailFromDomain": "bounce.example.com",
        "MailFromDomainStatus": "SUCCESS",
        "BehaviorOnMxFailure": "REJECT_MESSAGE",
    }
    assert v1.get_identity_mail_from_domain_attributes(Identities=["example.com"])["MailFromDomainAttributes"] == {
        "example.com": {
            "MailFromDomain": "bounce.example.com",
            "MailFromDomainStatus": "Success",
            "BehaviorOnMXFailure": "RejectMessage",
        }
    }
    v1.set_identity_mail_from_domain(Identity="example.com")
    assert (
        v1.get_identity_mail_from_domain_attributes(Identities=["example.com"])["MailFromDomainAttributes"] == default
    )


def test_v2_attributes_round_trip_and_absent_stays_absent(v2: Any) -> None:
    v2.create_email_identity(EmailIdentity="example.com")
    v2.create_configuration_set(ConfigurationSetName="cs")
    v2.put_email_identity_feedback_attributes(EmailIdentity="example.com", EmailForwardingEnabled=False)
    v2.put_email_identity_configuration_set_attributes(EmailIdentity="example.com", ConfigurationSetName="cs")
    shown = body_of(v2.get_email_identity(EmailIdentity="example.com"))
    assert (shown["FeedbackForwardingStatus"], shown["ConfigurationSetName"]) == (False, "cs")
    v2.put_email_identity_feedback_attributes(EmailIdentity="example.com", EmailForwardingEnabled=True)
    v2.put_email_identity_configuration_set_attributes(EmailIdentity="example.com")
    shown = body_of(v2.get_email_identity(EmailIdentity="example.com"))
    assert shown["FeedbackForwardingStatus"] is True
    assert "ConfigurationSetName" not in shown
    missing_set = error_of(
        v2.put_email_identity_configuration_set_attributes, EmailIdentity="example.com", ConfigurationSetName="none"
    )
    assert missing_set == ("NotFoundException", "Configuration set <none> does not exist.", 404)


def test_nobody_changes_what_is_not_theirs(make_client: MakeClient, v2: Any) -> None:
    v2.create_email_identity(EmailIdentity="a@example.com")
    before = body_of(v2.get_email_identity(EmailIdentity="a@example.com"))
    puts: dict[str, dict[str, Any]] = {
        "dkim_attributes": {"SigningEnabled": True},
        "dkim_signing_attributes": {"SigningAttributesOrigin": "AWS_SES"},
        "feedback_attributes": {"EmailForwardingEnabled": True},
        "mail_from_attributes": {"MailFromDomain": "b.example.com"},
        "configuration_set_attributes": {},
    }
    others = [make_client("sesv2", account_id=OTHER_ACCOUNT), make_client("sesv2", region="eu-west-1")]
    for client, name in ((v2, "b@example.com"), *((other, "a@example.com") for other in others)):
        for what, arguments in puts.items():
            put = getattr(client, f"put_email_identity_{what}")
            assert error_of(put, EmailIdentity=name, **arguments) == (
                "NotFoundException",
                f"Email identity {name} does not exist.",
                404,
            )
    assert body_of(v2.get_email_identity(EmailIdentity="a@example.com")) == before


def test_the_old_route_of_the_signing_attributes(api: Api, v2: Any) -> None:
    """SDKs of 2023 call /v1/email/identities/…/dkim/signing (surface.md §1.3)."""
    v2.create_email_identity(EmailIdentity="example.com")

    def old_route(request: Any, **_: Any) -> None:
        request.url = request.url.replace("/v2/email/", "/v1/email/")

    v2.meta.events.register("request-created.sesv2.PutEmailIdentityDkimSigningAttributes", old_route)
    answer = v2.put_email_identity_dkim_signing_attributes(
        EmailIdentity="example.com", SigningAttributesOrigin="AWS_SES"
    )
    assert (answer["DkimStatus"], len(answer["DkimTokens"])) == ("SUCCESS", 3)


def send(client: Any) -> str:
    answer = client.send_email(
        FromEmailAddress="a@example.com",
        Destination={"ToAddresses": ["b@example.net"]},
        Content={"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}},
    )
    return str(answer["MessageId"])


def reverse_path(api: Api, message_id: str) -> str:
    found = api.read(lambda s: queue.message(s, queue.MessageKey("123456789012", "us-east-1", message_id)))
    assert found is not None
    return found.reverse_path


def test_bounces_go_to_the_mail_from_domain(api: Api, v2: Any) -> None:
    v2.create_email_identity(EmailIdentity="example.com")
    first = send(v2)
    assert reverse_path(api, first) == f"{first}@hatobin.localhost"
    v2.put_email_identity_mail_from_attributes(EmailIdentity="example.com", MailFromDomain="bounce.example.com")
    second = send(v2)
    assert reverse_path(api, second) == f"{second}@bounce.example.com"


@pytest.mark.parametrize("api", [DNS], indirect=True)
def test_a_mail_from_domain_that_is_not_ready(api: Api, v1: Any, v2: Any) -> None:
    v2.create_email_identity(EmailIdentity="example.com")
    api.run(
        api.world.database.write(
            lambda s: s.execute("UPDATE identities SET status = 'SUCCESS', dkim_status = 'SUCCESS', check_at = NULL")
        )
    )
    v2.put_email_identity_mail_from_attributes(EmailIdentity="example.com", MailFromDomain="bounce.example.com")
    identifier = send(v2)
    assert reverse_path(api, identifier) == f"{identifier}@hatobin.localhost", "the default until it is"
    v2.put_email_identity_mail_from_attributes(
        EmailIdentity="example.com", MailFromDomain="bounce.example.com", BehaviorOnMxFailure="REJECT_MESSAGE"
    )
    assert error_of(lambda: send(v2)) == ("MailFromDomainNotVerifiedException", HINTED, 400)
    assert error_of(
        v1.send_raw_email, RawMessage={"Data": b"From: a@example.com\nTo: b@example.net\nSubject: x\n\nx"}
    ) == ("MailFromDomainNotVerifiedException", HINTED, 400)


def test_policies_over_the_wire(v1: Any, v2: Any) -> None:
    v2.create_email_identity(EmailIdentity="example.com")
    text = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"ses:SendEmail","Resource":"*"}]}'
    v2.create_email_identity_policy(EmailIdentity="example.com", PolicyName="one", Policy=text)
    v1.put_identity_policy(Identity="example.com", PolicyName="two", Policy=text)
    v2.update_email_identity_policy(EmailIdentity="example.com", PolicyName="two", Policy=f" {text}")
    assert v1.list_identity_policies(Identity="example.com")["PolicyNames"] == ["one", "two"]
    assert v1.get_identity_policies(Identity="example.com", PolicyNames=["two"])["Policies"] == {"two": f" {text}"}
    assert v2.get_email_identity_policies(EmailIdentity="example.com")["Policies"] == {"one": text, "two": f" {text}"}
    v2.delete_email_identity_policy(EmailIdentity="example.com", PolicyName="one")
    v1.delete_identity_policy(Identity="example.com", PolicyName="two")
    assert v2.get_email_identity(EmailIdentity="example.com")["Policies"] == {}


@pytest.mark.parametrize("api", [DNS], indirect=True)
def test_the_verification_mail_leaves_like_any_other(api: Api, v1: Any) -> None:
    v1.verify_email_identity(EmailAddress="ann@example.net")
    api.outbound.dispatcher.wake_claims()
    api.wait_until_delivered()
    [mail] = api.read(lambda s: s.execute("SELECT account_id, recipients, subject FROM inbox_message"))
    assert mail == ("service", '["ann@example.net"]', "Email Address Verification Request in region us-east-1")
    assert v1.get_send_statistics()["SendDataPoints"] == [], "it is not the account's mail"
    assert v1.get_send_quota()["SentLast24Hours"] == 0
