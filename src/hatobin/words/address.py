"""Mail addresses: one address, a mailbox with a name, and the lists that header fields carry.

The grammar is that of RFC 5322 §3.4 and RFC 5321 §4.1.2, read as strictly as
SES reads it: seven-bit local parts, letters, digits and hyphens in domains,
no SMTPUTF8 and no encoded words inside an address (RFC 2047 §5). SES is built
on JavaMail, so callers meet JavaMail's error texts; they are kept word for
word because client programs match on them.

Order of the checks is SES's too: a text is first split into its addresses,
each is checked for shape, then there must be exactly one ("Illegal address"),
and only then must it have a domain ("Missing final '@domain'").
"""

from __future__ import annotations

import re
from typing import cast

from msgspec import Struct
from msgspec.structs import force_setattr

from hatobin.words.address_rules import AddressError, check_domain, check_lengths, check_local

__all__ = [
    "MAX_LIST_LENGTH",
    "Address",
    "AddressError",
    "Mailbox",
    "parse_address",
    "parse_mailbox",
    "parse_mailbox_list",
    "quote_phrase",
]

MAX_LIST_LENGTH = 1 << 20
"""Characters of one header list that are read; more is refused. No recipient list comes near it."""

_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_SIMPLE = re.compile(
    rf"([{_ATEXT}]+(?:\.[{_ATEXT}]+)*)@([A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*)",
    re.ASCII,
)
# The usual "Name <a@x>"; whatever it does not match goes to the scanner.
_NAMED = re.compile(
    r"""(?:[ \t]*+"([^"\\\r\n]*+)"[ \t]*+|([^\x00-\x08\x0a-\x1f\x7f"()<>\[\]:;,\\]*+))"""
    rf"<([{_ATEXT}]+(?:\.[{_ATEXT}]+)*)@([A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*)>[ \t]*",
    re.ASCII,
)
_LIST_SYNTAX = re.compile(r"[\"()\[\]:;\\]")
_QUOTED_LOCAL = re.compile(r'"(?:[\t -!#-\[\]-~]|\\[\t -~])*"', re.ASCII)

# One token of an address list. Possessive repeats keep it linear on hostile input.
_TOKEN = re.compile(
    r'"(?:[^"\\]++|\\.)*+"'  # quoted string
    r'|<(?:[^<>"]++|"(?:[^"\\]++|\\.)*+")*+>'  # angle address
    r"|\[[^\[\]]*+\]"  # domain literal
    r"|[,;:()<>\"\[\]\\]"  # a special on its own
    r"|[ \t\r\n]++"
    r"|[^,;:()<>\"\[\]\\ \t\r\n]++",
    re.DOTALL,
)
_COMMENT_MARK = re.compile(r"[()\\]")
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_PLAIN_PHRASE = re.compile(r"""[^\x00-\x1f\x7f()<>\[\]:;@\\,."]*""")


class Address(Struct, frozen=True, eq=False):
    """One address. Equality ignores the case of the domain, never that of the local part.

    `domain` is lower-cased for comparing, `written_domain` is as the caller
    wrote it, and `str()` gives the address as written. A quoted local part
    keeps its quotes, a domain literal its brackets.
    """

    local: str
    domain: str
    written_domain: str = ""

    def __post_init__(self) -> None:
        if not self.written_domain:
            force_setattr(self, "written_domain", self.domain)
        if (folded := self.domain.lower()) != self.domain:
            force_setattr(self, "domain", folded)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and self.local == other.local and self.domain == other.domain

    def __hash__(self) -> int:
        return hash((self.local, self.domain))

    def __str__(self) -> str:
        return f"{self.local}@{self.written_domain}"


class Mailbox(Struct, frozen=True):
    """An address and the name shown beside it; `display_name` is "" where there is none.

    The name is free of quotes and backslashes of the header syntax, but
    encoded words in it are not decoded: that is the work of `protocols.mail`.
    """

    display_name: str
    address: Address

    def __str__(self) -> str:
        if not self.display_name:
            return str(self.address)
        return f"{quote_phrase(self.display_name)} <{self.address}>"


