"""`hatobin messages`: what happened to a mail, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hatobin.app.cli import main
from hatobin.app.cli.options import read_settings
from hatobin.app.cli.store import in_store
from hatobin.capabilities import events, queue
from hatobin.capabilities.events import Event
from hatobin.capabilities.queue import MessageKey, NewMessage, NewRecipient
from hatobin.ports import Session
from hatobin.words.event import EventKind
from hatobin.words.identifiers import message_id
from hatobin.words.outcome import RecipientState

AT = 1_767_225_600.0


def put(session: Session, *_: Any) -> None:
    for number in range(3):
        at = AT + number
        key = MessageKey("123456789012", "us-east-1", message_id("us-east-1", at, f"{number:032x}"))
        state = RecipientState.BOUNCED if number == 1 else RecipientState.DELIVERED
        message = NewMessage(
            key=key, accepted_at=at, expires_at=at, source="me@example.com", reverse_path="r",
            identity_arn="arn:aws:ses:us-east-1:123456789012:identity/example.com", configuration_set=None,
            tls_required=False, dkim=None, tags="", mail="", content=b"", blob_key=None,
            recipients=(NewRecipient(f"u{number}@example.net", "example.net", state, "said so"),),
            subject=f"Order [{number}]",
        )  # fmt: skip
        queue.enqueue(session, message, None)
        events.record(session, Event(key, None, EventKind.SEND, at, "{}"))


@pytest.fixture
def run(tmp_path: Path) -> Any:
    settings, folder = read_settings(None, tmp_path / "data")
    in_store(settings, folder, put)

    def invoke(*arguments: str, fails: bool = False) -> str:
        result = CliRunner().invoke(main, [*arguments, "--data", str(tmp_path / "data")], env={"HATOBIN_CONFIG": ""})
        assert (result.exit_code != 0) == fails, result.output
        return result.output

    return invoke


def test_a_mail_is_found_and_its_story_told(run: Any) -> None:
    [found] = json.loads(run("messages", "search", "--outcome", "bounced", "--json"))["messages"]
    assert found["recipients"][0]["address"] == "u1@example.net"
    story = json.loads(run("messages", "show", found["id"], "--json"))
    assert story["message"]["subject"] == "Order [1]"
    assert [event["type"] for event in story["events"]] == ["Send"]
    shown = run("messages", "show", found["id"])
    for word in ("Order [1]", "u1@example.net", "Bounced", "said so", "Send"):
        assert word in shown


def test_a_table_says_how_to_go_on(run: Any) -> None:
    table = run("messages", "search", "--from", "ME@example.com", "--limit", "2")
    assert "u2@example.net" in table
    assert "u1@example.net" in table
    assert "u0@example.net" not in table
    assert "Order [2]" in table
    cursor = table.partition("--before ")[2].strip()
    below = run("messages", "search", "--limit", "2", "--before", cursor)
    assert "u0@example.net" in below
    assert "--before" not in below


def test_mistakes_are_told_in_a_sentence(run: Any) -> None:
    assert "since must be a time" in run("messages", "search", "--since", "soon", fails=True)
    assert "no message with the id 0100-x is kept" in run("messages", "show", "<0100-x@email.example>", fails=True)
