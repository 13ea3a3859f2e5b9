"""The sub-commands that prepare a client: env, keys, trust, dns; all without a running server."""

from __future__ import annotations

import json
import ssl
import time
from pathlib import Path
from typing import Any

import dns.zone
import pytest
from click.testing import CliRunner

from hatobin.app.cli import main
from hatobin.app.cli.options import read_settings
from hatobin.app.cli.store import in_store
from hatobin.capabilities import tenants
from hatobin.capabilities.identities import Identity, IdentityKind, Status, store
from hatobin.capabilities.identities.certificate_store import associate
from hatobin.capabilities.identities.key_store import insert_key, seal_key
from hatobin.capabilities.identities.keys import make_key
from hatobin.capabilities.identities.model import Dkim, DkimOrigin
from hatobin.capabilities.tenants import store as tenant_store
from hatobin.companions import acm, iam
from hatobin.companions.iam.speakers import read_speaker
from hatobin.companions.kms import Vault
from hatobin.ports import Session
from hatobin.protocols.aws.smtp_password import smtp_password
from tests.mail_certificates import issue, key_pem, rsa_key

POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ses:Get*","Resource":"*"}]}'


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


def test_who_gets_a_key_may_do_everything_unless_it_is_said_what(run: Any, tmp_path: Path) -> None:
    (tmp_path / "reports.json").write_text(POLICY)
    run("keys", "create")
    run(
        "keys",
        "create",
        "--user",
        "reader",
        "--policy",
        "AmazonSESReadOnlyAccess",
        "--policy",
        str(tmp_path / "reports.json"),
    )
    run("keys", "create", "--user", "reader")
    run("keys", "create", "--smtp")
    settings, folder = read_settings("", tmp_path / "data")

    def look(session: Session, vault: Vault, now: float) -> dict[str, tuple[str, ...]]:
        found = {}
        for key in iam.list_access_keys(session):
            speaker = read_speaker(session, key.access_key_id, None)
            assert speaker is not None
            found[key.user_name] = speaker.policies or ()
        return found

    everything = iam.MANAGED["arn:aws:iam::aws:policy/AdministratorAccess"].document
    assert in_store(settings, folder, look) == {
        "test": (everything,),
        "hatobin": (everything,),
        "reader": (POLICY, iam.MANAGED["arn:aws:iam::aws:policy/AmazonSESReadOnlyAccess"].document),
        "hatobin-smtp": (iam.SMTP_POLICY,),
    }


def test_what_is_no_policy_ends_with_a_sentence(run: Any, tmp_path: Path) -> None:
    (tmp_path / "wrong.json").write_text("{}")
    (tmp_path / "bad name.json").write_text(POLICY)
    assert "Statement" in run("keys", "create", "--policy", str(tmp_path / "wrong.json"), fails=True)
    assert "letters, digits" in run("keys", "create", "--policy", str(tmp_path / "bad name.json"), fails=True)
    assert "AmazonSESFullAccess" in run("keys", "create", "--policy", "AmazonSES", fails=True)
    run("keys", "create", "--user", "ann")
    assert "by case alone" in run("keys", "create", "--user", "Ann", fails=True)


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


def test_an_operator_pauses_a_tenant(tmp_path: Path, run: Any) -> None:
    settings, folder = read_settings(None, tmp_path / "data")
    tenant = tenants.Tenant("123456789012", "us-east-1", "acme", "tn-1", 0.0)
    in_store(settings, folder, lambda session, _, __: tenant_store.insert(session, tenant))
    assert json.loads(run("account", "enforce", "--tenant", "acme", "--cause", "Spam traps.", "--json")) == {
        "TenantName": "acme",
        "SendingStatus": "DISABLED",
    }
    found = in_store(
        settings, folder, lambda session, _, __: tenants.find(session, tenant.account_id, "us-east-1", "acme")
    )
    assert found is not None
    assert (found.customer.status, found.enforced.cause) == ("ENABLED", "Spam traps.")
    assert run("account", "enforce", "--tenant", "acme", "--lift") == "acme ENABLED\n"
    assert "has no tenant 'none'" in run("account", "enforce", "--tenant", "none", fails=True)


@pytest.fixture
def shop(tmp_path: Path, run: Any) -> None:
    """A store with the domain identity shop.example, as the server would have made it."""
    settings, folder = read_settings(None, tmp_path / "data")

    def make(session: Session, vault: Vault, now: float) -> None:
        pair = make_key(1024)
        scope = {"account_id": "123456789012", "region": "us-east-1", "identity_key": "shop.example"}
        sealed = seal_key(vault, pair, **scope, selector="t1", uuid="first")
        insert_key(session, sealed, now)
        tokens = ("t1", "t2", "t3")
        dkim = Dkim(True, Status.SUCCESS, DkimOrigin.AWS_SES, "t1", tokens, sealed.key_id, 1024, now)
        name = ("123456789012", "us-east-1", "shop.example", "shop.example")
        store.insert(session, Identity(*name, IdentityKind.DOMAIN, Status.SUCCESS, now, "token", dkim))

    in_store(settings, folder, make)


