"""What the parts of an address may be, part by part, with the text that SES has for each fault.

Refs: RFC 5321 §4.1.2, §4.1.3, §4.5.3.1.
"""

from __future__ import annotations

MAX_LOCAL_LENGTH = 64  # RFC 5321 §4.5.3.1.1
MAX_DOMAIN_LENGTH = 255  # RFC 5321 §4.5.3.1.2
MAX_ADDRESS_LENGTH = 320  # SES's own limit: 64 + "@" + 255.
_SPECIALS = frozenset('()<>,;:\\"[]')
_DOMAIN_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.")


class AddressError(ValueError):
    """A text is no address, or not one that SES accepts; the message is SES's own text."""


def check_local(local: str) -> None:
    """Check an unquoted local part. Raises `AddressError`."""
    previous = ""
    for index, character in enumerate(local):
        if character == '"':
            raise AddressError("Quote not at start of local address" if index else "Unterminated quote")
        if character == ".":
            if not index:
                raise AddressError("Local address starts with dot")
            if previous == ".":
                raise AddressError("Local address contains dot-dot")
        elif not "!" <= character <= "~":
            # AWS API "Destination": no SMTPUTF8; non-ASCII letters get this very text.
            raise AddressError("Local address contains control or whitespace")
        elif character in _SPECIALS:
            raise AddressError("Local address contains illegal character")
        previous = character
    if previous == ".":
        raise AddressError("Local address ends with dot")


def check_domain(domain: str) -> None:
    """Check a domain or a domain literal. Raises `AddressError`."""
    if not domain:
        raise AddressError("Missing domain")
    if domain[0] == ".":
        raise AddressError("Domain starts with dot")
    if domain[0] == "[":
        _check_literal(domain)
        return
    previous = ""
    for character in domain:
        if character <= " " or character == "\x7f":
            raise AddressError("Domain contains control or whitespace")
        if character == "[":
            raise AddressError("Domain literal not at start of domain")
        if character not in _DOMAIN_CHARACTERS:
            raise AddressError("Domain contains illegal character")
        if character == previous == ".":
            raise AddressError("Domain contains dot-dot")
        previous = character
    if previous == ".":
        raise AddressError("Domain ends with dot")


def _check_literal(domain: str) -> None:
    end = domain.find("]")
    if end != len(domain) - 1:
        raise AddressError("Domain literal end not at end of domain")
    inner = domain[1:-1]
    # RFC 5321 §4.1.3: printable text without brackets and backslash.
    if not inner or not all("!" <= character <= "~" and character not in "[\\" for character in inner):
        raise AddressError("Domain contains illegal character")


def check_lengths(local: str, domain: str) -> None:
    """Check how long the parts and the whole are. Raises `AddressError`."""
    total = len(local) + len(domain) + 1
    if len(local) > MAX_LOCAL_LENGTH or len(domain) > MAX_DOMAIN_LENGTH or total > MAX_ADDRESS_LENGTH:
        raise AddressError("Illegal address")
