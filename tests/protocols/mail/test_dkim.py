"""DKIM: what we sign, dkimpy and our own verifier accept (DEV-IS-28, DEV-IS-29); forged mail neither does."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dkim
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)

from hatobin.protocols.mail import (
    DkimResult,
    KeyAnswer,
    MessageError,
    SignatureResult,
    Signer,
    SigningKey,
    algorithm_of,
    finish,
    prepare,
    prepare_all,
    rewrite,
    sign,
    sign_payload,
    split_message,
    verify,
)
from hatobin.protocols.mail.canonical import Canonicalization, body_hash
from hatobin.protocols.mail.transfer import crlf
from tests.corpus import corpus_path

NOW_S = 1_700_000_000
RSA_KEY = rsa.generate_private_key(65537, 2048)
ED_KEY = Ed25519PrivateKey.generate()


def record(key: SigningKey) -> str:
    """The TXT record that publishes a key."""
    if isinstance(key, Ed25519PrivateKey):
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}"
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"


ZONE = {
    "rsa._domainkey.example.com": record(RSA_KEY),
    "ed._domainkey.example.com": record(ED_KEY),
    "service._domainkey.hatobin.localhost": record(RSA_KEY),
}


def judged(raw: bytes, zone: dict[str, str] = ZONE, now_s: int = NOW_S) -> tuple[SignatureResult, ...]:
    """Drive our verifier with a zone of TXT records."""
    steps = verify(split_message(raw), now_s=now_s)
    try:
        lookup = next(steps)
        while True:
            found = zone.get(lookup.name)
            lookup = steps.send(KeyAnswer(() if found is None else (found,)))
    except StopIteration as stop:
        results = stop.value
        assert isinstance(results, tuple)
        return results


@pytest.fixture(autouse=True)
def _ed25519_for_dkimpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lend dkimpy an Ed25519: it asks PyNaCl, which is not among our dependencies."""

    class BadSignatureError(Exception):
        pass

    class VerifyKey:
        def __init__(self, key: bytes, encoder: object) -> None:
            self._key = Ed25519PublicKey.from_public_bytes(base64.b64decode(key))

        def verify(self, digest: bytes, signature: bytes) -> None:
            try:
                self._key.verify(signature, digest)
            except InvalidSignature as error:
                raise BadSignatureError from error

    lent = SimpleNamespace(
        signing=SimpleNamespace(VerifyKey=VerifyKey),
        encoding=SimpleNamespace(Base64Encoder=None),
        exceptions=SimpleNamespace(BadSignatureError=BadSignatureError, ValueError=ValueError),
    )
    monkeypatch.setattr(dkim, "nacl", lent, raising=False)


def dkimpy_passes(raw: bytes, zone: dict[str, str] = ZONE) -> list[bool]:
    """Ask dkimpy about each signature, top to bottom."""

    def answer(name: bytes, timeout: int = 5) -> bytes | None:
        found = zone.get(name.decode().rstrip("."))
        return None if found is None else found.encode()

    count = len(split_message(raw).all("dkim-signature"))
    checker = dkim.DKIM(raw, minkey=512)
    verdicts: list[bool] = []
    for index in range(count):
        try:
            verdicts.append(bool(checker.verify(idx=index, dnsfunc=answer)))
        except dkim.ValidationError:
            verdicts.append(False)
    return verdicts


