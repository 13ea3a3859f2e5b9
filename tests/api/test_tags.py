"""TagResource, UntagResource and ListTagsForResource on every resource that carries tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.answers import error_of
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION

MakeClient = Callable[..., Any]
PREFIX = f"arn:aws:ses:{REGION}:{ACCOUNT}:"
FORM = "ResourceArn is not the expected format"
NOT_SES = "Provided resource identifier is not an SES resource"
FOREIGN = "Operations on a resource created in a different account is not allowed"
TEMPLATE_NAMES = (
    "Template name can contain alphanumeric characters, underscores(_) and hyphens(-). "
    "It can contain up to 128 characters and it should start with an alphanumeric character."
)
SETS, NAMES = "configuration-set/", f"{PREFIX}configuration-set/"


def pairs(**values: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


def make(ses: Any, resource: str, tags: list[dict[str, str]]) -> None:
    """Make a resource of the type that its ARN names."""
    kind, _, name = resource.partition("/")
    match kind:
        case "configuration-set":
            ses.create_configuration_set(ConfigurationSetName=name, Tags=tags)
        case "identity":
            ses.create_email_identity(EmailIdentity=name, Tags=tags)
        case "contact-list":
            ses.create_contact_list(ContactListName=name, Tags=tags)
        case "custom-verification-email-template":
            ses.create_email_identity(EmailIdentity="sender.example")
            ses.create_custom_verification_email_template(
                TemplateName=name,
                FromEmailAddress="me@sender.example",
                TemplateSubject="Hi",
                TemplateContent="<p>x</p>",
                SuccessRedirectionURL="https://sender.example/yes",
                FailureRedirectionURL="https://sender.example/no",
                Tags=tags,
            )
        case "template":
            ses.create_email_template(TemplateName=name, TemplateContent={"Subject": "Hi", "Text": "x"}, Tags=tags)


def shown(ses: Any, resource: str) -> list[dict[str, str]]:
    """Give the tags that the resource's own Get operation shows."""
    kind, _, name = resource.partition("/")
    answers = {
        "configuration-set": lambda: ses.get_configuration_set(ConfigurationSetName=name),
        "identity": lambda: ses.get_email_identity(EmailIdentity=name),
        "contact-list": lambda: ses.get_contact_list(ContactListName=name),
        "template": lambda: ses.get_email_template(TemplateName=name),
        "custom-verification-email-template": lambda: ses.get_custom_verification_email_template(TemplateName=name),
    }
    return list(answers[kind]()["Tags"])


RESOURCES = [
    "configuration-set/cs",
    "identity/example.com",
    "identity/Some.Body+x@example.org",
    "contact-list/news",
    "template/welcome",
    "custom-verification-email-template/welcome",
]


@pytest.mark.parametrize("resource", RESOURCES)
def test_tags_are_added_replaced_and_taken_off(make_client: MakeClient, resource: str) -> None:
    ses, arn = make_client("sesv2"), PREFIX + resource
    make(ses, resource, pairs(team="mail", stage="test"))
    ses.tag_resource(ResourceArn=arn, Tags=pairs(stage="live", cost="1/2 @x:y"))
    expected = pairs(team="mail", stage="live", cost="1/2 @x:y")
    assert ses.list_tags_for_resource(ResourceArn=arn)["Tags"] == expected == shown(ses, resource)
    ses.untag_resource(ResourceArn=arn, TagKeys=["team", "never there"])
    assert ses.list_tags_for_resource(ResourceArn=arn)["Tags"] == pairs(stage="live", cost="1/2 @x:y")
    ses.tag_resource(ResourceArn=arn, Tags=[])
    ses.untag_resource(ResourceArn=arn, TagKeys=["stage", "cost"])
    assert ses.list_tags_for_resource(ResourceArn=arn)["Tags"] == [] == shown(ses, resource)


@pytest.mark.parametrize("resource", RESOURCES)
def test_another_account_and_another_region_have_their_own(make_client: MakeClient, resource: str) -> None:
    ses, other = make_client("sesv2"), make_client("sesv2", account_id=OTHER_ACCOUNT)
    elsewhere, arn = make_client("sesv2", region="eu-west-1"), PREFIX + resource
    for client in (ses, other, elsewhere):
        make(client, resource, pairs(team="mail"))
    for call, more in (
        (other.list_tags_for_resource, {}),
        (other.tag_resource, {"Tags": pairs(a="b")}),
        (other.untag_resource, {"TagKeys": ["team"]}),
    ):
        assert error_of(call, ResourceArn=arn, **more) == ("BadRequestException", FOREIGN, 400)
    assert elsewhere.list_tags_for_resource(ResourceArn=arn)["Tags"] == []
    assert error_of(elsewhere.tag_resource, ResourceArn=arn, Tags=pairs(a="b")) == (
        "BadRequestException",
        "Failed to tag resource",
        400,
    )
    assert error_of(elsewhere.untag_resource, ResourceArn=arn, TagKeys=["team"]) == (
        "BadRequestException",
        "Failed to untag resource",
        400,
    )
    for client in (ses, other, elsewhere):
        assert shown(client, resource) == pairs(team="mail")


MISSING = [
    ("configuration-set/none", "No ConfigurationSet present with name: none"),
    ("identity/none.example", "No EmailIdentity present with name: none.example"),
    ("identity/no/body@example.com", "No EmailIdentity present with name: no/body@example.com"),
    ("template/_none", "No Template present with name: _none"),
    ("contact-list/none", "List with name: none doesn't exist."),
    ("custom-verification-email-template/none", "Custom verification email template <none> does not exist"),
]


