"""Choosing the next hop, by what the DNS says (DEV-IS-35)."""

from __future__ import annotations

import pytest

from hatobin.capabilities.delivery import Route, route_mx, route_relay, split_host_port
from hatobin.ports import Answer, AnswerStatus
from hatobin.words.outcome import Bounced, Deferred
from tests.simulation.world import SeededEntropy, SimulatedDns


def dns(**records: tuple[str, ...]) -> SimulatedDns:
    """Zones from keywords: example_net__MX=("10 mx.example.net.",)."""
    return SimulatedDns(
        {
            (name.rpartition("__")[0].replace("_", "."), name.rpartition("__")[2]): found
            for name, found in records.items()
        }
    )


async def targets(zone: object, domain: str = "example.net", seed: int = 1) -> list[str]:
    route = await route_mx(domain, 25, zone, SeededEntropy(seed))  # type: ignore[arg-type]
    assert isinstance(route, Route)
    return [target.ip for target in route.targets]


async def test_the_lowest_preference_goes_first_whatever_the_order_of_the_answer() -> None:
    zone = dns(
        example_net__MX=("10 b.example.net.", "1 a.example.net."),
        a_example_net__A=("192.0.2.1",),
        b_example_net__A=("192.0.2.2",),
    )
    assert await targets(zone) == ["192.0.2.1", "192.0.2.2"]


async def test_equal_preferences_are_drawn_by_chance() -> None:
    zone = dns(
        example_net__MX=("5 a.example.net.", "5 b.example.net."),
        a_example_net__A=("192.0.2.1",),
        b_example_net__A=("192.0.2.2",),
    )
    firsts = {(await targets(zone, seed=seed))[0] for seed in range(20)}
    assert firsts == {"192.0.2.1", "192.0.2.2"}


async def test_every_address_of_every_host_is_a_target_ipv4_first() -> None:
    zone = dns(
        example_net__MX=("1 a.example.net.",),
        a_example_net__A=("192.0.2.1", "192.0.2.2"),
        a_example_net__AAAA=("2001:db8::1",),
    )
    assert await targets(zone) == ["192.0.2.1", "192.0.2.2", "2001:db8::1"]


async def test_without_mx_the_domain_itself_is_the_host() -> None:
    assert await targets(dns(example_net__A=("192.0.2.7",))) == ["192.0.2.7"]
    assert await targets(dns(example_net__AAAA=("2001:db8::7",))) == ["2001:db8::7"]


async def test_an_mx_without_addresses_never_falls_back_to_the_domain() -> None:
    zone = dns(example_net__MX=("1 gone.example.net.",), example_net__A=("192.0.2.7",))
    outcome = await route_mx("example.net", 25, zone, SeededEntropy(1))
    assert isinstance(outcome, Bounced)
    assert outcome.reply.enhanced == "5.4.4"


async def test_a_null_mx_is_final() -> None:
    outcome = await route_mx("example.net", 25, dns(example_net__MX=("0 .",)), SeededEntropy(1))
    assert isinstance(outcome, Bounced)
    assert (outcome.reply.code, outcome.reply.enhanced) == (556, "5.1.10")


async def test_a_domain_that_does_not_exist_is_permanent() -> None:
    outcome = await route_mx("nowhere.example", 25, dns(), SeededEntropy(1))
    assert isinstance(outcome, Bounced)
    assert (outcome.bounce_type.value, outcome.reply.enhanced) == ("Permanent", "5.1.2")


class _Failing:
    def __init__(self, status: AnswerStatus, *, after_mx: bool = False) -> None:
        self._status = status
        self._after_mx = after_mx

    async def resolve(self, name: str, record_type: str) -> Answer:
        if record_type == "MX" and self._after_mx:
            return Answer(AnswerStatus.FOUND, ("1 a.example.net.",), 60)
        return Answer(self._status)


@pytest.mark.parametrize("status", [AnswerStatus.SERVFAIL, AnswerStatus.TIMEOUT])
@pytest.mark.parametrize("after_mx", [False, True])
async def test_dns_trouble_is_temporary(status: AnswerStatus, after_mx: bool) -> None:
    outcome = await route_mx("example.net", 25, _Failing(status, after_mx=after_mx), SeededEntropy(1))
    assert isinstance(outcome, Deferred)
    assert outcome.reply.enhanced == "4.4.3"


async def test_an_address_literal_needs_no_dns() -> None:
    assert await targets(dns(), "[192.0.2.9]") == ["192.0.2.9"]
    assert await targets(dns(), "[IPv6:2001:db8::9]") == ["2001:db8::9"]


async def test_a_relay_is_an_address_or_a_name() -> None:
    route = await route_relay("relay.example", 2525, dns(relay_example__A=("192.0.2.3",)))
    assert isinstance(route, Route)
    assert (route.targets[0].ip, route.targets[0].port) == ("192.0.2.3", 2525)
    assert isinstance(await route_relay("192.0.2.4", 25, dns()), Route)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("h", ("h", 25)), ("h:2525", ("h", 2525)), ("[::1]", ("::1", 25)), ("[::1]:26", ("::1", 26))],
)
def test_host_and_port_are_split(text: str, expected: tuple[str, int]) -> None:
    assert split_host_port(text, default_port=25) == expected
