"""What the last message of the same kind was tracked for.

A message is made before the transaction that reads its configuration set. With
this memory it is usually made right at once; where it is not, the transaction
says so, nothing is stored, and it is made again. So untracked messages pay
nothing, and a set that changes is obeyed from its next message on.
"""

from __future__ import annotations

from hatobin.capabilities.tracking import Overrides, Tracking
from hatobin.flow.outbound.draft import Draft

MAX_KINDS = 10_000

_Kind = tuple[str, str, str, Overrides | None]


class TrackingMemory:
    """Remembers kinds that are tracked, up to `MAX_KINDS`; then it begins anew."""

    def __init__(self) -> None:
        self._wanted: dict[_Kind, Tracking] = {}

    def guess(self, draft: Draft) -> Tracking | None:
        """Give what messages like this one are probably tracked for."""
        return self._wanted.get(_kind(draft)) if self._wanted else None

    def learn(self, draft: Draft, wanted: Tracking | None) -> None:
        """Remember what was right."""
        if wanted is None:
            self._wanted.pop(_kind(draft), None)
            return
        if len(self._wanted) >= MAX_KINDS:
            self._wanted.clear()
        self._wanted[_kind(draft)] = wanted


def _kind(draft: Draft) -> _Kind:
    """Tell messages apart by their configuration set, or by their sender, whose default it is."""
    origin = draft.origin
    name = draft.configuration_set or str(draft.senders[0])
    return origin.principal.account_id, origin.region, name, draft.tracking
