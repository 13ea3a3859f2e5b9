"""The figures of a real server: Prometheus's own parser reads them, and the page for operators names them all."""

from __future__ import annotations

import json
import re

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.running import ROOT, RunningServer, wait_until

_ROW = re.compile(r"^\| `(hatobin_\w+)` \| (.*?) \|", re.MULTILINE)
CONTENT = {"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}}


def scraped(server: RunningServer) -> dict[str, Metric]:
    """Read the figures; the parser leaves `_total` out of the names of counters."""
    families = text_string_to_metric_families(server.get("/metrics").decode())
    return {f"{one.name}_total" if one.type == "counter" else one.name: one for one in families}


def send(server: RunningServer, to: str) -> str:
    answer = server.client("sesv2").send_email(
        FromEmailAddress="me@example.com", Destination={"ToAddresses": [to]}, Content=CONTENT
    )
    return str(answer["MessageId"])


def total(figures: dict[str, Metric], name: str, **labels: str) -> float:
    return float(
        sum(
            sample.value
            for sample in figures[name].samples
            if not sample.name.endswith(("_created", "_bucket", "_sum")) and labels.items() <= sample.labels.items()
        )
    )


def test_the_page_for_operators_names_what_is_exported() -> None:
    page = {
        name: set(re.findall(r"`(\w+)`", labels))
        for name, labels in _ROW.findall((ROOT / "docs/operations.md").read_text())
    }
    with RunningServer() as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        send(server, "a@example.net")
        send(server, "bounce@simulator.amazonses.com")
        wait_until(lambda: total(scraped(server), "hatobin_attempts_total") == 1, "the bounce is counted")
        figures = scraped(server)
        assert page.keys() == figures.keys()
        for name, family in figures.items():
            for sample in family.samples:
                assert set(sample.labels) - {"le"} == page[name], name
        assert total(figures, "hatobin_messages_accepted_total") == 2
        assert total(figures, "hatobin_attempts_total", outcome="bounced", provider="other") == 1
        assert total(figures, "hatobin_accept_commit_seconds") >= 1
        assert total(figures, "hatobin_lease_age_seconds") < 60
        assert total(figures, "hatobin_workers", state="alive") == 1


def test_every_worker_answers_for_all() -> None:
    with RunningServer({"server.workers": "2"}) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        for number in range(10):
            send(server, f"user{number}@example.net")
        wait_until(
            lambda: total(scraped(server), "hatobin_messages_accepted_total") == 10, "both have told", timeout_s=30
        )
        for _ in range(10):
            figures = scraped(server)
            workers = [one.labels["worker"] for one in figures["hatobin_messages_accepted_total"].samples]
            assert workers == ["0", "1"]
            assert total(figures, "hatobin_messages_accepted_total") == 10


def test_lines_of_the_log_name_their_message_and_no_recipient() -> None:
    with RunningServer({"log.level": "debug", "log.format": "json"}) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        message_id = send(server, "bounce@simulator.amazonses.com")

        def told() -> dict[str, dict[str, object]]:
            lines = [json.loads(line) for line in server.stderr().splitlines() if line.startswith("{")]
            return {line["event"]: line for line in lines if line.get("message_id") == message_id}

        wait_until(lambda: told().keys() >= {"accepted", "settled"}, "both lines are there")
        assert (told()["accepted"]["recipients"], told()["settled"]["outcomes"]) == (1, {"bounced": 1})
        assert "bounce@" not in server.stderr()