HEAD = (
    b"Received: by a\r\n\tfor b; Mon\r\n"
    b"From:  Sender   <a@example.com>\r\n"
    b"Subject: =?UTF-8?B?5bGx?=\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain;\r\n\tcharset=utf-8\r\n"
)
BODY = b"Hello  there \r\n\r\n\ttabs\r\n"
VARIANTS = {
    "plain": HEAD + b"\r\n" + BODY,
    "long folded To": HEAD
    + b"To: "
    + b",\r\n ".join([b"Name %d <r%d@x.example>" % (n, n) for n in range(60)])
    + b"\r\n\r\n"
    + BODY,
    "trailing blank lines": HEAD + b"\r\n" + BODY + b"\r\n \r\n\t\r\n  \r\n\r\n",
    "empty body": HEAD + b"\r\n",
    "no final line end": HEAD + b"\r\n" + BODY + b"last",
    "only line ends": HEAD + b"\r\n\r\n\r\n\r\n",
    "own Feedback-ID": HEAD + b"Feedback-ID: old\r\nFeedback-ID: older\r\n\r\n" + BODY,
    "control fields": HEAD + b"X-SES-CONFIGURATION-SET: s\r\nX-SES-MESSAGE-TAGS: a=b\r\n\r\n" + BODY,
    "client signature": b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=no;\r\n h=from; bh=x; b=y\r\n"
    + HEAD
    + b"\r\n"
    + BODY,
    "repeated fields": HEAD + b"List-Id: a\r\nList-Id: b\r\nReferences: <a>\r\n\r\n" + BODY,
    "eight-bit field": HEAD + b"Reply-To: caf\xc3\xa9 <a@x>\r\n\r\n" + BODY,
    "dots": HEAD + b"\r\n.\r\n..\r\n.x\r\nhttp://a=\r\n.example/\r\n.",
    "empty fields": HEAD + b"Cc:\r\nReply-To: \r\n\r\n" + BODY,
}


def dispatched(raw: bytes) -> bytes:
    """Rewrite as when leaving, and sign for the identity (both keys) and the service."""
    octets = rewrite(
        split_message(raw),
        message_id_header="<id-000000@email.hatobin.localhost>",
        date="Fri, 6 Sep 2019 18:52:14 +0000",
        extra=(("X-SES-Outgoing", "2019.09.06-203.0.113.0"), ("Feedback-ID", "::1.us-east-1.abc=:Hatobin")),
    )
    signers: dict[Signer, SigningKey] = {
        Signer("example.com", "rsa"): RSA_KEY,
        Signer("example.com", "ed", "ed25519-sha256"): ED_KEY,
        Signer("hatobin.localhost", "service"): RSA_KEY,
    }
    fields = [
        finish(unsigned, sign_payload(key, unsigned.payload))
        for unsigned, key in zip(prepare_all(octets, signers, timestamp=NOW_S), signers.values(), strict=True)
    ]
    return b"".join(fields) + octets


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_is_good_for_both_verifiers_after_rewriting(variant: str) -> None:
    signed = dispatched(VARIANTS[variant])
    results = judged(signed)
    assert [result.result for result in results[:3]] == [DkimResult.PASS] * 3
    assert [result.domain for result in results[:3]] == ["example.com", "example.com", "hatobin.localhost"]
    if variant == "client signature":
        assert results[3].result is not DkimResult.PASS
        signed = signed.replace(split_message(signed).all("dkim-signature")[3].raw, b"")
    assert dkimpy_passes(signed) == [True, True, True]
    lines = signed.split(b"\r\n\r\n")[0].split(b"\r\n")
    assert max(len(line) for line in lines if not line.startswith(b"To:")) <= 100


@pytest.mark.parametrize("header", ["relaxed", "simple"])
@pytest.mark.parametrize("body", ["relaxed", "simple"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_canonicalization_is_good_for_both_verifiers(
    variant: str, header: Canonicalization, body: Canonicalization
) -> None:
    raw = VARIANTS[variant].replace(b"DKIM-Signature", b"X-Signature")
    unsigned = prepare(raw, domain="example.com", selector="rsa", timestamp=NOW_S, header=header, body=body)
    signed = finish(unsigned, sign_payload(RSA_KEY, unsigned.payload)) + raw
    assert [result.result for result in judged(signed)] == [DkimResult.PASS]
    assert dkimpy_passes(signed) == [True]


def test_the_field_names_only_what_is_there_and_from_once_more() -> None:
    raw = b"From: a@x\r\nTo: b@x\r\nReferences: <b>\r\nReferences: <a>\r\nX-Other: 1\r\n\r\n"
    field = split_message(sign(raw, RSA_KEY, domain="example.com", selector="rsa", timestamp=NOW_S)).fields[0]
    tags = dict(tag.strip().split("=", 1) for tag in field.value.split(";"))
    assert tags["h"] == "From:To:References:References:From"
    assert (tags["a"], tags["c"], tags["d"], tags["s"], tags["t"]) == (
        "rsa-sha256",
        "relaxed/relaxed",
        "example.com",
        "rsa",
        str(NOW_S),
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"Hello", b"Hullo"),
        lambda raw: raw.replace(b"5bGx", b"5bGy"),
        lambda raw: raw.replace(b"From:  Sender", b"From: evil@x\r\nFrom:  Sender"),
        lambda raw: raw.replace(b"\r\n\r\n", b"\r\nFrom: evil@x\r\n\r\n", 1),
        lambda raw: raw.replace(b"MIME-Version: 1.0\r\n", b""),
        lambda raw: raw.replace(b"t=17", b"t=16"),
    ],
)
def test_a_changed_message_is_good_for_no_verifier(change: Callable[[bytes], bytes]) -> None:
    raw = VARIANTS["plain"]
    signed = sign(raw, RSA_KEY, domain="example.com", selector="rsa", timestamp=NOW_S) + raw
    changed = change(signed)
    assert changed != signed
    assert [result.result for result in judged(changed)] == [DkimResult.FAIL]
    assert dkimpy_passes(changed) == [False]


