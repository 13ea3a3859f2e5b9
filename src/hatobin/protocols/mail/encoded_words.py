"""Text outside ASCII in header fields: RFC 2047 encoded words, both ways.

Encoding keeps each word within 75 characters and each line within 76, never
splits a character, and starts every word of a stateful charset afresh
(RFC 2047 §2 and §5). Text that is ASCII already is left as it is, so callers
may bring encoded words of their own, as SES allows.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Sequence

from hatobin.protocols.mail.charsets import codec_name, decode_text, encode_text
from hatobin.protocols.mail.errors import HeaderError
from hatobin.protocols.mail.headers import (
    FOLD_OCTETS,
    Field,
    ascii_field,
    check_name,
    check_value,
    fold,
)
from hatobin.words.address import Mailbox, quote_phrase

MAX_WORD = 75  # RFC 2047 §2
MAX_LINE = 76  # RFC 2047 §2

_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?\s]*)\?=(?:([ \t\r\n]+)(?==\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=))?")
# RFC 2047 §5 (3): the octets that may stand for themselves in a phrase, hence everywhere.
_Q_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_Q = [chr(octet) if octet in _Q_PLAIN else "_" if octet == 0x20 else f"={octet:02X}" for octet in range(256)]
_Q_ESCAPE = re.compile(rb"=([0-9A-Fa-f]{2})")


def decode_words(text: str) -> str:
    """Decode the encoded words of an unfolded header value, for events and the console.

    Never fails: what is no legal encoded word stays as it is. Blanks between
    two encoded words vanish (RFC 2047 §6.2), and neighbours in one charset
    are joined before decoding, for mailers that split characters.
    """
    if "=?" not in text:
        return text
    out: list[str] = []
    position = 0
    pending, pending_charset = b"", ""
    for match in _WORD.finditer(text):
        charset, encoding, payload, gap = match.groups()
        octets = _word_octets(encoding, payload)
        if octets is None:
            continue
        between = text[position : match.start()]
        charset = charset.partition("*")[0].lower()  # RFC 2231 §5: a language may follow.
        if pending and (between or charset != pending_charset):
            out.append(decode_text(pending, pending_charset))
            pending = b""
        out.append(between)
        pending += octets
        pending_charset = charset
        position = match.end() if gap is None else match.end(4)
    if pending:
        out.append(decode_text(pending, pending_charset))
    out.append(text[position:])
    return "".join(out)


def _word_octets(encoding: str, payload: str) -> bytes | None:
    raw = payload.encode("ascii", "replace")
    if encoding in "qQ":
        return _Q_ESCAPE.sub(lambda escape: bytes((int(escape[1], 16),)), raw.replace(b"_", b" "))
    try:
        return binascii.a2b_base64(raw + b"=" * (-len(raw) % 4))
    except binascii.Error:
        return None


def encode_words(text: str, charset: str = "UTF-8", *, first_column: int = 0) -> str:
    """Encode `text` as one or more encoded words, already folded with CRLF and a space.

    `first_column` is where the first word will start on its line. The shorter
    of "B" and "Q" is chosen; "B" for charsets that shift (ISO-2022-JP).
    """
    octets, label = encode_text(text, charset)
    name = codec_name(label) or "utf-8"
    if name == "utf-8":
        text = octets.decode("utf-8")  # Lone surrogates are question marks by now.
    stateful = name.startswith(("iso2022", "hz", "utf-7"))
    base64_length = (len(octets) + 2) // 3 * 4
    if stateful or sum(map(len, map(_Q.__getitem__, octets))) > base64_length:
        return _encode_b(text, name, label, first_column)
    return _encode_q(text, name, label, first_column)


def _encode_b(text: str, name: str, label: str, column: int) -> str:
    words: list[str] = []
    start = f"=?{label}?B?"
    position = 0
    while position < len(text):
        room = _room(start, column) // 4 * 3
        take = _fitting(text, position, name, room)
        chunk = text[position : position + take].encode(name)
        words.append(f"{start}{binascii.b2a_base64(chunk, newline=False).decode('ascii')}?=")
        position += take
        column = 1
    return "\r\n ".join(words)


def _room(start: str, column: int) -> int:
    """Give how many encoded characters fit; a crowded first line still takes one character."""
    return max(min(MAX_WORD, MAX_LINE - column) - len(start) - 2, 12)


def _fitting(text: str, position: int, name: str, room: int) -> int:
    """Give how many characters from `position` on take at most `room` octets; at least one.

    An upper bound is taken first and halved towards the answer: the length
    grows with each character in every charset used here.
    """
    low, high = 1, min(room, len(text) - position)
    if len(text[position : position + high].encode(name)) <= room:
        return max(high, 1)
    while low < high:
        middle = (low + high + 1) // 2
        if len(text[position : position + middle].encode(name)) <= room:
            low = middle
        else:
            high = middle - 1
    return low


def _encode_q(text: str, name: str, label: str, column: int) -> str:
    words: list[str] = []
    start = f"=?{label}?Q?"
    room = _room(start, column)
    current: list[str] = []
    used = 0
    table = _Q
    for character in text:
        encoded = "".join([table[octet] for octet in character.encode(name)])
        if used + len(encoded) > room and current:
            words.append(f"{start}{''.join(current)}?=")
            current, used = [], 0
            room = _room(start, 1)
        current.append(encoded)
        used += len(encoded)
    words.append(f"{start}{''.join(current)}?=")
    return "\r\n ".join(words)


def text_field(name: str, text: str, charset: str = "UTF-8") -> Field:
    """Make an unstructured field such as Subject from any text.

    Unfolding and `decode_words` give the text back, save for blanks at its
    ends. Raises `HeaderError` for an illegal name and for CR, LF or another
    control character in `text`.
    """
    if text.isascii() and len(name) + len(text) + 2 <= FOLD_OCTETS:
        return ascii_field(name, text)
    check_name(name)
    check_value(name, text)
    if text.isascii():
        try:
            return ascii_field(name, text)
        except HeaderError:
            pass  # A word too long for a line: encoded words have places to fold.
    encoded = encode_words(text, charset, first_column=len(name) + 2)
    return Field(name.lower(), f"{name}: {encoded}\r\n".encode("ascii"))


def mailbox_text(mailbox: Mailbox, charset: str = "UTF-8", *, first_column: int = 0) -> str:
    """Write one mailbox for a header field: the name quoted or encoded as needed.

    An ASCII name that holds an encoded word stays outside quotes, where
    readers decode it (RFC 2047 §5). Raises `HeaderError` for control characters.
    """
    name = mailbox.display_name
    if not name:
        return str(mailbox.address)
    check_value("From", name)
    if not name.isascii():
        words = encode_words(name, charset, first_column=first_column)
        column = len(words) - words.rfind("\n") - 1 + (0 if "\n" in words else first_column)
        # Blank, angle brackets, and the comma that may follow.
        gap = " " if column + len(str(mailbox.address)) + 4 <= MAX_LINE else "\r\n "
        return f"{words}{gap}<{mailbox.address}>"
    if "=?" in name and _WORD.fullmatch(name):
        return f"{name} <{mailbox.address}>"
    return f"{quote_phrase(name)} <{mailbox.address}>"


def mailbox_field(name: str, mailboxes: Sequence[Mailbox], charset: str = "UTF-8") -> Field:
    """Make an address field (From, To, Cc, Reply-To), one break per line where it is long.

    Raises `HeaderError` for a display name with control characters, and for
    one mailbox that does not fit a line.
    """
    first = mailbox_text(mailboxes[0], charset, first_column=len(name) + 2)
    line = f"{name}: {first}"
    if len(mailboxes) > 1:
        line = _wrapped(line, [mailbox_text(mailbox, charset, first_column=1) for mailbox in mailboxes[1:]])
    if len(line) > FOLD_OCTETS:
        line = "\r\n".join([_folded(piece) for piece in line.split("\r\n")])
    return Field(name.lower(), line.encode("ascii") + b"\r\n")


def _folded(piece: str) -> str:
    return piece if len(piece) <= FOLD_OCTETS else fold(piece)


def _wrapped(start: str, texts: Iterable[str]) -> str:
    """Add mailboxes to the first one, each on the current line while it fits there."""
    done, _, line = start.rpartition("\r\n")
    lines = [done] if done else []
    for text in texts:
        head = text.partition("\r\n")[0]
        # Room for the comma before, the blank, and the comma that may follow.
        if len(line) + len(head) + 3 > MAX_LINE:
            lines.append(f"{line},")
            line = f" {text}"
        else:
            line = f"{line}, {text}"
        done, _, line = line.rpartition("\r\n")
        if done:
            lines.append(done)
    return "\r\n".join([*lines, line])
