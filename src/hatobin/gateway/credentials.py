"""Where access keys come from, as a Protocol: a store of credentials answers it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from hatobin.gateway.call import Principal


@dataclass(frozen=True, slots=True)
class Credential:
    """An active access key, its secret, whom it speaks for and what that one may do.

    `session_token` and `expires_at` (seconds since the epoch) are set for temporary
    credentials, which must come with that token and end then. `policies` are the
    JSON texts of every identity policy of the user or role; `session_policies` those
    that narrow a session, None where nothing does. Both are the same objects for as
    long as nothing changes, so what is compiled of them may be kept by them.
    """

    access_key_id: str
    secret: str = field(repr=False)
    principal: Principal
    session_token: str | None = field(default=None, repr=False)
    expires_at: float | None = None
    policies: tuple[str, ...] = ()
    session_policies: tuple[str, ...] | None = None


class Credentials(Protocol):
    """The access keys that may call now: retired and forbidden ones are not found."""

    async def find(self, access_key_id: str, peer_ip: str) -> Credential | None:
        """Give the credential of an access key id, or None when a request from `peer_ip` may not use it."""
        ...

    async def note_use(self, access_key_id: str, service: str, region: str) -> None:
        """Record now and then that a key has been used; called for each request that is rightly signed."""
        ...
