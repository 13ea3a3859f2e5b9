"""Access over the wire: who has no policy can do nothing, and every door says so in SES's words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hatobin.app import operations
from hatobin.companions.iam import AccessKeys
from hatobin.flow.outbound.smtp_door import SmtpDoor, SmtpLogin
from hatobin.words.envelope import Envelope
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION, Api
from tests.api.submission import Peer
from tests.gateway.exchange import Client
from tests.gateway.samples import sample, service

SITE = f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/example.com"
SET = f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/main"
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
TEXT = {"Data": "Hello"}
SIMPLE = {"Simple": {"Subject": TEXT, "Body": {"Text": TEXT}}}
RAW = b"From: ann@example.com\r\nTo: bob@example.net\r\nSubject: Hi\r\n\r\nHello\r\n"
# What everybody may do who has a key (STS API reference), or a link (SNS API reference).
FREE = {
    *(("sts", name) for name in ("GetCallerIdentity", "GetSessionToken")),
    *(("sns", name) for name in ("ConfirmSubscription", "Unsubscribe")),
}
# What a request must have that is looked at before anything else.
GIVEN: dict[tuple[str, str], dict[str, Any]] = {
    ("sesv2", "SendEmail"): {
        "FromEmailAddress": "a@example.com",
        "Content": SIMPLE,
        "Destination": {"ToAddresses": ["b@c.de"]},
    },
    ("ses", "SendEmail"): {
        "Source": "a@example.com",
        "Destination": {"ToAddresses": ["b@c.de"]},
        "Message": {"Subject": TEXT, "Body": {"Text": TEXT}},
    },
    ("ses", "SendTemplatedEmail"): {
        "Source": "a@example.com",
        "Destination": {"ToAddresses": ["b@c.de"]},
        "Template": "none",
        "TemplateData": "{}",
    },
    ("ses", "SendBulkTemplatedEmail"): {
        "Source": "a@example.com",
        "Destinations": [{"Destination": {"ToAddresses": ["b@c.de"]}}],
        "Template": "none",
        "DefaultTemplateData": "{}",
    },
    ("sesv2", "SendBulkEmail"): {
        "FromEmailAddress": "a@example.com",
        "DefaultContent": {"Template": {"TemplateName": "none", "TemplateData": "{}"}},
        "BulkEmailEntries": [{"Destination": {"ToAddresses": ["b@c.de"]}}],
    },
    **{
        (service_name, "SendCustomVerificationEmail"): {"EmailAddress": "a@b.example", "TemplateName": "none"}
        for service_name in ("ses", "sesv2")
    },
    ("ses", "SendRawEmail"): {"RawMessage": {"Data": RAW}},
    **{
        ("ses", f"{verb}ConfigurationSetTrackingOptions"): {
            "TrackingOptions": {"CustomRedirectDomain": "a.example.com"}
        }
        for verb in ("Create", "Update")
    },
}
# A role is asked for, not a permission: unknown roles and untrusting ones look the same.
BY_TRUST = {("sts", "AssumeRole")}


def statement(actions: Any, resources: Any = "*", effect: str = "Allow", **rest: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": actions, "Resource": resources} | rest


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Access:
    """A server with the user ann, whose policy is set as a test wants it."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.iam = api.client("iam")
        self.iam.create_user(UserName="ann")
        key = self.iam.create_access_key(UserName="ann")["AccessKey"]
        self.key = key["AccessKeyId"], key["SecretAccessKey"]
        admin = api.client("sesv2")
        admin.create_email_identity(EmailIdentity="example.com")
        admin.create_configuration_set(ConfigurationSetName="main")
        admin.create_email_template(TemplateName="hi", TemplateContent={"Subject": "Hi", "Text": "Hello"})

    def may(self, *statements: dict[str, Any]) -> None:
        """Give ann a policy, in place of the former one."""
        self.iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=document(*statements))

    def client(self, service_name: str, **options: Any) -> Any:
        """Give a client that signs as ann."""
        return self.api.client_with(*self.key, service_name, **options)

    def smtp(self, data: bytes = RAW, sender: str = "ann@example.com") -> str:
        """Send by SMTP as ann, on a connection that logged in before."""
        keys = self.api.outbound.services.get(AccessKeys)
        found = self.api.run(keys.current(self.key[0]))
        assert found is not None
        envelope = Envelope(sender, ("bob@example.net",), "7BIT", len(data))
        door = SmtpDoor(keys, self.api.outbound.acceptor)
        return str(self.api.run(door.accept(SmtpLogin(found.principal, REGION), envelope, data, Peer())))


