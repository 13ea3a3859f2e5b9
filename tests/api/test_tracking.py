"""Opens and clicks, from the mail that is sent to the event that tells of it (DEV-IS-07, DEV-IS-12, DEV-IS-37)."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from email import policy
from typing import Any
from urllib.parse import quote

import pytest

from hatobin.capabilities import inbox
from tests.api.answers import error_of
from tests.api.harness import Api
from tests.api.links import REACHABLE, mail_to
from tests.api.submission import submit
from tests.api.tracked import BROWSER, SENDER, SET, Readers

pytestmark = pytest.mark.parametrize("api", [REACHABLE], indirect=True)


@pytest.fixture
def readers(api: Api) -> Readers:
    return Readers(api)


# As they are written in the mail, and where they lead.
LINKS = [
    ("http://a.test/?x=1&amp;y=2", "http://a.test/?x=1&y=2"),
    (
        "https://s3.test/k?X-Amz-Signature=ab%2Fcd%3D&amp;X-Amz-Expires=60",
        "https://s3.test/k?X-Amz-Signature=ab%2Fcd%3D&X-Amz-Expires=60",
    ),
    ("https://a.test/page#part-2", "https://a.test/page#part-2"),
    ("https://a.test/it's", "https://a.test/it's"),
    ("https://a.test/straße/日本", "https://a.test/straße/日本"),
    ("http://a.test/?q=a=b&amp;c=%25&amp;copy=1", "http://a.test/?q=a=b&c=%25&copy=1"),
]
UNTOUCHED = ["mailto:a@b.test", "tel:+491", "#top", "cid:picture@a.test", "/relative", "app:x"]


def test_every_link_leads_where_it_led(readers: Readers) -> None:
    tracked = "".join(f'<a href="{written}">x</a>\n' for written, _ in LINKS)
    untouched = "".join(f'<A HREF="{url}">x</A>\n' for url in UNTOUCHED)
    no_track = '<a ses:no-track href="https://a.test/login?token=1">x</a>'
    text = " ".join(written for written, _ in LINKS)
    readers.send(tracked + untouched + no_track, text=text)
    html = readers.html()
    *links, pixel = readers.addresses()
    assert len(links) == len(LINKS)
    assert untouched + '<a href="https://a.test/login?token=1">x</a>' in html
    for address, (written, url) in zip(links, LINKS, strict=True):
        assert address.partition(":")[0] == url.partition(":")[0], "http stays http, https stays https"
        for method in ("HEAD", "GET"):
            answer = readers.ask(address, method)
            assert answer.status == 302
            assert answer.header("location").encode("latin-1") == url.encode()
            assert answer.header("cache-control") == "no-store"
        html = html.replace(address, written)
    image = f'<img alt="" src="{pixel}" style="display: none; width: 1px; height: 1px;">'
    assert html.replace(image, "") == tracked + untouched + '<a href="https://a.test/login?token=1">x</a>'
    plain = mail_to(readers.api, "ann@example.net").get_body(("plain",))
    assert plain is not None
    assert plain.get_content().strip() == text
    assert [one["click"]["link"] for one in readers.events()] == [url for _, url in LINKS], "HEAD is no click"


def test_the_click_event_is_sess(readers: Readers) -> None:
    message_id = readers.send(
        '<a ses:tags="campaign:spring;campaign:sale;place:top;" href="https://a.test/?a=1&amp;b=2">x</a>',
        EmailTags=[{"Name": "kind", "Value": "news"}],
    )
    link, _ = readers.addresses()
    assert "ses:tags" not in readers.html()
    readers.ask(link)
    (event,) = readers.events()
    assert list(event) == ["eventType", "mail", "click"]
    assert event["eventType"] == "Click"
    assert event["click"].pop("timestamp").endswith("Z")
    assert event["click"] == {
        "ipAddress": "192.0.2.44",
        "link": "https://a.test/?a=1&b=2",
        "linkTags": {"campaign": ["spring", "sale"], "place": ["top"]},
        "userAgent": BROWSER,
        "agentClass": "human",
    }
    mail = event["mail"]
    assert (mail["messageId"], mail["destination"]) == (message_id, ["ann@example.net"])
    assert mail["tags"]["kind"] == ["news"]
    assert mail["tags"]["ses:configuration-set"] == [SET]
    assert mail["commonHeaders"]["subject"] == "s"


def test_every_open_is_an_event_and_its_picture_is_one_pixel(readers: Readers) -> None:
    readers.send("<p>x</p>")
    (pixel,) = readers.addresses()
    for _ in range(2):
        answer = readers.ask(pixel)
        assert (answer.status, answer.header("content-type")) == (200, "image/gif")
        assert answer.header("cache-control") == "no-store"
        assert answer.body[:6] == b"GIF89a"
        assert answer.body[6:10] == b"\x01\x00\x01\x00"
    readers.ask(pixel, "HEAD")
    readers.ask(pixel, user_agent="Mozilla/5.0 (via ggpht.com GoogleImageProxy)")
    events = readers.events()
    assert [list(one["open"]) for one in events] == [["ipAddress", "timestamp", "userAgent", "agentClass"]] * 3
    assert [one["open"]["agentClass"] for one in events] == ["human", "human", "machine"]
    assert {one["eventType"] for one in events} == {"Open"}


@pytest.mark.parametrize("kinds", [("OPEN",), ("CLICK",), ("SEND",)])
def test_what_nobody_is_told_of_is_not_tracked(readers: Readers, kinds: tuple[str, ...]) -> None:
    readers.change(*kinds)
    html = '{{ses:openTracker}}<a ses:tags="k:v" href="http://a.test">x</a>'
    readers.send(html)
    sent = readers.html()
    assert ("/I0/" in sent) is ("OPEN" in kinds)
    assert ("/L0/" in sent) is ("CLICK" in kinds)
    if kinds == ("SEND",):
        assert sent == html


def test_without_a_set_nothing_is_tracked(readers: Readers) -> None:
    readers.send('<a href="http://a.test">x</a>', ConfigurationSetName="")
    assert readers.html() == '<a href="http://a.test">x</a>'


def test_a_set_that_changes_is_obeyed_by_the_next_message(readers: Readers) -> None:
    for number, (kinds, enabled, expected) in enumerate(
        [(("OPEN",), True, 1), (("OPEN", "CLICK"), True, 2), (("CLICK",), False, 0), (("CLICK",), True, 1)]
    ):
        readers.change(*kinds, enabled=enabled)
        for copy in range(2):
            to = f"r{number}{copy}@example.net"
            readers.send('<a href="http://a.test">x</a>', to)
            assert len(readers.addresses(to)) == expected


def test_the_default_set_of_an_identity_tracks_too(readers: Readers) -> None:
    readers.ses.put_email_identity_configuration_set_attributes(EmailIdentity="example.com", ConfigurationSetName=SET)
    for to in ("a@example.net", "b@example.net"):
        readers.send('<a href="http://a.test">x</a>', to, ConfigurationSetName="")
        assert len(readers.addresses(to)) == 2


def test_a_send_may_say_otherwise(readers: Readers) -> None:
    def overridden(to: str, opens: str, clicks: str) -> int:
        tracking = {"OpenTrackingEnabled": opens, "ClickTrackingEnabled": clicks}
        readers.send('<a href="http://a.test">x</a>', to, ConfigurationOverrides={"Tracking": tracking})
        return len(readers.addresses(to))

    assert overridden("a@example.net", "DISABLED", "ENABLED") == 1
    assert overridden("b@example.net", "DISABLED", "DISABLED") == 0
    readers.change("SEND")
    assert overridden("c@example.net", "ENABLED", "ENABLED") == 2


def test_only_250_links_are_tracked(readers: Readers) -> None:
    readers.send('<a href="http://a.test">x</a>' * 260)
    html = readers.html()
    assert html.count("/L0/") == 250
    assert html.count('href="http://a.test"') == 10
    numbers = [address.split("/")[5] for address in readers.addresses()[:-1]]
    assert numbers == [str(number) for number in range(1, 251)]


def test_every_door_tracks(readers: Readers, api: Api) -> None:
    html = '<a href="http://a.test">x</a>'
    raw = f"From: {SENDER}\r\nTo: x@example.net\r\nSubject: s\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n"
    content = f"{raw}X-SES-CONFIGURATION-SET: {SET}\r\n\r\n{html}\r\n".encode()
    v1 = api.client("ses")
    readers.ses.create_email_template(
        TemplateName="t",
        TemplateContent={"Subject": "s", "Html": '<a href="http://a.test/{{n}}">x</a>{{ses:openTracker}}'},
    )
    template = {"TemplateName": "t", "TemplateData": json.dumps({"n": 1})}

    def to(name: str) -> dict[str, Any]:
        return {"Destination": {"ToAddresses": [f"{name}@example.net"]}}

    common: dict[str, Any] = {"FromEmailAddress": SENDER, "ConfigurationSetName": SET}
    readers.ses.send_email(**to("raw2"), **common, Content={"Raw": {"Data": content}})
    readers.ses.send_email(**to("template2"), **common, Content={"Template": template})
    readers.ses.send_bulk_email(
        **common,
        DefaultContent={"Template": template},
        BulkEmailEntries=[to("bulk2a"), to("bulk2b")],
    )
    body = {"Html": {"Data": html}}
    v1.send_email(
        Source=SENDER, ConfigurationSetName=SET, **to("simple1"), Message={"Subject": {"Data": "s"}, "Body": body}
    )
    v1.send_raw_email(Destinations=["raw1@example.net"], RawMessage={"Data": content}, ConfigurationSetName=SET)
    assert submit(api, content, "smtp@example.net", reverse_path=SENDER).startswith("250")
    for name in ("raw2", "template2", "bulk2a", "bulk2b", "simple1", "raw1", "smtp"):
        assert len(readers.addresses(f"{name}@example.net")) == 2, name


@pytest.mark.parametrize("tracked", [True, False])
@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-5", "koi8-r"])
def test_text_in_any_encoding_reads_the_same(
    readers: Readers, api: Api, charset: str, encoding: str, tracked: bool
) -> None:
    from email.charset import BASE64, QP, Charset
    from email.mime.multipart import MIMEMultipart
    from email.mime.nonmultipart import MIMENonMultipart

    texts = {"plain": "Привет http://a.test/мир\n", "html": '<p>Привет</p><a href="http://a.test/мир">мир</a>\n'}
    whole = MIMEMultipart("alternative")
    whole["From"], whole["To"], whole["Subject"] = SENDER, "x@example.net", "s"
    if tracked:
        whole["X-SES-CONFIGURATION-SET"] = SET
    for kind, text in texts.items():
        part, how = MIMENonMultipart("text", kind, charset=charset), Charset(charset)
        how.body_encoding = {"8bit": None, "quoted-printable": QP, "base64": BASE64}[encoding]
        if encoding == "8bit":
            part.set_payload(text.encode(charset).decode("ascii", "surrogateescape"))
            part["Content-Transfer-Encoding"] = "8bit"
        else:
            part.set_payload(text, how)
        whole.attach(part)
    readers.ses.send_email(
        Destination={"ToAddresses": ["x@example.net"]}, Content={"Raw": {"Data": whole.as_bytes(policy=policy.SMTP)}}
    )
    message = mail_to(api, "x@example.net")
    plain = message.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().strip() == texts["plain"].strip()
    html = readers.html("x@example.net")
    if tracked:
        link, pixel = readers.addresses("x@example.net")
        assert readers.ask(link).header("location").encode("latin-1") == "http://a.test/мир".encode()
        html = html.replace(link, "http://a.test/мир")
        html = html.replace(f'<img alt="" src="{pixel}" style="display: none; width: 1px; height: 1px;">', "")
    assert html.strip() == texts["html"].strip()


def test_no_line_gets_too_long(readers: Readers, api: Api) -> None:
    html = "<p>" + "x " * 450 + '<a href="http://a.test/?' + "y" * 60 + '">x</a></p>'
    readers.send(html)
    (entry,) = api.read(lambda session: inbox.search(session, limit=1))
    assert entry.content is not None
    assert max(len(line) for line in entry.content.split(b"\r\n")) <= 998
    assert len(readers.addresses()) == 2


def test_unsubscribing_is_not_a_click(readers: Readers) -> None:
    readers.ses.create_contact_list(ContactListName="main")
    readers.send(
        '<a href="{{amazonSESUnsubscribeUrl}}">off</a> <a href="http://a.test">x</a>',
        ListManagementOptions={"ContactListName": "main"},
    )
    assert '<a href="https://mail.test/unsubscribe/' in readers.html()
    assert len(readers.addresses()) == 2


def test_the_senders_own_domain_through_a_proxy_that_keeps_the_host_and_one_that_does_not(
    readers: Readers, api: Api
) -> None:
    unverified = {"CustomRedirectDomain": "track.example.org", "HttpsPolicy": "REQUIRE"}
    code, *_ = error_of(
        lambda: readers.ses.put_configuration_set_tracking_options(ConfigurationSetName=SET, **unverified)
    )
    assert code == "BadRequestException"
    readers.ses.create_email_identity(EmailIdentity="track.example.com")
    schemes = {"OPTIONAL": ("http", "https", "http"), "REQUIRE": ("https",) * 3}
    schemes["REQUIRE_OPEN_ONLY"] = ("http", "https", "https")
    for https_policy, expected in schemes.items():
        options = {"CustomRedirectDomain": "track.example.com", "HttpsPolicy": https_policy}
        readers.ses.put_configuration_set_tracking_options(ConfigurationSetName=SET, **options)
        to = f"{https_policy.lower()}@example.net"
        readers.send('<a href="http://a.test/1">x</a><a href="https://a.test/2">x</a>', to)
        addresses = readers.addresses(to)
        assert tuple(address.partition("://")[0] for address in addresses) == expected
        assert all("://track.example.com/" in address for address in addresses)
        for host, status in (("track.example.com", 302), ("10.0.0.7:8005", 302), ("evil.example", 404)):
            answer = readers.ask(addresses[0], host=host)
            assert (answer.status, answer.header("location")) == (
                (status, "http://a.test/1") if status == 302 else (404, "")
            )
    assert len(readers.events()) == 6


def test_no_token_but_ours_redirects_anywhere(readers: Readers) -> None:
    readers.send('<a href="http://a.test/page">x</a>')
    link, pixel = readers.addresses()
    chance = random.Random(37)
    foreign = quote("http://evil.test/", safe=":")
    changed = [
        link.replace("http:%2F%2Fa.test%2Fpage", foreign),
        link.replace("/L0/", "/I0/"),
        pixel.replace("I0", "L0"),
    ]
    for _ in range(1000):
        place, octet = chance.randrange(len("http://mail.test/"), len(link) - 4), chance.choice("AZaz09_-/%.=:")
        one = link[:place] + octet + link[place + 1 :]
        changed += [one] if one != link else []
    for address in changed:
        answer = readers.ask(address)
        # Some escapes are another spelling of the same octets: then it may lead where it always led.
        assert answer.status == 404 or answer.header("location") == "http://a.test/page"
    assert readers.ask(link, "POST").status == 405
    assert readers.ask("http://mail.test/L0/").status == 404


def test_a_large_body_is_tracked_on_its_way_to_the_blob_store(readers: Readers, api: Api) -> None:
    rows = "<p>line of a long newsletter</p>\r\n" * 20_000
    for number in (1, 2):
        message_id = readers.send(f'<a href="http://a.test">x</a>{rows}', f"r{number}@example.net")
        (blob,) = [blob for key, blob in api.world.blobs.stored.items() if message_id in key]
        assert (blob.count(b"/L0/"), blob.count(b"/I0/")) == (1, 1)


def test_a_template_has_one_place_for_the_pixel(readers: Readers) -> None:
    content = {"Subject": "s", "Html": "{{ses:openTracker}}{{ses:openTracker}}"}
    code, *_ = error_of(readers.ses.create_email_template, TemplateName="t", TemplateContent=content)
    assert code == "BadRequestException"


def test_clicks_are_counted_by_the_tags_of_their_links(readers: Readers, api: Api) -> None:
    dimension = {"DimensionName": "place", "DimensionValueSource": "LINK_TAG", "DefaultDimensionValue": "none"}
    readers.ses.create_configuration_set_event_destination(
        ConfigurationSetName=SET,
        EventDestinationName="metrics",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["CLICK"],
            "CloudWatchDestination": {"DimensionConfigurations": [dimension]},
        },
    )
    readers.send('<a ses:tags="place:top" href="http://a.test/1">x</a><a href="http://a.test/2">x</a>')
    top, other, _ = readers.addresses()
    for address in (top, top, other):
        readers.ask(address)
    cloudwatch = api.client("cloudwatch")

    def clicks(**dimensions: str) -> float:
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/SES",
            MetricName="Click",
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=api.now() - timedelta(hours=1),
            EndTime=api.now() + timedelta(hours=1),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(sum(point["Sum"] for point in points))

    assert (clicks(place="top"), clicks(place="none"), clicks()) == (2, 1, 3)
