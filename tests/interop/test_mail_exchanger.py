"""Mode `mx`: a real Postfix, found through a real DNS server, and signatures that dkimpy verifies."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator

import dkim
import pytest

from tests.interop.sending import (
    accepted_id,
    configuration_set_to,
    kinds,
    simple,
    submit,
    take_events,
    topic_with_queue,
)
from tests.interop.signatures import PublishedKeys, signatures
from tests.peers.dns_server import DnsServer
from tests.peers.postfix import Postfix
from tests.running import REGION, RunningServer, smtp_password, wait_until

_SENDER = "shop.example"
_SERVICE = "mail.example"
_RECEIVER = "rcpt.example"
_BODY = "Guten Tag,\n\n.ein Punkt am Anfang\n..zwei\n\nund Schluss.   \n\n\n"


@pytest.fixture(scope="module")
def zone() -> Iterator[DnsServer]:
    with DnsServer() as running:
        yield running


@pytest.fixture(scope="module")
def postfix(zone: DnsServer) -> Iterator[Postfix]:
    with Postfix(_RECEIVER, "alice", "bob") as running:
        zone.publish((_RECEIVER, "MX", f"10 {running.host}"), (running.host, "A", "127.0.0.1"))
        # RFC 5321 §5.1: the better exchanger is not there, the next one takes the mail.
        zone.publish(
            ("two.example", "MX", "5 away.example"),
            ("two.example", "MX", f"20 {running.host}"),
            ("away.example", "A", "127.0.0.77"),
        )
        zone.publish(("null.example", "TXT", "there is no MX here and no address"))
        yield running


@pytest.fixture(scope="module")
def server(zone: DnsServer, postfix: Postfix) -> Iterator[RunningServer]:
    """A server as an operator runs it: own domain, keys made by `hatobin keys`, identity verified by DNS."""
    settings = {
        "delivery.mode": "mx",
        "delivery.port": str(postfix.port),
        "delivery.resolvers": zone.address,
        "delivery.allow_networks": "127.0.0.0/8",
        "delivery.retry_delays_s": "[1.0]",
        "delivery.connect_timeout_s": "5",
        "aws.allow_networks": "127.0.0.0/8",
        "service.domain": _SERVICE,
    }
    with RunningServer(settings) as running:
        keys = running.command("keys", "create", "--smtp", "--policy", "AdministratorAccess", "--region", REGION)
        running.use_keys(keys["AccessKeyId"], keys["SecretAccessKey"])
        running.client("sesv2").create_email_identity(EmailIdentity=_SENDER)
        yield running


@pytest.fixture(scope="module")
def verified(server: RunningServer, zone: DnsServer) -> RunningServer:
    """The sender's domain verifies once its records are in DNS."""
    client = server.client("sesv2")
    assert client.get_email_identity(EmailIdentity=_SENDER)["VerifiedForSendingStatus"] is False
    records = server.command("dns", _SENDER)
    zone.publish(*(record for record in records if record["purpose"] != "inbound"))
    wait_until(
        lambda: client.get_email_identity(EmailIdentity=_SENDER)["VerifiedForSendingStatus"],
        "the domain verifies",
        timeout_s=60,
        every_s=0.5,
    )
    return server


def test_the_local_test_keys_do_not_work(server: RunningServer) -> None:
    stranger = server.client_with("test", "test", "sesv2")
    with pytest.raises(stranger.exceptions.ClientError) as refused:
        stranger.get_account()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_quota_of_a_new_account(server: RunningServer) -> None:
    quota = server.client("sesv2").get_account()["SendQuota"]
    assert (quota["MaxSendRate"], quota["Max24HourSend"]) == (14.0, 50_000.0)


def test_postfix_receives_over_tls_and_dkimpy_verifies(verified: RunningServer, postfix: Postfix) -> None:
    topic, url = topic_with_queue(verified, "mx-events")
    configuration_set_to(verified, "mx-events", topic, "SEND", "DELIVERY", "BOUNCE")
    before = len(postfix.delivered("alice"))
    identifier = verified.client("sesv2").send_email(
        FromEmailAddress=f"Shop <orders@{_SENDER}>",
        Destination={"ToAddresses": [f"alice@{_RECEIVER}"]},
        Content=simple("Bestellung №1", _BODY, "<p>Grüße</p>"),
        ConfigurationSetName="mx-events",
    )["MessageId"]
    data = postfix.wait_for("alice", count=before + 1)[-1]
    assert b"using TLSv1.3" in data
    assert f"Message-ID: <{identifier}@email.{_SERVICE}>".encode() in data
    assert re.search(rb"^Return-Path: <" + identifier.encode() + rb"@mail\.example>", data)
    keys = PublishedKeys(verified.command("dns", _SENDER))
    found = signatures(data, keys)
    assert {one.domain: one.holds for one in found} == {_SENDER: True, _SERVICE: True}
    events = take_events(verified, url, 2)
    assert kinds(events) == ["Send", "Delivery"]
    assert events[1]["delivery"]["smtpResponse"].startswith("250 2.0.0 Ok: queued as ")
    assert "remoteMtaIp" not in events[1]["delivery"]


