"""The scripts of `tests/dialogs` that need no TLS, played against the driver instead of the bare core."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from hatobin.servers.smtp import Peer, SmtpSettings
from hatobin.words.envelope import Envelope
from hatobin.words.reply import Reply
from tests.dialogs.player import ACCEPTED, FRAMINGS, HOSTNAME, TRUSTED, Dialog, Framing, dialogs, matches
from tests.servers.smtp.house import HandClock, House, Wire, trusted_server

_PLAYABLE = [dialog for dialog in dialogs() if dialog.config.offer_tls is TRUSTED.offer_tls]


@dataclass
class ScriptedHouse(House):
    """Answers messages as a script says."""

    answers: tuple[Reply, ...] = ()

    async def accept(self, principal: str, envelope: Envelope, data: bytes, peer: Peer) -> Reply:
        await super().accept(principal, envelope, data, peer)
        return self.answers[len(self.taken) - 1] if len(self.taken) <= len(self.answers) else ACCEPTED


@pytest.mark.parametrize("framing", FRAMINGS, ids=lambda framing: framing.__name__)
@pytest.mark.parametrize("dialog", _PLAYABLE, ids=lambda dialog: dialog.name)
async def test_driver_says_what_the_script_says(dialog: Dialog, framing: Framing) -> None:
    house = ScriptedHouse(answers=tuple(reply for _, reply in dialog.answers))
    smtp = SmtpSettings(hostname=HOSTNAME, limits=dialog.config.limits)
    connection, wire = trusted_server(house, HandClock(), smtp).protocol(), Wire()
    connection.connection_made(wire)
    for chunk in framing(dialog.segments[0].client):
        if not wire.closing:
            connection.data_received(chunk)
        for _ in range(4):
            await asyncio.sleep(0)
    lines = wire.take().split("\r\n")[:-1]
    assert matches(lines, dialog.segments[0].server), "\n".join(["the server said:", *lines])


def test_most_scripts_are_played() -> None:
    assert len(_PLAYABLE) > 25