@pytest.fixture
def access(api: Api) -> Access:
    return Access(api)


def refusal(method: Any, **arguments: Any) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as caught:
        method(**arguments)
    error, metadata = caught.value.response["Error"], caught.value.response["ResponseMetadata"]
    return error["Code"], error["Message"], metadata["HTTPStatusCode"]


def send(client: Any, **more: Any) -> Any:
    given = {"FromEmailAddress": "ann@example.com", "Destination": {"ToAddresses": ["bob@example.net"]}}
    return client.send_email(**{**given, "Content": SIMPLE, **more})


def sending(action: str, resource: str) -> str:
    return f"User `{ANN}' is not authorized to perform `{action}' on resource `{resource}'"


@pytest.mark.parametrize(("name", "operation"), sorted(set(operations.handlers()) - FREE - BY_TRUST))
def test_every_operation_is_refused_without_a_policy(access: Access, name: str, operation: str) -> None:
    """Whatever is asked: the answer is the denial and nothing about what is there."""
    shape = service(name).operation_model(operation).input_shape
    arguments = {} if shape is None else sample(shape, required_only=True)
    arguments |= GIVEN.get((name, operation), {})
    client = Client(name, region=REGION, access_key_id=access.key[0], secret=access.key[1], validates=False)
    client.server = access.api._serve
    with pytest.raises(ClientError) as caught:
        client.call(operation, arguments)
    error = caught.value.response["Error"]
    assert error["Code"] in (
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
    )
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert "not authorized to perform" in error["Message"]


def test_v2_words_a_denial(access: Access) -> None:
    assert refusal(access.client("sesv2").get_account) == (
        "AccessDeniedException",
        f"User: {ANN} is not authorized to perform: ses:GetAccount"
        " because no identity-based policy allows the ses:GetAccount action",
        403,
    )
    access.may(statement("ses:*"), statement("ses:GetEmailIdentity", effect="Deny"))
    assert refusal(access.client("sesv2").get_email_identity, EmailIdentity="example.com") == (
        "AccessDeniedException",
        f"User: {ANN} is not authorized to perform: ses:GetEmailIdentity on resource: {SITE}"
        " with an explicit deny in an identity-based policy",
        403,
    )


def test_v1_words_a_denial(access: Access) -> None:
    assert refusal(access.client("ses").get_send_quota)[::2] == ("AccessDenied", 403)
    message = {"Subject": TEXT, "Body": {"Text": TEXT}}
    found = refusal(
        access.client("ses").send_email,
        Source="ann@example.com",
        Destination={"ToAddresses": ["bob@example.net"]},
        Message=message,
    )
    assert found == ("AccessDenied", sending("ses:SendEmail", SITE), 403)
    raw = refusal(access.client("ses").send_raw_email, RawMessage={"Data": RAW})
    assert raw == ("AccessDenied", sending("ses:SendRawEmail", SITE), 403)
    template = refusal(
        access.client("ses").send_templated_email,
        Source="ann@example.com",
        Destination={"ToAddresses": ["bob@example.net"]},
        Template="hi",
        TemplateData="{}",
    )
    assert template == ("AccessDenied", sending("ses:SendTemplatedEmail", SITE), 403)


def test_smtp_words_a_denial_and_sees_changes_on_an_open_connection(access: Access) -> None:
    assert access.smtp() == f"554 Access denied: {sending('ses:SendRawEmail', SITE)}"
    access.may(statement("ses:SendRawEmail", SITE))
    assert access.smtp().startswith("250 Ok ")
    access.may(statement("ses:SendEmail", SITE))
    assert access.smtp().startswith("554 Access denied")
    access.may(statement("ses:SendRawEmail"))
    access.iam.update_access_key(UserName="ann", AccessKeyId=access.key[0], Status="Inactive")
    keys = access.api.outbound.services.get(AccessKeys)
    assert access.api.run(keys.current(access.key[0])) is None