def test_the_signature_verifies_through_the_real_dns_server(
    verified: RunningServer, postfix: Postfix, zone: DnsServer
) -> None:
    before = len(postfix.delivered("bob"))
    verified.client("sesv2").send_email(
        FromEmailAddress=f"orders@{_SENDER}",
        Destination={"ToAddresses": [f"bob@{_RECEIVER}"]},
        Content=simple("Through DNS", _BODY),
    )
    data = postfix.wait_for("bob", count=before + 1)[-1]
    checked = dkim.DKIM(data)
    count = sum(name.lower() == b"dkim-signature" for name, _ in checked.headers)
    assert count == 2
    assert all(dkim.DKIM(data).verify(idx=index, dnsfunc=zone.dkim_lookup) for index in range(count))
    damaged = data.replace(b"Guten Tag", b"Guten Abend")
    with pytest.raises(dkim.ValidationError):
        dkim.DKIM(damaged).verify(dnsfunc=zone.dkim_lookup)


def test_mail_by_smtp_goes_the_same_way(verified: RunningServer, postfix: Postfix, zone: DnsServer) -> None:
    before = len(postfix.delivered("bob"))
    text = f"From: orders@{_SENDER}\r\nTo: bob@{_RECEIVER}\r\nSubject: by SMTP\r\n\r\n.dot\r\n..\r\nx\r\n"
    with smtplib.SMTP("localhost", verified.port("submission"), timeout=30) as session:
        session.starttls(context=verified.tls_context())
        session.login(verified.access_key_id, smtp_password(verified.secret, REGION))
        identifier = accepted_id(submit(session, f"orders@{_SENDER}", [f"bob@{_RECEIVER}"], text.encode()))
    data = postfix.wait_for("bob", count=before + 1)[-1]
    assert identifier.encode() in data
    assert data.endswith(b"\n\n.dot\n..\nx\n")
    assert dkim.DKIM(data).verify(dnsfunc=zone.dkim_lookup)


def test_first_exchanger_is_away_second_takes_it(verified: RunningServer, postfix: Postfix, zone: DnsServer) -> None:
    # two.example is no domain of this Postfix, so its own word is a refusal; that it spoke at all is the point.
    topic, url = topic_with_queue(verified, "mx-second")
    configuration_set_to(verified, "mx-second", topic, "BOUNCE", "DELIVERY", "DELIVERY_DELAY")
    verified.client("sesv2").send_email(
        FromEmailAddress=f"orders@{_SENDER}",
        Destination={"ToAddresses": ["anyone@two.example"]},
        Content=simple("second"),
        ConfigurationSetName="mx-second",
    )
    event = take_events(verified, url, 1)[0]
    assert event["eventType"] == "Bounce"
    assert "Relay access denied" in event["bounce"]["bouncedRecipients"][0]["diagnosticCode"]


@pytest.mark.parametrize(
    ("to", "status"),
    [("nobody@rcpt.example", "5.1.1"), ("x@nowhere.example", "5.1.2"), ("x@null.example", "5.4.4")],
    ids=["unknown user", "unknown domain", "domain without a host"],
)
def test_what_cannot_be_delivered_bounces_at_once(
    verified: RunningServer, postfix: Postfix, to: str, status: str
) -> None:
    name = "mx-" + to.partition("@")[2].replace(".", "-")
    topic, url = topic_with_queue(verified, name)
    configuration_set_to(verified, name, topic, "BOUNCE", "DELIVERY_DELAY")
    verified.client("sesv2").send_email(
        FromEmailAddress=f"orders@{_SENDER}",
        Destination={"ToAddresses": [to]},
        Content=simple("nowhere"),
        ConfigurationSetName=name,
    )
    event = take_events(verified, url, 1)[0]
    assert event["eventType"] == "Bounce"
    assert event["bounce"]["bounceType"] == "Permanent"
    assert event["bounce"]["bouncedRecipients"][0]["status"] == status
