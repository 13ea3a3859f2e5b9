"""Signatures of webhooks: as Standard Webhooks says, and verified by what docs/events.md prints."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import time
from collections.abc import Mapping
from typing import Any

import pytest

from hatobin.companions.outward.model import CallKind, Leased, TargetKey
from hatobin.companions.outward.requests import NotReachable, OutwardRequest
from hatobin.companions.outward.webhooks import WebhookCarrier, secret_key, signature
from hatobin.words.settings import Webhook
from tests.programs import require_program
from tests.tidy.source import ROOT

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENT = '{"eventType":"Bounce","mail":{"subject":"荷物"}}'
HOOK = Webhook(name="hook", url="https://hook.example/in?a=1", secret=SECRET)


def request(*, now: float, call_id: str = "id-1") -> OutwardRequest:
    key = TargetKey("1", "us-east-1", CallKind.WEBHOOK.value, "hook")
    return WebhookCarrier([HOOK]).request([Leased(key, call_id, EVENT, call_id, 0.0, 0.0, 0)], now=now)


def printed(language: str) -> str:
    """Give the verifier that the page prints in a language."""
    found = re.search(rf"```{language}\n(.*?)```", (ROOT / "docs/events.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def in_python(headers: Mapping[str, str], body: bytes) -> bool:
    namespace: dict[str, Any] = {}
    exec(printed("python"), namespace)
    return bool(namespace["verify"](SECRET, dict(headers), body))


def in_node(headers: Mapping[str, str], body: bytes) -> bool:
    given = json.dumps([SECRET, dict(headers), base64.b64encode(body).decode()])
    program = printed("js") + (
        '\nconst [secret, headers, body] = JSON.parse(require("fs").readFileSync(0));'
        '\nconsole.log(verify(secret, headers, Buffer.from(body, "base64")));'
    )
    done = subprocess.run(
        [require_program("node"), "-e", program], input=given, capture_output=True, text=True, timeout=60, check=True
    )
    return {"true": True, "false": False}[done.stdout.strip()]


def test_the_specifications_own_example_is_signed_as_it_says() -> None:
    key = secret_key(SECRET)
    assert key is not None
    made = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("verify", [in_python, pytest.param(in_node, marks=pytest.mark.interop)])
def test_the_printed_verifiers_believe_what_is_true_and_nothing_else(verify: Any) -> None:
    sent = request(now=time.time())
    assert sent.url == HOOK.url
    assert sent.body == EVENT.encode()
    assert verify(sent.headers, sent.body)
    assert verify({**sent.headers, "webhook-signature": f"v1,AAAA {sent.headers['webhook-signature']}"}, sent.body)
    assert not verify(sent.headers, sent.body + b" ")
    for name, value in {"webhook-id": "msg_2", "webhook-signature": "v1,AAAA"}.items():
        assert not verify({**sent.headers, name: value}, sent.body)
    assert not verify(request(now=time.time() - 3600).headers, sent.body)


def test_the_id_stays_and_the_time_is_that_of_the_attempt() -> None:
    first, second = request(now=1000.9), request(now=1060.0)
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "msg_id-1"
    assert (first.headers["webhook-timestamp"], second.headers["webhook-timestamp"]) == ("1000", "1060")
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_a_webhook_that_is_not_configured_is_named() -> None:
    key = TargetKey("1", "us-east-1", CallKind.WEBHOOK.value, "gone")
    with pytest.raises(NotReachable, match="gone"):
        WebhookCarrier([HOOK]).request([Leased(key, "i", EVENT, "i", 0.0, 0.0, 0)], now=0.0)


@pytest.mark.parametrize(
    "text", ["", "secret", "whsec_", "whsec_AAAA", "whsec_!!!!" + "A" * 40, "whsec_" + "A" * 100, SECRET[6:]]
)
def test_a_secret_of_another_form_is_none(text: str) -> None:
    assert secret_key(text) is None


def test_secret_and_url_are_not_shown() -> None:
    assert SECRET not in repr(HOOK)
    assert "hook.example" not in repr(HOOK)