def test_a_connection_whose_key_was_switched_off_sends_nothing(access: Access) -> None:
    access.may(statement("ses:SendRawEmail"))
    keys = access.api.outbound.services.get(AccessKeys)
    found = access.api.run(keys.current(access.key[0]))
    assert found is not None
    access.iam.update_access_key(UserName="ann", AccessKeyId=access.key[0], Status="Inactive")
    door = SmtpDoor(keys, access.api.outbound.acceptor)
    envelope = Envelope("ann@example.com", ("bob@example.net",), "7BIT", len(RAW))
    reply = access.api.run(door.accept(SmtpLogin(found.principal, REGION), envelope, RAW, Peer()))
    assert str(reply) == "535 Authentication Credentials Invalid"
    stream = door.stream(SmtpLogin(found.principal, REGION), envelope, Peer())
    access.api.run(stream.write(RAW))
    assert str(access.api.run(stream.finish(envelope, b""))) == "535 Authentication Credentials Invalid"


def test_raw_content_of_v2_wants_the_permission_for_raw_mail(access: Access) -> None:
    access.may(statement("ses:SendEmail"))
    v2 = access.client("sesv2")
    assert send(v2)["MessageId"]
    found = refusal(v2.send_email, Content={"Raw": {"Data": RAW}})
    assert found == ("AccessDeniedException", sending("ses:SendRawEmail", SITE), 403)
    access.may(statement("ses:SendRawEmail"))
    assert v2.send_email(Content={"Raw": {"Data": RAW}})["MessageId"]
    assert refusal(send, client=v2)[1] == sending("ses:SendEmail", SITE)


def bulk(client: Any, *recipients: str) -> Any:
    return client.send_bulk_email(
        FromEmailAddress="ann@example.com",
        DefaultContent={"Template": {"TemplateName": "hi", "TemplateData": "{}"}},
        BulkEmailEntries=[{"Destination": {"ToAddresses": [one]}} for one in recipients],
    )


def test_templates_want_the_pair_for_bulk_sends_and_their_own_arn(access: Access) -> None:
    pair = ["ses:SendBulkEmail", "ses:SendBulkTemplatedEmail"]
    v2, template = access.client("sesv2"), SITE.replace("identity/example.com", "template/hi")
    access.may(statement("ses:SendEmail"))
    assert refusal(lambda: bulk(v2, "bob@example.net"))[1] == sending(pair[0], SITE)
    content = {"Template": {"TemplateName": "hi", "TemplateData": "{}"}}
    assert refusal(send, client=v2, Content=content)[1] == sending(pair[0], SITE)
    access.may(statement(pair, SITE))
    assert refusal(lambda: bulk(v2, "bob@example.net"))[1] == sending(pair[0], template)
    access.may(statement(pair, [SITE, template]))
    assert bulk(v2, "bob@example.net")["BulkEmailEntryResults"][0]["Status"] == "SUCCESS"
    assert send(v2, Content=content)["MessageId"]


def test_a_bulk_call_is_judged_as_a_whole(access: Access) -> None:
    only = {"ForAllValues:StringLike": {"ses:Recipients": "*@example.net"}}
    access.may(statement("ses:*", Condition=only))
    v2 = access.client("sesv2")
    assert [one["Status"] for one in bulk(v2, "a@example.net", "b@example.net")["BulkEmailEntryResults"]] == [
        "SUCCESS"
    ] * 2
    assert refusal(lambda: bulk(v2, "a@example.net", "b@example.org"))[0] == "AccessDeniedException"
    assert access.api.read(lambda s: s.one("SELECT count(*) FROM queue_message")) == (2,)


def test_a_configuration_set_named_in_a_header_is_checked(access: Access) -> None:
    access.may(statement("ses:SendRawEmail", SITE))
    named = b"X-SES-CONFIGURATION-SET: main\r\n" + RAW
    assert access.smtp(named) == f"554 Access denied: {sending('ses:SendRawEmail', SET)}"
    found = refusal(access.client("sesv2").send_email, Content={"Raw": {"Data": named}})
    assert found[1] == sending("ses:SendRawEmail", SET)