def test_widening_blanks_and_adding_unsigned_fields_does_no_harm() -> None:
    raw = VARIANTS["plain"]
    signed = sign(raw, ED_KEY, domain="example.com", selector="ed", timestamp=NOW_S) + raw
    changed = b"X-Trace: 1\r\n" + signed.replace(b"Hello  there", b"Hello \t there") + b"\r\n\r\n"
    assert [result.result for result in judged(changed)] == [DkimResult.PASS]


def test_a_message_without_from_is_not_signed_and_a_strange_domain_is_our_own_fault() -> None:
    with pytest.raises(MessageError):
        sign(b"To: a@x\r\n\r\n", RSA_KEY, domain="example.com", selector="rsa", timestamp=NOW_S)
    for domain, selector in (
        ("legitimate.com(.attacker.com", "s"),
        ("", "s"),
        ("a.example", "s;d=x"),
        ("a\r\n.b", "s"),
    ):
        with pytest.raises(ValueError, match="no domain and selector"):
            sign(HEAD + b"\r\n", RSA_KEY, domain=domain, selector=selector, timestamp=NOW_S)


def with_tags(**changes: str | None) -> bytes:
    """A signed message whose signature field says something else."""
    raw = VARIANTS["plain"]
    field = sign(raw, RSA_KEY, domain="example.com", selector="rsa", timestamp=NOW_S).decode()
    for name, value in changes.items():
        tag = "" if value is None else f" {name}={value};"
        field, count = re.subn(rf"(?<=[;:])\s+{name}=[^;]*;", tag, field, count=1)
        if not count:
            field = field.replace("v=1;", f"v=1;{tag}", 1)
    return field.encode() + raw


@pytest.mark.parametrize(
    ("message", "zone", "result", "reason"),
    [
        (with_tags(a="rsa-sha1"), ZONE, DkimResult.PERMERROR, "unsupported algorithm"),
        (with_tags(v="2"), ZONE, DkimResult.PERMERROR, "unknown version"),
        (with_tags(d=None), ZONE, DkimResult.PERMERROR, "a required tag is missing"),
        (with_tags(d="a(.b"), ZONE, DkimResult.PERMERROR, "d= or s= is no domain name"),
        (with_tags(h="To:Subject"), ZONE, DkimResult.PERMERROR, "From is not signed"),
        (with_tags(c="tight/simple"), ZONE, DkimResult.PERMERROR, "unknown canonicalization"),
        (with_tags(i="@other.com"), ZONE, DkimResult.PERMERROR, "i= is not within d="),
        (with_tags(x="1699999999"), ZONE, DkimResult.FAIL, "signature has expired"),
        (with_tags(t="1800000000"), ZONE, DkimResult.NEUTRAL, "signature lies in the future"),
        (with_tags(l="many"), ZONE, DkimResult.PERMERROR, "l= is no number"),
        (with_tags(bh="AAAA"), ZONE, DkimResult.FAIL, "body hash did not verify"),
        (with_tags(), {}, DkimResult.PERMERROR, "no key for signature"),
        (with_tags(), {"rsa._domainkey.example.com": "v=DKIM1; p="}, DkimResult.PERMERROR, "key has been revoked"),
        (with_tags(), {"rsa._domainkey.example.com": "v=DKIM2; p=x"}, DkimResult.PERMERROR, "another version"),
        (with_tags(), {"rsa._domainkey.example.com": record(ED_KEY)}, DkimResult.PERMERROR, "another kind"),
        (with_tags(), {"rsa._domainkey.example.com": "p=!!!"}, DkimResult.PERMERROR, "does not decode"),
        (
            with_tags(),
            {"rsa._domainkey.example.com": record(RSA_KEY) + "; s=tlsrpt"},
            DkimResult.PERMERROR,
            "not for mail",
        ),
        (
            with_tags(),
            {"rsa._domainkey.example.com": record(RSA_KEY) + "; h=sha1"},
            DkimResult.PERMERROR,
            "forbids sha256",
        ),
        (with_tags(), {"rsa._domainkey.example.com": "v=DKIM1; v=DKIM1"}, DkimResult.PERMERROR, "syntax error"),
    ],
)
def test_a_signature_that_breaks_a_rule_is_judged_by_the_law(
    message: bytes, zone: dict[str, str], result: DkimResult, reason: str
) -> None:
    (judgement,) = judged(message, zone)
    assert judgement.result is result
    assert reason in judgement.reason


