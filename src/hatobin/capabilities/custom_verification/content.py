"""The HTML of a verification mail: what it may hold, and what is added to it.

SES allows a list of tags and attributes and no comments; images that are
written into the HTML leave as attachments. The link and a few words to whom
it reached by mistake stand at the end.

Refs: AWS developer guide "creating-identities", custom verification email
templates, questions 4, 5 and 10; RFC 2392 (cid).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence
from html import escape

from hatobin.capabilities.custom_verification.model import MAX_CONTENT_BYTES, InvalidContent
from hatobin.protocols.mail import Attachment

MAX_IMAGES = 50

_EVERYWHERE = frozenset({"class", "id", "style", "title"})
_PLAIN_TAGS = frozenset(
    re.findall(
        r"\S+",
        """
    abbr acronym address area b bdo big body br button caption center cite code dd del dfn dir div dl dt em fieldset
    font form h1 h2 h3 h4 h5 h6 head hr html i input ins kbd label legend li map menu optgroup option p pre s samp
    select small span strike strong sub sup tbody textarea tfoot thead tr tt u var
    """,
    )
)
_MORE: dict[str, frozenset[str]] = {
    tag: frozenset(names.split())
    for tag, names in {
        "blockquote": "cite",
        "col": "span width",
        "colgroup": "span width",
        "img": "align alt height src width",
        "ol": "start type",
        "q": "cite",
        "table": "summary width",
        "td": "abbr axis colspan rowspan width",
        "th": "abbr axis colspan rowspan scope width",
        "ul": "type",
    }.items()
}
_DATA_IMAGE = re.compile(
    r"""(?P<before>\bsrc\s*=\s*)(?P<quote>["'])data:image/(?P<kind>[a-z0-9.+-]{1,30});base64,"""
    r"""(?P<data>[A-Za-z0-9+/=\s]*)(?P=quote)""",
    re.IGNORECASE,
)
_DOCTYPE = re.compile(r"\s*<!doctype\b[^<>]{0,300}>", re.IGNORECASE)
_TAG = re.compile(r"</?([a-z][^\s/>]*)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""[\s/]*([^\s/>=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""")
_TAG_END = re.compile(r"[\s/]*>")
_END = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)


def check_content(content: str) -> None:
    """Raises `InvalidContent`."""
    if not content.strip():
        raise InvalidContent("The template content is empty.")
    if len(content) > MAX_CONTENT_BYTES or len(content.encode("utf-8", "surrogatepass")) > MAX_CONTENT_BYTES:
        raise InvalidContent(f"The template content is larger than {MAX_CONTENT_BYTES} bytes.")
    _check_tags(content)
    _without_images(content)


def _check_tags(content: str) -> None:
    """Look at each tag once; what a browser might read in two ways is refused."""
    doctype = _DOCTYPE.match(content)
    position = 0 if doctype is None else doctype.end()
    while (start := content.find("<", position)) >= 0:
        tag = _TAG.match(content, start)
        if tag is None:
            if content[start + 1 : start + 2] in ("!", "?"):
                raise InvalidContent("Comment tags and declarations are not allowed.")
            position = start + 1  # An angle bracket that opens no tag is text.
            continue
        position = _check_attributes(content, tag.end(), tag[1].lower())


def _check_attributes(content: str, position: int, tag: str) -> int:
    """Judge a tag by its name and attributes; gives where it ends."""
    if tag not in _PLAIN_TAGS and tag not in _MORE:
        raise InvalidContent(f"The HTML tag <{tag[:50]}> is not allowed.")
    allowed = _EVERYWHERE | _MORE.get(tag, frozenset())
    while (attribute := _ATTRIBUTE.match(content, position)) is not None:
        if attribute[1].lower() not in allowed:
            raise InvalidContent(f"The attribute {attribute[1][:50]} of the HTML tag <{tag}> is not allowed.")
        position = attribute.end()
    end = _TAG_END.match(content, position)
    if end is None:
        raise InvalidContent(f"The HTML tag <{tag}> is not closed.")
    return end.end()


def finished(content: str, link: str) -> tuple[str, Sequence[Attachment]]:
    """Give the HTML with the link at its end, and the images it shows as attachments. Raises `InvalidContent`."""
    html, images = _without_images(content)
    address = escape(link)
    end = (
        f'<p><a href="{address}">{address}</a></p>\n'
        "<p>If you do not expect this mail, do nothing: without a click on the link nothing is verified.</p>\n"
    )
    place = _END.search(html)
    at = len(html) if place is None else place.start()
    return f"{html[:at]}\n{end}{html[at:]}", images


def _without_images(content: str) -> tuple[str, list[Attachment]]:
    images: list[Attachment] = []

    def moved(match: re.Match[str]) -> str:
        if len(images) == MAX_IMAGES:
            raise InvalidContent(f"The template content has more than {MAX_IMAGES} images.")
        try:
            data = binascii.a2b_base64("".join(match["data"].split()), strict_mode=True)
        except binascii.Error as error:
            raise InvalidContent("An image of the template content is no base64.") from error
        kind, number = match["kind"].lower(), len(images) + 1
        images.append(
            Attachment(
                file_name=f"image{number}.{kind.partition('+')[0]}",
                content=data,
                content_type=f"image/{kind}",
                is_inline=True,
                content_id=f"image{number}",
            )
        )
        return f"{match['before']}{match['quote']}cid:image{number}{match['quote']}"

    return _DATA_IMAGE.sub(moved, content), images
