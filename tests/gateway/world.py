"""A gateway with operations of the test's own, and the ports that it asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from hatobin.adapters.clock import SystemClock
from hatobin.adapters.entropy import OsEntropy
from hatobin.gateway import Credential, Elsewhere, Gateway, Handlers, HttpRequest, HttpResponse, Principal, Services
from hatobin.ports import Ports
from hatobin.words.settings import Settings
from tests.gateway.exchange import ACCESS_KEY_ID, SECRET, Client

STRANGER_IP = "203.0.113.1"
PRINCIPAL = Principal("123456789012", ACCESS_KEY_ID, "arn:aws:iam::123456789012:user/test", "test", "AIDATEST")
EVERYTHING = ('{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',)


class OneKey:
    """A store with a single long-term key, and a temporary one beside it."""

    async def find(self, access_key_id: str, peer_ip: str) -> Credential | None:
        """See `Credentials.find`."""
        if access_key_id == ACCESS_KEY_ID and peer_ip not in (STRANGER_IP, ""):
            return Credential(ACCESS_KEY_ID, SECRET, PRINCIPAL, policies=EVERYTHING)
        if access_key_id == "ASIATEMPORARY":
            return Credential(access_key_id, SECRET, PRINCIPAL, session_token="TOKEN", policies=EVERYTHING)
        if access_key_id == "ASIAEXPIRED":
            return Credential(access_key_id, SECRET, PRINCIPAL, session_token="TOKEN", expires_at=1.0)
        return None

    async def note_use(self, access_key_id: str, service: str, region: str) -> None:
        """See `Credentials.note_use`."""


def no_ports() -> Ports:
    """Give ports of which only the clock and entropy are there: the gateway asks for no other."""
    absent = cast(Any, None)
    return Ports(
        clock=SystemClock(),
        entropy=OsEntropy(),
        dns=absent,
        network=absent,
        http=absent,
        database=absent,
        blobs=absent,
        threads=absent,
    )


def make_gateway(
    handlers: Handlers, *, settings: Settings | None = None, elsewhere: Elsewhere | None = None
) -> Gateway:
    """Build a gateway that answers with `handlers`."""
    return Gateway(
        ports=no_ports(),
        settings=settings or Settings(),
        services=Services({}),
        credentials=OneKey(),
        handlers=handlers,
        elsewhere=elsewhere,
    )


def serve(client: Client, handlers: Handlers) -> list[HttpResponse]:
    """Let a client talk to a gateway; the list gathers the answers as they went over the wire."""
    gateway = make_gateway(handlers)
    answers: list[HttpResponse] = []

    def answer(request: HttpRequest) -> HttpResponse:
        answers.append(asyncio.run(gateway.handle(request)))
        return answers[-1]

    client.server = answer
    return answers


def returning(value: Any) -> Callable[..., Any]:
    """Make an operation that answers always the same, or raises it where it is an exception."""

    async def handler(call: Any, request: Any) -> Any:
        if isinstance(value, Exception):
            raise value
        return value

    return handler
