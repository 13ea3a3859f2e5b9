"""DEV-CL-11: a company's Postfix uses us as its relay, faster than the account may send."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Iterator
from glob import glob

import pytest

from tests.peers.postfix import Postfix
from tests.peers.smtp_sink import SmtpSink
from tests.running import ACCESS_KEY_ID, REGION, SECRET, RunningServer, smtp_password, wait_until

_RATE = 20
_MESSAGES = 60

pytestmark = pytest.mark.skipif(
    not glob("/usr/lib/*/sasl2/libplain.so*"), reason="Postfix has no SASL client here (package libsasl2-modules)"
)


@pytest.fixture
def receiver() -> Iterator[SmtpSink]:
    with SmtpSink() as running:
        yield running


@pytest.fixture
def server(receiver: SmtpSink) -> Iterator[RunningServer]:
    settings = {
        "delivery.mode": "relay",
        "delivery.relay": receiver.address,
        "account.verification": "instant",
        "account.max_send_rate": str(_RATE),
    }
    with RunningServer(settings) as running:
        running.client("sesv2").create_email_identity(EmailIdentity="example.com")
        yield running


@pytest.fixture
def postfix(server: RunningServer) -> Iterator[Postfix]:
    authority = server.data.parent / f"{server.data.name}-ca.pem"
    authority.write_bytes(server.ca.read_bytes())
    login = f"[localhost]:{server.port('submission')} = {ACCESS_KEY_ID}:{smtp_password(SECRET, REGION)}"
    settings = {
        "mynetworks": "127.0.0.0/8",
        "smtpd_relay_restrictions": "permit_mynetworks, reject",
        "relayhost": f"[localhost]:{server.port('submission')}",
        "smtp_tls_security_level": "secure",
        "smtp_tls_secure_cert_match": "hostname",
        "smtp_tls_CAfile": str(authority),
        "smtp_sasl_auth_enable": "yes",
        "smtp_sasl_security_options": "noanonymous",
        "smtp_sasl_password_maps": "inline:{ { " + login + " } }",
        "smtp_tls_loglevel": "1",
        "smtp_host_lookup": "native",
        "queue_run_delay": "1s",
        "minimal_backoff_time": "1s",
        "maximal_backoff_time": "2s",
    }
    try:
        with Postfix("unused.example", settings=settings) as running:
            yield running
    finally:
        authority.unlink()


def test_surplus_is_deferred_and_everything_arrives_once(
    postfix: Postfix, server: RunningServer, receiver: SmtpSink
) -> None:
    begun = time.monotonic()
    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=30) as session:
        for number in range(_MESSAGES):
            recipients = [f"a-{number}@example.net", f"b-{number}@example.net"]
            text = f"From: sender@example.com\r\nTo: {', '.join(recipients)}\r\nSubject: {number}\r\n\r\nx\r\n"
            session.sendmail("sender@example.com", recipients, text)
    receiver.wait(lambda one: True, "every message", count=_MESSAGES, timeout_s=60)
    took_s = time.monotonic() - begun
    wait_until(lambda: not postfix.queued(), "Postfix's queue empties")
    assert took_s >= (2 * _MESSAGES - 2 * _RATE) / _RATE, "faster than the rate allows"
    pairs = [(one.message["Subject"], to) for one in receiver.received for to in one.recipients]
    assert len(pairs) == len(set(pairs)) == 2 * _MESSAGES
    log = postfix.log()
    assert "454 Throttling failure: Maximum sending rate exceeded" in log
    assert "Verified TLS connection established to localhost" in log
    assert "status=bounced" not in log