def test_dns_trouble_is_temporary_and_testing_keys_say_so() -> None:
    steps = verify(split_message(with_tags()), now_s=NOW_S)
    assert next(steps).name == "rsa._domainkey.example.com"
    with pytest.raises(StopIteration) as stop:
        steps.send(KeyAnswer(temporary=True))
    assert stop.value.value[0].result is DkimResult.TEMPERROR
    (judgement,) = judged(with_tags(), {"rsa._domainkey.example.com": record(RSA_KEY) + "; t=y"})
    assert judgement.testing
    assert judgement.result is DkimResult.PASS


def load_key(path: Path) -> SigningKey:
    text = path.read_text().strip()
    if text.startswith("-----"):
        key: Any = load_pem_private_key(text.encode(), None)
    elif len(text) < 60:
        key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(text))
    else:
        key = load_der_private_key(base64.b64decode(text), None)
    return key  # type: ignore[no-any-return]


def published(entry: str, folder: Path) -> str:
    text = (folder / entry.removeprefix("@")).read_text() if (folder / entry.removeprefix("@")).is_file() else entry
    return "".join(re.findall(r'"([^"]*)"', text)) or text.strip()


def test_the_verdicts_on_the_signed_messages_of_the_corpus() -> None:
    folder = corpus_path("dkim")
    for case in json.loads((folder / "expected.json").read_text())["verify"]:
        raw = crlf((folder / case["message"]).read_bytes())
        zone = {name: published(entry, folder) for name, entry in case["txt"].items()}
        results = judged(raw, zone, now_s=1_900_000_000)
        assert [result.result is DkimResult.PASS for result in results] == [
            wanted["result"] == "pass" for wanted in case["signatures"]
        ], case["message"]


def test_the_keys_of_the_corpus_sign_and_the_verdicts_are_the_expected_ones() -> None:
    folder = corpus_path("dkim")
    for case in json.loads((folder / "expected.json").read_text())["sign_then_verify"]:
        raw = crlf((folder / case["message"]).read_bytes())
        key = load_key(folder / case["key"])
        try:
            field = sign(raw, key, domain=case["d"], selector=case["s"], timestamp=NOW_S)
        except (MessageError, ValueError):
            assert case["result"].startswith("refused"), case
            continue
        assert algorithm_of(key) == case["a"]
        zone = {f"{case['s']}._domainkey.{case['d']}": published(case["txt"], folder)}
        (result,) = judged(field + raw, zone)
        assert (result.result is DkimResult.PASS) == case["result"].startswith("pass"), case
        if result.result is DkimResult.PASS:
            assert dkimpy_passes(field + raw, zone) == [True], case


def test_header_alone_is_signed_where_the_body_was_hashed_before() -> None:
    raw = dispatched(b"From: a@example.com\r\nSubject: x\r\n\r\nbody  of\tblanks \r\n\r\n")
    message = split_message(raw)
    signers = [Signer("example.com", "rsa"), Signer("example.com", "ed", "ed25519-sha256")]
    head = split_message(raw[: message.body_start])
    hashed = body_hash(message.body, "relaxed")
    assert prepare_all(head, signers, timestamp=NOW_S, relaxed_hash=hashed) == prepare_all(
        raw, signers, timestamp=NOW_S
    )
