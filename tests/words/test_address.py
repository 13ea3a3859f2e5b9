"""Addresses and mailboxes: SES's grammar and SES's texts (cases DEV-IS-01 and DEV-IS-02 are the tables)."""

from __future__ import annotations

from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.words.address import (
    Address,
    AddressError,
    Mailbox,
    parse_address,
    parse_mailbox,
    parse_mailbox_list,
    quote_phrase,
)

CONTROL = "Local address contains control or whitespace"
ILLEGAL = "Local address contains illegal character"


@pytest.mark.parametrize(
    ("text", "local", "domain"),
    [
        ("a@x", "a", "x"),
        ("user@xn--bcher-kva.example", "user", "xn--bcher-kva.example"),
        ("=?UTF-8?B?SmVzw7pz?=@example.com", "=?UTF-8?B?SmVzw7pz?=", "example.com"),
        ("o'brien+tag@Example.COM", "o'brien+tag", "example.com"),
        ("foo/bar@example.com", "foo/bar", "example.com"),
        ('"q s"@example.com', '"q s"', "example.com"),
        ('"a\\"b"@example.com', '"a\\"b"', "example.com"),
        ("a@[192.0.2.1]", "a", "[192.0.2.1]"),
        ("a@[IPv6:2001:db8::1]", "a", "[ipv6:2001:db8::1]"),
        ("l" * 64 + "@example.com", "l" * 64, "example.com"),
    ],
)
def test_an_envelope_address_is_read(text: str, local: str, domain: str) -> None:
    address = parse_address(text)
    assert (address.local, address.domain) == (local, domain)
    assert str(address) == text


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("dån@example.com", CONTROL),
        ("user@bücher.example", "Domain contains illegal character"),
        ("user", "Missing final '@domain'"),
        ('"user"', "Missing final '@domain'"),
        ("", "Illegal address"),
        ("@example.com", "Missing local name"),
        ("a@", "Missing domain"),
        ("a@.example.com", "Domain starts with dot"),
        ("a@example.com.", "Domain ends with dot"),
        ("a@example..com", "Domain contains dot-dot"),
        ("a@exa mple.com", "Domain contains control or whitespace"),
        ("a@ex_ample.com", "Domain contains illegal character"),
        ("a@b@c", "Domain contains illegal character"),
        (".a@x", "Local address starts with dot"),
        ("a.@x", "Local address ends with dot"),
        ("a..b@x", "Local address contains dot-dot"),
        ("a b@x", CONTROL),
        ("a\r\nb@x", CONTROL),
        ("a\x00@x", CONTROL),
        ("a,b@x", ILLEGAL),
        ("a<b@x", ILLEGAL),
        ('a"b"@x', "Quote not at start of local address"),
        ('"a"b@x', "Quote not at end of local address"),
        ('"ab@x', "Unterminated quote"),
        ('"å"@x', CONTROL),
        ("a@x[1]", "Domain literal not at start of domain"),
        ("a@[1.2.3.4", "Domain literal end not at end of domain"),
        ("a@[1]x", "Domain literal end not at end of domain"),
        ("a@[]", "Domain contains illegal character"),
        ("l" * 65 + "@example.com", "Illegal address"),
        ("a@" + "d" * 256, "Illegal address"),
        ("l" * 64 + "@" + "d" * 255 + "e", "Illegal address"),
        ("a@x\n", "Domain contains control or whitespace"),
        ("a@١.example", "Domain contains illegal character"),
    ],
)
def test_a_bad_envelope_address_gets_the_text_of_ses(text: str, fault: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(text)
    assert str(caught.value) == fault


def test_the_case_of_a_domain_does_not_tell_addresses_apart_and_that_of_a_local_part_does() -> None:
    assert parse_address("Foo@Example.COM") == parse_address("Foo@example.com")
    assert hash(parse_address("Foo@Example.COM")) == hash(parse_address("Foo@example.com"))
    assert parse_address("foo@example.com") != parse_address("Foo@example.com")
    assert str(parse_address("Foo@Example.COM")) == "Foo@Example.COM"
    assert Address("a", "X.Com").domain == "x.com"


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("a@x", "", "a@x"),
        ("Karen Chan <a@x>", "Karen Chan", "a@x"),
        ('"Karen, Chan" <a@x>', "Karen, Chan", "a@x"),
        ('"DEBUG: \\"Bob\\"" <a@x>', 'DEBUG: "Bob"', "a@x"),
        ("<a@x>", "", "a@x"),
        ("a@x (Bob (the builder))", "Bob (the builder)", "a@x"),
        ("=?UTF-8?B?5bGx55Sw?= <a@x>", "=?UTF-8?B?5bGx55Sw?=", "a@x"),
        ("山田 太郎 <a@x>", "山田 太郎", "a@x"),
        ("a@x <a@x>", "a@x", "a@x"),
        ("John Q. Public <a@x>", "John Q. Public", "a@x"),
        ('"a b"@x', "", '"a b"@x'),
        ('Q <"a>b"@x>', "Q", '"a>b"@x'),
        ("<@relay.example:a@x>", "", "a@x"),
        ("[Ticket] Desk <a@x>", "[Ticket] Desk", "a@x"),
    ],
)
def test_one_sender_is_read_with_its_name(text: str, name: str, address: str) -> None:
    mailbox = parse_mailbox(text)
    assert mailbox.display_name == name
    assert str(mailbox.address) == address


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Karen, Chan <a@x>", "Illegal address"),
        ("Your Grace, John Doe <a@x>", CONTROL),
        ("DEBUG: Bob <a@x>", ILLEGAL),
        ("github:bob", ILLEGAL),
        ('"K" <a @x>', CONTROL),
        ("K\r\nBcc: z@x <a@x>", CONTROL),
        ("K <a@x>\n", CONTROL),
        ("a@x, b@x", "Illegal address"),
        ("", "Illegal address"),
        ("bob", "Missing final '@domain'"),
        ("Bob <bob>", "Missing final '@domain'"),
        ("Bob <a@x> Smith", "Illegal address"),
        ("Bob <a@x> <b@x>", "Extra route-addr"),
        ("Bob <a@x", "Missing '>'"),
        ('"Bob <a@x>', "Missing '\"'"),
        ("Bob (a@x", "Missing ')'"),
        ("a@x;", "Illegal semicolon, not in group"),
    ],
)
def test_a_bad_sender_is_refused_and_never_split_into_two(text: str, fault: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_mailbox(text)
    assert str(caught.value) == fault


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a@x, "B, b" <b@y>,\r\n\tC <c@z>', [("", "a@x"), ("B, b", "b@y"), ("C", "c@z")]),
        ("Team: a@x, B <b@y>;, c@z", [("", "a@x"), ("B", "b@y"), ("", "c@z")]),
        ("undisclosed-recipients:;", []),
        ("undisclosed-recipients:", []),
        ("", []),
        (" a@x,, b@y ,", [("", "a@x"), ("", "b@y")]),
        ('"a\r\n b" <a@x>', [("a b", "a@x")]),
        ("a@x (one), (two) b@y", [("one", "a@x"), ("two", "b@y")]),
        ("a@[IPv6:::1], b@y", [("", "a@[IPv6:::1]"), ("", "b@y")]),
    ],
)
def test_a_header_list_is_read(text: str, expected: list[tuple[str, str]]) -> None:
    found = [(mailbox.display_name, str(mailbox.address)) for mailbox in parse_mailbox_list(text)]
    assert found == expected


