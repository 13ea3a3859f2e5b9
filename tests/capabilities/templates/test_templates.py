"""Templates through both doors."""

from __future__ import annotations

import pytest

from hatobin.capabilities import templates
from hatobin.capabilities.templates import MAX_TEMPLATE_BYTES, api_v1, api_v2
from hatobin.gateway.models import ses, sesv2
from hatobin.gateway.models.sesv2 import EmailTemplateContent, Tag
from tests.capabilities.rooms import ACCOUNT, NOON, REGION, Room, refused

HELLO = EmailTemplateContent(subject="Hi {{name}}", text="Hello {{name}}", html="<p>{{name}}</p>")


async def create(room: Room, name: str, content: EmailTemplateContent = HELLO, tags: list[Tag] | None = None) -> None:
    await api_v2.create_email_template(
        room.call(),
        sesv2.CreateEmailTemplateRequest(template_name=name, template_content=content, tags=tags),
    )


async def test_a_template_comes_back_as_it_was(room: Room) -> None:
    await create(room, "hello", tags=[Tag(key="team", value="mail")])
    shown = await api_v2.get_email_template(room.call(), sesv2.GetEmailTemplateRequest(template_name="hello"))
    assert shown.template_content == HELLO
    assert shown.tags == [Tag(key="team", value="mail")]
    found = room.transact(lambda s: templates.find(s, ACCOUNT, REGION, "hello"))
    assert found == templates.StoredTemplate("hello", HELLO.subject, HELLO.text, HELLO.html, NOON, (("team", "mail"),))


async def test_parts_that_were_left_out_stay_out(room: Room) -> None:
    await create(room, "short", EmailTemplateContent(subject="only"))
    shown = await api_v1.get_template(room.call(), ses.GetTemplateRequest(template_name="short"))
    assert shown.template == ses.Template(template_name="short", subject_part="only")


async def test_one_door_makes_and_the_other_changes(room: Room) -> None:
    await api_v1.create_template(
        room.call(), ses.CreateTemplateRequest(template=ses.Template(template_name="t", subject_part="one"))
    )
    await api_v2.update_email_template(
        room.call(), sesv2.UpdateEmailTemplateRequest(template_name="t", template_content=HELLO)
    )
    shown = await api_v1.get_template(room.call(), ses.GetTemplateRequest(template_name="t"))
    assert shown.template is not None
    assert shown.template.subject_part == HELLO.subject
    await api_v1.update_template(
        room.call(), ses.UpdateTemplateRequest(template=ses.Template(template_name="t", text_part="two"))
    )
    later = await api_v2.get_email_template(room.call(), sesv2.GetEmailTemplateRequest(template_name="t"))
    assert later.template_content == EmailTemplateContent(text="two")


async def test_a_taken_name_is_refused_by_each_door(room: Room) -> None:
    await create(room, "t")
    v2 = await refused(create(room, "t"))
    v1 = await refused(
        api_v1.create_template(
            room.call(), ses.CreateTemplateRequest(template=ses.Template(template_name="t", subject_part="x"))
        )
    )
    assert (v2.code, v2.status, v2.message) == ("AlreadyExistsException", 400, "Template t already exists.")
    assert (v1.code, v1.message) == ("AlreadyExists", "Template t already exists.")


async def test_a_missing_template_is_named(room: Room) -> None:
    v2 = await refused(api_v2.get_email_template(room.call(), sesv2.GetEmailTemplateRequest(template_name="no")))
    v1 = await refused(api_v1.get_template(room.call(), ses.GetTemplateRequest(template_name="no")))
    assert (v2.code, v2.status, v2.message) == ("NotFoundException", 404, "Template no does not exist.")
    assert (v1.code, v1.status, v1.message) == ("TemplateDoesNotExist", 400, "Template no does not exist.")
    assert str(templates.does_not_exist("no", "ses")) == str(v1)
    gone = await refused(
        api_v2.delete_email_template(room.call(), sesv2.DeleteEmailTemplateRequest(template_name="no"))
    )
    assert gone.code == "NotFoundException"
    await api_v1.delete_template(room.call(), ses.DeleteTemplateRequest(template_name="no"))


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("t", EmailTemplateContent(), "Template must have at least a subject, text, or html part."),
        ("t", EmailTemplateContent(subject=" "), "Template must have at least a subject, text, or html part."),
        (" t", HELLO, "TemplateName must not contain leading or trailing whitespace."),
        ("t", EmailTemplateContent(html="x" * (MAX_TEMPLATE_BYTES + 1)), "The template is larger than 512000 bytes."),
    ],
)
async def test_what_cannot_be_a_template_is_refused(
    room: Room, name: str, content: EmailTemplateContent, text: str
) -> None:
    error = await refused(create(room, name, content))
    assert (error.code, error.message) == ("BadRequestException", text)


async def test_a_syntax_error_names_its_part(room: Room) -> None:
    error = await refused(create(room, "t", EmailTemplateContent(subject="ok", html="{{#if x}}never closed")))
    assert error.code == "BadRequestException"
    assert (error.message or "").startswith("The html part of the template is invalid:")
    v1 = await refused(
        api_v1.create_template(
            room.call(), ses.CreateTemplateRequest(template=ses.Template(template_name="t", text_part="{{#each}}"))
        )
    )
    assert v1.code == "InvalidTemplate"


async def test_the_newest_comes_first_ten_to_a_page(room: Room) -> None:
    for number in range(12):
        room.clock.time = NOON + number // 2
        await create(room, f"t{number:02}")
    first = await api_v2.list_email_templates(room.call(), sesv2.ListEmailTemplatesRequest())
    names = [entry.template_name for entry in first.templates_metadata or []]
    assert names == [f"t{number:02}" for number in range(11, 1, -1)]
    assert (first.templates_metadata or [])[0].created_timestamp == NOON + 5
    # A token of one door continues the list of the other.
    rest = await api_v1.list_templates(room.call(), ses.ListTemplatesRequest(next_token=first.next_token))
    assert [entry.name for entry in rest.templates_metadata or []] == ["t01", "t00"]
    assert rest.next_token is None


async def test_sizes_out_of_range_are_refused_or_served(room: Room) -> None:
    error = await refused(api_v2.list_email_templates(room.call(), sesv2.ListEmailTemplatesRequest(page_size=101)))
    assert error.message == "The page size must be between 1 and 100"
    served = await api_v1.list_templates(room.call(), ses.ListTemplatesRequest(max_items=101))
    assert served.templates_metadata == []
    token = await refused(api_v2.list_email_templates(room.call(), sesv2.ListEmailTemplatesRequest(next_token="x")))
    assert token.message == "Invalid PageToken <x>."


@pytest.mark.parametrize("data", ["[" * 5000, '{"name":' * 300 + "1" + "}" * 300])
async def test_data_nested_without_end_is_refused(room: Room, data: str) -> None:
    await create(room, "hello")
    trial = ses.TestRenderTemplateRequest(template_name="hello", template_data=data)
    assert (await refused(api_v1.test_render_template(room.call(), trial))).code == "InvalidRenderingParameter"
    with pytest.raises(templates.BadTemplateData, match="nested too deeply"):
        templates.parse_data(data)
