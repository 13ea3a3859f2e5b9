"""What SNS posts, checked by a validator that subscribers use: npm's sns-validator (DEV-IS-33)."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.interop.sending import configuration_set_to, send_simple
from tests.peers.certificates import Certificate, issued_by
from tests.peers.http_receiver import HttpReceiver
from tests.peers.sns_messages import fetch_certificate, signature_holds
from tests.running import RunningServer

_PACKAGE = "sns-validator@0.3.5"
_PROGRAM = Path(__file__).parents[1] / "peers" / "sns_validator.cjs"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the validator in it."""
    folder = tmp_path_factory.mktemp("validator")
    npm = ["npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", str(folder), _PACKAGE]
    done = subprocess.run(npm, capture_output=True, text=True, timeout=180, check=False)
    if done.returncode:
        pytest.skip(f"npm gave no {_PACKAGE}: {done.stderr.strip()[-300:]}")
    (folder / "package.json").write_text("{}")
    return folder


@pytest.fixture
def subscriber(mailbox: RunningServer, tmp_path: Path) -> Iterator[HttpReceiver]:
    authority = Certificate(mailbox.data / "tls" / "ca.pem", mailbox.data / "tls" / "ca.key")
    with HttpReceiver(issued_by(authority, tmp_path, "localhost").server_context()) as receiver:
        yield receiver


def verdicts(server: RunningServer, installed: Path, folder: Path, messages: Sequence[dict[str, Any]]) -> list[str]:
    """Ask the validator, which trusts the authority of the server and takes keys from no other host."""
    file = folder / "messages"
    file.write_text("".join(json.dumps(message) + "\n" for message in messages))
    done = subprocess.run(
        ["node", str(_PROGRAM), str(installed), str(file), r"^(localhost|127\.0\.0\.1)(:\d+)?$"],
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(server.ca)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.splitlines()


def posted(server: RunningServer, subscriber: HttpReceiver, version: str) -> list[dict[str, Any]]:
    """Let a topic of this signature version post one of each kind, and give them."""
    sns, name = server.client("sns"), f"validated-{version}"
    topic = sns.create_topic(Name=name, Attributes={"SignatureVersion": version})["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="https", Endpoint=subscriber.url)
    [asked] = subscriber.wait(lambda r: r.document["Type"] == "SubscriptionConfirmation", "the question")
    urllib.request.urlopen(asked.document["SubscribeURL"], context=server.tls_context(), timeout=10).close()
    sns.publish(TopicArn=topic, Message="ünd\nzwei Zeilen")
    configuration_set_to(server, name, topic, "SEND")
    send_simple(server, ["reader@example.net"], ConfigurationSetName=name)
    notifications = subscriber.wait(lambda r: r.document["Type"] == "Notification", "the notifications", count=3)
    leave = notifications[0].document["UnsubscribeURL"]
    urllib.request.urlopen(leave, context=server.tls_context(), timeout=10).close()
    [parted] = subscriber.wait(lambda r: r.document["Type"] == "UnsubscribeConfirmation", "the parting")
    return [asked.document, *(one.document for one in notifications), parted.document]


@pytest.mark.parametrize("version", ["1", "2"])
def test_the_validator_accepts_what_we_post_and_nothing_else(
    mailbox: RunningServer, subscriber: HttpReceiver, installed: Path, tmp_path: Path, version: str
) -> None:
    messages = posted(mailbox, subscriber, version)
    assert {message["SignatureVersion"] for message in messages} == {version}
    assert len([message for message in messages if "Subject" in message]) == 1, "the event has one, the others none"
    *others, parted = messages
    assert verdicts(mailbox, installed, tmp_path, others) == ["ok"] * 4
    # Of this kind npm's leaves the token out, against the page and the validators of other languages, which count it.
    assert signature_holds(parted, fetch_certificate(parted["SigningCertURL"], mailbox.ca))
    tampered = [{**message, "Message": message["Message"] + "."} for message in messages]
    assert verdicts(mailbox, installed, tmp_path, tampered) == ["The message signature is invalid."] * 5
    elsewhere = {**messages[1], "SigningCertURL": "https://other.example/key.pem"}
    assert verdicts(mailbox, installed, tmp_path, [elsewhere]) != ["ok"]
