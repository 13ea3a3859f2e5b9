"""Django's SMTP backend, certificate verification on, as a project would be configured."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.running import ACCESS_KEY_ID, REGION, SECRET, RunningServer, smtp_password

pytest.importorskip("django")

_PROJECT = """
import sys
from django.conf import settings
host, port, user, password, implicit = sys.argv[1:6]
settings.configure(
    EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
    EMAIL_HOST=host, EMAIL_PORT=int(port), EMAIL_HOST_USER=user, EMAIL_HOST_PASSWORD=password,
    EMAIL_USE_SSL=implicit == "True", EMAIL_USE_TLS=implicit != "True", EMAIL_TIMEOUT=30,
)
import django
django.setup()
from django.core.mail import EmailMultiAlternatives, send_mass_mail
message = EmailMultiAlternatives(
    "Grüße", "Hallo Täubchen", "Django <sender@example.com>", [f"django-{implicit}@example.net"],
    bcc=[f"django-bcc-{implicit}@example.net"], headers={"X-Framework": "Django"},
)
message.attach_alternative("<p>Hallo Täubchen</p>", "text/html")
message.attach("notes.txt", "three lines\\n.\\nof text\\n", "text/plain")
print(message.send())
"""


def _run(server: RunningServer, *, implicit_tls: bool, trusting: bool) -> subprocess.CompletedProcess[str]:
    environment = server.client_environment()
    if trusting:
        environment["SSL_CERT_FILE"] = str(server.ca)
    port = server.port("submission_tls" if implicit_tls else "submission")
    values = ("localhost", str(port), ACCESS_KEY_ID, smtp_password(SECRET, REGION), str(implicit_tls))
    command = [sys.executable, "-c", _PROJECT, *values]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("implicit_tls", [False, True], ids=["EMAIL_USE_TLS", "EMAIL_USE_SSL"])
def test_django_sends(mailbox: RunningServer, implicit_tls: bool) -> None:
    done = _run(mailbox, implicit_tls=implicit_tls, trusting=True)
    assert (done.returncode, done.stdout.strip()) == (0, "1"), done.stderr
    message = mailbox.inbox(to=f"django-{implicit_tls}@example.net")[0]
    assert message["subject"] == "Grüße"
    assert message["text"].strip() == "Hallo Täubchen"
    assert message["html"].strip() == "<p>Hallo Täubchen</p>"
    data = mailbox.inbox_bytes(message)
    assert b"X-Framework: Django" in data
    assert b"django-bcc" not in data
    assert mailbox.inbox(to=f"django-bcc-{implicit_tls}@example.net")[0]["id"] == message["id"]


def test_django_refuses_a_certificate_it_was_not_told_to_trust(mailbox: RunningServer) -> None:
    done = _run(mailbox, implicit_tls=False, trusting=False)
    assert done.returncode != 0
    assert "CERTIFICATE_VERIFY_FAILED" in done.stderr
