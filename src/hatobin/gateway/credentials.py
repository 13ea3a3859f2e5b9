"""Where access keys come from, as a Protocol: a store of credentials answers it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from hatobin.gateway.call import Principal


@dataclass(frozen=True, slots=True)
class Credential:
    """An active access key, its secret and whom it speaks for.

    `session_token` is set for temporary credentials, which must come with it.
    """

    access_key_id: str
    secret: str = field(repr=False)
    principal: Principal
    session_token: str | None = field(default=None, repr=False)


class Credentials(Protocol):
    """The access keys that may call now: retired and forbidden ones are not found."""

    async def find(self, access_key_id: str, peer_ip: str) -> Credential | None:
        """Give the credential of an access key id, or None when a request from `peer_ip` may not use it."""
        ...
