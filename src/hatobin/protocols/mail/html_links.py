"""The links of one HTML text, found and replaced where they stand; every other octet stays as it is.

Tags, attributes and comments are told apart as browsers do it, but nothing is
parsed into a tree and nothing is written anew: the result is the text with a
few of its pieces exchanged. Each octet is looked at a bounded number of times,
whatever the text is, and no text is an error.

Links are the `href` of `<a>` and `<area>`, the two elements that are
hyperlinks, with an http or https URL. What a browser would not follow there
is left alone: comments (with what Outlook reads in its conditional ones),
scripts, styles, other texts without markup, CDATA sections.

Law: WHATWG HTML, "Tokenization" and "The elements of HTML" (links); what is
marked, and with which attributes, is SES's (developer guide, "faqs-metrics").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import unescape
from html.entities import html5
from itertools import islice
from typing import NamedTuple

from msgspec import Struct

from hatobin.protocols.mail.charsets import decode_text

OPEN_TRACKER = b"{{ses:openTracker}}"
"""Where the sender wants the pixel."""
NO_TRACK, TAGS = b"ses:no-track", b"ses:tags"
MAX_LINK_TAGS = 50
"""Tags of one link that are read."""
MAX_ATTRIBUTES = 100
"""Attributes of one link that are read; a tag of more than 1,000 ends the search for links."""
MAX_EDITS = 10_000
"""Pieces of one text that are exchanged; behind them it stays as it is."""
MAX_BODY_ENDS = 1_000
"""Ends of the body of one text; behind them it stays as it is."""
MAX_URL_OCTETS = 16_384
"""A longer URL, as it is written in the text, is left alone."""

Tags = Mapping[str, Sequence[str]]

_ATTRIBUTE_SOURCE = rb"""
    [\t\n\f\r\ /]*+
    (%s[^\t\n\f\r\ />][^\t\n\f\r\ />=]*+)          # an equals sign may begin a name
    (?: [\t\n\f\r\ ]*+ = [\t\n\f\r\ ]*+
        (?: "(%s[^"]*+)" | '(%s[^']*+)' | (%s[^\t\n\f\r\ >"'][^\t\n\f\r\ >]*+) | (?=>) )
      | (?![\t\n\f\r\ ]*+=)                        # so a quote that nobody closes ends all
    )
