"""The API's own part of a message: from a signed request to a draft, and the answer back, without HTTP and store."""

from __future__ import annotations

from benchmarks.api_requests import KEY, SECRET, single
from benchmarks.stage_timing import Cost, measure
from benchmarks.stage_world import ACCOUNT, REGION, World, principal
from hatobin.app import operations
from hatobin.capabilities.queue import MessageKey
from hatobin.flow.outbound.accept import Acceptor
from hatobin.flow.outbound.draft import Accepted, Draft
from hatobin.gateway import Credential, Gateway, HttpRequest, Services

EVERYTHING = ('{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',)


class _OneKey:
    """Knows the documented first key."""

    async def find(self, access_key_id: str, peer_ip: str) -> Credential | None:
        return Credential(KEY, SECRET, principal(), policies=EVERYTHING) if access_key_id == KEY else None

    async def note_use(self, access_key_id: str, service: str, region: str) -> None:
        pass


class _Taking:
    """Takes a draft and forgets it: what acceptance costs is measured by itself."""

    async def accept(self, draft: Draft) -> Accepted:
        return Accepted(MessageKey(ACCOUNT, REGION, "0100016d07eb7477-8e1938ce-475e-4e4b-89cb-000000"))


def api_cost(world: World, size_bytes: int) -> Cost:
    """Time SendEmail through the gateway."""
    gateway = Gateway(
        ports=world.ports,
        settings=world.settings,
        services=Services({Acceptor: _Taking()}),
        credentials=_OneKey(),
        handlers=operations.handlers(),
    )
    requests = [_parsed(raw) for raw in single("127.0.0.1:8005", size_bytes=size_bytes)]

    async def all_of_them() -> None:
        for request in requests:
            answer = await gateway.handle(request)
            assert answer.status == 200, answer.body

    return measure(
        "api core",
        "SendEmail: SigV4, decode, compose, answer; without HTTP",
        lambda: world.runner.run(all_of_them()),
        each=len(requests),
    )


def _parsed(raw: bytes) -> HttpRequest:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
    return HttpRequest(method, path, "", headers, body, "127.0.0.1")
