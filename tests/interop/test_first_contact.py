"""What somebody meets who starts the server for the first time, stops it, and starts it again."""

from __future__ import annotations

import json
import re
import smtplib
import subprocess
import sys

from tests.interop.sending import send_simple
from tests.running import ROOT, RunningServer, smtp_password, wait_until


def test_ready_line_names_every_listener_and_all_accept(mailbox: RunningServer) -> None:
    assert mailbox.addresses.keys() >= {"http", "https", "submission", "submission_tls", "trusted"}
    for address in mailbox.addresses.values():
        assert re.fullmatch(r"127\.0\.0\.1:[1-9]\d+", address)
    assert mailbox.get("/healthz") is not None
    assert mailbox.get("/readyz") is not None


def test_people_are_told_on_stderr_what_to_do_next(mailbox: RunningServer) -> None:
    text = mailbox.stderr()
    assert mailbox.endpoint in text
    assert "hatobin env" in text
    assert "/console/" in text


def test_env_gives_what_clients_need(mailbox: RunningServer) -> None:
    values = mailbox.command("env")
    assert values["AWS_ENDPOINT_URL"] == mailbox.endpoint
    assert values["AWS_ACCESS_KEY_ID"] == values["AWS_SECRET_ACCESS_KEY"] == "test"
    assert values["AWS_DEFAULT_REGION"] == "us-east-1"
    assert values["SMTP_PORT"] == str(mailbox.port("submission"))
    assert values["SMTP_PASSWORD"] == smtp_password("test", "us-east-1")


def test_new_smtp_credentials_log_in_and_retired_ones_do_not(mailbox: RunningServer) -> None:
    made = mailbox.command("keys", "create", "--smtp", "--region", "eu-west-1")
    assert made["SmtpPassword"] == smtp_password(made["SecretAccessKey"], "eu-west-1")
    with smtplib.SMTP("localhost", mailbox.port("submission"), timeout=30) as session:
        session.starttls(context=mailbox.tls_context())
        session.login(made["SmtpUsername"], made["SmtpPassword"])
    mailbox.command("keys", "retire", made["AccessKeyId"])

    def login_fails() -> bool:
        with smtplib.SMTP("localhost", mailbox.port("submission"), timeout=30) as session:
            session.starttls(context=mailbox.tls_context())
            try:
                session.login(made["SmtpUsername"], made["SmtpPassword"])
            except smtplib.SMTPAuthenticationError as error:
                return error.smtp_code == 535
        return False

    wait_until(login_fails, "the retired key is refused", timeout_s=15, every_s=0.5)


def test_nothing_is_lost_at_a_restart() -> None:
    with RunningServer() as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        first = send_simple(server, ["reader@example.net"], "before the restart")
        server.restart()
        second = send_simple(server, ["reader@example.net"], "after the restart")
        assert [one["id"] for one in server.inbox(subject="after the restart")] == [second]
        assert {one["id"] for one in server.inbox(to="reader@example.net")} == {first, second}
        server.kill9()
        server.start()
        assert len(server.inbox(to="reader@example.net")) == 2


def test_starts_quickly(mailbox: RunningServer) -> None:
    # A second on a free machine; the bound is loose because this one may not be free.
    assert mailbox.ready_after_s < 10


def _refusal(server: RunningServer, **settings: str) -> str:
    """Start a second process on the data folder of `server`, with other settings; give its stderr."""
    environment = server.environment() | {f"HATOBIN_{name}": value for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-m", "hatobin", "serve", "--data", str(server.data)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode != 0
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_second_server_on_the_same_folder_is_refused_in_a_sentence(mailbox: RunningServer) -> None:
    ports = {f"SERVER__{name.upper()}": "127.0.0.1:0" for name in mailbox.addresses}
    assert "already running" in _refusal(mailbox, **ports)


def test_an_unknown_setting_is_refused_with_its_path(mailbox: RunningServer) -> None:
    text = _refusal(mailbox, DELIVERY__MODUS="relay")
    assert "modus" in text
    assert "delivery" in text


def test_mode_mx_without_a_domain_is_refused(mailbox: RunningServer) -> None:
    assert "service.domain" in _refusal(mailbox, DELIVERY__MODE="mx")


def test_a_taken_port_is_named(mailbox: RunningServer) -> None:
    with RunningServer() as other:
        other.stop()
        assert mailbox.addresses["http"] in _refusal(other, SERVER__HTTP=mailbox.addresses["http"])


def test_every_answer_has_a_request_id(mailbox: RunningServer) -> None:
    answers = [
        mailbox.client("sesv2").get_account(),
        mailbox.client("ses").get_send_quota(),
        mailbox.client("sns").list_topics(),
        mailbox.client("sqs").list_queues(),
        mailbox.client("sts").get_caller_identity(),
    ]
    for answer in answers:
        assert re.fullmatch(r"[0-9a-f-]{36}", answer["ResponseMetadata"]["RequestId"]), json.dumps(answer, default=str)
