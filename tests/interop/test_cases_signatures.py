"""DEV-IS-28: what is signed is what is delivered, whatever the message looks like."""

from __future__ import annotations

import re

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.interop.sending import send_raw
from tests.interop.signatures import PublishedKeys, signatures
from tests.peers.smtp_sink import SmtpSink
from tests.running import RunningServer

_SERVICE = "hatobin.localhost"
_FOLDED = ",\r\n\t".join(f'"A rather long name, number {number}" <reader{number}@example.net>' for number in range(12))
_VARIANTS = {
    "plain": b"From: sender@example.com\r\nTo: %s\r\nSubject: x\r\n\r\nHello.\r\n",
    "folded-to": b"From: sender@example.com\r\nTo: %s,\r\n\t" + _FOLDED.encode() + b"\r\nSubject: x\r\n\r\nHello.\r\n",
    "white-space-lines": b"From: sender@example.com\r\nTo: %s\r\nSubject: x\r\n\r\nHi. \t \r\n \t\r\n   \r\n\r\n\r\n",
    "empty-body": b"From: sender@example.com\r\nTo: %s\r\nSubject: x\r\n\r\n",
    "no-body": b"From: sender@example.com\r\nTo: %s\r\nSubject: x\r\n",
    "no-final-crlf": b"From: sender@example.com\r\nTo: %s\r\nSubject: x\r\n\r\nHello.",
    "feedback-id": b"Feedback-ID: a:b:c:d\r\nFrom: sender@example.com\r\nTo: %s\r\nSubject: x\r\n\r\nHello.\r\n",
    "ses-fields": b"X-SES-MESSAGE-TAGS: a=b\r\nX-SES-SOURCE-ARN: x\r\nFrom: sender@example.com\r\nTo: %s\r\n\r\nx\r\n",
    "bare-lf": b"From: sender@example.com\nTo: %s\nSubject: x\n\nHello.\nAgain.\n",
    "odd-spaces": b"From:   sender@example.com  \r\nTo:%s\r\nSUBJECT:x\r\nX-Odd: a\r\n  b \t c\r\n\r\n a  b\tc \r\n",
    "same-field-twice": b"X-Way: a\r\nX-Way: b\r\nFrom: sender@example.com\r\nTo: %s\r\nSubject: x\r\n\r\nx\r\n",
}


@pytest.fixture(scope="module")
def keys(relaying: RunningServer) -> PublishedKeys:
    return PublishedKeys(relaying.command("dns", "example.com"))


@pytest.mark.parametrize("variant", _VARIANTS)
def test_two_signatures_hold(relaying: RunningServer, sink: SmtpSink, keys: PublishedKeys, variant: str) -> None:
    to = f"signed-{variant}@example.net"
    send_raw(relaying, _VARIANTS[variant] % to.encode(), [to])
    received = sink.wait_for(to)
    found = signatures(received.data, keys)
    assert sorted(one.domain for one in found) == ["example.com", _SERVICE]
    assert all(one.holds for one in found)
    names = [name.lower() for name in received.message]
    for one in found:
        assert set(one.signed_fields) - {"from"} <= set(names), "h= names a field that is not there"
        assert one.signed_fields.count("from") == names.count("from") + 1, "From is not over-signed (RFC 6376 §8.15)"
        assert {"subject", "to", "date", "message-id", "feedback-id"} & set(names) <= set(one.signed_fields)
    assert names.count("feedback-id") == 1
    assert not any(name.startswith("x-ses-") and name != "x-ses-outgoing" for name in names)


def test_an_added_from_breaks_the_signature(relaying: RunningServer, sink: SmtpSink, keys: PublishedKeys) -> None:
    to = "signed-twice-from@example.net"
    send_raw(relaying, _VARIANTS["plain"] % to.encode(), [to])
    data = sink.wait_for(to).data
    assert not any(one.holds for one in signatures(b"From: other@example.org\r\n" + data, keys))


def test_a_client_signature_still_holds(relaying: RunningServer, sink: SmtpSink, keys: PublishedKeys) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    record = "v=DKIM1; k=rsa; p=" + re.sub(r"-----[^-]+-----|\s", "", public.decode())
    to = "client-signed@example.net"
    data = f"From: sender@example.com\r\nTo: {to}\r\nSubject: x\r\n\r\nHello.\r\n".encode()
    # As nodemailer does for SES: Date and Message-ID are left out, because they will be replaced.
    own = dkim.sign(data, b"client", b"example.org", pem, include_headers=[b"from", b"to", b"subject"])
    send_raw(relaying, own + data, [to])
    theirs = {"name": "client._domainkey.example.org", "type": "TXT", "value": record}
    records = relaying.command("dns", "example.com")
    found = signatures(sink.wait_for(to).data, PublishedKeys([*records, theirs]))
    assert {one.domain: one.holds for one in found} == {"example.com": True, _SERVICE: True, "example.org": True}
