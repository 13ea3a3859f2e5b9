"""The DNS port: a stub resolver over dnspython messages.

It asks the configured name servers (recursive resolvers), remembers answers
for their time to live, and turns every kind of trouble into an `Answer`.

Refs: RFC 1035, RFC 2308 (negative answers), RFC 6891 (EDNS), RFC 9520
(failures are remembered for a moment as well).
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype

from hatobin.ports.dns import Answer, AnswerStatus

ATTEMPT_TIMEOUT_S = 3.0
"""One question to one server."""

ROUNDS = 2
"""How often the list of servers is gone through."""

CACHED_ANSWERS = 20_000
POSITIVE_TTL_LIMIT_S = 3600
"""A wrong record that has been corrected is forgotten within this time, whatever its TTL was."""

NEGATIVE_TTL_LIMIT_S = 60
"""Short, because people publish records and look at once; the resolver behind us remembers longer."""

FAILURE_TTL_S = 1
"""RFC 9520 §3.2: resolution failures are cached for at least one second."""

CNAME_STEPS = 8
"""Aliases followed for one question, when the server did not follow them itself."""

UDP_PAYLOAD_BYTES = 1232
"""What passes unfragmented almost everywhere; longer answers come over TCP."""

RESOLV_CONF = Path("/etc/resolv.conf")
RESOLV_CONF_CHECK_S = 5.0


@dataclass(frozen=True, slots=True)
class NameServer:
    """A recursive resolver. The AD bit of one that is not on this machine proves nothing."""

    ip: str
    port: int = 53

    @property
    def trusted(self) -> bool:
        """Whether its word on DNSSEC reaches us untouched (RFC 6840 §5.8)."""
        return ip_address(self.ip).is_loopback


def parse_server(text: str) -> NameServer:
    """Read "192.0.2.1", "192.0.2.1:53", "2001:db8::1" or "[2001:db8::1]:53"; raises `ValueError`."""
    host, port = text.strip(), "53"
    if host.startswith("["):
        host, _, rest = host[1:].partition("]")
        port = rest.removeprefix(":") if rest else port
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    ip_address(host)
    if not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} is not an address with a port")
    return NameServer(host, int(port))


class SystemServers:
    """The name servers of resolv.conf(5), read again when the file changes."""

    def __init__(self, path: Path = RESOLV_CONF, now: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._now = now
        self._look_again_at = float("-inf")
        self._changed_at: float | None = None
        self._servers: tuple[NameServer, ...] = (NameServer("127.0.0.1"),)

    def __call__(self) -> Sequence[NameServer]:
        """Give the servers; without any, the one of this machine, as resolv.conf(5) has it."""
        if self._now() >= self._look_again_at:
            self._look_again_at = self._now() + RESOLV_CONF_CHECK_S
            try:
                changed_at = self._path.stat().st_mtime
                if changed_at != self._changed_at:
                    self._servers = _read_resolv_conf(self._path.read_text(errors="replace"))
                    self._changed_at = changed_at
            except OSError:
                pass  # What we knew stays.
        return self._servers


def _read_resolv_conf(text: str) -> tuple[NameServer, ...]:
    servers = []
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 2 and words[0] == "nameserver":
            try:
                servers.append(NameServer(str(ip_address(words[1]))))
            except ValueError:
                continue
    return tuple(servers) or (NameServer("127.0.0.1"),)


def record_text(record: Any) -> str:
    """Give one record's data as the port words it."""
    kind = record.rdtype
    if kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
        return str(record.address)
    if kind == dns.rdatatype.TXT:
        # RFC 7208 §3.3 and RFC 6376 §3.6.2.2: the strings of one record are joined without spaces.
        return b"".join(record.strings).decode("utf-8", "replace")
    return str(record.to_text())


@dataclass(frozen=True, slots=True)
class _Reply:
    """One server's answer, and the alias that it left for us to follow."""

    answer: Answer
    alias: dns.name.Name | None = None


