"""moto beside the server: a table is made and read through our endpoint, and the child ends with us."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from hatobin.app import moto
from hatobin.words.settings import Delivery, Service, Settings
from tests.running import ROOT, wait_until


def _children(pid: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _lives(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_dynamodb_is_asked_through_us_and_moto_ends_with_the_server(tmp_path: Path, number: signal.Signals) -> None:
    listeners = ("http", "https", "submission", "submission_tls", "reception")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HATOBIN_"))}
    environment |= {f"HATOBIN_SERVER__{name.upper()}": "127.0.0.1:0" for name in listeners}
    with (tmp_path / "stderr.txt").open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "hatobin", "serve", "--with-moto", "--data", str(tmp_path / "data")],
            cwd=ROOT,
            env=environment | {"PYTHONPATH": str(ROOT / "src")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    assert process.stdout is not None
    try:
        ready = json.loads(process.stdout.readline())
        [child] = _children(process.pid)
        table = boto3.session.Session("test", "test", region_name="us-east-1").client(
            "dynamodb", endpoint_url=f"http://{ready['http']}"
        )
        table.create_table(
            TableName="tickets",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        table.put_item(TableName="tickets", Item={"id": {"S": "1"}, "text": {"S": "鳩" * 100_000}})
        assert table.get_item(TableName="tickets", Key={"id": {"S": "1"}})["Item"]["text"]["S"] == "鳩" * 100_000
        table.close()
        assert "in memory" in (tmp_path / "stderr.txt").read_text()
        process.send_signal(number)
        process.wait(20)
        wait_until(lambda: not _lives(child), "moto ends with the server")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moto, "find_spec", lambda _: None)
    with pytest.raises(moto.MotoUnusable, match=r"hatobin\[aws-local\]"), moto.running_moto(Settings()):
        pass


def test_real_mail_has_no_moto_beside_it() -> None:
    settings = Settings(delivery=Delivery(mode="mx"), service=Service(domain="mail.example"))
    with pytest.raises(moto.MotoUnusable, match="mx"), moto.running_moto(settings):
        pass
