"""Where access keys come from, as a Protocol: a store of credentials answers it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from hatobin.gateway.call import Principal


@dataclass(frozen=True, slots=True)
class Credential:
    """An active access key, its secret, whom it speaks for and what that one may do.

    `session_token` is set for temporary credentials, which must come with it.
    `policies` are the texts of all identity policies of the user or role;
    `session_policies` narrow them, where a session was begun with some.
    Both stay the same objects while nothing changes.
    """

    access_key_id: str
    secret: str = field(repr=False)
    principal: Principal
    session_token: str | None = field(default=None, repr=False)
    policies: tuple[str, ...] = ()
    session_policies: tuple[str, ...] | None = None


class Credentials(Protocol):
    """The access keys that may call now: retired and forbidden ones are not found."""

    async def find(self, access_key_id: str, peer_ip: str) -> Credential | None:
        """Give the credential of an access key id, or None when a request from `peer_ip` may not use it."""
        ...
