"""The grammar of SMTP: command lines, paths, parameters, and replies as bytes.

Pure functions over single lines. What a well-formed command then means, and
what is answered to an ill-formed one, is decided in `server` and `client`.

Law: RFC 5321 §4.1 (commands and their syntax) and §4.2 (replies), RFC 1870
(SIZE), RFC 6152 (8BITMIME), RFC 4954 §5 (AUTH= on MAIL).
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from hatobin.words.reply import Reply

# RFC 5321 §4.5.3.1.1-3: local part 64, domain 255, path 256 with its two brackets.
MAX_LOCAL_PART_BYTES = 64
MAX_DOMAIN_BYTES = 255
MAX_MAILBOX_BYTES = 254

# RFC 5321 §4.5.3.1.4: 512 octets with the line end.
MAX_COMMAND_BYTES = 512
# RFC 4954 §4, for AUTH and its responses.
MAX_AUTH_LINE_BYTES = 12_288
# RFC 1870 §3 adds 26, RFC 6152 §2 adds 17 and RFC 4954 §5 adds 500 octets to MAIL.
LONG_COMMANDS = {b"AUTH": MAX_AUTH_LINE_BYTES, b"MAIL": MAX_COMMAND_BYTES + 26 + 17 + 500}

_ATEXT = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++"
# A repeated group that can fail half-way is not possessive: Python before 3.11.4 goes on behind the half it took
# (gh-106052). Each round begins with an octet that the round before cannot end with, so nothing is tried twice.
_DOT_STRING = _ATEXT + rb"(?:\." + _ATEXT + rb")*"
_QUOTED = rb'"(?:[ !#-\[\]-~]|\\[ -~])*"'
_LABEL = rb"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = _LABEL + rb"(?:\." + _LABEL + rb")*"
_LITERAL = rb"\[[!-Z^-~]+\]"
_LOCAL = rb"(?:" + _DOT_STRING + rb"|" + _QUOTED + rb")"
_MAILBOX = _LOCAL + rb"@(?:" + _DOMAIN + rb"|" + _LITERAL + rb")"
# RFC 5321 §4.1.2 and appendix C: a source route is accepted and ignored.
_ROUTE = rb"(?:@[^<>:@ ,]+(?:,@[^<>:@ ,]+)*:)?"
# Deviates: blanks after the colon and a mailbox without brackets are accepted,
# because SES's own documentation shows `MAIL FROM:sender@example.com` and old clients send both.
_PATH = rb":[ \t]*(?:<" + _ROUTE + rb"(" + _MAILBOX + rb"|EXCEPTION)>|(" + _MAILBOX + rb"))(?= |\Z)"

_FROM = re.compile(rb"FROM" + _PATH.replace(rb"EXCEPTION", rb""), re.IGNORECASE)
_TO = re.compile(rb"TO" + _PATH.replace(rb"EXCEPTION", rb"postmaster"), re.IGNORECASE)
_WHOLE_MAILBOX = re.compile(_MAILBOX)
_PARAMETER = re.compile(rb"([A-Za-z0-9][A-Za-z0-9-]*+)(?:=([!-<>-~]++))?")
_HELLO_NAME = re.compile(rb"[!-~]{1,255}")
_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*+(?=[ =]|\Z)")
_NOT_PRINTABLE = re.compile(rb"[^ -~]")


def split_command(line: bytes) -> tuple[bytes, bytes]:
    """Split a command line, without its line end, into the verb in capitals and the rest.

    Trailing blanks are dropped (RFC 5321 §4.1.1: servers should tolerate them).
    """
    verb, _, rest = line.rstrip(b" \t").partition(b" ")
    return verb.upper(), rest


def parse_mail_path(rest: bytes) -> tuple[str, bytes] | None:
    """Read `FROM:<path>`: the mailbox ("" for the null sender) and what follows it; None if ill-formed."""
    match = _FROM.match(rest)
    return None if match is None else _measured(match, rest)


def parse_rcpt_path(rest: bytes) -> tuple[str, bytes] | None:
    """Read `TO:<path>`: the mailbox and what follows it; None if ill-formed.

    The one mailbox without a domain is "postmaster" (RFC 5321 §4.1.1.3).
    """
    match = _TO.match(rest)
    return None if match is None else _measured(match, rest)


def is_mailbox(address: str) -> bool:
    """Say whether an address may stand in MAIL or RCPT as it is: ASCII, well-formed, not too long.

    The client core asks before it writes an address into a command, so that
    no line end or bracket in one can ever become a second command.
    """
    try:
        raw = address.encode("ascii")
    except UnicodeEncodeError:
        return False
    return _WHOLE_MAILBOX.fullmatch(raw) is not None and _within_limits(raw)


def parse_parameters(tail: bytes) -> dict[bytes, bytes | None] | None:
    """Read ESMTP parameters into keyword in capitals → value; None if ill-formed or given twice."""
    found: dict[bytes, bytes | None] = {}
    for word in tail.split():
        match = _PARAMETER.fullmatch(word)
        if match is None:
            return None
        keyword = match[1].upper()
        if keyword in found:
            return None
        found[keyword] = match[2]
    return found


def parse_hello(rest: bytes) -> str | None:
    """Read the name that follows HELO or EHLO; None where there is none.

    Deviates: any printable word is a name. Clients put in host names with
    underscores and worse, and nothing depends on it (RFC 5321 §4.1.4 forbids
    refusing mail because the name does not verify).
    """
    name = rest.strip()
    return name.decode("ascii") if _HELLO_NAME.fullmatch(name) else None


def shown_path(rest: bytes) -> str:
    """Give the address a client wrote after the colon, fit to be repeated in a reply."""
    written = rest.partition(b":")[2].strip()
    inner, bracket, _ = written[1:].rpartition(b">") if written.startswith(b"<") else (written, b"", b"")
    address = inner if bracket else written.lstrip(b"<")
    return _NOT_PRINTABLE.sub(b"?", address[: MAX_MAILBOX_BYTES + 2]).decode("ascii")


def render_reply(reply: Reply) -> bytes:
    """Write a reply as bytes with its line ends (RFC 5321 §4.2.1: all lines but the last have a hyphen).

    A line end or a character beyond ASCII inside a line's text becomes "?":
    what we answer is never more lines than it has.
    """
    lines = reply.lines
    if len(lines) == 1:
        return b"%d %s\r\n" % (reply.code, _printable(lines[0]))
    if not lines:
        return b"%d\r\n" % reply.code
    head = b"".join([b"%d-%s\r\n" % (reply.code, _printable(line)) for line in lines[:-1]])
    return head + b"%d %s\r\n" % (reply.code, _printable(lines[-1]))


def parse_extensions(lines: tuple[str, ...]) -> dict[str, str]:
    """Read the lines of an EHLO reply into keyword in capitals → its parameters.

    The first line is the server's name and greeting. Lines that begin with no
    keyword are passed over; `AUTH=PLAIN LOGIN`, an old dialect, reads as AUTH.
    """
    offered: dict[str, str] = {}
    for line in lines[1:]:
        match = _KEYWORD.match(line)
        if match is None:
            continue
        keyword, parameters = match[0].upper(), line[match.end() + 1 :].strip()
        known = offered.get(keyword)
        offered[keyword] = f"{known} {parameters}" if known else parameters
    return offered


def _measured(match: re.Match[bytes], rest: bytes) -> tuple[str, bytes] | None:
    mailbox = match[1] if match[2] is None else match[2]
    if mailbox and not _within_limits(mailbox):
        return None
    return mailbox.decode("ascii"), rest[match.end() :]


def _within_limits(mailbox: bytes) -> bool:
    local, _, domain = mailbox.rpartition(b"@")
    if len(mailbox) > MAX_MAILBOX_BYTES or len(local) > MAX_LOCAL_PART_BYTES or len(domain) > MAX_DOMAIN_BYTES:
        return False
    return not domain.startswith(b"[") or _is_address_literal(domain[1:-1].decode("ascii"))


@lru_cache(maxsize=256)
def _is_address_literal(text: str) -> bool:
    """RFC 5321 §4.1.3: an IPv4 address, or `IPv6:` and one; no other tag is standardized."""
    try:
        if text[:5].upper() == "IPV6:":
            IPv6Address(text[5:])
        else:
            IPv4Address(text)
    except AddressValueError:
        return False
    return "%" not in text


def _printable(text: str) -> bytes:
    raw = text.encode("ascii", "replace")
    return raw if text.isprintable() else _NOT_PRINTABLE.sub(b"?", raw)
