"""What a claim tells of: recipients that were suppressed since their message was accepted."""

from __future__ import annotations

import json

import pytest

from hatobin.capabilities import suppression
from hatobin.capabilities.queue import Lease
from hatobin.companions.sns import DoneAtOnce
from hatobin.flow.outbound.claim import claim
from hatobin.ports import Session
from hatobin.words.outcome import RecipientState
from tests.api.harness import ACCOUNT, REGION, Api
from tests.api.links import REACHABLE
from tests.api.tracked import Readers

pytestmark = pytest.mark.parametrize("api", [REACHABLE], indirect=True)


def test_the_bounce_of_a_suppressed_recipient_is_in_a_raw_queue_with_the_claim_and_before_later_events(
    api: Api,
) -> None:
    readers = Readers(api, "BOUNCE")
    readers.send("<p>Hi</p>")
    now = api.world.clock.now()
    assert not api.outbound.ready.messages

    def work(session: Session) -> DoneAtOnce:
        session.execute(
            "UPDATE queue_recipient SET state = :state, due_at = :now, lease_worker = NULL, lease_epoch = NULL",
            {"state": RecipientState.QUEUED.value, "now": now},
        )
        suppression.add(session, ACCOUNT, REGION, "ann@example.net", reason="BOUNCE", now=now)
        messages, recorded = claim(
            session, Lease(1, 1), now=now, limit=5, settings=api.world.settings, entropy=api.world.ports.entropy
        )
        assert messages == []
        assert not recorded.waits, "a later event must find nothing in the outbox that it could overtake"
        return recorded.at_once

    done = api.run(api.world.database.write(work))
    assert [queue.name for queue in done.queues] == ["events"]
    assert [one.count for one in done.delivered] == [1]
    [event] = readers.events()
    assert event["eventType"] == "Bounce"
    assert json.dumps(event["bounce"]).count("ann@example.net") == 1
