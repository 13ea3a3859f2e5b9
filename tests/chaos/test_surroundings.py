"""What the server stands on gives way, one thing at a time: what the doors say while it lasts."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.chaos.disk import MayNotMount, small_disk
from tests.chaos.ledger import Ledger, check_books, copies, is_settled
from tests.chaos.load import Load
from tests.peers.object_store import ObjectStore
from tests.peers.smtp_sink import SmtpSink
from tests.running import RunningServer, wait_until

_DISK_BYTES = 96 * 1024 * 1024
_SETTLE_TIMEOUT_S = 60.0
_TIMES = 2


def relaying(sink: SmtpSink, *, data: Path | None = None, **more: str) -> RunningServer:
    settings = {
        "delivery.mode": "relay",
        "delivery.relay": sink.address,
        "delivery.retry_delays_s": "[0.2]",
        "delivery.retry_jitter": "0",
        "account.verification": "instant",
    }
    return RunningServer(settings | more, data=data)


def wait_for_more(load: Load) -> None:
    """Wait until a client is promised something again."""
    before = len(load.promised())
    wait_until(lambda: len(load.promised()) > before, "mail is accepted again", timeout_s=20)


def test_a_full_disk_stops_the_doors_and_loses_nothing(
    tmp_path: Path, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with ExitStack() as resources:
        try:
            disk = resources.enter_context(small_disk(tmp_path / "disk", _DISK_BYTES))
        except MayNotMount as reason:
            pytest.skip(f"a small disk needs the right to mount: {reason}")
        sink = resources.enter_context(SmtpSink(delay_s=0.01))
        server = resources.enter_context(relaying(sink, data=disk.folder))
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        pid = server.pid
        with Load(server, seed=seed, receiver=sink) as load:
            for _ in range(_TIMES):
                wait_for_more(load)
                disk.fill()
                wait_until(lambda: _refuses(load), "mail is refused while the disk is full", timeout_s=30)
                assert server.get("/healthz")
                disk.clear()
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


def test_a_bucket_that_goes_away_delays_large_mail_only(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    dice = random.Random(seed)
    with SmtpSink() as sink, ObjectStore() as objects:
        objects.client().create_bucket(Bucket="bodies")
        with relaying(sink, **{"store.blobs": objects.url("bodies"), "store.inline_body_bytes": "2000"}) as server:
            server.client("sesv2").create_email_identity(EmailIdentity="example.com")
            with Load(server, seed=seed, receiver=sink) as load:
                for _ in range(_TIMES):
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