def _minimum_negative_ttl(response: dns.message.Message) -> int | None:
    """Give the time that a negative answer holds (RFC 2308 §5), or None without a SOA record."""
    for rrset in response.authority:
        if rrset.rdtype == dns.rdatatype.SOA:
            return min(rrset.ttl, int(rrset[0].minimum))
    return None


def read_response(response: dns.message.Message, record_type: dns.rdatatype.RdataType, *, trusted: bool) -> _Reply:
    """Turn a response to our own question into an answer."""
    secure = trusted and bool(response.flags & dns.flags.AD)
    code = response.rcode()
    if code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return _Reply(Answer(AnswerStatus.SERVFAIL, ttl_s=FAILURE_TTL_S))
    name, ttl_s, found, steps = response.question[0].name, POSITIVE_TTL_LIMIT_S, None, 0
    while steps <= CNAME_STEPS:
        found = response.get_rrset(response.answer, name, response.question[0].rdclass, record_type)
        alias = response.get_rrset(response.answer, name, response.question[0].rdclass, dns.rdatatype.CNAME)
        if found is not None or alias is None:
            break
        name, ttl_s, steps = alias[0].target, min(ttl_s, alias.ttl), steps + 1
    if found is not None:
        records = tuple(record_text(record) for record in found)
        return _Reply(Answer(AnswerStatus.FOUND, records, min(ttl_s, found.ttl), secure))
    if steps > CNAME_STEPS:
        return _Reply(Answer(AnswerStatus.SERVFAIL, ttl_s=FAILURE_TTL_S))
    negative_ttl_s = _minimum_negative_ttl(response)
    ttl_s = min(ttl_s, NEGATIVE_TTL_LIMIT_S, NEGATIVE_TTL_LIMIT_S if negative_ttl_s is None else negative_ttl_s)
    if code == dns.rcode.NXDOMAIN:
        return _Reply(Answer(AnswerStatus.NXDOMAIN, (), ttl_s, secure))
    nothing = Answer(AnswerStatus.NO_DATA, (), ttl_s, secure)
    # An alias without its target and without a SOA: the server does not follow aliases.
    return _Reply(nothing, name if steps and negative_ttl_s is None else None)


Ask = Callable[[dns.message.Message, NameServer, float], Awaitable[dns.message.Message]]


class _Datagrams(asyncio.DatagramProtocol):
    """One question over UDP. A connected socket hears "port unreachable" at once, and only its own peer."""

    def __init__(self, question: dns.message.Message, answered: asyncio.Future[bytes]) -> None:
        self._question = question
        self._answered = answered
        self._id = question.id.to_bytes(2, "big")

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Take the first datagram that answers; anything else is noise or a forgery."""
        if data[:2] == self._id and len(data) > 3 and not self._answered.done():
            self._answered.set_result(data)

    def error_received(self, exc: Exception) -> None:
        """Hear that nobody listens there."""
        self.connection_lost(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the question fail, if it still waits."""
        if not self._answered.done():
            self._answered.set_exception(exc or OSError("the socket was closed"))


async def ask_server(question: dns.message.Message, server: NameServer, timeout_s: float) -> dns.message.Message:
    """Ask one server over UDP, and over TCP when the answer was cut (RFC 7766 §5).

    Raises `TimeoutError`, `OSError` or `dns.exception.DNSException`.
    """
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[bytes] = loop.create_future()
    async with asyncio.timeout(timeout_s):
        # A new socket each time: the kernel draws its port, which a forger has to guess (RFC 5452 §9.2).
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(question, answered), remote_addr=(server.ip, server.port)
        )
        try:
            transport.sendto(question.to_wire())
            data = await answered
        finally:
            transport.close()
            answered.cancel()
    if data[2] & 0x02:  # RFC 1035 §4.1.1: TC.
        return await dns.asyncquery.tcp(question, server.ip, timeout_s, server.port)
    response = dns.message.from_wire(data)
    if not question.is_response(response):
        raise dns.query.BadResponse
    return response


