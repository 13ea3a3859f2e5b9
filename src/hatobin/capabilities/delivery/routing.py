"""Choosing the next hop: MX records, their order, and the addresses behind them.

Refs: RFC 5321 §5.1 (sort by preference, random among equals, every address is
tried before deferring, A/AAAA only without any MX), RFC 7505 (null MX),
RFC 3463 codes for what DNS says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from hatobin.ports import Answer, AnswerStatus, Dns, Entropy
from hatobin.words.outcome import Bounced, BounceSubType, BounceType, Deferred, DelayType, Hop
from hatobin.words.reply import Reply

MAX_HOSTS = 10
MAX_ADDRESSES = 20


class Target(Struct, frozen=True):
    """One address to try: the host's name (for TLS and events) and its IP."""

    host: str
    ip: str
    port: int


class Route(Struct, frozen=True):
    """The addresses to try, in order; never empty."""

    targets: tuple[Target, ...]


RouteFailure = Bounced | Deferred


async def route_relay(host: str, port: int, dns: Dns) -> Route | RouteFailure:
    """Find the addresses of the configured relay; an address literal needs no look-up."""
    if _is_ip(host):
        return Route((Target(host, host, port),))
    ips = await _addresses(host, dns)
    if isinstance(ips, Answer):
        return _unreachable_host(host, ips)
    return Route(tuple(Target(host, ip, port) for ip in ips))


async def route_mx(domain: str, port: int, dns: Dns, entropy: Entropy) -> Route | RouteFailure:
    """Find where mail for `domain` goes, or what its DNS says against it."""
    if domain.startswith("["):
        ip = domain[1:-1].removeprefix("IPv6:")
        return Route((Target(domain, ip, port),))
    answer = await dns.resolve(domain, "MX")
    match answer.status:
        case AnswerStatus.FOUND:
            hosts = _sorted_hosts(answer.records, entropy)
            if hosts == [""]:
                return _bounced("556", "5.1.10", f"Domain {domain} accepts no mail (null MX)")  # RFC 7505 §4
            return await _route_hosts(hosts, port, dns)
        case AnswerStatus.NO_DATA:
            # RFC 5321 §5.1: the implicit MX, only where there is no MX record at all.
            return await _route_hosts([domain], port, dns)
        case AnswerStatus.NXDOMAIN:
            return _bounced("550", "5.1.2", f"Host or domain name not found: {domain}")
        case _:
            return _deferred("4.4.3", f"DNS look-up of {domain} failed: {answer.status.value}")


def _sorted_hosts(records: Iterable[str], entropy: Entropy) -> list[str]:
    """Sort by preference, at random within equals; at most MAX_HOSTS."""
    ranked: list[tuple[int, float, str]] = []
    for record in records:
        preference, _, host = record.partition(" ")
        ranked.append((int(preference), entropy.uniform(0, 1), host.rstrip(".").lower()))
    return [host for _, _, host in sorted(ranked)[:MAX_HOSTS]]


async def _route_hosts(hosts: Sequence[str], port: int, dns: Dns) -> Route | RouteFailure:
    targets: list[Target] = []
    temporary: Answer | None = None
    missing = Answer(AnswerStatus.NXDOMAIN)
    for host in hosts:
        ips = await _addresses(host, dns)
        if isinstance(ips, Answer):
            missing = ips
            if ips.status in (AnswerStatus.SERVFAIL, AnswerStatus.TIMEOUT):
                temporary = ips
            continue
        targets.extend(Target(host, ip, port) for ip in ips)
    if targets:
        return Route(tuple(targets[:MAX_ADDRESSES]))
    return _unreachable_host(hosts[0] if hosts else "", temporary or missing)


async def _addresses(host: str, dns: Dns) -> list[str] | Answer:
    """Give a host's addresses, IPv4 first, or the answer that says why there are none."""
    if _is_ip(host):
        # RFC 5321 §5.1: an MX must name a host; an address there is common and harmless to follow.
        return [host]
    v4 = await dns.resolve(host, "A")
    v6 = await dns.resolve(host, "AAAA")
    ips = [*v4.records, *v6.records]
    if ips:
        return ips
    return v4 if v4.status in (AnswerStatus.SERVFAIL, AnswerStatus.TIMEOUT) else v6


def _is_ip(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _unreachable_host(host: str, answer: Answer) -> RouteFailure:
    if answer.status in (AnswerStatus.SERVFAIL, AnswerStatus.TIMEOUT):
        return _deferred("4.4.3", f"DNS look-up of {host} failed: {answer.status.value}")
    return _bounced("550", "5.4.4", f"Unable to route: no address found for {host}")


def _bounced(code: str, status: str, text: str) -> Bounced:
    reply = Reply.of(int(code), f"{status} {text}")
    return Bounced(BounceType.PERMANENT, BounceSubType.GENERAL, reply, Hop(), recipient_fault=True)


def _deferred(status: str, text: str) -> Deferred:
    return Deferred(DelayType.TRANSIENT_COMMUNICATION_FAILURE, Reply.of(451, f"{status} {text}"), Hop())
