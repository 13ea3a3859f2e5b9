"""The attempt log: what it gives back after a death, whatever the death cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatobin.adapters.journal import FileJournal
from hatobin.capabilities.queue import AttemptLog, MessageKey
from hatobin.ports.journal import RECORD_BYTES
from hatobin.words.reply import Reply

KEY = MessageKey("123456789012", "ap-northeast-1", "0106018c5b1e9d2a-11111111-2222-4333-8444-555555555555-000000")


def log_in(folder: Path, **options: int) -> AttemptLog:
    return AttemptLog(FileJournal(folder, 0, **options))


def test_an_attempt_with_its_reply_comes_back_with_it(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.outcome(log.start(KEY, [0, 2]), Reply.of(250, "2.0.0 Ok: queued as 77"))
    (replayed,) = log_in(tmp_path).replay()
    assert (replayed.key, replayed.positions, replayed.code) == (KEY, (0, 2), 250)
    assert replayed.text == "250 2.0.0 Ok: queued as 77"


def test_an_attempt_without_a_reply_comes_back_as_doubtful(tmp_path: Path) -> None:
    log_in(tmp_path).start(KEY, [1])
    (replayed,) = log_in(tmp_path).replay()
    assert (replayed.positions, replayed.code) == ((1,), None)


def test_a_long_reply_is_cut_and_a_torn_record_is_skipped(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.outcome(log.start(KEY, [0]), Reply.of(550, "x" * 1000))
    with (tmp_path / "attempts-0.0").open("r+b") as file:
        file.seek(2 * RECORD_BYTES)
        file.write(b"S0000")
    (replayed,) = log_in(tmp_path).replay()
    assert replayed.code == 550
    assert len(replayed.text) < RECORD_BYTES


def test_a_damaged_record_does_not_hide_the_others(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.start(KEY, [0])
    log.start(KEY, [1])
    with (tmp_path / "attempts-0.0").open("r+b") as file:
        file.write(b"\xff" * RECORD_BYTES)
    assert [replayed.positions for replayed in log_in(tmp_path).replay()] == [(1,)]


def test_what_was_settled_is_forgotten(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.start(KEY, [0])
    again = log_in(tmp_path)
    assert again.replay()
    again.forget()
    assert log_in(tmp_path).replay() == []


def test_the_files_do_not_grow_while_attempts_are_settled(tmp_path: Path) -> None:
    log = log_in(tmp_path, generation_bytes=10 * RECORD_BYTES)
    for _ in range(500):
        attempt = log.start(KEY, [0])
        log.outcome(attempt, Reply.of(250, "ok"))
        log.settled(attempt)
    assert sum(path.stat().st_size for path in tmp_path.glob("attempts-*")) <= 50 * RECORD_BYTES
    assert len(log_in(tmp_path, generation_bytes=10 * RECORD_BYTES).replay()) <= 40


def test_a_full_journal_forgets_outcomes_but_never_overwrites(tmp_path: Path) -> None:
    log = log_in(tmp_path, generation_bytes=4 * RECORD_BYTES)
    attempts = [log.start(KEY, [number]) for number in range(40)]
    for attempt in attempts:
        log.outcome(attempt, Reply.of(250, "ok"))
    replayed = log_in(tmp_path, generation_bytes=4 * RECORD_BYTES).replay()
    assert replayed[0].positions == (0,)
    assert len(replayed) <= 20


def test_a_record_of_another_size_is_our_bug(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="bytes"):
        FileJournal(tmp_path, 0).append(b"short")


def test_an_attempt_that_was_settled_without_one_word_for_all_is_not_doubtful(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    settled, running = log.start(KEY, [0, 1]), log.start(KEY, [2])
    log.settled(settled)
    codes = {replayed.positions: replayed.code for replayed in log_in(tmp_path).replay()}
    assert codes == {(0, 1): 0, (2,): None}
    assert running.number != settled.number