def test_what_is_not_there_is_not_found(make_client: MakeClient) -> None:
    ses = make_client("sesv2")
    for resource, text in MISSING:
        arn, expected = PREFIX + resource, ("NotFoundException", text, 404)
        assert error_of(ses.list_tags_for_resource, ResourceArn=arn) == expected
        elsewhere = arn.replace(REGION, "eu-west-1")
        assert error_of(ses.tag_resource, ResourceArn=elsewhere, Tags=pairs(a="b")) == expected
        assert error_of(ses.untag_resource, ResourceArn=elsewhere, TagKeys=["a"]) == expected


NO_RESOURCES: list[tuple[str, str, str | None]] = [
    (" ", "BadRequestException", FORM),
    ("invalid-arn", "BadRequestException", FORM),
    (PREFIX, "BadRequestException", FORM),
    (f"{PREFIX}configuration-set", "BadRequestException", FORM),
    (f"{NAMES}", "BadRequestException", FORM),
    (f"{NAMES} ", "BadRequestException", FORM),
    (f"{NAMES}a:b", "BadRequestException", FORM),
    (f"{NAMES}a/b", "BadRequestException", FORM),
    (f"{PREFIX}pigeon/a", "BadRequestException", FORM),
    (f"arn::ses:{REGION}:{ACCOUNT}:{SETS}a", "BadRequestException", FORM),
    (f"arn:aws::{REGION}:{ACCOUNT}:{SETS}a", "BadRequestException", FORM),
    (f"arn:aws:ses:{REGION}::{SETS}a", "BadRequestException", FORM),
    (f"arn:aws:ses:{REGION}:12345:{SETS}a", "BadRequestException", FOREIGN),
    (f"arn:aws:ses:{REGION}:{OTHER_ACCOUNT}:{SETS}bad name", "BadRequestException", FOREIGN),
    (f"arn:aws:ses:{REGION}:{OTHER_ACCOUNT}:{SETS}a:b", "BadRequestException", FORM),
    (f"arn:aws:ses:{REGION}:{OTHER_ACCOUNT}:identity/bad name", "BadRequestException", NOT_SES),
    (f"arn:aws:ses:{REGION}:12345:identity/example.com", "BadRequestException", NOT_SES),
    (f"{PREFIX}identity/example.com/x", "BadRequestException", NOT_SES),
    (f"{NAMES}bad name", "ValidationException", ""),
    (f"{NAMES}{'a' * 65}", "ValidationException", ""),
    (f"{PREFIX}template/bad name", "BadRequestException", TEMPLATE_NAMES),
    (f"{PREFIX}contact-list/a.b", "BadRequestException", None),
]


def test_what_is_no_resource_is_refused_by_each_operation(make_client: MakeClient) -> None:
    ses = make_client("sesv2")
    for arn, code, text in NO_RESOURCES:
        for call, more in (
            (ses.list_tags_for_resource, {}),
            (ses.tag_resource, {"Tags": pairs(a="b")}),
            (ses.untag_resource, {"TagKeys": ["a"]}),
        ):
            answer = error_of(call, ResourceArn=arn, **more)
            assert (arn, answer[0], answer[2]) == (arn, code, 400)
            assert text is None or (answer[1] or "") == text, arn


def test_partition_and_service_of_an_arn_do_not_matter(make_client: MakeClient) -> None:
    ses = make_client("sesv2")
    make(ses, "configuration-set/cs", pairs(team="mail"))
    for beginning in ("arn:aws-cn:ses", "arn:aws:s3"):
        arn = f"{beginning}:{REGION}:{ACCOUNT}:configuration-set/cs"
        assert ses.list_tags_for_resource(ResourceArn=arn)["Tags"] == pairs(team="mail")


def test_fifty_tags_are_the_most_of_one_resource(make_client: MakeClient) -> None:
    ses, arn = make_client("sesv2"), f"{NAMES}cs"
    make(ses, "configuration-set/cs", pairs(**{f"k{number}": "" for number in range(49)}))
    ses.tag_resource(ResourceArn=arn, Tags=pairs(k0="new", k49="last"))
    refused = error_of(ses.tag_resource, ResourceArn=arn, Tags=pairs(k50="x"))
    assert refused[:2] == (
        "BadRequestException",
        "Maximum of 50 user tags are allowed per resource, consider reducing the number of tags in the request",
    )
    assert len(ses.list_tags_for_resource(ResourceArn=arn)["Tags"]) == 50


def test_bad_tags_change_nothing(make_client: MakeClient) -> None:
    ses, arn = make_client("sesv2"), f"{NAMES}cs"
    make(ses, "configuration-set/cs", [])
    refused = error_of(ses.tag_resource, ResourceArn=arn, Tags=pairs(fine="1", **{"aws:x": "2"}))
    assert refused[:2] == ("BadRequestException", "Caller is an end user and not allowed to mutate system tags")
    assert ses.list_tags_for_resource(ResourceArn=arn)["Tags"] == []


def test_no_keys_to_take_off_is_an_error_without_a_text(make_client: MakeClient) -> None:
    ses = make_client("sesv2")
    make(ses, "configuration-set/cs", [])
    code, text, status = error_of(ses.untag_resource, ResourceArn=f"{NAMES}cs", TagKeys=[])
    assert (code, text or "", status) == ("ValidationException", "", 400)