"""
# Counted, not possessive: of groups, `*+` gives wrong answers before Python 3.11.5, and `*` keeps every turn in memory.
_ATTRIBUTES = rb"(?:%s){0,1000}[\t\n\f\r\ /]*+>" % (_ATTRIBUTE_SOURCE % ((b"?:",) * 4))
_LOOKED_AT = rb"(?i:a|area|script|style|textarea|title|xmp|iframe|noembed|noframes|plaintext)(?=[\t\n\f\r\ />])"

_attribute = re.compile(_ATTRIBUTE_SOURCE % ((b"",) * 4), re.VERBOSE)
# Pieces that do not matter, many in one step, and the tag behind them, which does.
_next = re.compile(
    rb"""(?:
        [^<{]++
      | <(?!%(looked_at)s)[A-Za-z][^\t\n\f\r\ />]*+ %(attributes)s
      | </(?!(?i:body|html)[\t\n\f\r\ />])[A-Za-z][^\t\n\f\r\ />]*+ %(attributes)s
      | <(?![A-Za-z/!?])
      | \{(?!\{ses:openTracker\}\})
      | <!--(?:-?> | (?s:.)*?--!?>)
      | <[!?](?!--|\[CDATA\[)[^>]*+>
      | </(?![A-Za-z])[^>]*+>
    ){0,1000}
    (?: <(%(looked_at)s|/(?i:body|html)(?=[\t\n\f\r\ />])) %(attributes)s )?"""
    % {b"attributes": _ATTRIBUTES, b"looked_at": _LOOKED_AT},
    re.VERBOSE,
)
# The usual link: attributes in double quotes, the `href` among them.
_plain_link = re.compile(
    rb"""(?:[\t\n\f\r ]++(?!href=)[a-z][a-z0-9-]*+="[^"]*+"){0,20}[\t\n\f\r ]++href="([^"]*+)\"""",
    re.IGNORECASE,
)
_raw_ends = {
    name: re.compile(rb"</%s[\t\n\f\r />]" % name, re.IGNORECASE)
    for name in (b"script", b"style", b"textarea", b"title", b"xmp", b"iframe", b"noembed", b"noframes")
}
_LINKS = frozenset({b"a", b"area"})
_SHORTEST = len(b" href=http:>")
_double_octets = re.compile(rb"(?:\x1b\$[^\x1b]*+)++")
_reference = re.compile(r"&(?:(#(?:[0-9]+|[xX][0-9A-Fa-f]+);?)|([A-Za-z][A-Za-z0-9]*+)(;?)(=?))")
_url = re.compile(r"https?://[^\x00-\x20/?#\x7f\ufffd][^\x00-\x1f\x7f\ufffd]*+\Z", re.IGNORECASE)
_BLANKS = "".join(map(chr, range(1, 0x21)))
_NOT_IN_URLS = str.maketrans("", "", "\t\n\r")
_WITHOUT_ASCII = ("utf-16", "utf16", "utf-32", "utf32", "utf-7", "utf7", "hz", "ucs-")


class Link(NamedTuple):
    """A link that may be replaced: where it leads, without HTML's escapes, and the tags that its sender gave it."""

    url: str
    tags: Tags


class Marked(Struct, frozen=True):
    """A text with so many of its links replaced. `has_pixel`: the pixel stands where the text asked for it."""

    html: bytes
    replaced: int
    has_pixel: bool


class _Edit(NamedTuple):
    start: int
    end: int
    text: bytes


def mark(
    html: bytes,
    charset: str,
    *,
    replace: Callable[[Link], str | None],
    limit: int,
    pixel: bytes | None,
    append: bool = True,
) -> Marked:
    """Replace the links of a text, and put a pixel in.

    `replace` gives a link's new URL, of characters that need no escape in
    HTML, or None to leave it; it is asked in the order of the text, and not
    for links with `ses:no-track`, nor after `limit` new ones. The pixel stands for the first
    `{{ses:openTracker}}`, or with `append` before the end of the body; further
    placeholders go, as do the attributes of SES.
    """
    if (shown := _ascii_view(html, charset)) is None:
        return Marked(html, 0, False)
    scan = _Scan(html, shown, charset, replace, limit)
    edits = scan.edits
    places = [edit for edit in edits if not edit.text and html[edit.start : edit.end] == OPEN_TRACKER]
    if pixel and places:
        edits = [edit._replace(text=pixel) if edit is places[0] else edit for edit in edits]
    elif pixel and append:
        edits.append(_Edit(scan.body_end, scan.body_end, pixel))
        edits.sort(key=lambda edit: edit.start)
    return Marked(_edited(html, edits) if edits else html, scan.replaced, bool(pixel and places))


def _ascii_view(html: bytes, charset: str) -> bytes | None:
    """Give the text as one that can be searched for markup, octet for octet; None where there is no such view."""
    name = charset.strip().lower()
    if name.startswith(_WITHOUT_ASCII):
        return None
    if name.startswith("iso-2022") and b"\x1b$" in html:
        # RFC 1468: in two-octet mode any octet may look like markup.
        return _double_octets.sub(lambda match: b"\x80" * len(match[0]), html)
    return html


def _edited(html: bytes, edits: Sequence[_Edit]) -> bytes:
    pieces, position = list[bytes](), 0
    for edit in edits:
        pieces += (html[position : edit.start], edit.text)
        position = edit.end
    pieces.append(html[position:])
    return b"".join(pieces)


class _Scan:
    """One walk over a text. `edits` are what is to be exchanged, in order; placeholders of the pixel are taken out.

    `body_end` is before the last `</body>`, else the last `</html>`, else the end, or what is left open there.
    """

    def __init__(
        self, html: bytes, shown: bytes, charset: str, replace: Callable[[Link], str | None], limit: int
    ) -> None:
        self._html = html
        self._shown = shown
        self._charset = charset
        self._replace = replace
        self._limit = limit
        self.replaced = 0
        self._cdata_may_end = True
        self._ends: dict[bytes, int] = {}
        self.edits: list[_Edit] = []
        stopped_at = self._walk()
        self.body_end = self._ends.get(b"body", self._ends.get(b"html", stopped_at))

    def _walk(self) -> int:
        """Find everything; give where the text ends, or where something begins that is not closed."""
        shown, position, size, ends = self._shown, 0, len(self._shown), 0
        while position < size:
            found = _next.match(shown, position)
            assert found is not None, "it may be empty"
            name = found[1]
            if name is None:
                if found.end() > position:
                    position = found.end()
                elif (after := self._other(position)) > 0:
                    position = after
                else:
                    return position
            elif name.lower() in _LINKS:
                position = found.end()
                if position - found.end(1) >= _SHORTEST:
                    self._link(found.end(1), position)
                    if len(self.edits) >= MAX_EDITS:
                        return position
            elif name.startswith(b"/"):
                self._ends[name[1:].lower()] = found.start(1) - 1
                position = found.end()
                ends += 1
                if ends >= MAX_BODY_ENDS:
                    return position
            else:
                raw_end = _raw_ends.get(name.lower())
                end = None if raw_end is None else raw_end.search(shown, found.end())
                if end is None:
                    return found.start(1) - 1
                position = end.start()
        return size

    def _other(self, position: int) -> int:
        """Take what is no tag; 0 where something is left open until the end."""
        shown = self._shown
        if shown.startswith(OPEN_TRACKER, position):
            self.edits.append(_Edit(position, position + len(OPEN_TRACKER), b""))
            return position + len(OPEN_TRACKER)
        if not shown.startswith(b"<![", position):
            return 0
        close = shown.find(b"]]>", position) if self._cdata_may_end else -1
        self._cdata_may_end = close >= 0
        # Without its end it is a comment like any other that is none.
        return close + 3 if close >= 0 else shown.find(b">", position) + 1

    def _link(self, start: int, end: int) -> None:
        lowered = self._shown[start:end].lower()
        is_ours = b"ses:" in lowered
        may_lead = self.replaced < self._limit and b"href" in lowered
        # "http", perhaps written as references.
        if not is_ours and not (may_lead and (b"http" in lowered or b"&" in lowered)):
            return
        if not is_ours and (plain := _plain_link.match(self._shown, start, end)) is not None:
            self._exchange(plain.span(1))
            return
        href: tuple[int, int] | None = None
        tags: Tags = {}
        tracked = True
        edits: list[_Edit] = []
        for match in islice(_attribute.finditer(self._shown, start, end), MAX_ATTRIBUTES):
            name = match[1].lower()
            if name == b"href":
                href = href or _value(match)  # WHATWG: of two attributes of one name the first counts.
            elif name in (NO_TRACK, TAGS):
                edits.append(_Edit(*match.span(), b""))
                tracked = tracked and name == TAGS
                if name == TAGS and (place := _value(match))[0] >= 0:
                    tags = _read_tags(self._text(*place))
        if tracked and href is not None and (new := self._replacement(href, tags)) is not None:
            edits.append(_Edit(*href, new.encode("ascii")))
            edits.sort()
            self.replaced += 1
        self.edits += edits

    def _exchange(self, href: tuple[int, int]) -> None:
        if (new := self._replacement(href, {})) is not None:
            self.edits.append(_Edit(*href, new.encode("ascii")))
            self.replaced += 1

    def _replacement(self, place: tuple[int, int], tags: Tags) -> str | None:
        if self.replaced >= self._limit or not 0 <= place[0] < place[1] <= place[0] + MAX_URL_OCTETS:
            return None
        url = self._text(*place).strip(_BLANKS)
        if _url.match(url) is None and _url.match(url := url.translate(_NOT_IN_URLS)) is None:
            return None
        # Two braces are what a template or a list manager left: nobody's link yet.
        if "{{" in url:
            return None
        return self._replace(Link(url, tags))

    def _text(self, start: int, end: int) -> str:
        """Read the value of an attribute; octets that are no text stay themselves (PEP 383) in UTF-8."""
        octets = self._html[start:end]
        if octets.isascii() and b"\x1b" not in octets:
            text = octets.decode("ascii")
        elif self._charset.strip().lower() in ("utf-8", "utf8"):
            text = octets.decode("utf-8", "surrogateescape")
        else:
            text = decode_text(octets, self._charset)
        if "&" not in text:
            return text
        # Nearly all that there is, and without a function call for each.
        if text.count("&") == text.count("&amp;"):
            return text.replace("&amp;", "&")
        return _reference.sub(_dereferenced, text)


def _value(match: re.Match[bytes]) -> tuple[int, int]:
    """Give where the value of an attribute stands, (-1, -1) where it has none."""
    return match.span(match.lastindex) if match.lastindex and match.lastindex > 1 else (-1, -1)


def _dereferenced(match: re.Match[str]) -> str:
    """Resolve one character reference as within an attribute: `&copy=1` of a query is none (WHATWG, 13.2.5.73)."""
    number, name, semicolon, equals = match.groups()
    if number:
        return unescape(match[0])
    if semicolon:
        return html5.get(f"{name};", match[0][: len(match[0]) - len(equals)]) + equals
    return match[0] if equals else html5.get(name, match[0])


def _read_tags(text: str) -> Tags:
    """Read `k:v;k2:v2`; each key has the list of its values."""
    tags: dict[str, list[str]] = {}
    for pair in text.split(";")[:MAX_LINK_TAGS]:
        key, separator, value = pair.partition(":")
        if separator and key.strip():
            tags.setdefault(key.strip(), []).append(value.strip())
    return tags
