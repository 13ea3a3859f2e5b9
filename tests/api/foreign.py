"""A real service behind ours, for the API tests: it keeps what reaches it, and answers as told."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from hatobin.gateway import HttpRequest
from hatobin.ports import HttpUnreachable
from hatobin.ports.http import HttpStream
from hatobin.protocols.aws.claims import SignedRequest, read_claim
from hatobin.protocols.aws.sigv4 import verify

KEY_ID, SECRET = "AKIAFAR", "far-secret"


@dataclass(frozen=True)
class Reply:
    """What the service answers; `breaks` says that the body ends in the middle."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/x-amz-json-1.0"),)
    pieces: tuple[bytes, ...] = (b"{}",)
    breaks: bool = False


@dataclass
class FarService:
    """The port `HttpStreams`: one service elsewhere."""

    reply: Reply | HttpUnreachable = field(default_factory=Reply)
    requests: list[HttpRequest] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    closed: int = 0

    async def open(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> HttpStream:
        parts = urlsplit(url)
        self.urls.append(url)
        self.requests.append(HttpRequest(method, parts.path, parts.query, headers, body, ""))
        if isinstance(self.reply, HttpUnreachable):
            raise self.reply
        return HttpStream(self.reply.status, self.reply.headers, self._pieces(self.reply))

    async def _pieces(self, reply: Reply) -> AsyncGenerator[bytes, None]:
        try:
            for piece in reply.pieces:
                yield piece
            if reply.breaks:
                raise HttpUnreachable("connection reset")
        finally:
            self.closed += 1

    def check_signature(self, *, now: float, service: str, region: str, host: str) -> None:
        """Verify the last request as the service would: with the secret that it knows."""
        request = self.requests[-1]
        assert request.headers["host"] == host
        signed = SignedRequest(request.method, request.raw_path, request.query, request.headers, request.body)
        claim = read_claim(signed, now=now)
        verify(claim, signed, SECRET)
        assert (claim.access_key_id, claim.scope.service, claim.scope.regions) == (KEY_ID, service, (region,))
