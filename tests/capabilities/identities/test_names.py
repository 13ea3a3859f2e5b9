"""Which texts name an identity, and which identities answer for a sender."""

from __future__ import annotations

import pytest

from hatobin.capabilities.identities import InvalidIdentity
from hatobin.capabilities.identities.keys import key_record, record_has_key
from hatobin.capabilities.identities.model import (
    address_key,
    domain_key,
    first_verified,
    lookup_key,
    responsible_keys,
)
from hatobin.words.address import parse_address


@pytest.mark.parametrize(
    ("written", "key"),
    [("EXAMPLE.com", "example.com"), ("a-1.b2.Example.co.uk", "a-1.b2.example.co.uk"), ("xn--bcher-kva.de",) * 2],
)
def test_domains_are_kept_in_lower_case(written: str, key: str) -> None:
    assert domain_key(written) == key


@pytest.mark.parametrize(
    "text",
    ["", "localhost", "example.com.", ".example.com", "a..b", "-a.com", "a-.com", "bücher.de", "a b.com", "[1.2.3.4]",
     f"{'a' * 64}.com", ".".join(["a" * 60] * 5), "under_score.com"],
)  # fmt: skip
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentity, match="Invalid domain name"):
        domain_key(text)


def test_addresses_keep_their_local_part() -> None:
    assert address_key("Sender+Tag@EXAMPLE.com") == "Sender+Tag@example.com"


@pytest.mark.parametrize(
    "text", ["STUB@", "a@localhost", "a b@example.com", "ä@example.com", "Name <a@example.com>", " a@example.com"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentity) as caught:
        address_key(text)
    assert str(caught.value) == f"Invalid email address<{text}>."


def test_looking_up_never_refuses() -> None:
    assert lookup_key("A@B@Example.COM") == "A@B@example.com"
    assert lookup_key("No Domain") == "no domain"


def test_address_domain_and_parents_answer_in_this_order() -> None:
    keys = responsible_keys(parse_address("A@x.mail.Example.com"))
    assert keys == ["A@x.mail.example.com", "x.mail.example.com", "mail.example.com", "example.com"]


def test_a_very_deep_domain_has_a_limited_number_of_parents() -> None:
    assert len(responsible_keys(parse_address(f"a@{'x.' * 60}example.com"))) == 10


@pytest.mark.parametrize(
    ("verified", "chosen"),
    [
        ({"a@b.c.d": True, "b.c.d": True}, "a@b.c.d"),
        ({"a@b.c.d": False, "b.c.d": False, "c.d": True}, "c.d"),
        ({"b.c.d": False, "c.d": False}, "b.c.d"),
        ({}, None),
    ],
)
def test_the_nearest_verified_answers_else_the_nearest(verified: dict[str, bool], chosen: str | None) -> None:
    assert first_verified(["a@b.c.d", "b.c.d", "c.d"], verified) == chosen


@pytest.mark.parametrize(
    ("record", "same"),
    [
        (key_record("AAAA"), True),
        ("p = AA AA ; v=DKIM1", True),
        ("v=DKIM1; t=s; p=AAAA;", True),
        ("v=DKIM1; p=AAAB", False),
        ("v=DKIM1; p=", False),
        ("p", False),
        ("v=spf1 -all", False),
    ],
)
def test_a_key_is_found_in_any_form_of_its_record(record: str, *, same: bool) -> None:
    assert record_has_key(record, "AAAA") is same
