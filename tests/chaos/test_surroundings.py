"""What the server stands on gives way: a full disk, a bucket that fails, a receiver that stalls and storms."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.conftest import Store
from tests.chaos.ledger import Ledger, check_books, copies, is_settled
from tests.chaos.load import Load
from tests.peers.object_store import ObjectStore
from tests.peers.smtp_sink import SmtpSink
from tests.running import RunningServer, wait_until

_DISK_BYTES = 96 * 1024 * 1024
_SETTLE_TIMEOUT_S = 60.0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that can be filled."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "hatobin-test", folder], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small disk needs the right to mount: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def relaying(sink: SmtpSink, *, data: Path | None = None, **more: str) -> RunningServer:
    settings = {
        "delivery.mode": "relay",
        "delivery.relay": sink.address,
        "delivery.retry_delays_s": "[0.2]",
        "delivery.retry_jitter": "0",
        "account.verification": "instant",
    }
    return RunningServer(settings | more, data=data)


def fill(folder: Path) -> Path:
    """Take all the room there is."""
    junk = folder / "junk"
    with junk.open("wb", buffering=0) as file:
        for size in (1024 * 1024, 4096, 1):
            try:
                while True:
                    file.write(os.urandom(size))
            except OSError:
                continue
    return junk


def wait_for_more(load: Load) -> None:
    """Wait until a client is promised something again."""
    before = len(load.promised())
    wait_until(lambda: len(load.promised()) > before, "mail is accepted again", timeout_s=20)


def test_a_full_disk_stops_the_doors_and_loses_nothing(
    small_disk: Path, rounds: int, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with SmtpSink(delay_s=0.01) as sink, relaying(sink, data=small_disk) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        pid = server.pid
        with Load(server, seed=seed, receiver=sink) as load:
            for _ in range(min(rounds, 5)):
                wait_for_more(load)
                junk = fill(small_disk)
                wait_until(lambda: _refuses(load), "mail is refused while the disk is full", timeout_s=30)
                assert server.get("/healthz")
                junk.unlink()
                wait_for_more(load)
        assert not load.faults, load.faults
        assert server.pid == pid
        assert server.running
        wait_until(lambda: is_settled(server), f"the queue empties (seed {seed})", timeout_s=_SETTLE_TIMEOUT_S)
        close_books(server, load, sink, capsys)


def close_books(server: RunningServer, load: Load, sink: SmtpSink, capsys: pytest.CaptureFixture[str]) -> None:
    """Compare what was promised, recorded and received, and say how it went."""
    ledger, got = Ledger.of(server), copies(sink.received)
    check_books(ledger, load.promised(), got)
    twice = sum(count - 1 for count in got.values())
    with capsys.disabled():
        print(
            f"{len(load.promised())} messages promised, {load.unanswered} refused or unanswered, "
            f"{len(got)} deliveries, {twice} twice, {ledger.possible_duplicates} owned up to",
            flush=True,
        )


def _refuses(load: Load) -> bool:
    """Whether clients were refused, and nothing was promised, for a moment."""
    promised, refused = len(load.promised()), load.unanswered
    time.sleep(0.3)
    return len(load.promised()) == promised and load.unanswered > refused


def test_a_bucket_that_goes_away_delays_large_mail_only(
    rounds: int, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(seed)
    with SmtpSink() as sink, ObjectStore() as objects:
        objects.client().create_bucket(Bucket="bodies")
        with relaying(sink, **{"store.blobs": objects.url("bodies"), "store.inline_body_bytes": "2000"}) as server:
            server.client("sesv2").create_email_identity(EmailIdentity="example.com")
            with Load(server, seed=seed, receiver=sink) as load:
                for _ in range(min(rounds, 5)):
                    wait_for_more(load)
                    objects.pause()
                    refused = load.unanswered
                    time.sleep(dice.uniform(0.5, 1.5))
                    wait_until(lambda: load.unanswered > refused, "large mail is refused", timeout_s=60)  # noqa: B023
                    objects.resume()
                    wait_for_more(load)
            assert not load.faults, load.faults
            wait_until(lambda: is_settled(server), f"the queue empties (seed {seed})", timeout_s=_SETTLE_TIMEOUT_S)
            close_books(server, load, sink, capsys)


def test_a_receiver_that_stalls_resets_and_storms_gets_everything_in_the_end(
    store: Store, rounds: int, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(seed)
    with (
        SmtpSink(delay_s=0.01) as sink,
        relaying(sink, **store.settings, **{"delivery.reply_timeout_s": "1"}) as server,
    ):
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        with Load(server, seed=seed, receiver=sink) as load:
            for _ in range(min(rounds, 20)):
                time.sleep(dice.uniform(0.2, 0.6))
                with sink.weather(dice.choice(("stall", "reset", "storm"))):
                    time.sleep(dice.uniform(0.2, 1.5))
                if dice.random() < 0.3:
                    server.kill9()
                    server.start()
        assert not load.faults, load.faults
        wait_until(lambda: is_settled(server), f"the queue empties (seed {seed})", timeout_s=_SETTLE_TIMEOUT_S)
        close_books(server, load, sink, capsys)
