"""The words of the console: the same in each language, all used, chosen as the browser wishes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import hatobin.servers.console
from hatobin.capabilities.events import RecordedEvent
from hatobin.servers.console.language import language_of
from hatobin.servers.console.texts import LANGUAGES, choose_texts
from hatobin.servers.console.timeline import moment
from hatobin.words.event import EventKind
from hatobin.words.outcome import RecipientState

TEMPLATES = Path(str(hatobin.servers.console.__file__)).parent / "templates"


def test_languages_have_the_same_texts() -> None:
    assert LANGUAGES["ja"].keys() == LANGUAGES["en"].keys()
    assert all(text.strip() for texts in LANGUAGES.values() for text in texts.values())


def test_every_text_is_used_and_every_use_has_a_text() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.iterdir())
    used = set(re.findall(r"\bt\.(\w+)", pages))
    built = {f"mode_{name}" for name in ("mailbox", "relay", "mx")}
    built |= {f"view_{name}" for name in ("html", "text", "headers", "files", "source")}
    built |= {f"state_{state.name.lower()}" for state in RecipientState}
    built |= {moment(RecordedEvent(kind, 0.0, "{}")).name for kind in EventKind}
    built |= {"to", "cc", "reply_to"}
    assert used | built == LANGUAGES["en"].keys()


@pytest.mark.parametrize(
    ("accepted", "lang"),
    [
        (None, "en"),
        ("", "en"),
        ("ja", "ja"),
        ("ja-JP,ja;q=0.9,en;q=0.8", "ja"),
        ("en;q=0.5, ja;q=0.7", "ja"),
        ("fr, en;q=0.5, ja;q=0.4", "en"),
        ("ja;q=0", "en"),
        ("JA", "ja"),
        ("ja;q=x", "en"),
        (";;,,=", "en"),
        ("x," * 5000 + "ja", "en"),
    ],
)
def test_the_browser_s_wish(accepted: str | None, lang: str) -> None:
    assert choose_texts(accepted)["lang"] == lang


@pytest.mark.parametrize(
    ("text", "raw", "lang"),
    [
        ("ありがとう", b"", "ja"),
        ("ｱﾘｶﾞﾄｳ", b"", "ja"),
        ("会議", b"Content-Type: text/plain; charset=iso-2022-jp", "ja"),
        ("会議", b"charset=GB18030", ""),
        ("안녕", b"", "ko"),
        ("Hello", b"charset=iso-2022-jp", ""),
    ],
)
def test_languages_that_share_characters_are_told_apart(text: str, raw: bytes, lang: str) -> None:
    assert language_of(text, raw) == lang


@pytest.mark.parametrize("detail", ["{}", "[]", '"x"', '{"bouncedRecipients":[1,{}]}', '{"recipients":"x"}'])
@pytest.mark.parametrize("kind", list(EventKind))
def test_events_of_odd_facts_are_shown(kind: EventKind, detail: str) -> None:
    assert moment(RecordedEvent(kind, 1.0, detail)).at == 1.0


def test_recipients_with_the_same_words_stand_together() -> None:
    detail = '{"recipients":["a@x","b@x"],"smtpResponse":"250 ok","processingTimeMillis":12}'
    shown = moment(RecordedEvent(EventKind.DELIVERY, 1.0, detail))
    assert [(spoken.addresses, spoken.words) for spoken in shown.recipients] == [(("a@x", "b@x"), "250 ok")]
    assert shown.took_ms == 12