def test_dns_prints_lines_for_a_zone_file(run: Any, shop: None) -> None:
    zone = dns.zone.from_text(
        run("dns", "shop.example", "--zone-file"), origin=".", relativize=False, check_origin=False
    )
    assert zone.get_rdataset("t1._domainkey.shop.example.", "CNAME")[0].to_text() == "t1.dkim.hatobin.localhost."
    strings = zone.get_rdataset("t1.dkim.hatobin.localhost.", "TXT")[0].strings
    assert b"".join(strings).startswith(b"v=DKIM1; k=rsa; p=MIG")


def test_dns_without_a_domain_is_our_own_zone(run: Any, shop: None) -> None:
    records = json.loads(run("dns", "--json"))
    names = {record["name"] for record in records if record["purpose"] == "dkim-key"}
    assert names == {f"t{number}.dkim.hatobin.localhost" for number in (1, 2, 3)}
    assert all(record["name"].endswith("hatobin.localhost") for record in records)


def test_dns_makes_the_next_key_and_keeps_the_present_one(run: Any, shop: None) -> None:
    def keys(*arguments: str) -> list[str]:
        records = json.loads(run("dns", "shop.example", "--json", "--purpose", "dkim-key", *arguments))
        return [record["value"] for record in records]

    [first, second, third] = keys()
    assert first == second == third
    rotated = keys("--new-key")
    assert rotated[0] == first
    assert rotated[1] != first
    assert "needs the DOMAIN" in run("dns", "--new-key", fails=True)


def test_dns_pushes_only_what_is_ours_to_change(run: Any, shop: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pushed: list[Any] = []
    monkeypatch.setattr(
        "hatobin.app.cli.dns.push_records", lambda records, **options: pushed.append((records, options))
    )
    output = run("dns", "shop.example", "--push", "192.0.2.53", "--zone", "shop.example")
    [(records, options)] = pushed
    assert {(name, kind) for name, kind, _ in records} == {
        *((f"t{number}._domainkey.shop.example", "CNAME") for number in (1, 2, 3)),
        ("_amazonses.shop.example", "TXT"),
    }
    assert (options["server"], options["zone"], options["key"]) == (("192.0.2.53", 53), "shop.example", None)
    assert "4 records are in the zone shop.example now." in output
    run("dns", "shop.example", "--push", "192.0.2.53", "--zone", "shop.example", "--purpose", "spf")
    assert [kind for _, kind, _ in pushed[1][0]] == ["TXT"]
    assert "needs --zone" in run("dns", "shop.example", "--push", "192.0.2.53", fails=True)
    outside = run("dns", "shop.example", "--push", "192.0.2.53:5353", "--zone", "other.example", fails=True)
    assert "none of the records is in the zone other.example" in outside


def test_a_certificate_is_imported_listed_and_deleted(run: Any, tmp_path: Path) -> None:
    issued = issue("ann@example.com", now=time.time())
    (tmp_path / "cert.pem").write_bytes(issued.certificate)
    (tmp_path / "key.pem").write_bytes(key_pem(rsa_key(), b"secret"))
    (tmp_path / "password").write_text("secret\n")
    files = ["--cert", str(tmp_path / "cert.pem"), "--key", str(tmp_path / "key.pem")]
    assert "encrypted" in run("certificate", "import", *files, fails=True)
    more = ["--password-file", str(tmp_path / "password"), "--account", "210987654321", "--region", "eu-west-1"]
    arn = run("certificate", "import", *files, *more).strip()
    assert arn.startswith("arn:aws:acm:eu-west-1:210987654321:certificate/")
    [listed] = json.loads(run("certificate", "list", "--json"))
    assert (listed["CertificateArn"], listed["Addresses"]) == (arn, ["ann@example.com"])
    assert arn in run("certificate", "list")
    run("certificate", "delete", arn)
    assert "there is no certificate" in run("certificate", "delete", arn, fails=True)
    assert "no ARN" in run("certificate", "delete", "x", fails=True)
    assert json.loads(run("certificate", "list", "--json")) == []


def test_a_certificate_that_signs_is_not_deleted(run: Any, tmp_path: Path) -> None:
    issued = issue("ann@example.com", now=time.time())
    (tmp_path / "cert.pem").write_bytes(issued.certificate)
    (tmp_path / "key.pem").write_bytes(issued.key)
    arn = run("certificate", "import", "--cert", str(tmp_path / "cert.pem"), "--key", str(tmp_path / "key.pem")).strip()
    settings, folder = read_settings("", tmp_path / "data")

    def use(session: Session, vault: Vault, now: float) -> None:
        [certificate] = acm.list_certificates(session)
        assert associate(session, "example.com", "ann@example.com", certificate)

    in_store(settings, folder, use)
    assert "ann@example.com" in run("certificate", "delete", arn, fails=True)
