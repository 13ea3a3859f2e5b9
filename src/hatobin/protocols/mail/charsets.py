"""Character sets as mail names them: text to octets and back, Japanese included.

Python has no codec for the ISO-2022-JP that Japanese mailers really send: it
holds NEC row 13 (circled digits, the company sign) and half-width katakana.
Such text is carried over to code page 932, which has them.

Names from a message are never handed to Python unchecked: only codecs that
turn characters into octets are used, none of Python's own notations.
"""

from __future__ import annotations

import codecs
from functools import lru_cache

MAX_CHARSET_NAME = 64
_REFUSED = frozenset(
    {"idna", "punycode", "raw_unicode_escape", "unicode_escape", "undefined", "mbcs", "oem", "utf_8_sig"}
)
_FAITHFUL = frozenset({"utf-8", "ascii", "iso8859-1"})
_ALIASES = {
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "cp50220": "iso2022_jp",
    "cp50221": "iso2022_jp",
    "x-iso-2022-jp-ms": "iso2022_jp",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    # WHATWG "encoding" standard: what mail labels Latin-1 or ASCII is Windows-1252 where they differ.
    "iso-8859-1": "cp1252",
    "unicode-1-1-utf-7": "utf_7",
    "unknown-8bit": "utf_8",
    "x-unknown": "utf_8",
    "default": "utf_8",
}


@lru_cache(maxsize=256)
def codec_name(charset: str) -> str | None:
    """Give Python's name for a charset as used to encode, or None for one that is unknown or no charset."""
    if not charset or len(charset) > MAX_CHARSET_NAME or not charset.isascii():
        return None
    try:
        name = codecs.lookup(charset.strip().lower()).name
        # A codec of another kind (compression, rot13) refuses to encode text.
        "".encode(name)
    except (LookupError, ValueError):
        return None
    return None if name.replace("-", "_") in _REFUSED else name


@lru_cache(maxsize=256)
def _decoder_name(charset: str) -> str | None:
    alias = _ALIASES.get(charset.strip().lower()) if len(charset) <= MAX_CHARSET_NAME else None
    return alias or codec_name(charset)


def encode_text(text: str, charset: str) -> tuple[bytes, str]:
    """Encode `text` in the charset asked for, or in UTF-8 where that is unknown or cannot hold it.

    Gives the octets and the charset to declare: the caller's own spelling, or
    "UTF-8". Lone surrogates, which no charset holds, become question marks.
    """
    name = codec_name(charset)
    if name is not None and not name.startswith(("utf-16", "utf-32")):
        try:
            data = text.encode(name)
            # Some codecs fold characters together: Shift_JIS makes a yen sign a backslash.
            if name in _FAITHFUL or data.decode(name) == text:
                return data, charset
        except UnicodeError:
            pass
    return text.encode("utf-8", "replace"), "UTF-8"


def decode_text(data: bytes, charset: str) -> str:
    """Decode `data` for display; never fails. What does not decode becomes U+FFFD.

    An unknown charset is read as UTF-8, and as Latin-1 when it is not that.
    """
    name = _decoder_name(charset)
    if name is None or name == "ascii":
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return data.decode("latin-1")
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        if name.startswith("iso2022_jp"):
            return _iso_2022_jp_to_cp932(data).decode("cp932", "replace")
        return data.decode(name, "replace")


_ESCAPES = {
    b"\x1b(B": "ascii",
    b"\x1b(J": "ascii",
    b"\x1b(I": "kana",
    b"\x1b$B": "kanji",
    b"\x1b$@": "kanji",
}


def _iso_2022_jp_to_cp932(data: bytes) -> bytes:
    """Turn ISO-2022-JP (RFC 1468, with JIS X 0201 kana) into code page 932."""
    out = bytearray()
    mode, position = "ascii", 0
    while position < len(data):
        new_mode = _ESCAPES.get(data[position : position + 3])
        if new_mode is not None:
            mode, position = new_mode, position + 3
            continue
        first = data[position]
        if mode == "kanji" and first > 0x20 and position + 1 < len(data) and data[position + 1] > 0x20:
            out += _jis_to_shift_jis(first, data[position + 1])
            position += 2
            continue
        out.append(first | 0x80 if mode == "kana" and first > 0x20 else first)
        position += 1
    return bytes(out)


def _jis_to_shift_jis(row: int, cell: int) -> bytes:
    # JIS X 0208, annex 1: two rows of 94 cells share one lead byte.
    lead = ((row - 0x21) >> 1) + 0x81
    if lead > 0x9F:
        lead += 0x40
    trail = cell + 0x7E if row % 2 == 0 else cell + 0x1F + (cell >= 0x60)
    return bytes((lead & 0xFF, trail & 0xFF))