def quote_phrase(name: str) -> str:
    """Write a display name, quoted only where RFC 5322 §3.2.5 asks for it.

    Non-ASCII letters count as atom text (RFC 6532 §3.2), so the result is for
    display; on the wire they become encoded words first.
    """
    if _PLAIN_PHRASE.fullmatch(name) and "  " not in name:
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse_address(text: str) -> Address:
    """Read a bare address as it stands in an envelope, or refuse it with SES's text.

    Quoted local parts and domain literals are accepted (RFC 5321 §4.1.2).
    Raises `AddressError`.
    """
    match = _SIMPLE.fullmatch(text)
    if match is None:
        return _parse_uncommon(text, needs_domain=True)
    local, domain = match.groups()
    check_lengths(local, domain)
    return Address(local, domain)


def parse_mailbox(text: str) -> Mailbox:
    """Read exactly one mailbox, with or without a name: a Source or FromEmailAddress.

    A comma outside quotes never splits it into two senders: that is an
    "Illegal address". Raises `AddressError`.
    """
    quick = _parse_usual(text)
    if quick is not None:
        return quick
    if "\r" in text or "\n" in text:
        # RFC 5322 §2.2: a parameter is no folded header; a line end here is header injection.
        raise AddressError("Local address contains control or whitespace")
    entries = _Scanner(text, groups_allowed=False).entries()
    if len(entries) != 1:
        raise AddressError("Illegal address")
    return _finish(entries[0])


def parse_mailbox_list(text: str) -> tuple[Mailbox, ...]:
    """Read the value of a From, To, Cc, Bcc or Reply-To field.

    Folding, comments, groups (their members are flattened) and empty list
    elements are understood; "undisclosed-recipients:;" gives no mailbox.
    Raises `AddressError` at the first bad one.
    """
    if len(text) > MAX_LIST_LENGTH:
        raise AddressError("Illegal address")
    if _LIST_SYNTAX.search(text) is None:
        quick = [_parse_usual(element) for element in text.split(",")]
        if None not in quick:
            return cast("tuple[Mailbox, ...]", tuple(quick))
    else:
        single = _parse_usual(text)
        if single is not None:
            return (single,)
    return tuple([_finish(entry) for entry in _Scanner(text, groups_allowed=True).entries()])


def _parse_usual(text: str) -> Mailbox | None:
    """Read the two usual forms in one match each; None where the scanner must look."""
    match = _SIMPLE.fullmatch(text)
    if match is not None:
        local, domain = match.groups()
        name = ""
    else:
        match = _NAMED.fullmatch(text)
        if match is None:
            return None
        quoted, plain, local, domain = match.groups()
        name = (quoted if quoted is not None else plain).strip()
    check_lengths(local, domain)
    return Mailbox(name, Address(local, domain))


class _Entry(Struct, frozen=True):
    """One element of a list before its domain is asked for."""

    display_name: str
    address: Address | str
    """An `Address`, or a local part alone."""


def _finish(entry: _Entry) -> Mailbox:
    if isinstance(entry.address, str):
        raise AddressError("Missing final '@domain'")
    return Mailbox(entry.display_name, entry.address)