@pytest.mark.parametrize("text", ["a@x, bob", "a b@x", "a@x; b@x", "A: B: c@x;;", "a@x, dån@x"])
def test_one_bad_element_refuses_the_list(text: str) -> None:
    with pytest.raises(AddressError):
        parse_mailbox_list(text)


def test_a_list_of_hostile_punctuation_is_judged_in_linear_steps() -> None:
    # Nothing is timed: a quadratic pattern would not come back at all within a test run.
    for text in (" " * 900_000, "(" * 900_000, '"' * 899_999, ". " * 400_000 + "<", "[ " * 400_000, "\\" * 900_000):
        try:
            parse_mailbox_list(text)
        except AddressError:
            continue


def test_a_list_beyond_the_limit_is_refused() -> None:
    with pytest.raises(AddressError):
        parse_mailbox_list("a@x," * (1 << 18) + "b@x")


_names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=30).map(str.strip)
_locals = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}(\.[A-Za-z0-9+]{1,9})?", fullmatch=True)
_domains = st.from_regex(r"[A-Za-z0-9-]{1,20}(\.[A-Za-z0-9-]{1,20})?", fullmatch=True)
mailboxes = st.builds(Mailbox, _names, st.builds(Address, _locals, _domains))


@given(mailboxes)
def test_what_is_written_reads_back_as_the_same_mailbox(mailbox: Mailbox) -> None:
    again = parse_mailbox(str(mailbox))
    assert again.address == mailbox.address
    assert str(again.address) == str(mailbox.address)
    # Blanks that Unicode knows beside the space are trimmed like spaces.
    assert again.display_name == mailbox.display_name


@given(st.lists(mailboxes, min_size=1, max_size=5))
def test_the_standard_library_reads_a_written_list_as_we_do(boxes: list[Mailbox]) -> None:
    ascii_boxes = [Mailbox(box.display_name.encode("ascii", "ignore").decode().strip(), box.address) for box in boxes]
    text = ", ".join(map(str, ascii_boxes))
    ours = [(box.display_name, str(box.address)) for box in parse_mailbox_list(text)]
    assert ours == [(box.display_name, str(box.address)) for box in ascii_boxes]
    assert getaddresses([text]) == ours


@given(st.text(max_size=60))
def test_any_text_is_either_read_or_refused_as_an_address(text: str) -> None:
    for parse in (parse_address, parse_mailbox, parse_mailbox_list):
        try:
            found = parse(text)
        except AddressError:
            continue
        assert str(found)


def test_a_name_is_quoted_only_where_it_must_be() -> None:
    assert quote_phrase("Karen Chan") == "Karen Chan"
    assert quote_phrase("山田 太郎") == "山田 太郎"
    assert quote_phrase("Doe, John") == '"Doe, John"'
    assert quote_phrase('a "b" \\c') == '"a \\"b\\" \\\\c"'
