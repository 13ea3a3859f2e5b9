"""Before a signing server is measured, one message goes through it and its signature is verified.

Law: RFC 6376 §6, RFC 8301 (rsa-sha256 with 2048 bits).
"""

from __future__ import annotations

import queue
import re
from email import message_from_bytes

import dkim
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from benchmarks.measuring import Invalid
from benchmarks.smtp_load import SmtpLoad
from benchmarks.systems import Running

_WAIT_S = 20.0
_RSA_2048_SIGNATURE_BYTES = 256


class _Taker:
    """Takes messages and hands them over."""

    def __init__(self) -> None:
        self.taken: queue.Queue[bytes] = queue.Queue()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.taken.put(envelope.original_content or b"")
        return "250 OK"


def prove_signature(running: Running, sink_port: int, *, size_bytes: int) -> str:
    """Send one message to where the sink will be and verify its DKIM signature; give its tags in short.

    Raises `Invalid` when nothing arrives, or the signature is missing, weak or wrong.
    """
    taker = _Taker()
    controller = Controller(taker, hostname="127.0.0.1", port=sink_port)
    controller.start()
    load = SmtpLoad(running.smtp, messages=1, sessions=1, size_bytes=size_bytes)
    try:
        load.start()
        load.step(_WAIT_S)
        content = taker.taken.get(timeout=_WAIT_S)
    except queue.Empty:
        raise Invalid("no message came through") from None
    finally:
        load.close()
        controller.stop()
    assert running.dkim is not None, "the system signs"
    return verified(content, running.dkim())


def verified(content: bytes, records: dict[str, str]) -> str:
    """Verify the one signature of a message against TXT records. Raises `Invalid`."""
    fields = message_from_bytes(content).get_all("DKIM-Signature", [])
    if len(fields) != 1:
        raise Invalid(f"{len(fields)} DKIM signatures where one was expected")
    tags = dict(pair.strip().split("=", 1) for pair in re.sub(r"\s+", "", fields[0]).split(";") if "=" in pair)
    length = len(tags.get("b", "")) * 3 // 4 - tags.get("b", "").count("=")
    if tags.get("a") != "rsa-sha256" or length != _RSA_2048_SIGNATURE_BYTES:
        raise Invalid(f"not an RSA-2048 signature: a={tags.get('a')}, {length} octets")
    found = {name.lower(): value.encode() for name, value in records.items()}

    def look_up(name: bytes, timeout: int = 5) -> bytes | None:
        return found.get(name.decode().rstrip(".").lower())

    if not dkim.verify(content, dnsfunc=look_up):
        raise Invalid(f"the signature of d={tags.get('d')} does not verify")
    return f"a={tags['a']} c={tags.get('c')} d={tags.get('d')}, verified"
