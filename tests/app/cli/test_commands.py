"""The sub-commands that prepare a client: env, keys, trust, dns; all without a running server."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hatobin.app.cli import main
from hatobin.protocols.aws.smtp_password import smtp_password


@pytest.fixture
def run(tmp_path: Path) -> Any:
    def invoke(*arguments: str, fails: bool = False) -> str:
        result = CliRunner().invoke(main, [*arguments, "--data", str(tmp_path / "data")], env={"HATOBIN_CONFIG": ""})
        assert (result.exit_code != 0) == fails, result.output
        return result.output

    return invoke


def test_help_teaches_the_first_send() -> None:
    output = CliRunner().invoke(main, ["--help"]).output
    for word in ("hatobin serve", "hatobin env", "send-email", "keys", "trust", "dns"):
        assert word in output


def test_env_points_every_client_at_the_local_server(run: Any) -> None:
    values = json.loads(run("env", "--json", "--region", "ap-northeast-1"))
    assert values["AWS_ENDPOINT_URL"] == "http://127.0.0.1:8005"
    assert values["AWS_DEFAULT_REGION"] == "ap-northeast-1"
    assert values["SMTP_PASSWORD"] == smtp_password("test", "ap-northeast-1")
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:8005\n" in run("env")


def test_a_made_key_is_listed_and_can_be_retired(run: Any) -> None:
    made = json.loads(run("keys", "create", "--smtp", "--region", "eu-central-1", "--user", "shop", "--json"))
    assert made["SmtpPassword"] == smtp_password(made["SecretAccessKey"], "eu-central-1")
    listed = json.loads(run("keys", "list", "--json"))
    assert {key["AccessKeyId"]: key["Status"] for key in listed} == {"test": "Active", made["AccessKeyId"]: "Active"}
    run("keys", "retire", made["AccessKeyId"])
    listed = json.loads(run("keys", "list", "--json"))
    assert {key["AccessKeyId"]: key["Status"] for key in listed}[made["AccessKeyId"]] == "Inactive"
    assert "keys list" in run("keys", "retire", "AKIANOBODY", fails=True)


def test_trust_names_a_ca_that_openssl_takes(run: Any) -> None:
    answer = json.loads(run("trust", "--json"))
    ssl.create_default_context(cafile=answer["ca"])
    assert answer["ca"] in answer["clients"]["Django"]


def test_dns_of_an_unknown_domain_says_how_to_make_it(run: Any) -> None:
    assert "create-email-identity --email-identity nobody.example" in run("dns", "nobody.example", fails=True)


def test_production_access_is_granted_and_denied(run: Any) -> None:
    assert json.loads(run("account", "show", "--json"))["ProductionAccessEnabled"] is True
    denied = json.loads(run("account", "deny", "--region", "eu-west-1", "--json"))
    assert denied == {
        "AccountId": "123456789012",
        "Region": "eu-west-1",
        "ProductionAccessEnabled": False,
        "SendingEnabled": True,
        "MaxSendRate": 1.0,
        "Max24HourSend": 200,
    }
    granted = json.loads(run("account", "grant", "--region", "eu-west-1", "--max-send-rate", "5", "--json"))
    assert (granted["ProductionAccessEnabled"], granted["MaxSendRate"], granted["Max24HourSend"]) == (True, 5.0, -1)
    assert "ProductionAccessEnabled  True" in run("account", "show", "--region", "eu-west-1")
    assert json.loads(run("account", "requests", "--json")) == []
    assert run("account", "requests") == ""
