"""The ready queue's bounds."""

from __future__ import annotations

from hatobin.capabilities.queue import MessageKey, QueuedRecipient, ReadyMessage, ReadyQueue


def ready_message(size: int = 10) -> ReadyMessage:
    return ReadyMessage(
        key=MessageKey("1", "r", "m"),
        accepted_at=0,
        expires_at=1,
        reverse_path="",
        configuration_set=None,
        tls_required=False,
        dkim=None,
        content=b"",
        blob_key=None,
        recipients=(QueuedRecipient(0, "a@b", "b"),),
        size=size,
    )


def test_room_is_bounded_by_count_and_by_bytes() -> None:
    ready = ReadyQueue(max_messages=3, max_bytes=100)
    ready.reserve("m1", 2, 90)
    assert ready.has_room(1, 10)
    assert not ready.has_room(1, 11)
    assert not ready.has_room(2, 1)
    assert ready.room == 1
    ready.reserve("m2", 1, 10)
    assert ready.room == 0
    ready.done("m1", 1, 45)
    assert ready.holds("m1")
    ready.done("m1", 1, 45)
    ready.done("m2", 1, 10)
    assert not ready.holds("m1")
    assert (ready.messages, ready.bytes, ready.room) == (0, 0, 3)


def test_a_site_keeps_the_order_and_is_forgotten_when_idle() -> None:
    ready = ReadyQueue(max_messages=10, max_bytes=100)
    first, second = ready_message(1), ready_message(2)
    site = ready.put("example.net", first)
    assert ready.put("example.net", second) is site
    assert list(site.waiting) == [first, second]
    ready.forget_idle(site)
    assert ready.sites() == [site]
    site.waiting.clear()
    ready.forget_idle(site)
    assert ready.sites() == []
