"""Every script, played against the server core in memory, cut in three ways."""

from __future__ import annotations

import pytest

from tests.dialogs.player import FRAMINGS, Dialog, Framing, Player, dialogs, matches

_ALL = dialogs()


def test_there_are_scripts() -> None:
    assert len(_ALL) > 30


@pytest.mark.parametrize("framing", FRAMINGS, ids=lambda framing: framing.__name__)
@pytest.mark.parametrize("dialog", _ALL, ids=lambda dialog: dialog.name)
def test_dialog_goes_as_written(dialog: Dialog, framing: Framing) -> None:
    player = Player(dialog)
    for index, segment in enumerate(dialog.segments):
        if index:
            player.session.tls_established()
        player.server, events_before = bytearray(player.server if not index else b""), len(player.events) * bool(index)
        for chunk in framing(segment.client):
            player.hear(chunk)
        said = player.server.decode("ascii")
        assert said.endswith("\r\n") or not said
        lines = said.split("\r\n")[:-1]
        assert matches(lines, segment.server), "\n".join(["the server said:", *lines])
        events = player.events[events_before:]
        assert matches(events, segment.events), "\n".join(["the session told:", *events])
