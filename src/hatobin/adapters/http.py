"""The HTTP port over aiohttp's client.

The guard is asked in the connector's socket factory: with the very address
that is connected to next, so neither a name that resolves differently the
second time nor an address in the URL slips past it. No redirects, no cookies,
no proxy from the environment, no decompression, a bounded body.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Mapping
from ssl import SSLContext
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from hatobin.adapters.guard import OutboundGuard
from hatobin.adapters.network import client_context
from hatobin.ports.dns import Dns
from hatobin.ports.http import HttpReply, HttpStream, HttpUnreachable
from hatobin.ports.network import AddressRefused

MAX_REPLY_BYTES = 4 * 1024 * 1024
"""A longer body is cut here."""

PIECE_BYTES = 64 * 1024
"""What a streamed answer is read in."""

MAX_CONNECTIONS = 200
MAX_CONNECTIONS_PER_HOST = 50
KEEPALIVE_S = 15.0

_OWN_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Headers that aiohttp would add by itself; what we send is what was signed."""


class _Refused(OSError):
    """The guard's answer, as the connector understands it: this address failed, try the next."""


class PortResolver(AbstractResolver):
    """Names through the DNS port instead of the system's resolver."""

    def __init__(self, dns: Dns) -> None:
        self._dns = dns

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Give the addresses of `host`; raises `OSError` when there are none."""
        if host == "localhost" or host.endswith(".localhost"):  # RFC 6761 §6.3
            return [_found(host, port, "127.0.0.1"), _found(host, port, "::1")]
        v4, v6 = await asyncio.gather(self._dns.resolve(host, "A"), self._dns.resolve(host, "AAAA"))
        addresses = (*v4.records, *v6.records)
        if not addresses:
            raise OSError(None, f"{host} has no address ({v4.status.value})")
        return [_found(host, port, address) for address in addresses]

    async def close(self) -> None:
        """Nothing is held."""


def _found(host: str, port: int, ip: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    return ResolveResult(hostname=host, host=ip, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)


class AiohttpHttp:
    """A client that follows no redirects and connects only to allowed addresses."""

    def __init__(
        self,
        guard: OutboundGuard,
        *,
        dns: Dns | None = None,
        extra_ca: str | None = None,
        max_reply_bytes: int = MAX_REPLY_BYTES,
    ) -> None:
        """Use `dns` for names, or the system's resolver with its hosts file when there is none.

        `extra_ca` is a PEM file trusted besides the system's roots (our own https).
        """
        self._guard = guard
        self._dns = dns
        self._extra_ca = extra_ca
        self._max_reply_bytes = max_reply_bytes
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> HttpReply:
        """Send one request; raises `HttpUnreachable`, saying why, when no answer came."""
        try:
            target = _target(url)
            async with self._open_session().request(
                method,
                target,
                headers=headers,
                data=body or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
            ) as response:
                return HttpReply(response.status, response.headers, await self._read(response))
        except TimeoutError as error:
            raise HttpUnreachable(f"no answer within {timeout_s:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise HttpUnreachable(str(error) or type(error).__name__) from error

    async def open(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> HttpStream:
        """See `HttpStreams.open`."""
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._open_session().request(
                    method,
                    _target(url),
                    headers=headers,
                    data=body or None,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None, sock_read=timeout_s),
                )
        except TimeoutError as error:
            raise HttpUnreachable(f"no answer within {timeout_s:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise HttpUnreachable(str(error) or type(error).__name__) from error
        return HttpStream(response.status, tuple(response.headers.items()), _pieces(response))

    async def close(self) -> None:
        """Close idle connections; running requests break."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """Read the body up to the limit; the rest is dropped together with its connection."""
        parts: list[bytes] = []
        room = self._max_reply_bytes
        while room > 0 and (part := await response.content.read(room)):
            parts.append(part)
            room -= len(part)
        if room <= 0:
            response.close()
        return b"".join(parts)

    def _open_session(self) -> aiohttp.ClientSession:
        """Make the session when the first request comes: it belongs to the running event loop."""
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=None if self._dns is None else PortResolver(self._dns),
                socket_factory=self._make_socket,
                ssl=self._tls(),
                limit=MAX_CONNECTIONS,
                limit_per_host=MAX_CONNECTIONS_PER_HOST,
                keepalive_timeout=KEEPALIVE_S,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                skip_auto_headers=_OWN_HEADERS,
            )
        return self._session

    def _tls(self) -> SSLContext:
        return client_context(verify=True, extra_ca=self._extra_ca)

    def _make_socket(self, address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, target = address
        try:
            self._guard.check(target[0], target[1])
        except AddressRefused as error:
            raise _Refused(None, str(error)) from error
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made


def _target(url: str) -> URL:
    target = URL(url, encoded=True)  # As it was signed, not normalized once more.
    if target.scheme not in ("http", "https") or not target.host:
        raise HttpUnreachable(f"{url!r} is not an http or https URL")
    return target


async def _pieces(response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    try:
        while piece := await response.content.read(PIECE_BYTES):
            yield piece
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise HttpUnreachable(f"the answer broke off: {error or type(error).__name__}") from error
    finally:
        response.close()  # Back into the pool if it was read to its end.
