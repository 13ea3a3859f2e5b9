"""Publishing DNS records: a dynamic update, signed with TSIG, over TCP.

Refs: RFC 2136 (UPDATE), RFC 8945 (TSIG), RFC 1035 §3.3.14 (TXT strings of at most 255 octets).
"""

from __future__ import annotations

import re
import socket
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.query
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import dns.update

TIMEOUT_S = 15.0
_KEY = re.compile(
    r"key\s+\"?(?P<name>[\w.\-]+)\"?\s*\{(?=[^}]*algorithm\s+\"?(?P<algorithm>[\w.\-]+)\"?\s*;)"
    r"(?=[^}]*secret\s+\"(?P<secret>[A-Za-z0-9+/=]+)\"\s*;)"
)


class UpdateRefused(Exception):
    """The name server did not take the records, or could not be reached; the message is for the operator."""


@dataclass(frozen=True, slots=True)
class TsigKey:
    """A shared key of a name server; `secret` is base64."""

    name: str
    algorithm: str
    secret: str


def read_tsig_key(text: str) -> TsigKey:
    """Read a key file as `tsig-keygen` writes it and `nsupdate -k` reads it. Raises `ValueError`."""
    found = _KEY.search(text)
    if found is None:
        raise ValueError('no key in the file: it reads like  key "name" { algorithm hmac-sha256; secret "…"; };')
    return TsigKey(found["name"], found["algorithm"], found["secret"])


def txt_strings(value: str) -> str:
    """Write the data of a TXT record as zone files have it.

    >>> txt_strings('v=DKIM1; p="x"')
    '"v=DKIM1; p=\\\\"x\\\\""'
    """
    pieces = [value[start : start + 255] for start in range(0, len(value), 255)] or [""]
    escaped = (piece.replace("\\", "\\\\").replace('"', '\\"') for piece in pieces)
    return " ".join(f'"{piece}"' for piece in escaped)


def record_data(record_type: str, value: str) -> str:
    """Write the data of a record as zone files have it: names absolute, texts quoted."""
    return txt_strings(value) if record_type == "TXT" else f"{value}."


def _address(server: tuple[str, int]) -> str:
    found = socket.getaddrinfo(server[0], server[1], type=socket.SOCK_STREAM)
    return str(found[0][4][0])


def push_records(
    records: Sequence[tuple[str, str, str]], *, server: tuple[str, int], zone: str, key: TsigKey | None, ttl_s: int
) -> None:
    """Replace the records (name, type, value) of each name and type in a zone. Raises `UpdateRefused`."""
    try:
        keyring = None if key is None else dns.tsigkeyring.from_text({key.name: (key.algorithm, key.secret)})
        update = dns.update.UpdateMessage(zone, keyring=keyring)
        sets: dict[tuple[str, str], list[str]] = defaultdict(list)
        for name, record_type, value in records:
            sets[name, record_type].append(record_data(record_type, value))
        for (name, record_type), data in sets.items():
            absolute = dns.name.from_text(name)
            update.delete(absolute, record_type)
            for one in data:
                update.add(absolute, ttl_s, record_type, one)
        answer = dns.query.tcp(update, _address(server), port=server[1], timeout=TIMEOUT_S)
    except (dns.exception.DNSException, OSError, EOFError, ValueError) as error:
        raise UpdateRefused(
            f"{server[0]}:{server[1]} did not take the update: {error or type(error).__name__}"
        ) from error
    if answer.rcode() != dns.rcode.NOERROR:
        raise UpdateRefused(f"{server[0]}:{server[1]} answered {dns.rcode.to_text(answer.rcode())} for zone {zone}")
