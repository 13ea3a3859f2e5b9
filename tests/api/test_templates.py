"""Templates over the wire, both doors on the same templates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.api.answers import body_of, error_of

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
