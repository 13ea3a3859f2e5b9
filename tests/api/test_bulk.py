"""Bulk sends and templates by ARN over the wire: what concerns one entry, and what concerns the whole call."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import Any

import pytest

from hatobin.capabilities import inbox
from hatobin.words.settings import Account, Settings
from tests.api.answers import error_of
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION, Api

SANDBOX = Settings(account=Account(sandbox=True, max_send_rate=-1.0, max_24_hour_send=-1))
ARN = f"arn:aws:ses:{REGION}:{ACCOUNT}:template/t"


@pytest.fixture
def v1(api: Api) -> Any:
    client = api.client("ses")
    client.verify_domain_identity(Domain="example.com")
    client.create_template(Template={"TemplateName": "t", "SubjectPart": "Hi {{n}}", "TextPart": "{{n}}"})
    return client


@pytest.fixture
def v2(api: Api, v1: Any) -> Any:
    return api.client("sesv2")


def entry(address: str, data: str | None = None, **more: Any) -> dict[str, Any]:
    content = {} if data is None else {"ReplacementTemplate": {"ReplacementTemplateData": data}}
    return {"Destination": {"ToAddresses": [address]}, "ReplacementEmailContent": content} | more


BY_NAME = {"TemplateName": "t", "TemplateData": '{"n":"you"}'}


def bulk(v2: Any, *entries: dict[str, Any], template: dict[str, Any] | None = None, **more: Any) -> list[Any]:
    answer = v2.send_bulk_email(
        FromEmailAddress="sender@example.com",
        DefaultContent={"Template": template or BY_NAME},
        BulkEmailEntries=list(entries),
        **more,
    )
    return list(answer["BulkEmailEntryResults"])


def captured(api: Api) -> dict[str, Any]:
    """The messages that arrived, by their first recipient."""
    api.wait_until_delivered()
    found = api.read(lambda session: inbox.search(session, limit=100))
    return {kept.recipients[0]: message_from_bytes(kept.content, policy=policy.default) for kept in found}


def test_an_entry_brings_its_own_headers_and_keeps_the_others(api: Api, v2: Any) -> None:
    default = [{"Name": "X-Campaign", "Value": "spring"}, {"Name": "List-Unsubscribe", "Value": "<https://e.org/0>"}]
    own = [{"Name": "list-unsubscribe", "Value": "<https://e.org/2>"}, {"Name": "X-Own", "Value": "yes"}]
    results = bulk(
        v2,
        entry("one@example.net"),
        entry("two@example.net", ReplacementHeaders=own),
        entry("three@example.net", ReplacementHeaders=[{"Name": "Subject", "Value": "not yours"}]),
        entry(
            "four@example.net", ReplacementHeaders=[own[0], {"Name": "List-Unsubscribe", "Value": "<https://e.org>"}]
        ),
        template=BY_NAME | {"Headers": default},
    )
    assert [result["Status"] for result in results] == ["SUCCESS", "SUCCESS", "INVALID_PARAMETER", "INVALID_PARAMETER"]
    assert results[3]["Error"].lower() == "duplicate header 'list-unsubscribe'."
    mail = captured(api)
    assert mail.keys() == {"one@example.net", "two@example.net"}
    assert mail["one@example.net"].get_all("List-Unsubscribe") == ["<https://e.org/0>"]
    assert mail["two@example.net"].get_all("List-Unsubscribe") == ["<https://e.org/2>"]
    assert (mail["two@example.net"]["X-Campaign"], mail["two@example.net"]["X-Own"]) == ("spring", "yes")


def test_an_entry_with_too_many_recipients_fails_alone(api: Api, v2: Any) -> None:
    many = {"Destination": {"ToAddresses": ["one@example.net"], "BccAddresses": ["two@example.net"] * 50}}
    results = bulk(v2, entry("one@example.net"), many)
    assert [result["Status"] for result in results] == ["SUCCESS", "INVALID_PARAMETER"]
    assert results[1]["Error"] == "Recipient count exceeds 50."
    assert captured(api).keys() == {"one@example.net"}


def test_lists_and_scalars_are_replaced_whole_and_objects_merged(api: Api, v2: Any) -> None:
    content = {"Subject": "{{a}} {{o.x}}{{o.y}} {{#each l}}{{this}},{{/each}}", "Text": "t"}
    v2.create_email_template(TemplateName="merge", TemplateContent=content)
    results = bulk(
        v2,
        entry("a@example.net", "{}"),
        entry("b@example.net", '{"o":{"y":9}}'),
        entry("c@example.net", '{"l":[3]}'),
        entry("d@example.net", "[1]"),
        template={"TemplateName": "merge", "TemplateData": '{"a":1,"o":{"x":1,"y":2},"l":[1,2]}'},
    )
    assert [result["Status"] for result in results] == ["SUCCESS"] * 3 + ["INVALID_PARAMETER"]
    assert {name: message["Subject"] for name, message in captured(api).items()} == {
        "a@example.net": "1 12 1,2,",
        "b@example.net": "1 19 1,2,",
        "c@example.net": "1 12 3,",
    }


@pytest.mark.parametrize("api", [SANDBOX], indirect=True)
def test_in_the_sandbox_an_unverified_recipient_fails_alone(api: Api, v1: Any, v2: Any) -> None:
    results = bulk(v2, entry("ann@example.com"), entry("eve@elsewhere.example"))
    assert [result["Status"] for result in results] == ["SUCCESS", "MESSAGE_REJECTED"]
    assert results[1]["Error"].endswith("in region US-EAST-1: eve@elsewhere.example")
    code, text, _ = error_of(lambda: bulk(v2, entry("eve@elsewhere.example")))
    assert (code, text.endswith(": eve@elsewhere.example")) == ("MessageRejected", True)
    status = v1.send_bulk_templated_email(
        Source="sender@example.com",
        Template="t",
        DefaultTemplateData='{"n":"you"}',
        Destinations=[
            {"Destination": {"ToAddresses": ["bo@example.com"]}},
            {"Destination": {"ToAddresses": ["eve@elsewhere.example"]}},
        ],
    )["Status"]
    assert [one["Status"] for one in status] == ["Success", "MessageRejected"]
    assert captured(api).keys() == {"ann@example.com", "bo@example.com"}


def test_what_is_wrong_with_all_entries_answers_the_call(api: Api, v1: Any, v2: Any) -> None:
    code, text, status = error_of(lambda: bulk(v2, entry("a@example.net"), ConfigurationSetName="none"))
    assert (code, text, status) == ("NotFoundException", "Configuration set <none> does not exist.", 404)
    v1.update_account_sending_enabled(Enabled=False)
    assert error_of(lambda: bulk(v2, entry("a@example.net")))[0] == "SendingPausedException"
    old = error_of(
        v1.send_bulk_templated_email,
        Source="sender@example.com",
        Template="t",
        DefaultTemplateData="{}",
        Destinations=[{"Destination": {"ToAddresses": ["a@example.net"]}}],
    )
    assert old == ("AccountSendingPausedException", "Account sending is disabled.", 400)
    assert captured(api) == {}


def test_a_template_is_named_by_its_arn(api: Api, v1: Any, v2: Any) -> None:
    by_arn = {"TemplateArn": ARN, "TemplateData": BY_NAME["TemplateData"]}
    assert bulk(v2, entry("a@example.net"), template=by_arn)[0]["Status"] == "SUCCESS"
    to = {"ToAddresses": ["b@example.net"]}
    sent = {"Source": "sender@example.com", "Destination": to, "Template": "", "TemplateData": '{"n":"b"}'}
    v1.send_templated_email(**sent, TemplateArn=ARN)
    assert {name: message["Subject"] for name, message in captured(api).items()} == {
        "a@example.net": "Hi you",
        "b@example.net": "Hi b",
    }
    for arn, code, text in (
        ("", "InvalidParameterValue", "Template or TemplateArn is required."),
        ("t", "InvalidParameterValue", "TemplateArn is not a valid SES template ARN: t"),
        (ARN[:-1], "InvalidParameterValue", f"TemplateArn is missing a template name: {ARN[:-1]}"),
        (ARN.replace(ACCOUNT, OTHER_ACCOUNT), "TemplateDoesNotExist", "Template t does not exist."),
        (ARN.replace(REGION, "eu-west-1"), "TemplateDoesNotExist", "Template t does not exist."),
    ):
        assert error_of(v1.send_templated_email, **sent, TemplateArn=arn) == (code, text, 400)
    content = {"Template": {"TemplateArn": ARN.replace(ACCOUNT, OTHER_ACCOUNT), "TemplateData": "{}"}}
    arguments = {"FromEmailAddress": "sender@example.com", "Destination": to}
    assert error_of(v2.send_email, **arguments, Content=content)[0] == "NotFoundException"
    content["Template"]["TemplateArn"] = "arn:aws:ses:x"
    assert error_of(v2.send_email, **arguments, Content=content)[0] == "BadRequestException"


def test_data_that_is_no_object_has_two_codes_in_v1(v1: Any) -> None:
    sent = {"Source": "sender@example.com", "Destination": {"ToAddresses": ["b@example.net"]}, "Template": "t"}
    code, text, _ = error_of(v1.send_templated_email, **sent, TemplateData="[]")
    assert (code, text) == ("InvalidParameterValue", "TemplateData must be a JSON object.")
    code, text, _ = error_of(v1.send_templated_email, **sent, TemplateData="{")
    assert (code, text.startswith("Invalid TemplateData JSON: ")) == ("InvalidTemplate", True)
