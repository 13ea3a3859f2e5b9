"""Templates over the wire, both doors on the same templates."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_string, policy
from email.message import EmailMessage
from typing import Any

from tests.api.answers import body_of, error_of
from tests.api.harness import OTHER_ACCOUNT

MakeClient = Callable[..., Any]
CONTENT = {"Subject": "Hi {{name}}", "Text": "Hello {{name}}", "Html": "<p>{{name}}, 便り</p>"}


def test_a_template_lives_and_dies(make_client: MakeClient) -> None:
    v1, v2 = make_client("ses"), make_client("sesv2")
    v2.create_email_template(TemplateName="hello", TemplateContent=CONTENT, Tags=[{"Key": "k", "Value": "v"}])
    assert body_of(v2.get_email_template(TemplateName="hello")) == {
        "TemplateName": "hello",
        "TemplateContent": CONTENT,
        "Tags": [{"Key": "k", "Value": "v"}],
    }
    assert v1.get_template(TemplateName="hello")["Template"] == {
        "TemplateName": "hello",
        "SubjectPart": CONTENT["Subject"],
        "TextPart": CONTENT["Text"],
        "HtmlPart": CONTENT["Html"],
    }
    v2.update_email_template(TemplateName="hello", TemplateContent={"Subject": "short"})
    assert v1.get_template(TemplateName="hello")["Template"] == {"TemplateName": "hello", "SubjectPart": "short"}
    v2.delete_email_template(TemplateName="hello")
    missing = "Template hello does not exist."
    assert error_of(v2.get_email_template, TemplateName="hello") == ("NotFoundException", missing, 404)
    assert error_of(v2.delete_email_template, TemplateName="hello") == ("NotFoundException", missing, 404)
    assert error_of(v1.get_template, TemplateName="hello") == ("TemplateDoesNotExist", missing, 400)


def test_names_with_awkward_characters_survive_the_path(make_client: MakeClient) -> None:
    v2 = make_client("sesv2")
    for name in ("a/b", "a b", "ä+%2F"):
        v2.create_email_template(TemplateName=name, TemplateContent={"Subject": name})
        assert v2.get_email_template(TemplateName=name)["TemplateContent"] == {"Subject": name}


def test_errors_have_each_door_s_codes(make_client: MakeClient) -> None:
    v1, v2 = make_client("ses"), make_client("sesv2")
    v1.create_template(Template={"TemplateName": "t", "SubjectPart": "x"})
    taken = "Template t already exists."
    assert error_of(v1.create_template, Template={"TemplateName": "t", "SubjectPart": "x"}) == (
        "AlreadyExists",
        taken,
        400,
    )
    assert error_of(v2.create_email_template, TemplateName="t", TemplateContent=CONTENT) == (
        "AlreadyExistsException",
        taken,
        400,
    )
    broken = {"Html": "{{#if a}}"}
    assert error_of(v2.create_email_template, TemplateName="u", TemplateContent=broken)[0] == "BadRequestException"
    assert error_of(v1.create_template, Template={"TemplateName": "u", "HtmlPart": "{{/if}}"})[0] == "InvalidTemplate"


def test_the_newest_are_listed_first_by_both_doors(make_client: MakeClient) -> None:
    v1, v2 = make_client("ses"), make_client("sesv2")
    for number in range(12):
        v2.create_email_template(TemplateName=f"t{number:02}", TemplateContent=CONTENT)
    first = v2.list_email_templates()
    names = [entry["TemplateName"] for entry in first["TemplatesMetadata"]]
    assert len(names) == 10
    rest = v1.list_templates(NextToken=first["NextToken"])
    names += [entry["Name"] for entry in rest["TemplatesMetadata"]]
    assert sorted(names) == [f"t{number:02}" for number in range(12)]
    assert "NextToken" not in rest
    assert error_of(v2.list_email_templates, PageSize=101)[1] == "The page size must be between 1 and 100"


def rendered(answer: dict[str, Any]) -> EmailMessage:
    return message_from_string(answer["RenderedTemplate"], policy=policy.default)


def test_a_trial_shows_the_message_that_a_send_would_make(make_client: MakeClient) -> None:
    v1, v2 = make_client("ses"), make_client("sesv2")
    v2.create_email_template(TemplateName="hello", TemplateContent=CONTENT)
    data = '{"name": "<b>Ann & Bo</b>"}'
    for answer in (
        v1.test_render_template(TemplateName="hello", TemplateData=data),
        v2.test_render_email_template(TemplateName="hello", TemplateData=data),
    ):
        message = rendered(answer)
        assert message["Subject"] == "Hi <b>Ann & Bo</b>"
        assert message["From"] is None
        assert message.get_content_type() == "multipart/alternative"
        text, html = message.iter_parts()
        assert text.get_content().strip() == "Hello <b>Ann & Bo</b>"
        assert html.get_content().strip() == "<p><b>Ann & Bo</b>, 便り</p>"


def test_a_trial_says_what_is_missing_or_wrong(make_client: MakeClient) -> None:
    v1, v2 = make_client("ses"), make_client("sesv2")
    v2.create_email_template(TemplateName="hello", TemplateContent=CONTENT)

    def both(data: str, name: str = "hello") -> tuple[tuple[str, str, int], tuple[str, str, int]]:
        return (
            error_of(v1.test_render_template, TemplateName=name, TemplateData=data),
            error_of(v2.test_render_email_template, TemplateName=name, TemplateData=data),
        )

    for data in ("{}", '{"name": null}', '{"Name": "x"}'):
        text = "Attribute 'name' is not present in the rendering data."
        assert both(data) == (("MissingRenderingAttribute", text, 400), ("BadRequestException", text, 400))
    for data, text in (
        ("", "Template rendering data is required."),
        ("[1]", "Template rendering data must be a JSON object."),
    ):
        assert both(data) == (("InvalidRenderingParameter", text, 400), ("BadRequestException", text, 400))
    for error in both("{name"):
        assert error[0] in ("InvalidRenderingParameter", "BadRequestException")
        assert error[1].startswith("Template rendering data is invalid: ")
    missing = "Template none does not exist."
    assert both("{}", "none") == (("TemplateDoesNotExist", missing, 400), ("NotFoundException", missing, 404))


def test_a_template_that_cannot_become_a_header_is_told_at_the_trial(make_client: MakeClient) -> None:
    v1, v2 = make_client("ses"), make_client("sesv2")
    v2.create_email_template(TemplateName="t", TemplateContent={"Subject": "{{s}}"})
    data = '{"s": "a\\r\\nBcc: x@example.net"}'
    assert error_of(v1.test_render_template, TemplateName="t", TemplateData=data)[0] == "InvalidTemplate"
    assert error_of(v2.test_render_email_template, TemplateName="t", TemplateData=data)[0] == "BadRequestException"


def test_templates_of_another_account_or_region_are_not_there(make_client: MakeClient) -> None:
    make_client("sesv2").create_email_template(TemplateName="hello", TemplateContent=CONTENT)
    for stranger in (make_client("sesv2", account_id=OTHER_ACCOUNT), make_client("sesv2", region="eu-west-1")):
        assert stranger.list_email_templates()["TemplatesMetadata"] == []
        for call in (stranger.get_email_template, stranger.delete_email_template):
            assert error_of(call, TemplateName="hello")[2] == 404
        assert error_of(stranger.test_render_email_template, TemplateName="hello", TemplateData="{}")[2] == 404
        assert error_of(stranger.update_email_template, TemplateName="hello", TemplateContent=CONTENT)[2] == 404
    assert make_client("sesv2").get_email_template(TemplateName="hello")["TemplateContent"] == CONTENT
