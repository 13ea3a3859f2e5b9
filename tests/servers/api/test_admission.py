"""Places: how many there are, and who leaves when a newcomer finds none."""

from __future__ import annotations

import asyncio

from hatobin.servers.api import Admission, HttpTraffic, Place


class Listener:
    """A listener's places, and whom it has put out."""

    def __init__(self, *, in_all: int, per_client: int) -> None:
        self.traffic = HttpTraffic()
        self.admission = Admission(self.traffic, max_connections=in_all, max_per_client=per_client)
        self.put_out: list[str] = []

    def connect(self, ip: str, name: str = "") -> Place | None:
        """Let a connection in; a named one waits until it proceeds."""
        place = self.admission.admit(ip)
        if place is not None and name:
            self.wait(place, name)
        return place

    def wait(self, place: Place, name: str) -> None:
        """Let a connection wait; whoever is put out leaves."""

        def leave() -> None:
            self.put_out.append(name)
            place.leave()

        place.wait(leave)


def admitted(place: Place | None) -> Place:
    assert place is not None
    return place


def test_a_client_has_so_many_places() -> None:
    listener = Listener(in_all=10, per_client=2)
    first = admitted(listener.connect("192.0.2.1", "first"))
    assert listener.connect("192.0.2.1", "second")
    assert listener.connect("192.0.2.1") is None
    assert listener.connect("192.0.2.2")
    assert listener.traffic.turned_away == {"client": 1, "all": 0}
    first.leave()
    assert listener.connect("192.0.2.1")
    assert listener.put_out == []


def test_neighbours_in_one_ipv6_network_are_one_client() -> None:
    listener = Listener(in_all=10, per_client=1)
    assert listener.connect("2001:db8::1")
    assert listener.connect("2001:db8::ffff") is None
    assert listener.connect("2001:db8:0:1::1")


def test_addresses_of_ipv4_on_an_ipv6_socket_are_clients_of_their_own() -> None:
    listener = Listener(in_all=10, per_client=1)
    assert listener.connect("::ffff:192.0.2.1")
    assert listener.connect("::ffff:192.0.2.2")
    assert listener.connect("192.0.2.1") is None


def test_the_one_that_has_waited_longest_makes_room() -> None:
    listener = Listener(in_all=3, per_client=10)
    first = admitted(listener.connect("192.0.2.1", "first"))
    listener.connect("192.0.2.2", "second")
    listener.connect("192.0.2.3", "third")
    # A request came and was answered: its connection begins to wait anew.
    first.proceed()
    listener.wait(first, "first")
    assert listener.connect("192.0.2.4", "fourth")
    assert listener.connect("192.0.2.5", "fifth")
    assert listener.connect("192.0.2.6", "sixth")
    assert listener.put_out == ["second", "third", "first"]
    assert (listener.traffic.put_out, listener.traffic.connections) == (3, 3)


def test_requests_under_way_are_never_put_out() -> None:
    listener = Listener(in_all=2, per_client=10)
    places = [admitted(listener.connect("192.0.2.1", name)) for name in ("first", "second")]
    for place in places:
        place.proceed()
    assert listener.connect("192.0.2.2") is None
    assert listener.traffic.turned_away == {"client": 0, "all": 1}
    assert listener.put_out == []
    places[1].leave()
    assert listener.connect("192.0.2.2")


def test_a_place_is_left_once() -> None:
    listener = Listener(in_all=5, per_client=1)
    place = admitted(listener.connect("192.0.2.1", "first"))
    place.leave()
    place.leave()
    place.wait(lambda: listener.put_out.append("a ghost"))
    assert listener.traffic.connections == 0
    assert listener.connect("192.0.2.1")
    assert listener.connect("192.0.2.1") is None


async def test_the_end_waits_for_the_last_one() -> None:
    listener = Listener(in_all=5, per_client=5)
    await listener.admission.emptied()
    places = [admitted(listener.connect("192.0.2.1")) for _ in range(2)]
    ended = asyncio.ensure_future(listener.admission.emptied())
    places[0].leave()
    await asyncio.sleep(0)
    assert not ended.done()
    places[1].leave()
    await ended


def test_a_connection_waits_for_what_it_said_last() -> None:
    listener = Listener(in_all=2, per_client=2)
    place = admitted(listener.connect("192.0.2.1"))
    first, second = (lambda: None), (lambda: None)
    place.wait(first)
    assert place.is_waiting(first)
    place.wait(second)
    assert place.is_waiting(second)
    assert not place.is_waiting(first)
    place.proceed()
    assert not place.is_waiting(second)