class _Scanner:
    """Splits an address list into entries: one pass, no recursion."""

    __slots__ = ("_angle", "_comment", "_entries", "_groups_allowed", "_in_group", "_text", "_words")

    def __init__(self, text: str, *, groups_allowed: bool) -> None:
        self._text = text
        self._groups_allowed = groups_allowed
        self._in_group = False
        self._words: list[str] = []
        self._angle: str | None = None
        self._comment = ""
        self._entries: list[_Entry] = []

    def entries(self) -> list[_Entry]:
        """Scan to the end and give what was found."""
        text, position = self._text, 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            assert match is not None  # the last two alternatives leave no character out
            mark, position = match.group(), match.end()
            if mark == "(":
                position = self._skip_comment(position)
            elif len(mark) == 1 and mark in ',;:)<>"[]\\':
                self._special(mark)
            elif mark[0] == "<":
                if self._angle is not None:
                    raise AddressError("Extra route-addr")
                self._angle = mark[1:-1]
            elif self._angle is None:
                self._words.append(mark)
            elif not mark.isspace():
                raise AddressError("Illegal address")
        self._end_entry()
        return self._entries

    def _special(self, mark: str) -> None:
        if mark == ",":
            self._end_entry()
        elif mark == ":":
            if not self._groups_allowed or self._in_group or self._angle is not None:
                # Observed: SES answers this to "DEBUG: Bob <a@x>" and to "github:bob".
                raise AddressError("Local address contains illegal character")
            self._in_group = True
            self._words.clear()
        elif mark == ";":
            if not self._in_group:
                raise AddressError("Illegal semicolon, not in group")
            self._end_entry()
            self._in_group = False
        elif mark == "<":
            raise AddressError("Missing '>'")
        elif mark == '"':
            raise AddressError("Missing '\"'")
        else:
            raise AddressError("Local address contains illegal character")

    def _skip_comment(self, position: int) -> int:
        start, depth = position, 1
        while depth:
            mark = _COMMENT_MARK.search(self._text, position)
            if mark is None:
                raise AddressError("Missing ')'")
            position = mark.end()
            if mark.group() == "\\":
                position += 1
            else:
                depth += 1 if mark.group() == "(" else -1
        if not self._comment:
            self._comment = _QUOTED_PAIR.sub(r"\1", self._text[start : position - 1]).strip()
        return position

    def _end_entry(self) -> None:
        words, angle, comment = self._words, self._angle, self._comment
        self._words, self._angle, self._comment = [], None, ""
        if angle is not None:
            self._entries.append(_Entry(_phrase(words) or comment, _parse_angle(angle)))
            return
        text = "".join(words).strip(" \t\r\n")
        if text:
            # RFC 5322 §3.4: "a@x (Name)" is the old way to give a name.
            self._entries.append(_Entry(comment, _parse_bare(text)))


def _phrase(words: list[str]) -> str:
    if len(words) == 1 and words[0][0] == '"':
        return _unquote(words[0]).strip()
    parts = [_unquote(word) if word[0] == '"' else " " if word.isspace() else word for word in words]
    return "".join(parts).strip()


def _unquote(quoted: str) -> str:
    inner = quoted[1:-1]
    if "\r" in inner or "\n" in inner:
        inner = inner.replace("\r\n", "")  # RFC 5322 §3.2.4: folding inside quotes is not content.
    return _QUOTED_PAIR.sub(r"\1", inner) if "\\" in inner else inner


def _parse_angle(text: str) -> Address | str:
    text = text.strip(" \t\r\n")
    if text.startswith("@"):
        # RFC 5322 §4.4: a source route is accepted and dropped.
        route, colon, rest = text.partition(":")
        if not colon:
            raise AddressError("Missing local name")
        text = rest if all(hop.strip().startswith("@") for hop in route.split(",")) else text
    return _parse_bare(text)


def _parse_bare(text: str) -> Address | str:
    match = _SIMPLE.fullmatch(text)
    if match is not None:
        check_lengths(match[1], match[2])
        return Address(match[1], match[2])
    if "@" not in text:
        check_local(text)
        return text
    return _parse_uncommon(text, needs_domain=False)


def _parse_uncommon(text: str, *, needs_domain: bool) -> Address:
    """Read what the fast pattern refused: a rare but legal form, or an error to name."""
    if not text:
        raise AddressError("Illegal address")
    if text[0] == '"':
        quoted = _QUOTED_LOCAL.match(text)
        if quoted is None:
            raise AddressError(_quoted_fault(text))
        local, rest = quoted.group(), text[quoted.end() :]
        if rest and rest[0] != "@":
            raise AddressError("Quote not at end of local address")
        at, domain = rest[:1], rest[1:]
    else:
        local, at, domain = text.partition("@")
        if at and not local:
            raise AddressError("Missing local name")
        check_local(local)
    if not at:
        raise AddressError("Missing final '@domain'" if needs_domain else "Illegal address")
    check_domain(domain)
    check_lengths(local, domain)
    return Address(local, domain)


def _quoted_fault(text: str) -> str:
    if text.find('"', 1) < 0:
        return "Unterminated quote"
    return "Local address contains control or whitespace"
