"""The configuration: file, environment, and what is refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatobin.app.config import ConfigurationError, load


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "hatobin.toml"
    path.write_text(text)
    return path


def test_without_a_file_the_defaults_hold() -> None:
    settings = load(None, {})
    assert settings.server.http == "127.0.0.1:8005"
    assert settings.delivery.mode == "mailbox"
    assert settings.instant_verification
    assert (settings.max_send_rate, settings.max_24_hour_send) == (-1, -1)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, '[server]\nhttp = "127.0.0.1:1"\nhttps = "127.0.0.1:2"\n')
    settings = load(path, {"HATOBIN_SERVER__HTTP": "127.0.0.1:0", "HOME": "/nowhere", "HATOBIN_DATA": "x"})
    assert (settings.server.http, settings.server.https) == ("127.0.0.1:0", "127.0.0.1:2")


def test_every_kind_of_value_can_come_from_the_environment() -> None:
    settings = load(
        None,
        {
            "HATOBIN_ACCOUNT__SANDBOX": "true",
            "HATOBIN_ACCOUNT__MAX_SEND_RATE": "2.5",
            "HATOBIN_DELIVERY__RESOLVERS": "127.0.0.1:5353, 127.0.0.1:5354",
            "HATOBIN_DELIVERY__RETRY_DELAYS_S": "[1, 2]",
            "HATOBIN_DELIVERY__ALLOW_NETWORKS": "127.0.0.0/8",
            "HATOBIN_SERVER__HTTP": "127.0.0.1:1,127.0.0.1:2",
        },
    )
    assert settings.account.sandbox
    assert settings.max_send_rate == 2.5
    assert settings.delivery.resolvers == ("127.0.0.1:5353", "127.0.0.1:5354")
    assert settings.delivery.retry_delays_s == (1.0, 2.0)
    assert settings.delivery.allow_networks == ("127.0.0.0/8",)
    assert settings.server.http == ["127.0.0.1:1", "127.0.0.1:2"]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[server]\nhtpp = 1\n", "htpp"),
        ("[servre]\nhttp = '127.0.0.1:1'\n", "servre"),
        ("[delivery]\nmode = 'fast'\n", "delivery.mode"),
        ("[delivery]\nmode = 'relay'\n", "delivery.relay"),
        ("[delivery]\nmode = 'mx'\n", "service.domain"),
        ("[delivery]\nmax_delivery_s = 1\n", "max_delivery_s"),
        ("[service]\ncompat_names = true\n[delivery]\nmode = 'relay'\nrelay = 'h:1'\n", "compat_names"),
        ("[server]\nhttp_bodies_bytes = 1000000\n", "server.http_bodies_bytes"),
        ("[server]\ntrusted_proxies = ['10.0.0.0/33']\n", "server.trusted_proxies"),
        ("[server]\ntrusted_proxies = ['proxy.example']\n", "server.trusted_proxies"),
        ("this is no toml", "TOML"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_path(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(ConfigurationError, match=part):
        load(write(tmp_path, text), {})


def test_a_file_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path / "missing.toml", {})


def test_mode_mx_has_the_limits_of_a_new_account(tmp_path: Path) -> None:
    settings = load(write(tmp_path, "[service]\ndomain = 'mail.example'\n[delivery]\nmode = 'mx'\n"), {})
    assert (settings.max_send_rate, settings.max_24_hour_send) == (14.0, 50_000)
    assert not settings.instant_verification


def test_a_table_in_a_table_is_read_from_file_and_environment(tmp_path: Path) -> None:
    path = tmp_path / "hatobin.toml"
    path.write_text('[aws.s3]\nendpoint_url = "https://s3.example.com"\nregion = "eu-west-1"\n')
    environment = {"HATOBIN_AWS__S3__REGION": "us-west-2", "HATOBIN_AWS__REQUEST_TIMEOUT_S": "3"}
    aws = load(path, environment).aws
    assert (aws.s3.endpoint_url, aws.s3.region, aws.request_timeout_s) == ("https://s3.example.com", "us-west-2", 3.0)
    with pytest.raises(ConfigurationError, match="secret"):
        load(None, {"HATOBIN_AWS__S3__SECRET": "x"})


@pytest.mark.parametrize(
    "environment",
    [
        {"HATOBIN_AWS__S3__REGION": "eu-west-1"},
        {"HATOBIN_AWS__S3__ENDPOINT_URL": "s3.example.com"},
        {"HATOBIN_AWS__S3__ENDPOINT_URL": "https://s3.example.com", "HATOBIN_AWS__S3__ACCESS_KEY_ID": "a"},
    ],
)
def test_half_of_a_real_s3_is_refused(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=r"aws\.s3"):
        load(None, environment)


def test_a_table_of_aws_says_where_a_service_is_and_takes_the_rest_from_the_default(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
[aws.default]
endpoint_url = "http://127.0.0.1:4566"
access_key_id = "AKIA"
secret_access_key = "very-secret"
[aws.dynamodb]
region = "eu-west-1"
[aws.cognito-idp]
endpoint_url = "https://cognito-idp.us-east-1.amazonaws.com"
""",
    )
    aws = load(path, {"HATOBIN_AWS__COGNITO_IDP__REGION": "us-east-1"}).aws
    dynamodb, cognito = aws.remote("dynamodb"), aws.remote("cognito-idp")
    assert (dynamodb.endpoint_url, dynamodb.region, dynamodb.access_key_id) == (
        "http://127.0.0.1:4566",
        "eu-west-1",
        "AKIA",
    )
    assert (cognito.endpoint_url, cognito.secret_access_key) == (
        "https://cognito-idp.us-east-1.amazonaws.com",
        "very-secret",
    )
    assert (aws.lives_elsewhere("dynamodb"), aws.lives_elsewhere("cognito-idp")) == (False, True)
    assert "very-secret" not in repr(aws.services) + repr(aws.default)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[aws.sns]\nendpoint = 'http://127.0.0.1'\n", "aws.sns.*endpoint"),
        ("[aws.sns]\nendpoint_url = '127.0.0.1'\n", "aws.sns.endpoint_url"),
        ("[aws.sns]\nendpoint_url = 'http://127.0.0.1'\n", "aws.sns.access_key_id"),
        ("[aws.default]\naccess_key_id = 'a'\n", "aws.default.access_key_id"),
        ("[aws.iam]\nendpoint_url = 'http://127.0.0.1'\naccess_key_id = 'a'\nsecret_access_key = 'b'\n", "aws.iam"),
        ("[aws.ses]\nregion = 'us-east-1'\n", "aws.ses"),
        ("[aws]\nsns = 1\n", "sns"),
    ],
)
def test_a_service_elsewhere_that_cannot_be_asked_is_refused(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(ConfigurationError, match=part):
        load(write(tmp_path, text), {})


WEBHOOK = 'name = "shop"\nurl = "https://shop.example/in"\nsecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"\n'


def test_webhooks_are_tables_of_the_file(tmp_path: Path) -> None:
    text = f'[[webhooks]]\n{WEBHOOK}event_types = ["BOUNCE"]\n[[webhooks]]\n{WEBHOOK.replace("shop", "desk")}'
    first, second = load(write(tmp_path, text), {}).webhooks
    assert (first.name, first.event_types, first.configuration_sets) == ("shop", ("BOUNCE",), ("*",))
    assert (second.name, second.url) == ("desk", "https://desk.example/in")


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("https://", "http://", "url must be https"),
        ("https://", "ftp://", "url is"),
        ("whsec_", "", "secret is"),
        ('"shop"', '"a b"', "name"),
        ("secret = ", "key = ", "key"),
        ('"shop"\n', '"shop"\nevent_types = ["bounce"]\n', "event_types"),
    ],
)
def test_a_webhook_that_cannot_work_is_refused(tmp_path: Path, old: str, new: str, part: str) -> None:
    relay = '[delivery]\nmode = "relay"\nrelay = "h:1"\n'
    with pytest.raises(ConfigurationError, match=part) as refused:
        load(write(tmp_path, f"{relay}[[webhooks]]\n{WEBHOOK.replace(old, new)}"), {})
    assert "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" not in str(refused.value)


def test_two_webhooks_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="two of this name"):
        load(write(tmp_path, f"[[webhooks]]\n{WEBHOOK}[[webhooks]]\n{WEBHOOK}"), {})
