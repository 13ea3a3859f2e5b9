"""Webhooks of the configuration: which events of which sets they get, and what those hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from structlog.testing import capture_logs

from hatobin.words.settings import Webhook
from tests.api.far_services import WEBHOOK_SECRET, WEBHOOK_URL, FarServices, send, settings_with
from tests.api.harness import OTHER_ACCOUNT, Api

Start = Callable[..., FarServices]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a server with webhooks."""
    started: list[Api] = []

    def make(*webhooks: Webhook) -> FarServices:
        api = Api(settings_with(webhooks=webhooks))
        monkeypatch.setattr("botocore.auth.get_current_datetime", api.now)
        started.append(api)
        return FarServices(api)

    yield make
    for api in started:
        api.close()


def hook(name: str = "shop", **more: tuple[str, ...]) -> Webhook:
    return Webhook(name=name, url=WEBHOOK_URL, secret=WEBHOOK_SECRET, **more)  # type: ignore[arg-type]


def kinds(far: FarServices) -> list[str]:
    return [event["eventType"] for event in far.of("webhook")]


def test_events_of_every_set_come_whole_and_in_order(start: Start) -> None:
    far = start(hook())
    far.api.client("sesv2").create_configuration_set(ConfigurationSetName="app")
    message_id = send(far.api, EmailTags=[{"Name": "kind", "Value": "news"}])
    far.api.wait(lambda: len(far.of("webhook")) == 2)
    assert kinds(far) == ["Send", "Delivery"]
    mail = far.of("webhook")[0]["mail"]
    assert mail["messageId"] == message_id
    assert mail["tags"]["kind"] == ["news"]
    assert {"name": "Subject", "value": "s"} in mail["headers"]
    ids = [call.headers["webhook-id"] for call in far.calls]
    assert len(set(ids)) == 2
    assert all(call.headers["content-type"] == "application/json" for call in far.calls)


def test_only_the_sets_and_types_that_are_named(start: Start) -> None:
    far = start(hook(configuration_sets=("app",), event_types=("BOUNCE",)), hook("other", configuration_sets=("none",)))
    for name in ("app", "else"):
        far.api.client("sesv2").create_configuration_set(ConfigurationSetName=name)
        send(far.api, to="bounce@simulator.amazonses.com", configuration_set=name)
    far.api.wait(lambda: bool(far.of("webhook")))
    far.api.pass_time(30)
    assert kinds(far) == ["Bounce"]
    assert far.of("webhook")[0]["mail"]["tags"]["ses:configuration-set"] == ["app"]


def test_sets_of_every_account_are_meant(start: Start) -> None:
    far = start(hook(event_types=("SEND",)))
    ses = far.api.client("sesv2", account_id=OTHER_ACCOUNT)
    ses.create_configuration_set(ConfigurationSetName="app")
    ses.create_email_identity(EmailIdentity="example.org")
    ses.send_email(
        FromEmailAddress="a@example.org",
        Destination={"ToAddresses": ["to@example.net"]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
        ConfigurationSetName="app",
    )
    far.api.wait(lambda: bool(far.of("webhook")))
    assert far.of("webhook")[0]["mail"]["sendingAccountId"] == OTHER_ACCOUNT


def test_mail_without_a_set_has_nobody_who_hears_of_it(start: Start) -> None:
    far = start(hook())
    ses = far.api.client("ses")
    ses.verify_domain_identity(Domain="example.com")
    ses.send_email(
        Source="a@example.com",
        Destination={"ToAddresses": ["to@example.net"]},
        Message={"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}},
    )
    far.api.pass_time(10)
    assert far.requests == 0


def test_neither_secret_nor_address_are_logged_when_it_fails(start: Start) -> None:
    far = start(hook())
    far.down.add("hook.example")
    far.api.client("sesv2").create_configuration_set(ConfigurationSetName="app")
    with capture_logs() as logs:
        send(far.api)
        far.api.pass_time(60)
    assert far.requests > 3
    assert WEBHOOK_SECRET not in json.dumps(logs, default=str)
