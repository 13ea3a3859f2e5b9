"""Captured HTML, made safe: what is dropped, what stays, which pictures are seen."""

from __future__ import annotations

import pytest

from hatobin.servers.console.html_view import MAX_INLINE_BYTES, SafeHtml, frame_policy, safe_html
from hatobin.servers.local import AttachedFile

LOGO = AttachedFile("logo.png", "image/png", "logo@x", "inline", b"PNG")


def safe(html: str, *, files: tuple[AttachedFile, ...] = (), remote_images: bool = False) -> SafeHtml:
    return safe_html(html, files, lang="", remote_images=remote_images)


def body(html: str) -> str:
    return safe(html).page.partition("</head><body>")[2].partition("</body>")[0].strip()


@pytest.mark.parametrize(
    "html",
    [
        "<script>steal()</script>",
        "<p onclick=steal()>",
        "<img src=x onerror=steal()>",
        "<a href='javascript:steal()'>x</a>",
        "<a href='&#106;avascript:steal()'>x</a>",
        "<a href='data:text/html,<script>steal()</script>'>x</a>",
        "<iframe src='https://evil.example/steal'></iframe>",
        "<object data='steal'></object><embed src='steal'>",
        "<form action='/steal'><input name=steal></form>",
        "<meta http-equiv=refresh content='0;url=/steal'>",
        "<base href='https://evil.example/steal/'>",
        "<svg><script>steal()</script></svg>",
        "<math><mi xlink:href='steal'></math>",
        "<link rel=stylesheet href='https://evil.example/steal.css'>",
        "<style></style><script>steal()</script>",
        "<img src='data:text/html,steal'>",
        "<img src='/console/steal'>",
        "<a href='/console/steal'>x</a>",
        "<video src='https://evil.example/steal'></video>",
        "<a href='steal'>x</a>",
        "<img src='steal.gif'>",
        "<img srcset='https://evil.example/steal 2x'>",
    ],
)
def test_what_acts_or_loads_is_dropped(html: str) -> None:
    assert "steal" not in body(html)


def test_formatting_stays() -> None:
    html = (
        '<style>td b{color:red}</style><table width="600" bgcolor="#eee" cellpadding="8"><tr>'
        '<td align="center" style="padding:4px">Grüße <font color="red">x</font></td></tr></table>'
    )
    kept = body(html)
    for piece in (
        "td b{color:red}",
        'width="600"',
        'bgcolor="#eee"',
        'style="padding:4px"',
        '<font color="red">',
        "Grüße",
    ):
        assert piece in kept


def test_links_open_apart_and_tell_nothing() -> None:
    assert body('<a href="https://example.com/?a=1&amp;b=2" target="_top">x</a>') == (
        '<a href="https://example.com/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">x</a>'
    )


def test_pictures_of_the_message_are_part_of_the_page() -> None:
    shown = safe('<img src="cid:logo@x" alt="l"><img src="cid:logo%40x"><img src="cid:other">', files=(LOGO,))
    assert shown.page.count('src="data:image/png;base64,UE5H"') == 2
    assert shown.blocked_images == 0


def test_a_part_that_is_no_picture_is_not_inlined() -> None:
    page = AttachedFile("x.html", "text/html", "x", None, b"<script>")
    odd = AttachedFile("x", 'image/png" onload="x', "y", None, b"")
    assert (
        "data:"
        not in body('<img src="cid:x"><img src="cid:y">')
        + safe('<img src="cid:x"><img src="cid:y">', files=(page, odd)).page
    )


def test_inlined_pictures_have_a_limit() -> None:
    big = AttachedFile("b", "image/png", "b", None, b"x" * (MAX_INLINE_BYTES // 2 + 1))
    assert safe('<img src="cid:b"><img src="cid:b">', files=(big,)).page.count("base64") == 1


def test_remote_pictures_are_blocked_and_counted() -> None:
    html = (
        '<img src="https://t.example/1.gif"><img src="//t.example/2.gif"><table background="http://t.example/3.png">'
        "</table><p style=\"background:url('https://t.example/4.png')\">x</p>"
    )
    shown = safe(html)
    assert shown.blocked_images == 4
    assert "img-src data:;" in frame_policy(remote_images=False), "the policy blocks what styles ask for"


def test_remote_pictures_are_shown_when_wanted() -> None:
    for address in ("https://t.example/1.gif", "//t.example/1.gif"):
        shown = safe(f'<img src="{address}">', remote_images=True)
        assert (shown.blocked_images, 'src="https://t.example/1.gif"' in shown.page) == (0, True)
    assert "img-src data: http: https:;" in frame_policy(remote_images=True)


def test_embedded_pictures_are_shown() -> None:
    assert "data:image/gif;base64,R0lGOD" in body('<img src="data:image/gif;base64,R0lGOD">')
