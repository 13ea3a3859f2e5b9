"""Content-Type and Content-Disposition: a value and its parameters, read and written.

Reading is as strict as SES is, with the texts its callers know from JavaMail
("Expected '/', got ;"). Writing uses RFC 2231 for what is not ASCII and adds
an RFC 2047 copy in `name=` for readers that know only that.

Law: RFC 2045 §5.1, RFC 2183 §2, RFC 2231 §3 and §4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from hatobin.protocols.mail.charsets import decode_text
from hatobin.protocols.mail.encoded_words import decode_words, encode_words
from hatobin.protocols.mail.errors import MessageError

MAX_PARAMETERS = 100
"""Parameters of one field that are read, RFC 2231 pieces included."""
_PARAMETER_LINE = 76

# Not possessive where a group can fail half-way: see `protocols.smtp.grammar`.
_SPACE = re.compile(r"(?:[ \t\r\n]++|\((?:[^()\\]++|\\.)*\))*", re.DOTALL)
# A token, a quoted string, or one special (RFC 2045 §5.1).
_LEXEME = re.compile(r'[^\x00-\x20\x7f()<>@,;:\\"/\[\]?=]++|"(?:[^"\\]++|\\.)*"|.', re.DOTALL)
_TOKEN = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+", re.ASCII)
_PLAIN_TOKEN = re.compile(r"[!#$&+\-.0-9A-Z^_`a-z{|}~]+", re.ASCII)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_FAST = re.compile(
    r"""([!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+)/([!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+)"""
    r"""(?:[ \t\r\n]*;[ \t\r\n]*(boundary|charset)=(?:"([^"\\\r\n]*)"|([!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+)))?""",
    re.ASCII | re.IGNORECASE,
)
_NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})
# RFC 2231 §7: what may stand unescaped in an extended value.
_ATTRIBUTE_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{|}~")
_PERCENT = [chr(octet) if octet in _ATTRIBUTE_PLAIN else f"%{octet:02X}" for octet in range(256)]


class ContentType(Struct, frozen=True):
    """A media type, lower-cased, with its parameters (names lower-cased, values decoded)."""

    main: str
    sub: str
    parameters: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.main}/{self.sub}"


class Disposition(Struct, frozen=True):
    """A Content-Disposition, lower-cased, with its parameters."""

    kind: str
    parameters: Mapping[str, str]


TEXT_PLAIN = ContentType("text", "plain", MappingProxyType({"charset": "us-ascii"}))  # RFC 2045 §5.2


def parse_content_type(value: str) -> ContentType:
    """Read a Content-Type. Raises `MessageError` with SES's text where the syntax is broken."""
    match = _FAST.fullmatch(value)
    if match is not None:
        main, sub, name, quoted, plain = match.groups()
        parameters = _NO_PARAMETERS if name is None else {name.lower(): quoted if quoted is not None else plain}
        return ContentType(main.lower(), sub.lower(), parameters)
    scanner = _Scanner(value)
    main = scanner.atom("Expected MIME type, got {}")
    scanner.special("/", "Expected '/', got {}")
    sub = scanner.atom("Expected MIME subtype, got {}")
    return ContentType(main.lower(), sub.lower(), scanner.parameters())


def parse_disposition(value: str) -> Disposition:
    """Read a Content-Disposition. Raises `MessageError` with SES's text where the syntax is broken."""
    scanner = _Scanner(value)
    kind = scanner.atom("Expected disposition, got {}")
    return Disposition(kind.lower(), scanner.parameters())


