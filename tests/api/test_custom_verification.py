"""Custom verification mails: their templates, the mail, and what its link does."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from hatobin.capabilities.queue import MessageKey
from hatobin.words.settings import Account, Service, Settings, Tls
from tests.api.answers import body_of, error_of
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, Api
from tests.api.links import REACHABLE, follow, html_of, link_in, mail_to

SANDBOX = Settings(account=Account(sandbox=True))
DAY_S = 24 * 3600.0
CONTENT = "<html><body><h1 style='color:red'>Welcome &amp; hello</h1></body></html>"
SUCCESS, FAILURE = "https://app.example/ok?x=1&y=2", "https://app.example/sorry"
V1 = {
    "TemplateName": "hello",
    "FromEmailAddress": "Shop <sender@example.com>",
    "TemplateSubject": "Please confirm",
    "TemplateContent": CONTENT,
    "SuccessRedirectionURL": SUCCESS,
    "FailureRedirectionURL": FAILURE,
}
TAGS = [{"Key": "team", "Value": "mail"}]
MISSING = "Custom verification email template <none> does not exist"


@pytest.fixture
def v1(api: Api) -> Any:
    client = api.client("ses")
    client.verify_domain_identity(Domain="example.com")
    return client


@pytest.fixture
def v2(api: Api, v1: Any) -> Any:
    return api.client("sesv2")


def link_to(api: Api, address: str) -> str:
    return link_in(html_of(mail_to(api, address)), "/verify/")


def test_a_template_lives_and_dies_behind_both_doors(v1: Any, v2: Any) -> None:
    v2.create_custom_verification_email_template(**V1, Tags=TAGS)
    assert body_of(v2.get_custom_verification_email_template(TemplateName="hello")) == V1 | {"Tags": TAGS}
    assert body_of(v1.get_custom_verification_email_template(TemplateName="hello")) == V1
    shown = {name: value for name, value in V1.items() if name != "TemplateContent"}
    assert v1.list_custom_verification_email_templates()["CustomVerificationEmailTemplates"] == [shown]
    assert v2.list_custom_verification_email_templates()["CustomVerificationEmailTemplates"] == [shown]
    v1.update_custom_verification_email_template(TemplateName="hello", TemplateSubject="New")
    assert body_of(v1.get_custom_verification_email_template(TemplateName="hello")) == V1 | {"TemplateSubject": "New"}
    v2.update_custom_verification_email_template(**V1)
    assert body_of(v2.get_custom_verification_email_template(TemplateName="hello")) == V1 | {"Tags": TAGS}
    v2.delete_custom_verification_email_template(TemplateName="hello")
    v1.delete_custom_verification_email_template(TemplateName="hello")
    assert v1.list_custom_verification_email_templates()["CustomVerificationEmailTemplates"] == []


def test_each_error_of_the_templates_has_its_door_s_code(v1: Any, v2: Any) -> None:
    v1.create_custom_verification_email_template(**V1)
    taken = "Custom verification email template <hello> already exists"
    create1, create2 = v1.create_custom_verification_email_template, v2.create_custom_verification_email_template
    assert error_of(create1, **V1) == ("CustomVerificationEmailTemplateAlreadyExists", taken, 400)
    assert error_of(create2, **V1) == ("AlreadyExistsException", taken, 400)
    for change, code, text in (
        (
            {"SuccessRedirectionURL": "ftp://x.example/"},
            "InvalidParameterValue",
            "The success redirection URL is invalid",
        ),
        ({"FailureRedirectionURL": "javascript:1"}, "InvalidParameterValue", "The failure redirection URL is invalid"),
        ({"FailureRedirectionURL": "https://a\nb"}, "InvalidParameterValue", "The failure redirection URL is invalid"),
        (
            {"FromEmailAddress": "me@other.example"},
            "FromEmailAddressNotVerified",
            "Email address is not verified. The following identities failed the check in region US-EAST-1: "
            "me@other.example",
        ),
        (
            {"TemplateContent": "<script>x</script>"},
            "CustomVerificationEmailInvalidContent",
            "The HTML tag <script> is not allowed.",
        ),
    ):
        asked = V1 | {"TemplateName": "other"} | change
        assert error_of(create1, **asked) == (code, text, 400)
        assert error_of(create2, **asked) == ("BadRequestException", text, 400)
        update = V1 | change
        assert error_of(v1.update_custom_verification_email_template, **update) == (code, text, 400)
        assert error_of(v2.update_custom_verification_email_template, **update)[:2] == ("BadRequestException", text)
    absent = ("CustomVerificationEmailTemplateDoesNotExist", MISSING, 400)
    assert error_of(v1.get_custom_verification_email_template, TemplateName="none") == absent
    assert error_of(v1.update_custom_verification_email_template, TemplateName="none") == absent
    not_found = ("NotFoundException", MISSING, 404)
    assert error_of(v2.get_custom_verification_email_template, TemplateName="none") == not_found
    assert error_of(v2.delete_custom_verification_email_template, TemplateName="none") == not_found
    asked = V1 | {"TemplateName": "none"}
    assert error_of(v2.update_custom_verification_email_template, **asked) == not_found


def test_an_account_has_fifty_and_pages_of_them(v1: Any, v2: Any) -> None:
    for number in range(50):
        v1.create_custom_verification_email_template(**V1 | {"TemplateName": f"t{number:02}"})
    asked = V1 | {"TemplateName": "more"}
    assert error_of(v1.create_custom_verification_email_template, **asked)[0] == "LimitExceeded"
    assert error_of(v2.create_custom_verification_email_template, **asked)[0] == "LimitExceededException"
    first = v2.list_custom_verification_email_templates(PageSize=30)
    rest = v1.list_custom_verification_email_templates(NextToken=first["NextToken"])
    listed = [*first["CustomVerificationEmailTemplates"], *rest["CustomVerificationEmailTemplates"]]
    assert [entry["TemplateName"] for entry in listed] == [f"t{number:02}" for number in range(50)]
    assert "NextToken" not in rest
    assert error_of(v2.list_custom_verification_email_templates, PageSize=51)[0] == "BadRequestException"
    assert error_of(v2.list_custom_verification_email_templates, NextToken="x")[0] == "BadRequestException"
    assert error_of(v1.list_custom_verification_email_templates, NextToken="x")[0] == "InvalidParameterValue"


def test_templates_of_another_account_or_region_are_not_there(api: Api, v2: Any) -> None:
    v2.create_custom_verification_email_template(**V1)
    for stranger in (api.client("sesv2", account_id=OTHER_ACCOUNT), api.client("sesv2", region="eu-west-1")):
        assert stranger.list_custom_verification_email_templates()["CustomVerificationEmailTemplates"] == []
        asked = {"EmailAddress": "new@example.net", "TemplateName": "hello"}
        assert error_of(stranger.send_custom_verification_email, **asked)[0] == "NotFoundException"
        assert error_of(stranger.delete_custom_verification_email_template, TemplateName="hello")[2] == 404


@pytest.mark.parametrize("api", [REACHABLE], indirect=True)
@pytest.mark.parametrize("service", ["ses", "sesv2"])
def test_the_link_of_the_mail_verifies_the_address(api: Api, v1: Any, v2: Any, service: str) -> None:
    v2.create_custom_verification_email_template(**V1)
    client = api.client(service)
    sent = client.send_custom_verification_email(EmailAddress="new@example.net", TemplateName="hello")
    message = mail_to(api, "new@example.net")
    assert message["Message-ID"] == f"<{sent['MessageId']}@email.hatobin.localhost>"
    assert (message["From"], message["Subject"]) == ("Shop <sender@example.com>", "Please confirm")
    assert "Welcome &amp; hello" in html_of(message)
    assert html_of(message).index("/verify/") < html_of(message).index("</body>")
    assert v2.get_email_identity(EmailIdentity="new@example.net")["VerificationStatus"] == "PENDING"

    link = link_to(api, "new@example.net")
    assert link.startswith("http://mail.test/verify/")
    assert follow(api, link, "HEAD").status == 200
    assert v2.get_email_identity(EmailIdentity="new@example.net")["VerificationStatus"] == "PENDING"
    for _ in range(2):
        answer = follow(api, link)
        assert (answer.status, answer.header("location")) == (302, SUCCESS)
        shown = v2.get_email_identity(EmailIdentity="new@example.net")
        assert (shown["VerificationStatus"], shown["VerifiedForSendingStatus"]) == ("SUCCESS", True)
    content = {"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}}
    destination = {"ToAddresses": ["you@example.org"]}
    v2.send_email(FromEmailAddress="new@example.net", Destination=destination, Content=content)
    mail_to(api, "you@example.org")


@pytest.mark.parametrize("api", [REACHABLE], indirect=True)
def test_a_link_is_over_after_a_day_and_a_new_mail_brings_a_new_one(api: Api, v1: Any, v2: Any) -> None:
    v1.create_custom_verification_email_template(**V1)
    v1.send_custom_verification_email(EmailAddress="new@example.net", TemplateName="hello")
    link = link_to(api, "new@example.net")
    api.world.clock.elapsed_s += DAY_S + 1
    answer = follow(api, link)
    assert (answer.status, answer.header("location")) == (302, FAILURE)
    assert v2.get_email_identity(EmailIdentity="new@example.net")["VerificationStatus"] == "PENDING"
    v1.send_custom_verification_email(EmailAddress="new@example.net", TemplateName="hello")
    assert follow(api, link_to(api, "new@example.net")).header("location") == SUCCESS


@pytest.mark.parametrize("api", [REACHABLE], indirect=True)
def test_a_link_of_a_deleted_identity_or_of_nobody_verifies_nothing(api: Api, v1: Any, v2: Any) -> None:
    v1.create_custom_verification_email_template(**V1)
    v1.send_custom_verification_email(EmailAddress="new@example.net", TemplateName="hello")
    link = link_to(api, "new@example.net")
    v2.delete_email_identity(EmailIdentity="new@example.net")
    assert follow(api, link).header("location") == FAILURE
    assert error_of(v2.get_email_identity, EmailIdentity="new@example.net")[2] == 404
    answer = follow(api, f"{link}x")
    assert (answer.status, answer.header("location")) == (404, "")
    assert answer.header("content-security-policy").startswith("default-src 'none'")


@pytest.mark.parametrize("api", [REACHABLE], indirect=True)
def test_images_in_the_html_leave_as_attachments(api: Api, v1: Any) -> None:
    pixel = bytes(range(200))
    image = f'<p>Hi<img alt="x" src="data:image/png;base64,{base64.b64encode(pixel).decode()}"></p>'
    v1.create_custom_verification_email_template(**V1 | {"TemplateContent": image})
    v1.send_custom_verification_email(EmailAddress="new@example.net", TemplateName="hello")
    message = mail_to(api, "new@example.net")
    assert 'src="cid:image1"' in html_of(message)
    (attached,) = [part for part in message.walk() if part["Content-ID"] == "<image1>"]
    assert (attached.get_content_type(), attached.get_payload(decode=True)) == ("image/png", pixel)


def test_each_error_of_the_sending_has_its_door_s_code(api: Api, v1: Any, v2: Any) -> None:
    v1.create_custom_verification_email_template(**V1)

    def both(**change: Any) -> tuple[tuple[str, str, int], tuple[str, str, int]]:
        asked = {"EmailAddress": "new@example.net", "TemplateName": "hello"} | change
        return error_of(v1.send_custom_verification_email, **asked), error_of(
            v2.send_custom_verification_email, **asked
        )

    assert both(TemplateName="none") == (
        ("CustomVerificationEmailTemplateDoesNotExist", MISSING, 400),
        ("NotFoundException", MISSING, 404),
    )
    no_set = "Configuration set <none> does not exist."
    assert both(ConfigurationSetName="none") == (
        ("ConfigurationSetDoesNotExist", no_set, 400),
        ("NotFoundException", no_set, 404),
    )
    old, new = both(EmailAddress="nobody")
    assert (old[:2], new[0]) == (("InvalidParameterValue", "Invalid email address<nobody>."), "BadRequestException")
    assert error_of(v2.get_email_identity, EmailIdentity="new@example.net")[2] == 404, "a refusal leaves no identity"
    v1.delete_identity(Identity="example.com")
    sender = "The from email address <Shop <sender@example.com>> is not verified"
    assert both() == (("FromEmailAddressNotVerified", sender, 400), ("BadRequestException", sender, 400))


@pytest.mark.parametrize("api", [SANDBOX], indirect=True)
def test_the_sandbox_sends_no_verification_mails(v1: Any, v2: Any) -> None:
    v1.create_custom_verification_email_template(**V1)
    asked = {"EmailAddress": "new@example.net", "TemplateName": "hello"}
    assert error_of(v1.send_custom_verification_email, **asked)[0] == "ProductionAccessNotGranted"
    assert error_of(v2.send_custom_verification_email, **asked)[0] == "BadRequestException"


def test_a_mail_with_a_configuration_set_has_its_events(api: Api, v1: Any, v2: Any) -> None:
    v1.create_custom_verification_email_template(**V1)
    v2.create_configuration_set(ConfigurationSetName="app")
    sent = v2.send_custom_verification_email(
        EmailAddress="new@example.net", TemplateName="hello", ConfigurationSetName="app"
    )
    api.wait_until_delivered()
    assert api.run(api.world.kinds(MessageKey(ACCOUNT, "us-east-1", sent["MessageId"]))) == ["Send", "Delivery"]


def test_links_use_https_where_the_certificate_is_the_operator_s() -> None:
    service = Service(public_http="http://a.test", public_https="https://a.test/")
    assert Settings(service=service).link_base == "http://a.test"
    own = Settings(service=service, tls=Tls(certificate="/etc/cert.pem", key="/etc/key.pem"))
    assert own.link_base == "https://a.test"
