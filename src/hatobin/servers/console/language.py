"""Which language a text is in, as far as a browser needs to know to choose glyphs: Japanese and Chinese share codes."""

from __future__ import annotations

import re

_KANA = re.compile(r"[\u3041-\u30ff\uff66-\uff9f]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_JAPANESE_CHARSET = re.compile(rb"iso-2022-jp|shift[_-]jis|euc-jp|windows-31j|cp932", re.IGNORECASE)
LOOKED_AT = 4096
"""Characters of a text, and octets of a message, that are looked at."""


def language_of(text: str, raw: bytes = b"") -> str:
    """Give "ja", "ko", or "" where it does not matter or cannot be told.

    Characters that only Japanese has decide; where there are only ideographs,
    a Japanese charset in the message does.

    >>> language_of("ありがとう"), language_of("Hello"), language_of("会議", b"charset=ISO-2022-JP")
    ('ja', '', 'ja')
    """
    text = text[:LOOKED_AT]
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    return "ja" if _HAN.search(text) and _JAPANESE_CHARSET.search(raw[:LOOKED_AT]) else ""
