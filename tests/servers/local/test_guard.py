"""Local paths are for this machine: who is refused, and why."""

from __future__ import annotations

import msgspec
import pytest

from hatobin.servers.local import LocalApp
from hatobin.words.settings import Local, Server, Service, Settings, Tls
from tests.asgi import call
from tests.servers.world import World

SETTINGS = Settings(
    local=Local(trusted_networks=("172.17.0.0/16",)),
    tls=Tls(names=("mail.example.org", "::1")),
    service=Service(domain="hatobin.example", public_https="https://api.example.org:8443"),
    server=Server(http=["0.0.0.0:8005", "192.0.2.7:8005"]),
)


async def status(world: World, target: str = "/_hatobin/inbox", peer: str | None = "127.0.0.1", **headers: str) -> int:
    app = LocalApp(world.ports, SETTINGS, waiters=world.waiters)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await call(app, "GET", target, headers=sent, peer=peer)
    assert answer.status == 200 or len(answer.json()["message"]) > 30, "a refusal explains itself"
    return answer.status


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "172.17.0.5"])
async def test_local_peers_are_let_in(world: World, peer: str) -> None:
    assert await status(world, peer=peer) == 200


@pytest.mark.parametrize(
    "peer", ["192.0.2.1", "10.0.0.1", "172.18.0.1", "2001:db8::1", "::ffff:192.0.2.1", "nonsense", None]
)
async def test_other_peers_are_refused(world: World, peer: str | None) -> None:
    assert await status(world, peer=peer) == 403


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8005",
        "localhost.:8005",
        "127.0.0.1:9",
        "[::1]:8005",
        "hatobin.example",
        "mail.example.org:443",
        "api.example.org:8443",
        "192.0.2.7:8005",
        "shop.localhost:8005",
    ],
)
async def test_own_names_are_let_in(world: World, host: str) -> None:
    assert await status(world, host=host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "evil-localhost",
        "0.0.0.0:8005",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "localhost:8005/x",
        "",
    ],
)
async def test_foreign_names_are_refused(world: World, host: str) -> None:
    assert await status(world, host=host) == 403


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("origin", "http://127.0.0.1:8005", 200),
        ("origin", "http://127.0.0.1:3000", 403),
        ("origin", "http://localhost:8005", 403),
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
        ("origin", "file://", 403),
        ("origin", "http://[", 403),
        ("sec-fetch-site", "same-origin", 200),
        ("sec-fetch-site", "none", 200),
        ("sec-fetch-site", "same-site", 403),
        ("sec-fetch-site", "cross-site", 403),
        ("x-forwarded-for", "127.0.0.1", 403),
        ("x-forwarded-host", "localhost", 403),
        ("x-forwarded-anything", "x", 403),
        ("forwarded", "for=127.0.0.1", 403),
        ("via", "1.1 proxy", 403),
        ("x-real-ip", "127.0.0.1", 403),
    ],
)
async def test_pages_and_proxies(world: World, name: str, value: str, expected: int) -> None:
    assert await status(world, **{name: value}) == expected


async def test_default_ports_are_the_same_origin(world: World) -> None:
    assert await status(world, host="localhost", origin="http://localhost:80") == 200
    assert await status(world, host="localhost:443", origin="https://localhost") == 200
    assert await status(world, host="localhost:443", origin="http://localhost") == 403


async def test_a_link_from_elsewhere_reaches_no_local_path(world: World) -> None:
    headers = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    assert await status(world, **headers) == 403


@pytest.mark.parametrize("path", ["/_localstack/health", "/_aws/ses", "/store", "/health-check", "/_hatobin/explain/x"])
async def test_every_local_path_is_guarded(world: World, path: str) -> None:
    assert await status(world, path, peer="192.0.2.1") == 403
    assert await status(world, path, host="evil.example") == 403


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_probes_are_for_anybody(world: World, path: str) -> None:
    assert await status(world, path, peer="192.0.2.1", host="whatever.example") == 200


async def test_metrics_are_for_local_peers_under_any_name(world: World) -> None:
    app = LocalApp(world.ports, SETTINGS, waiters=world.waiters)
    headers = {"host": "10.1.2.3:8005"}
    assert (await call(app, "GET", "/metrics", headers=headers, peer="172.17.0.5")).status == 200
    assert (await call(app, "GET", "/metrics", headers=headers, peer="192.0.2.1")).status == 403
    assert (await call(app, "GET", "/metrics", headers={**headers, "via": "1.1 x"})).status == 403


async def test_a_network_that_is_none_stops_the_start(world: World) -> None:
    settings = msgspec.structs.replace(SETTINGS, local=Local(trusted_networks=("not-a-network",)))
    with pytest.raises(ValueError, match="not-a-network"):
        LocalApp(world.ports, settings, waiters=world.waiters)
