"""Dynamic updates against a small name server on loopback that speaks the real protocol."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator

import dns.message
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import pytest

from hatobin.adapters.dns_update import TsigKey, UpdateRefused, push_records, read_tsig_key, record_data

KEY = TsigKey("hatobin-key", "hmac-sha256", "c2VjcmV0IHNlY3JldCBzZWNyZXQ=")
KEY_FILE = """key "hatobin-key" {
\talgorithm hmac-sha256;
\tsecret "c2VjcmV0IHNlY3JldCBzZWNyZXQ=";
};
"""
RECORDS = [
    ("t1._domainkey.example.com", "CNAME", "t1.dkim.mail.example.net"),
    ("bounce.example.com", "MX", "10 feedback-smtp.us-east-1.mail.example.net"),
    ("_amazonses.example.com", "TXT", 'token"quoted'),
    ("_amazonses.example.com", "TXT", "x" * 300),
]


class NameServer:
    """Takes one update per connection, checks its signature, and answers with `rcode`."""

    def __init__(self) -> None:
        self.rcode = dns.rcode.NOERROR
        self.updates: list[dns.message.Message] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        keyring = dns.tsigkeyring.from_text({KEY.name: (KEY.algorithm, KEY.secret)})
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                (length,) = struct.unpack("!H", stream.read(2))
                try:
                    query = dns.message.from_wire(stream.read(length), keyring=keyring)
                except (dns.tsig.BadSignature, dns.message.UnknownTSIGKey):
                    continue
                self.updates.append(query)
                answer = dns.message.make_response(query)
                answer.set_rcode(self.rcode)
                wire = answer.to_wire()
                connection.sendall(struct.pack("!H", len(wire)) + wire)

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def server() -> Iterator[NameServer]:
    running = NameServer()
    yield running
    running.close()


def push(server: NameServer, key: TsigKey | None = KEY) -> None:
    push_records(RECORDS, server=server.address, zone="example.com", key=key, ttl_s=300)


def test_records_replace_those_of_their_name_and_type(server: NameServer) -> None:
    push(server)
    [update] = server.updates
    assert update.had_tsig
    assert update.question[0].to_text() == "example.com. IN SOA"
    changes = [
        (str(one.name), one.deleting is not None, one.to_text().rpartition(" IN ")[2]) for one in update.authority
    ]
    emptied = {(name, text) for name, deleting, text in changes if deleting}
    assert {name for name, _ in emptied} == {
        "t1._domainkey.example.com.",
        "bounce.example.com.",
        "_amazonses.example.com.",
    }
    added = sorted((name, line) for name, deleting, text in changes if not deleting for line in text.splitlines())
    assert added == [
        ("_amazonses.example.com.", 'TXT "token\\"quoted"'),
        ("_amazonses.example.com.", f'TXT "{"x" * 255}" "{"x" * 45}"'),
        ("bounce.example.com.", "MX 10 feedback-smtp.us-east-1.mail.example.net."),
        ("t1._domainkey.example.com.", "CNAME t1.dkim.mail.example.net."),
    ]


def test_a_server_that_refuses_says_why(server: NameServer) -> None:
    server.rcode = dns.rcode.NOTAUTH
    with pytest.raises(UpdateRefused, match=r"answered NOTAUTH for zone example\.com"):
        push(server)


def test_a_wrong_key_changes_nothing(server: NameServer) -> None:
    with pytest.raises(UpdateRefused):
        push(server, TsigKey(KEY.name, KEY.algorithm, "d3Jvbmc="))
    assert server.updates == []


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    with pytest.raises(UpdateRefused, match="did not take the update"):
        push_records(RECORDS, server=address, zone="example.com", key=None, ttl_s=300)


def test_the_key_file_of_a_name_server() -> None:
    assert read_tsig_key(KEY_FILE) == KEY
    for wrong in ("", "secret", 'key "x" { algorithm hmac-sha256; };'):
        with pytest.raises(ValueError, match="no key in the file"):
            read_tsig_key(wrong)


def test_a_long_text_is_cut_into_strings() -> None:
    assert record_data("TXT", "v=spf1 ~all") == '"v=spf1 ~all"'
    assert record_data("TXT", "x" * 256) == f'"{"x" * 255}" "x"'
    assert record_data("CNAME", "a.example") == "a.example."
