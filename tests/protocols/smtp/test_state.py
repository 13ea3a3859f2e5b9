"""The table of transitions is whole and closed."""

from __future__ import annotations

import pytest

from hatobin.protocols.smtp.errors import LocalProtocolError
from hatobin.protocols.smtp.state import (
    COMMANDS,
    KNOWN_COMMANDS,
    ORDER_REFUSALS,
    TRANSITIONS,
    Phase,
    Standing,
    Step,
    next_phase,
)


def test_every_phase_stands_in_the_table_and_can_be_reached() -> None:
    assert set(TRANSITIONS) == set(Phase)
    reached, frontier = {Phase.OPENING}, {Phase.OPENING}
    while frontier:
        frontier = {to for phase in frontier for to in TRANSITIONS[phase].values()} - reached
        reached |= frontier
    assert reached == set(Phase)


def test_leaving_is_possible_from_everywhere_and_final() -> None:
    for phase in Phase:
        assert (Step.LEFT in TRANSITIONS[phase]) == (phase is not Phase.CLOSED)
    assert not TRANSITIONS[Phase.CLOSED]


def test_after_tls_only_a_greeting_leads_on() -> None:
    assert TRANSITIONS[Phase.HANDSHAKE][Step.TLS_DONE] is Phase.GREETED
    assert {to for step, to in TRANSITIONS[Phase.GREETED].items() if step is not Step.LEFT} == {
        Phase.READY,
        Phase.GREETED,
    }


def test_known_command_is_taken_or_told_why_not() -> None:
    for phase, allowed in COMMANDS.items():
        assert allowed | set(ORDER_REFUSALS[phase]) == KNOWN_COMMANDS
        assert not allowed & set(ORDER_REFUSALS[phase])


def test_step_that_is_not_in_the_table_is_our_bug() -> None:
    with pytest.raises(LocalProtocolError, match="CONTENT_BEGUN cannot happen in phase READY"):
        next_phase(Phase.READY, Step.CONTENT_BEGUN)


def test_tls_forgets_who_the_client_was() -> None:
    standing = Standing(secured=False)
    standing.phase, standing.authenticated, standing.helo = Phase.HANDSHAKE, True, "x"
    standing.secure()
    assert standing.secured
    assert not standing.authenticated
    assert standing.helo is None