def test_tags_decide_over_resources_and_requests(access: Access) -> None:
    access.may(
        statement("ses:GetConfigurationSet", Condition={"StringEquals": {"aws:ResourceTag/team": "mail"}}),
        statement(
            ["ses:CreateConfigurationSet", "ses:TagResource"],
            Condition={
                "StringEquals": {"aws:RequestTag/team": "${aws:PrincipalTag/team}"},
                "ForAllValues:StringEquals": {"aws:TagKeys": "team"},
            },
        ),
    )
    access.iam.tag_user(UserName="ann", Tags=[{"Key": "team", "Value": "mail"}])
    v2 = access.client("sesv2")
    assert refusal(v2.get_configuration_set, ConfigurationSetName="main")[0] == "AccessDeniedException"
    for tags in ([], [{"Key": "team", "Value": "web"}], [{"Key": "team", "Value": "mail"}, {"Key": "x", "Value": "y"}]):
        refused = refusal(v2.create_configuration_set, ConfigurationSetName="new", Tags=tags)
        assert refused[0] == "AccessDeniedException"
    v2.create_configuration_set(ConfigurationSetName="new", Tags=[{"Key": "team", "Value": "mail"}])
    assert v2.get_configuration_set(ConfigurationSetName="new")["Tags"] == [{"Key": "team", "Value": "mail"}]


def test_a_tenant_is_checked_by_its_whole_arn(access: Access) -> None:
    admin = access.api.client("sesv2")
    arn = admin.create_tenant(TenantName="acme")["TenantArn"]
    v2 = access.client("sesv2")
    access.may(statement("ses:*"), statement("ses:DeleteTenant", arn, effect="Deny"))
    assert arn in refusal(v2.delete_tenant, TenantName="acme")[1]
    access.may(statement("ses:GetTenant", arn))
    assert v2.get_tenant(TenantName="acme")["Tenant"]["TenantArn"] == arn


def test_a_tenants_name_is_a_condition(access: Access) -> None:
    access.may(statement("ses:SendEmail", Condition={"StringEquals": {"ses:TenantName": "acme"}}))
    admin, v2 = access.api.client("sesv2"), access.client("sesv2")
    admin.create_tenant(TenantName="acme")
    admin.create_tenant_resource_association(TenantName="acme", ResourceArn=SITE)
    assert refusal(send, client=v2)[0] == "AccessDeniedException"
    assert send(v2, TenantName="acme")["MessageId"]


def test_a_user_manages_its_own_keys_by_variable(access: Access) -> None:
    access.may(statement("iam:*AccessKey*", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"))
    iam = access.client("iam")
    assert iam.list_access_keys()["AccessKeyMetadata"][0]["UserName"] == "ann"
    assert iam.list_access_keys(UserName="ann")["AccessKeyMetadata"]
    assert refusal(iam.list_access_keys, UserName="test")[0] == "AccessDenied"
    assert refusal(iam.list_users)[0] == "AccessDenied"


@pytest.mark.parametrize(
    ("door", "given"),
    [
        ("v1", {"SourceArn": SITE}),
        ("v2", {"FromEmailAddressIdentityArn": SITE}),
        ("header", {}),
    ],
)
def test_another_account_is_let_in_at_every_door(access: Access, door: str, given: dict[str, str]) -> None:
    guest = {name: access.api.client(name, account_id=OTHER_ACCOUNT) for name in ("ses", "sesv2")}

    def sent() -> Any:
        if door == "v1":
            message = {"Subject": TEXT, "Body": {"Text": TEXT}}
            return guest["ses"].send_email(
                Source="ann@example.com", Destination={"ToAddresses": ["b@c.example"]}, Message=message, **given
            )
        if door == "v2":
            return send(guest["sesv2"], **given)
        return guest["ses"].send_raw_email(RawMessage={"Data": f"X-SES-SOURCE-ARN: {SITE}\r\n".encode() + RAW})

    assert refusal(sent)[0] in ("AccessDenied", "AccessDeniedException")
    policy = document(statement("ses:Send*", SITE, Principal={"AWS": OTHER_ACCOUNT}))
    access.api.client("sesv2").create_email_identity_policy(EmailIdentity="example.com", PolicyName="p", Policy=policy)
    assert sent()["MessageId"]


def test_bad_identity_arns_are_the_callers_error(access: Access) -> None:
    v1, v2 = access.api.client("ses"), access.api.client("sesv2")
    assert refusal(v1.send_raw_email, RawMessage={"Data": RAW}, SourceArn="x")[::2] == ("InvalidParameterValue", 400)
    assert refusal(send, client=v2, FromEmailAddressIdentityArn="x")[::2] == ("BadRequestException", 400)
    access.may(statement("ses:SendRawEmail"))
    assert access.smtp(b"X-SES-SOURCE-ARN: x\r\n" + RAW).startswith("250 Ok")  # It names nobody's identity.
