"""GetMessageInsights: one message with what became of each recipient."""

from __future__ import annotations

from typing import Any

import pytest

from hatobin.capabilities import events
from hatobin.capabilities.events import Event
from hatobin.capabilities.queue import MessageKey
from hatobin.words.event import EventKind
from tests.api.answers import error_of
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION, Api

NEEDED = "To use this feature you must enable Virtual Deliverability Manager"


@pytest.fixture
def ses(make_client: Any) -> Any:
    client = make_client("sesv2")
    client.create_email_identity(EmailIdentity="example.com")
    client.put_account_vdm_attributes(VdmAttributes={"VdmEnabled": "ENABLED"})
    return client


def send(ses: Any, *recipients: str, **more: Any) -> str:
    identifier: str = ses.send_email(
        FromEmailAddress="Shop <me@example.com>",
        Destination={"ToAddresses": list(recipients)},
        Content={"Simple": {"Subject": {"Data": "Your order"}, "Body": {"Text": {"Data": "Hi"}}}},
        **more,
    )["MessageId"]
    return identifier


def kinds(ses: Any, identifier: str) -> dict[str, list[str]]:
    found = ses.get_message_insights(MessageId=identifier)["Insights"]
    return {one["Destination"]: [event["Type"] for event in one["Events"]] for one in found}


def test_a_message_with_its_recipients(api: Api, ses: Any) -> None:
    identifier = send(ses, "ann@gmail.com", "bounce@simulator.amazonses.com", EmailTags=[{"Name": "a", "Value": "b"}])
    api.wait_until_delivered()
    told = ses.get_message_insights(MessageId=identifier)
    assert (told["MessageId"], told["FromEmailAddress"]) == (identifier, "Shop <me@example.com>")
    assert told["Subject"] == "Your order"
    assert {"Name": "a", "Value": "b"} in told["EmailTags"]
    assert {"Name": "ses:from-domain", "Value": "example.com"} in told["EmailTags"]
    ann, bounced = told["Insights"]
    assert (ann["Destination"], ann["Isp"]) == ("ann@gmail.com", "Gmail")
    assert [event["Type"] for event in ann["Events"]] == ["SEND", "DELIVERY"]
    assert bounced["Isp"] == "UNKNOWN_ISP"
    sent, back = bounced["Events"]
    assert "Details" not in sent
    assert back["Type"] == "BOUNCE"
    assert back["Details"] == {
        "Bounce": {
            "BounceType": "PERMANENT",
            "BounceSubType": "GENERAL",
            "DiagnosticCode": "smtp; 550 5.1.1 user unknown",
        }
    }
    assert back["Timestamp"] >= sent["Timestamp"]


def test_a_complaint_says_of_which_kind(api: Api, ses: Any) -> None:
    identifier = send(ses, "complaint@simulator.amazonses.com")
    api.wait_until_delivered()
    [one] = ses.get_message_insights(MessageId=identifier)["Insights"]
    assert [event["Type"] for event in one["Events"]] == ["SEND", "DELIVERY", "COMPLAINT"]
    assert one["Events"][2]["Details"]["Complaint"]["ComplaintFeedbackType"] == "abuse"


def test_what_was_not_attempted_says_why(ses: Any) -> None:
    for reason, address in (("BOUNCE", "gone@example.net"), ("COMPLAINT", "angry@example.net")):
        ses.put_suppressed_destination(EmailAddress=address, Reason=reason)
    told = ses.get_message_insights(MessageId=send(ses, "gone@example.net", "angry@example.net"))
    gone, angry = told["Insights"]
    assert [event["Type"] for event in gone["Events"]] == ["SEND", "BOUNCE"]
    assert gone["Events"][1]["Details"]["Bounce"]["BounceSubType"] == "ON_ACCOUNT_SUPPRESSION_LIST"
    assert [event["Type"] for event in angry["Events"]] == ["SEND", "COMPLAINT"]
    assert angry["Events"][1]["Details"]["Complaint"]["ComplaintSubType"] == "ON_ACCOUNT_SUPPRESSION_LIST"


def test_an_open_is_told_where_one_recipient_alone_can_have_made_it(api: Api, ses: Any) -> None:
    one, two = send(ses, "ann@example.net"), send(ses, "ann@example.net", "bo@example.net")
    for identifier in (one, two):
        opened = Event(MessageKey(ACCOUNT, REGION, identifier), None, EventKind.OPEN, api.world.clock.now(), "{}")
        api.run(api.world.database.write(lambda session, event=opened: events.record(session, event)))  # type: ignore[misc]
    assert kinds(ses, one) == {"ann@example.net": ["SEND", "DELIVERY", "OPEN"]}
    assert kinds(ses, two) == {"ann@example.net": ["SEND", "DELIVERY"], "bo@example.net": ["SEND", "DELIVERY"]}


def test_what_could_not_be_rendered(ses: Any) -> None:
    ses.create_email_template(TemplateName="t", TemplateContent={"Subject": "{{a}}", "Text": "Hi"})
    identifier = ses.send_email(
        FromEmailAddress="me@example.com",
        Destination={"ToAddresses": ["ann@example.net"]},
        Content={"Template": {"TemplateName": "t", "TemplateData": "{}"}},
    )["MessageId"]
    assert kinds(ses, identifier) == {"ann@example.net": ["RENDERING_FAILURE"]}
    assert "Subject" not in ses.get_message_insights(MessageId=identifier)


def test_the_manager_is_asked_about_before_the_id(make_client: Any, ses: Any) -> None:
    identifier = send(ses, "ann@example.net")
    ses.put_account_vdm_attributes(VdmAttributes={"VdmEnabled": "DISABLED"})
    for asked in (identifier, "none"):
        assert error_of(ses.get_message_insights, MessageId=asked) == ("NotFoundException", NEEDED, 404)


def test_messages_of_others_are_not_there(make_client: Any, ses: Any) -> None:
    identifier = send(ses, "ann@example.net")
    for scope in ({"account_id": OTHER_ACCOUNT}, {"region": "eu-west-1"}):
        other = make_client("sesv2", **scope)
        other.put_account_vdm_attributes(VdmAttributes={"VdmEnabled": "ENABLED"})
        code, text, status = error_of(other.get_message_insights, MessageId=identifier)
        assert (code, status) == ("NotFoundException", 404)
        assert text == f"Message <{identifier}> not found for account <{scope.get('account_id', ACCOUNT)}>"
