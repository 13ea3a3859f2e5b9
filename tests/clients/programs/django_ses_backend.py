"""django-ses's backend and commands over both APIs; runs in the suite's own environment, where django-ses is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import boto3
import django
import pytest
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.management import call_command
from django.test import override_settings

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]

settings.configure(
    INSTALLED_APPS=["django_ses"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    AWS_SES_REGION_NAME="us-east-1",
    AWS_SES_REGION_ENDPOINT_URL=ENDPOINT,
    AWS_ACCESS_KEY_ID=os.environ["AWS_ACCESS_KEY_ID"],
    AWS_SECRET_ACCESS_KEY=os.environ["AWS_SECRET_ACCESS_KEY"],
)
django.setup()
call_command("migrate", verbosity=0)

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture(params=[False, True], ids=["v1", "v2"])
def api_v2(request: pytest.FixtureRequest) -> Iterator[bool]:
    with override_settings(USE_SES_V2=request.param):
        yield request.param


def _message(api_v2: bool, sender: str = "Ünïcode <sender@example.com>") -> Any:
    message = EmailMultiAlternatives(
        "Tëst", "Sören & Björn", sender, ["Ñame <to@example.net>"], bcc=["hidden@example.net"]
    )
    message.attach_alternative("<p>Sören &amp; Björn</p>", "text/html")
    message.connection = get_connection("django_ses.SESBackend", fail_silently=False)
    return message


def test_a_message_is_sent_and_its_ids_come_back(api_v2: bool) -> None:
    message = _message(api_v2)
    assert message.send() == 1
    assert re.fullmatch(r"[0-9a-f-]+", message.extra_headers["message_id"])
    assert UUID.fullmatch(message.extra_headers["request_id"])


def test_a_refusal_has_a_request_id(api_v2: bool) -> None:
    with pytest.raises(Exception, match="Email address is not verified") as caught:
        _message(api_v2, "a@other.example").send()
    assert UUID.fullmatch(caught.value.response["ResponseMetadata"]["RequestId"])  # type: ignore[attr-defined]


def test_throttling_asks_for_the_rate(api_v2: bool) -> None:
    with override_settings(AWS_SES_AUTO_THROTTLE=0.5):
        assert _message(api_v2).send() == 1


def test_the_statistics_command_writes_what_was_sent(api_v2: bool) -> None:
    from django_ses.models import SESStat

    assert _message(api_v2).send() == 1
    call_command("get_ses_statistics")
    assert sum(day.delivery_attempts for day in SESStat.objects.all()) > 0


def test_the_address_command_adds_lists_and_deletes(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("ses_email_address", add="new@example.net")
    call_command("ses_email_address", list=True)
    assert "new@example.net" in capsys.readouterr().out
    call_command("ses_email_address", delete="new@example.net")
    capsys.readouterr()
    call_command("ses_email_address", list=True)
    assert "new@example.net" not in capsys.readouterr().out


def test_every_answer_of_reading_calls_has_a_request_id() -> None:
    for service, names in (
        ("ses", ("get_send_quota", "get_send_statistics", "list_verified_email_addresses", "list_identities")),
        ("sesv2", ("get_account", "list_email_identities", "list_configuration_sets")),
    ):
        client = boto3.client(service, endpoint_url=ENDPOINT)
        for name in names:
            assert UUID.fullmatch(getattr(client, name)()["ResponseMetadata"]["RequestId"]), name
