"""Passing calls on, within bounds: so many at a time, so long, so large.

The body of a request is whole in memory when it comes here, within `server.max_body_bytes`: its signature
covers it, and nothing leaves before that is verified. The answer goes back in pieces.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing

from hatobin.companions.forward.signing import PASSED_ON, answer_headers, signed
from hatobin.gateway import ONLY_HERE, HttpRequest, HttpResponse
from hatobin.ports import HttpUnreachable, Ports, run_by_size
from hatobin.ports.http import HttpStream, HttpStreams
from hatobin.words.errors import CallerError
from hatobin.words.settings import Aws, Settings, table_name

MAX_AT_ONCE = 40
"""Calls to one service that are under way at a time in one worker; more are told to come again."""
MAX_ANSWER_BYTES = 1024 * 1024 * 1024
"""A longer answer is broken off."""
MAX_ANSWER_S = 900.0
"""An answer that takes longer is broken off."""

# Whose own figures are counted here in any case: only what we do not serve is asked elsewhere.
_SERVED_BOTH = frozenset({"monitoring"})


class Forwarding:
    """Asks services elsewhere; see `hatobin.gateway.Elsewhere`."""

    def __init__(self, ports: Ports, settings: Settings, streams: HttpStreams) -> None:
        self._ports = ports
        self._aws: Aws = settings.aws
        self._streams = streams
        self._running: Counter[str] = Counter()

    def takes(self, service: str, *, is_ours: bool, is_served: bool) -> bool:
        """See `Elsewhere.takes`.

        What is not ours goes wherever an endpoint is known. What is ours goes as a whole to its own
        endpoint and never to `aws.default`; mail, keys and roles never leave.
        """
        if service in ONLY_HERE:
            return False
        if not is_ours:
            return bool(self._aws.remote(service).endpoint_url)
        return self._aws.lives_elsewhere(service) and not (is_served and service in _SERVED_BOTH)

    async def ask(self, request: HttpRequest, service: str, region: str) -> HttpResponse:
        """See `Elsewhere.ask`."""
        remote = self._aws.remote(service)
        setting = f"aws.{table_name(service) if self._aws.lives_elsewhere(service) else 'default'}.endpoint_url"
        if PASSED_ON in request.headers:
            raise CallerError("LoopDetected", f"{setting} leads back to this server.", status=508)
        if self._running[service] >= MAX_AT_ONCE:
            raise CallerError("ServiceUnavailable", f"Too many calls to {service} are under way.", status=503)
        now = self._ports.clock.now()
        url, headers = await run_by_size(
            self._ports.threads, len(request.body), lambda: signed(request, remote, service, region, now=now)
        )
        self._running[service] += 1
        try:
            stream = await self._streams.open(
                request.method, url, headers=headers, body=request.body, timeout_s=self._aws.forward_timeout_s
            )
        except BaseException as error:
            self._ended(service)
            if not isinstance(error, HttpUnreachable):
                raise
            raise CallerError(
                "BadGateway",
                f"The service that {setting} names did not answer.",
                status=502,
                hint=f"{setting}: {error}",
            ) from error
        return HttpResponse(stream.status, answer_headers(stream.headers), b"", self._bounded(stream, service))

    async def _bounded(self, stream: HttpStream, service: str) -> AsyncGenerator[bytes, None]:
        left, until = MAX_ANSWER_BYTES, self._ports.clock.monotonic() + MAX_ANSWER_S
        try:
            async with aclosing(stream.pieces) as pieces:
                async for piece in pieces:
                    left -= len(piece)
                    if left < 0 or self._ports.clock.monotonic() > until:
                        raise HttpUnreachable(f"an answer of {service} is longer than this server passes on")
                    yield piece
        finally:
            self._ended(service)

    def _ended(self, service: str) -> None:
        self._running[service] -= 1
        if not self._running[service]:
            del self._running[service]
