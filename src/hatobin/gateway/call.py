"""One authenticated request, as every operation sees it.

A `Call` is whole when it is made: who calls, for which account and region,
from where, and the ports and services that an operation may ask. Operations
take it with the typed request and return the typed response.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

from msgspec import Struct

from hatobin.gateway.permissions import Permissions
from hatobin.ports import Ports
from hatobin.words.settings import Settings

S = TypeVar("S")


class Principal(Struct, frozen=True):
    """Who signed the request.

    `arn` is the caller's ARN ("arn:aws:iam::123456789012:user/NAME"),
    `name` what events show as `ses:caller-identity`. `tags` are those of the user,
    or of the session and its role. A session of a role has "arn:aws:sts::…:assumed-role/ROLE/SESSION"
    and in `role_arn` the role's own ARN, which policies know as aws:PrincipalArn.
    """

    account_id: str
    access_key_id: str
    arn: str
    name: str
    user_id: str
    tags: tuple[tuple[str, str], ...] = ()
    role_arn: str = ""


class Services(Struct, frozen=True):
    """The long-lived parts of a running server that operations may use, by their type.

    Built once by the composition root; a missing entry is our own bug.
    """

    by_type: Mapping[type, object]

    def get(self, kind: type[S]) -> S:
        """Give the one instance of `kind`."""
        return cast(S, self.by_type[kind])


class Call(Struct, frozen=True):
    """One request, verified, addressed and allowed. `tls_version` is None over plain HTTP."""

    service: str
    operation: str
    principal: Principal
    permissions: Permissions
    region: str
    request_id: str
    source_ip: str
    tls_version: str | None
    user_agent: str
    ports: Ports
    settings: Settings
    services: Services

    @property
    def account_id(self) -> str:
        """The account that owns what this call touches."""
        return self.principal.account_id
