"""The stub resolver: against scripted name servers, and one real one on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from hatobin.adapters.dns import CNAME_STEPS, NameServer, StubResolver, SystemServers, parse_server
from hatobin.ports.dns import Answer, AnswerStatus
from tests.adapters.loops import Run, on_both_loops

SOA = "example.com. 300 IN SOA ns.example.com. root.example.com. 1 7200 900 1209600 30"


class Server:
    """Answers from records in zone-file words, and keeps the questions."""

    def __init__(self, *records: str, rcode: str = "NOERROR", authority: str = "", secure: bool = False) -> None:
        self.records = records
        self.rcode = rcode
        self.authority = authority
        self.secure = secure
        self.questions: list[str] = []

    def answer(self, question: dns.message.Message) -> dns.message.Message:
        asked = question.question[0]
        self.questions.append(f"{asked.name} {asked.rdtype.name}")
        response = dns.message.make_response(question)
        response.set_rcode(dns.rcode.from_text(self.rcode))
        for lines, section in ((self.records, response.answer), ((self.authority,), response.authority)):
            for line in filter(None, lines):
                name, ttl, _, kind, data = line.split(" ", 4)
                section.append(dns.rrset.from_text(name, int(ttl), "IN", kind, *data.split(" | ")))
        if self.secure:
            response.flags |= dns.flags.AD
        return response

    async def __call__(
        self, question: dns.message.Message, server: NameServer, timeout_s: float
    ) -> dns.message.Message:
        # Over the wire and back, as an answer really comes.
        return dns.message.from_wire(self.answer(question).to_wire())


class Time:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def resolver(server: object, *servers: str, time: Time | None = None, cached_answers: int = 100) -> StubResolver:
    return StubResolver(
        servers or ["127.0.0.1:5353"],
        ask=server,  # type: ignore[arg-type]
        now=time or Time(),
        cached_answers=cached_answers,
    )


@pytest.mark.parametrize(
    ("record", "kind", "expected"),
    [
        ("example.com. 60 IN A 192.0.2.1 | 192.0.2.2", "A", ("192.0.2.1", "192.0.2.2")),
        ("example.com. 60 IN AAAA 2001:DB8:0::1", "AAAA", ("2001:db8::1",)),
        ("example.com. 60 IN MX 10 MX1.example.com. | 0 .", "MX", ("10 MX1.example.com.", "0 .")),
        ('example.com. 60 IN TXT "v=DKIM1; " "p=ab\\"c"', "TXT", ('v=DKIM1; p=ab"c',)),
        ('example.com. 60 IN TXT "gr\\195\\182\\195\\159e"', "TXT", ("größe",)),
        ("example.com. 60 IN CNAME other.example.net.", "CNAME", ("other.example.net.",)),
    ],
)
async def test_records_are_worded_as_the_port_says(record: str, kind: str, expected: tuple[str, ...]) -> None:
    answer = await resolver(Server(record)).resolve("example.com", kind)
    assert (answer.status, answer.ttl_s, answer.secure) == (AnswerStatus.FOUND, 60, False)
    assert sorted(answer.records) == sorted(expected)  # The order of records means nothing.


async def test_alias_in_the_answer_is_followed_and_the_shortest_ttl_counts() -> None:
    server = Server("www.example.com. 20 IN CNAME a.example.net.", "a.example.net. 600 IN A 192.0.2.1")
    assert await resolver(server).resolve("www.example.com", "A") == Answer(AnswerStatus.FOUND, ("192.0.2.1",), 20)
    assert len(server.questions) == 1


async def test_alias_that_the_server_leaves_to_us_is_asked_for() -> None:
    class Lazy(Server):
        def answer(self, question: dns.message.Message) -> dns.message.Message:
            at_target = str(question.question[0].name) == "a.example.net."
            self.records = (
                ("a.example.net. 600 IN A 192.0.2.1",)
                if at_target
                else ("www.example.com. 20 IN CNAME a.example.net.",)
            )
            return super().answer(question)

    server = Lazy()
    assert await resolver(server).resolve("www.example.com", "A") == Answer(AnswerStatus.FOUND, ("192.0.2.1",), 20)
    assert server.questions == ["www.example.com. A", "a.example.net. A"]


async def test_circle_of_aliases_ends() -> None:
    circle = Server("a.example.com. 60 IN CNAME b.example.com.", "b.example.com. 60 IN CNAME a.example.com.")
    assert (await resolver(circle).resolve("a.example.com", "A")).status is AnswerStatus.SERVFAIL

    class Endless(Server):
        def answer(self, question: dns.message.Message) -> dns.message.Message:
            name = question.question[0].name
            self.records = (f"{name} 60 IN CNAME x{len(self.questions)}.example.com.",)
            return super().answer(question)

    endless = Endless()
    assert (await resolver(endless).resolve("a.example.com", "A")).status is AnswerStatus.SERVFAIL
    assert len(endless.questions) == CNAME_STEPS


@pytest.mark.parametrize(
    ("rcode", "status"),
    [("NXDOMAIN", AnswerStatus.NXDOMAIN), ("NOERROR", AnswerStatus.NO_DATA), ("SERVFAIL", AnswerStatus.SERVFAIL),
     ("REFUSED", AnswerStatus.SERVFAIL), ("FORMERR", AnswerStatus.SERVFAIL)],
)  # fmt: skip
async def test_empty_answer_says_which_kind_it_is(rcode: str, status: AnswerStatus) -> None:
    answer = await resolver(Server(rcode=rcode)).resolve("example.com", "MX")
    assert (answer.status, answer.records) == (status, ())


async def test_negative_answer_holds_as_long_as_the_soa_says() -> None:
    answer = await resolver(Server(rcode="NXDOMAIN", authority=SOA)).resolve("example.com", "MX")
    assert answer.ttl_s == 30  # RFC 2308 §5: the lesser of the SOA's TTL and its minimum.


async def test_silence_is_a_timeout_after_every_server_was_asked_twice() -> None:
    asked: list[str] = []

    async def silent(question: dns.message.Message, server: NameServer, timeout_s: float) -> dns.message.Message:
        asked.append(server.ip)
        raise TimeoutError

    answer = await resolver(silent, "192.0.2.1", "192.0.2.2").resolve("example.com", "MX")
    assert answer.status is AnswerStatus.TIMEOUT
    assert asked == ["192.0.2.1", "192.0.2.2"] * 2


async def test_next_server_helps_out() -> None:
    good = Server("example.com. 60 IN A 192.0.2.9")

    async def first_is_broken(
        question: dns.message.Message, server: NameServer, timeout_s: float
    ) -> dns.message.Message:
        if server.ip == "192.0.2.1":
            raise OSError("unreachable")
        if server.ip == "192.0.2.2":
            return await Server(rcode="SERVFAIL")(question, server, timeout_s)
        return await good(question, server, timeout_s)

    answer = await resolver(first_is_broken, "192.0.2.1", "192.0.2.2", "192.0.2.3").resolve("example.com", "A")
    assert answer.records == ("192.0.2.9",)


async def test_answer_is_remembered_for_its_time_and_no_longer() -> None:
    time, server = Time(), Server("example.com. 60 IN A 192.0.2.1")
    stub = resolver(server, time=time)
    await stub.resolve("example.com", "A")
    time.now_s += 45
    assert await stub.resolve("EXAMPLE.com.", "a") == Answer(AnswerStatus.FOUND, ("192.0.2.1",), 15)
    assert len(server.questions) == 1
    time.now_s += 15
    await stub.resolve("example.com", "A")
    assert len(server.questions) == 2
    await stub.resolve("example.com", "AAAA")
    assert len(server.questions) == 3


async def test_huge_ttl_is_capped_and_zero_is_not_kept() -> None:
    answer = await resolver(Server("example.com. 999999 IN A 192.0.2.1")).resolve("example.com", "A")
    assert answer.ttl_s == 3600
    server = Server("example.com. 0 IN A 192.0.2.1")
    stub = resolver(server)
    await stub.resolve("example.com", "A")
    await stub.resolve("example.com", "A")
    assert len(server.questions) == 2


async def test_cache_is_bounded_and_forgets_the_oldest() -> None:
    class Any(Server):
        def answer(self, question: dns.message.Message) -> dns.message.Message:
            self.records = (f"{question.question[0].name} 60 IN A 192.0.2.1",)
            return super().answer(question)

    server = Any()
    stub = resolver(server, cached_answers=2)
    for name in ("a.example", "b.example", "a.example", "c.example", "a.example", "b.example"):
        await stub.resolve(name, "A")
    assert server.questions == ["a.example. A", "b.example. A", "c.example. A", "b.example. A"]


async def test_equal_questions_at_one_time_are_asked_once_and_survive_an_impatient_waiter() -> None:
    gate, server = asyncio.Event(), Server("example.com. 60 IN A 192.0.2.1")

    async def slow(question: dns.message.Message, where: NameServer, timeout_s: float) -> dns.message.Message:
        response = await server(question, where, timeout_s)
        await gate.wait()
        return response

    stub = resolver(slow)
    waiters = [asyncio.ensure_future(stub.resolve("example.com", "A")) for _ in range(3)]
    await asyncio.sleep(0)
    waiters[0].cancel()
    await asyncio.sleep(0)
    gate.set()
    results = await asyncio.gather(*waiters, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert [result.records for result in results[1:]] == [("192.0.2.1",)] * 2  # type: ignore[union-attr]
    assert len(server.questions) == 1


@pytest.mark.parametrize("name", ["a..example", "x" * 64 + ".example", ".".join(["x" * 60] * 5), "\udcff.example"])
async def test_impossible_name_does_not_exist(name: str) -> None:
    server = Server()
    assert (await resolver(server).resolve(name, "A")).status is AnswerStatus.NXDOMAIN
    assert server.questions == []


async def test_dnssec_word_counts_only_from_this_machine() -> None:
    server = Server("example.com. 60 IN A 192.0.2.1", secure=True)
    assert (await resolver(server, "127.0.0.1").resolve("example.com", "A")).secure
    assert not (await resolver(server, "192.0.2.53").resolve("example.com", "A")).secure


@pytest.mark.parametrize(
    ("text", "server"),
    [("192.0.2.1", NameServer("192.0.2.1", 53)), ("192.0.2.1:5353", NameServer("192.0.2.1", 5353)),
     ("2001:db8::1", NameServer("2001:db8::1", 53)), ("[2001:db8::1]:54", NameServer("2001:db8::1", 54)),
     ("[::1]", NameServer("::1", 53))],
)  # fmt: skip
def test_server_is_read_with_and_without_port(text: str, server: NameServer) -> None:
    assert parse_server(text) == server


@pytest.mark.parametrize("text", ["", "ns.example.com", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:x"])
def test_wrong_server_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_server(text)


def test_system_servers_follow_their_file(tmp_path: Path) -> None:
    time, path = Time(), tmp_path / "resolv.conf"
    servers = SystemServers(path, time)
    assert [server.ip for server in servers()] == ["127.0.0.1"]
    path.write_text("# comment\nsearch example.com\nnameserver 192.0.2.1\nnameserver rubbish\nnameserver 2001:db8::1\n")
    assert [server.ip for server in servers()] == ["127.0.0.1"]
    time.now_s += 5
    assert [server.ip for server in servers()] == ["192.0.2.1", "2001:db8::1"]
    path.unlink()
    time.now_s += 5
    assert [server.ip for server in servers()] == ["192.0.2.1", "2001:db8::1"]


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: Server) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = dns.message.from_wire(data)
        response = self._server.answer(question)
        self._transport.sendto(b"rubbish", addr)  # type: ignore[attr-defined]
        # max_size makes dnspython cut the answer and set TC.
        wire = response.to_wire(max_size=512, prefer_truncation=True)
        self._transport.sendto(wire, addr)  # type: ignore[attr-defined]


@asynccontextmanager
async def real_server(server: Server) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int.from_bytes(await reader.readexactly(2), "big")
        wire = server.answer(dns.message.from_wire(await reader.readexactly(length))).to_wire()
        writer.write(len(wire).to_bytes(2, "big") + wire)
        await writer.drain()
        writer.close()

    tcp = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = tcp.sockets[0].getsockname()[1]
    udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Datagrams(server), local_addr=("127.0.0.1", port)
    )
    yield f"127.0.0.1:{port}"
    udp.close()
    tcp.close()
    await asyncio.sleep(0.01)


@on_both_loops
def test_small_answer_over_udp_and_large_answer_over_tcp(run: Run) -> None:
    async def scenario() -> None:
        small, large = (
            Server("example.com. 60 IN MX 10 mx.example.com."),
            Server(
                *(f'example.com. 60 IN TXT "{number:0200}"' for number in range(1)),
                'x.example.com. 60 IN TXT "' + "y" * 250 + '" | "' + "z" * 250 + '"',
            ),
        )
        async with real_server(small) as address:
            answer = await StubResolver([address]).resolve("example.com", "MX")
            assert answer.records == ("10 mx.example.com.",)
            assert small.questions == ["example.com. MX"]
        async with real_server(large) as address:
            answer = await StubResolver([address]).resolve("example.com", "TXT")
            assert answer.records == ("0" * 200,)
            assert large.questions == ["example.com. TXT"] * 2

    run(scenario())


@on_both_loops
def test_nobody_listens_is_a_timeout(run: Run) -> None:
    async def scenario() -> None:
        server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        answer = await StubResolver([f"127.0.0.1:{port}"]).resolve("example.com", "A")
        assert answer.status is AnswerStatus.TIMEOUT

    run(scenario())
