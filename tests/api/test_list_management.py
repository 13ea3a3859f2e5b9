"""ListManagementOptions: what a list-managed message carries, and what its links do (DEV-IS-13, RFC 8058)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hatobin.capabilities import events, inbox
from hatobin.capabilities.queue import MessageKey
from hatobin.flow.outbound import SmtpDoor, SmtpLogin
from hatobin.gateway import Principal, all_permissions
from hatobin.words.envelope import Envelope
from hatobin.words.event import EventKind
from tests.api.answers import error_of
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION, Api
from tests.api.links import REACHABLE, follow, html_of, link_in, mail_to, post

ONE_CLICK = "List-Unsubscribe=One-Click"
PLACE = "{{amazonSESUnsubscribeUrl}}"
TOPICS = [
    {"TopicName": "news", "DisplayName": "News & <b>more</b>", "DefaultSubscriptionStatus": "OPT_IN"},
    {
        "TopicName": "offers",
        "DisplayName": "Offers",
        "DefaultSubscriptionStatus": "OPT_OUT",
        "Description": "Now & then",
    },
]
ANN = "ann@example.net"
pytestmark = pytest.mark.parametrize("api", [REACHABLE], indirect=True)


@pytest.fixture
def ses(api: Api) -> Any:
    client = api.client("sesv2")
    client.create_email_identity(EmailIdentity="example.com")
    client.create_contact_list(ContactListName="main", Topics=TOPICS, Description="Our <list>")
    client.create_configuration_set(ConfigurationSetName="app")
    return client


def send(ses: Any, *to: str, topic: str | None = "news", html: str = "", headers: Any = (), **more: Any) -> str:
    options = {"ContactListName": "main"} | ({} if topic is None else {"TopicName": topic})
    body = {"Text": {"Data": f"{PLACE} {PLACE} {PLACE}"}, "Html": {"Data": html or f'<a href="{PLACE}">off ü</a>'}}
    arguments = {
        "FromEmailAddress": "sender@example.com",
        "Destination": {"ToAddresses": list(to or (ANN,))},
        "Content": {"Simple": {"Subject": {"Data": "s"}, "Body": body, "Headers": list(headers)}},
        "ConfigurationSetName": "app",
        "ListManagementOptions": options,
    } | more
    return str(ses.send_email(**arguments)["MessageId"])


def kinds(api: Api, message_id: str) -> list[str]:
    api.wait_until_delivered()
    return api.run(api.world.kinds(MessageKey(ACCOUNT, REGION, message_id)))


def choices(ses: Any, address: str = ANN) -> tuple[dict[str, str], bool]:
    shown = ses.get_contact(ContactListName="main", EmailAddress=address)
    preferences = {one["TopicName"]: one["SubscriptionStatus"] for one in shown["TopicPreferences"]}
    return preferences, shown["UnsubscribeAll"]


def header_link(api: Api, address: str = ANN) -> str:
    return str(mail_to(api, address)["List-Unsubscribe"]).strip("<>")


def test_a_message_to_one_recipient_carries_its_link(api: Api, ses: Any) -> None:
    own = [
        {"Name": "List-Unsubscribe", "Value": "<https://own.example/>"},
        {"Name": "List-Unsubscribe-Post", "Value": "own"},
    ]
    send(ses, headers=own)
    message = mail_to(api, ANN)
    link = header_link(api)
    assert link.startswith("https://mail.test/unsubscribe/")
    assert message.get_all("List-Unsubscribe") == [f"<{link}>"]
    assert message.get_all("List-Unsubscribe-Post") == [ONE_CLICK]
    assert html_of(message).strip() == f'<a href="{link}">off ü</a>'
    text = message.get_body(("plain",))
    assert text is not None
    assert text.get_content().split() == [link, link, PLACE]
    assert choices(ses) == ({}, False), "a stranger becomes a contact"


def test_a_message_to_two_carries_none(api: Api, ses: Any) -> None:
    send(ses, ANN, "bo@example.net")
    api.wait_until_delivered()
    (entry,) = api.read(lambda session: inbox.search(session, limit=10))
    assert entry.content is not None
    assert b"List-Unsubscribe" not in entry.content
    assert PLACE.encode() in entry.content
    assert b"https://mail.test" not in entry.content


def test_one_click_leaves_the_topic_and_says_so(api: Api, ses: Any) -> None:
    message_id = send(ses)
    link = header_link(api)
    page = follow(api, link)
    assert page.status == 200
    assert choices(ses) == ({}, False), "looking changes nothing"
    for _ in range(2):
        answer = post(api, link, ONE_CLICK)
        assert (answer.status, answer.header("location"), answer.header("set-cookie")) == (200, "", "")
        assert choices(ses) == ({"news": "OPT_OUT"}, False)
    key = MessageKey(ACCOUNT, REGION, message_id)
    assert kinds(api, message_id) == ["Send", "Delivery", "Subscription"]
    *_, told = api.read(lambda session: events.recorded(session, key))
    detail = json.loads(told.detail)
    assert told.kind is EventKind.SUBSCRIPTION
    assert detail.pop("timestamp").endswith("Z")
    before = [
        {"topicName": "news", "subscriptionStatus": "OptIn"},
        {"topicName": "offers", "subscriptionStatus": "OptOut"},
    ]
    assert detail == {
        "contactList": "main",
        "source": "UnsubscribeHeader",
        "newTopicPreferences": {
            "unsubscribeAll": False,
            "topicSubscriptionStatus": [{"topicName": "news", "subscriptionStatus": "OptOut"}, before[1]],
        },
        "oldTopicPreferences": {"unsubscribeAll": False, "topicSubscriptionStatus": before},
    }


def test_one_click_without_a_topic_leaves_everything(api: Api, ses: Any) -> None:
    send(ses, topic=None)
    form = '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    assert post(api, header_link(api), form, 'multipart/form-data; boundary="b"').status == 200
    assert choices(ses) == ({}, True)


def test_who_left_is_accepted_and_not_written_to(api: Api, ses: Any) -> None:
    send(ses)
    post(api, header_link(api), ONE_CLICK)
    again = send(ses)
    assert kinds(api, again) == ["Send", "Bounce"]
    bounce = api.read(lambda s: events.recorded(s, MessageKey(ACCOUNT, REGION, again)))[1]
    assert json.loads(bounce.detail)["bounceSubType"] == "UnsubscribedRecipient"
    assert kinds(api, send(ses, topic=None)) == ["Send", "Delivery"], "the list itself was not left"
    assert kinds(api, send(ses, "new@example.net", topic="offers")) == ["Send", "Bounce"], "opted out by default"
    mixed = send(ses, ANN, "bo@example.net")
    assert kinds(api, mixed) == ["Send", "Bounce", "Delivery"]


def test_the_event_is_published_where_it_is_wanted(api: Api, ses: Any) -> None:
    sns, sqs = api.client("sns"), api.client("sqs")
    topic = sns.create_topic(Name="events")["TopicArn"]
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:events",
        Attributes={"RawMessageDelivery": "true"},
    )
    ses.create_configuration_set_event_destination(
        ConfigurationSetName="app",
        EventDestinationName="all",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["SUBSCRIPTION"],
            "SnsDestination": {"TopicArn": topic},
        },
    )
    message_id = send(ses)
    post(api, header_link(api), ONE_CLICK)

    api.wait(lambda: api.world.count("SELECT COUNT(*) FROM event_outbox") == 0)
    bodies = [one["Body"] for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]
    (event,) = [json.loads(body) for body in bodies if body.startswith("{")]
    assert event["eventType"] == "Subscription"
    assert event["mail"]["messageId"] == message_id
    assert event["mail"]["tags"]["ses:configuration-set"] == ["app"]
    assert event["subscription"]["contactList"] == "main"


def test_the_page_shows_and_changes_all_topics_without_a_script(api: Api, ses: Any) -> None:
    message_id = send(ses)
    link = link_in(html_of(mail_to(api, ANN)), "/unsubscribe/")
    page = follow(api, link)
    assert "<script" not in page.text
    assert "News &amp; &lt;b&gt;more&lt;/b&gt;" in page.text
    assert "Our &lt;list&gt;" in page.text
    assert "Now &amp; then" in page.text
    assert '<input type="checkbox" name="wanted" value="news" checked>' in page.text
    assert '<input type="checkbox" name="wanted" value="offers">' in page.text
    assert page.header("cache-control") == "no-store"
    assert page.header("referrer-policy") == "no-referrer"
    assert page.header("x-frame-options") == "DENY"
    policy = page.header("content-security-policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in policy

    saved = post(api, link, "shown=news&shown=offers&wanted=offers&choice=topics")
    assert saved.status == 200
    assert choices(ses) == ({"news": "OPT_OUT", "offers": "OPT_IN"}, False)
    assert post(api, link, "shown=news&choice=none").status == 200
    assert choices(ses) == ({"news": "OPT_OUT", "offers": "OPT_IN"}, True)
    assert "You are unsubscribed from everything." in follow(api, link).text
    assert post(api, link, "shown=news&wanted=news&choice=topics").status == 200
    assert choices(ses) == ({"news": "OPT_IN", "offers": "OPT_IN"}, False)
    key = MessageKey(ACCOUNT, REGION, message_id)
    sources = [
        json.loads(event.detail)["source"]
        for event in api.read(lambda session: events.recorded(session, key))
        if event.kind is EventKind.SUBSCRIPTION
    ]
    assert sources == ["PreferencePage"] * 3


def test_the_page_speaks_the_reader_s_language(api: Api, ses: Any) -> None:
    send(ses)
    link = header_link(api)
    japanese = follow(api, link, headers={"accept-language": "ja,en;q=0.8"})
    assert 'lang="ja"' in japanese.text
    assert "受け取るメールの設定" in japanese.text
    assert 'lang="en"' in follow(api, link, headers={"accept-language": "fr"}).text


def test_wrong_links_and_forms_change_nothing(api: Api, ses: Any) -> None:
    send(ses)
    link = header_link(api)
    for form in ("", "x=y", "choice=all", "List-Unsubscribe=Two-Clicks", "wanted=news", "a" * 70_000):
        assert post(api, link, form).status == 400
    assert post(api, link, "x", "multipart/form-data").status == 400
    assert choices(ses) == ({}, False)
    for url in (f"{link}x", link[:-3], "https://mail.test/unsubscribe/x"):
        assert follow(api, url).status == 404
        assert post(api, url, ONE_CLICK).status == 404
    assert follow(api, link, "DELETE").status == 405
    assert follow(api, "https://mail.test/unsubscribe/").status == 404
    ses.delete_contact_list(ContactListName="main")
    assert follow(api, link).status == 404
    assert post(api, link, ONE_CLICK).status == 404


def test_templates_and_headers_of_smtp_carry_the_link_too(api: Api, ses: Any) -> None:
    content = {
        "Template": {"TemplateContent": {"Subject": "s", "Text": f"{{{{n}}}} {PLACE}"}, "TemplateData": '{"n":1}'}
    }
    send(ses, "tom@example.net", Content=content)
    assert header_link(api, "tom@example.net") in mail_to(api, "tom@example.net").get_content()
    raw = (
        b"From: sender@example.com\r\nTo: sue@example.net\r\nX-SES-LIST-MANAGEMENT-OPTIONS: main; topic=news\r\n"
        b"Subject: s\r\n\r\nGo: {{amazonSESUnsubscribeUrl}}\r\n"
    )
    principal = Principal(ACCOUNT, "test", "arn", "test", "id")

    class Peer:
        ip = "127.0.0.1"
        tls_version = None

    door = SmtpDoor(None, api.outbound.acceptor)  # type: ignore[arg-type]
    envelope = Envelope("sender@example.com", ("sue@example.net",), "7BIT", len(raw))
    reply = api.run(door.accept(SmtpLogin(principal, REGION, all_permissions()), envelope, raw, Peer()))
    assert reply.code == 250
    assert header_link(api, "sue@example.net") in mail_to(api, "sue@example.net").get_content()
    unknown = api.run(
        door.accept(SmtpLogin(principal, REGION, all_permissions()), envelope, raw.replace(b"main;", b"none;"), Peer())
    )
    assert str(unknown) == "554 Transaction failed: List with name: none doesn't exist."


def test_what_is_not_there_is_refused(api: Api, ses: Any) -> None:
    none = error_of(send, ses=ses, ListManagementOptions={"ContactListName": "none"})
    assert none == ("NotFoundException", "List with name: none doesn't exist.", 404)
    assert error_of(send, ses=ses, topic="sport")[0] == "BadRequestException"
    for stranger in (api.client("sesv2", account_id=OTHER_ACCOUNT), api.client("sesv2", region="eu-west-1")):
        stranger.create_email_identity(EmailIdentity="example.com")
        stranger.create_configuration_set(ConfigurationSetName="app")
        assert error_of(send, ses=stranger)[0] == "NotFoundException"