class StubResolver:
    """The resolver, with its cache; equal questions at one time are asked once."""

    def __init__(
        self,
        servers: Sequence[str] = (),
        *,
        ask: Ask = ask_server,
        now: Callable[[], float] = time.monotonic,
        cached_answers: int = CACHED_ANSWERS,
    ) -> None:
        """Use these "ip:port" servers, or those of /etc/resolv.conf; raises `ValueError` for a wrong one."""
        configured = tuple(parse_server(text) for text in servers)
        self._servers: Callable[[], Sequence[NameServer]] = (lambda: configured) if configured else SystemServers()
        self._ask = ask
        self._now = now
        self._cached_answers = cached_answers
        self._cache: OrderedDict[tuple[str, str], tuple[float, Answer]] = OrderedDict()
        self._asking: dict[tuple[str, str], asyncio.Task[Answer]] = {}

    async def resolve(self, name: str, record_type: str) -> Answer:
        """Look `name` up as it stands (no search list); trouble is an `Answer`, never an exception."""
        key = (name.rstrip(".").lower(), record_type.upper())
        cached = self._remembered(key)
        if cached is not None:
            return cached
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.get_running_loop().create_task(self._look_up(key))
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        # One impatient waiter must not cancel the question of the others.
        return await asyncio.shield(task)

    def forget(self) -> None:
        """Empty the cache."""
        self._cache.clear()

    def _remembered(self, key: tuple[str, str]) -> Answer | None:
        entry = self._cache.get(key)
        if entry is None:
            return None
        left_s = entry[0] - self._now()
        if left_s <= 0:
            del self._cache[key]
            return None
        self._cache.move_to_end(key)
        answer = entry[1]
        return Answer(answer.status, answer.records, int(left_s), answer.secure)

    async def _look_up(self, key: tuple[str, str]) -> Answer:
        try:
            name = dns.name.from_text(key[0])
            record_type = dns.rdatatype.from_text(key[1])
        except (dns.exception.DNSException, UnicodeError):
            return Answer(AnswerStatus.NXDOMAIN)  # No such name can exist (RFC 1035 §2.3.4).
        answer = await self._follow(name, record_type)
        if answer.ttl_s > 0:
            self._cache[key] = (self._now() + answer.ttl_s, answer)
            while len(self._cache) > self._cached_answers:
                self._cache.popitem(last=False)
        return answer

    async def _follow(self, name: dns.name.Name, record_type: dns.rdatatype.RdataType) -> Answer:
        ttl_s = POSITIVE_TTL_LIMIT_S
        for _ in range(CNAME_STEPS):
            reply = await self._ask_in_turn(name, record_type)
            ttl_s = min(ttl_s, reply.answer.ttl_s)
            if reply.alias is None:
                return replace(reply.answer, ttl_s=ttl_s)
            name = reply.alias
        return Answer(AnswerStatus.SERVFAIL, ttl_s=FAILURE_TTL_S)

    async def _ask_in_turn(self, name: dns.name.Name, record_type: dns.rdatatype.RdataType) -> _Reply:
        """Ask the servers one after the other until one knows a fact."""
        trouble = Answer(AnswerStatus.TIMEOUT, ttl_s=FAILURE_TTL_S)
        for server in tuple(self._servers()) * ROUNDS:
            # The AD bit in a question asks for it in the answer (RFC 6840 §5.7).
            question = dns.message.make_query(
                name, record_type, use_edns=0, payload=UDP_PAYLOAD_BYTES, flags=dns.flags.RD | dns.flags.AD
            )
            try:
                response = await self._ask(question, server, ATTEMPT_TIMEOUT_S)
            except (dns.exception.DNSException, OSError, EOFError, TimeoutError):
                continue
            reply = read_response(response, record_type, trusted=server.trusted)
            if reply.answer.status is not AnswerStatus.SERVFAIL:
                return reply
            trouble = reply.answer
        return _Reply(trouble)
