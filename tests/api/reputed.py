"""Mail that was sent and bounced, counted as acceptance and settlement count it, and the watch that looks at it."""

from __future__ import annotations

from hatobin.capabilities.metrics import ReputationTally, Sender
from hatobin.capabilities.reputation import ReputationWatch
from hatobin.ports import Session
from hatobin.words.lane import Lane
from tests.api.harness import ACCOUNT, REGION, Api

IDENTITY = f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/example.com"
ACCOUNT_ARN = f"arn:aws:ses:{REGION}:{ACCOUNT}:account"


class Reputed:
    """Counts for an account, and looks at reputations."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.watch = ReputationWatch(api.world.ports, api.world.settings, api.outbound.publisher.wake)

    def count(
        self,
        sends: int,
        *,
        bounces: int = 0,
        complaints: int = 0,
        tenant: str | None = None,
        set_name: str | None = None,
    ) -> None:
        """Write down what was sent now, and what became of it."""
        sender, at = Sender(ACCOUNT, REGION, IDENTITY, set_name, tenant), self.api.world.clock.now()

        def work(session: Session) -> None:
            tally = ReputationTally()
            for what, number in (("sends", sends), ("bounces", bounces), ("complaints", complaints)):
                tally.add(sender, at, what, number)
            tally.record(session, Lane.SETTLE)

        self.api.run(self.api.world.database.write(work))

    def look(self) -> int:
        """Look at everybody; give of how many something was written."""
        return self.api.run(self.watch.once())