class _Scanner:
    """Reads lexemes of a structured value from left to right."""

    __slots__ = ("_position", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        self._position = 0

    def _next(self) -> str | None:
        start = _SPACE.match(self._value, self._position)
        assert start is not None  # the pattern matches the empty string
        match = _LEXEME.match(self._value, start.end())
        if match is None:
            self._position = len(self._value)
            return None
        self._position = match.end()
        return match.group()

    def atom(self, fault: str) -> str:
        lexeme = self._next()
        if lexeme is None or not _TOKEN.fullmatch(lexeme):
            raise MessageError(fault.format(_shown(lexeme)))
        return lexeme

    def special(self, wanted: str, fault: str) -> None:
        lexeme = self._next()
        if lexeme != wanted:
            raise MessageError(fault.format(_shown(lexeme)))

    def parameters(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        while (lexeme := self._next()) is not None:
            if lexeme != ";":
                raise MessageError(f"Expected ';', got \"{_shown(lexeme)}\"")
            name = self._next()
            if name is None:
                break  # A semicolon at the end is common and harmless.
            if name == ";":
                self._position -= 1
                continue
            if not _TOKEN.fullmatch(name):
                raise MessageError(f'Expected parameter name, got "{_shown(name)}"')
            self.special("=", "Expected '=', got \"{}\"")
            found.setdefault(name.lower(), self._parameter_value())
            if len(found) > MAX_PARAMETERS:
                raise MessageError("Too many parameters.")
        return _joined(found) if any("*" in name for name in found) else found

    def _parameter_value(self) -> str:
        value = self._next()
        if value is not None and value[0] == '"' and len(value) > 1:
            return _QUOTED_PAIR.sub(r"\1", value[1:-1])
        if value is None or not (_TOKEN.fullmatch(value) or not value.isascii()):
            raise MessageError(f'Expected parameter value, got "{_shown(value)}"')
        # Clients write "name=a/b" and "charset=utf-8=": read on to the next blank or semicolon.
        end = self._position
        while end < len(self._value) and self._value[end] not in " \t\r\n;":
            end += 1
        value += self._value[self._position : end]
        self._position = end
        return value


def _shown(lexeme: str | None) -> str:
    """Show a lexeme as JavaMail does: quoted strings bare, the end as null."""
    if lexeme is None:
        return "null"
    return lexeme[1:-1] if lexeme[0] == '"' and len(lexeme) > 1 else lexeme


def _joined(found: Mapping[str, str]) -> dict[str, str]:
    """Put RFC 2231 pieces together (`name*0*`, `name*1`) and decode extended values."""
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, value in found.items():
        base, star, rest = name.partition("*")
        if not star:
            plain[base] = value
            continue
        extended = not rest or rest.endswith("*")
        number = rest.rstrip("*") or "0"
        if number.isascii() and number.isdigit() and len(number) <= 3:
            pieces.setdefault(base, {})[int(number)] = (value, extended)
    for base, numbered in pieces.items():
        charset, octets = "us-ascii", b""
        for place in range(MAX_PARAMETERS):
            if place not in numbered:
                break
            value, extended = numbered[place]
            if place == 0 and extended and value.count("'") >= 2:
                charset, _, value = value.split("'", 2)
            octets += unquote_to_bytes(value) if extended else value.encode("utf-8", "replace")
        plain[base] = decode_text(octets, charset or "us-ascii")
    return plain


def file_name(content_type: ContentType, disposition: Disposition | None) -> str | None:
    """Give the file name of a part: from `filename`, else from `name`; encoded words decoded."""
    name = disposition.parameters.get("filename") if disposition is not None else None
    if name is None:
        name = content_type.parameters.get("name")
    return None if name is None else decode_words(name)


def quoted(value: str) -> str:
    """Write a parameter value as a token or a quoted string; `value` is printable ASCII.

    The three marks of RFC 2231 are quoted too, since readers take them for its syntax.
    """
    if _PLAIN_TOKEN.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def name_parameter(name: str, value: str) -> str:
    """Write a file name as old readers want it: quoted, or as encoded words inside quotes.

    Gives `; name=…`, folded. RFC 2047 §5 forbids encoded words in quotes, yet
    this is the form that mail programs without RFC 2231 read.
    """
    written = quoted(value) if value.isascii() else f'"{encode_words(value, first_column=len(name) + 3)}"'
    return f";\r\n {name}={written}"


def extended_parameter(name: str, value: str) -> str:
    """Write a parameter in ASCII, or by RFC 2231 in pieces that never split an escape."""
    if value.isascii() and len(name) + len(value) + 6 <= _PARAMETER_LINE:
        return f";\r\n {name}={quoted(value)}"
    escapes = [_PERCENT[octet] for octet in value.encode("utf-8", "replace")]
    single = f"{name}*=UTF-8''{''.join(escapes)}"
    if len(single) + 2 <= _PARAMETER_LINE:
        return f";\r\n {single}"
    lines: list[str] = []
    current = f"{name}*0*=UTF-8''"
    for escape in escapes:
        if len(current) + len(escape) + 2 > _PARAMETER_LINE:
            lines.append(current)
            current = f"{name}*{len(lines)}*="
        current += escape
    lines.append(current)
    return "".join([f";\r\n {line}" for line in lines])
