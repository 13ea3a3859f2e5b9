"""Links in HTML texts: which are found, what they are exchanged for, and that nothing else moves."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.protocols.mail.html_links import MAX_BODY_ENDS, MAX_EDITS, Link, mark

PIXEL = b'<img src="p">'


class Replacements:
    """Gives every link an address of its own, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.links: list[Link] = []

    def __call__(self, link: Link) -> str:
        self.links.append(link)
        return f"http://t/{len(self.links)}"

    @property
    def urls(self) -> list[str]:
        return [link.url for link in self.links]


def marked(html: bytes | str, charset: str = "utf-8", *, pixel: bytes | None = None, limit: int = 250) -> bytes:
    octets = html.encode() if isinstance(html, str) else html
    return mark(octets, charset, replace=Replacements(), limit=limit, pixel=pixel).html


def urls(html: bytes | str, charset: str = "utf-8") -> list[str]:
    found = Replacements()
    mark(html.encode() if isinstance(html, str) else html, charset, replace=found, limit=250, pixel=None)
    return found.urls


# Markup with a place for the value, the value as it is written there, and the URL that it is, or None.
FORMS: list[tuple[str, str, str | None]] = [
    ('<a href="{}">x</a>', "http://a.test/", "http://a.test/"),
    ("<a href='{}'>x</a>", "https://a.test/?q='1".replace("'", "&#39;"), "https://a.test/?q='1"),
    ("<a href={}>x</a>", "http://a.test/unquoted?a=b", "http://a.test/unquoted?a=b"),
    ("<a href={} target=_blank>x</a>", "http://a.test/path/", "http://a.test/path/"),
    ('<A HREF="{}">x</A>', "HTTP://A.TEST/", "HTTP://A.TEST/"),
    ('<a\n class="b"\n href = "{}"\n>x</a>', "http://a.test/lines", "http://a.test/lines"),
    ('<a/href="{}">x</a>', "http://a.test/slash", "http://a.test/slash"),
    ('<a title="1 > 0" href="{}">x</a>', "http://a.test/gt", "http://a.test/gt"),
    ('<a title="<a href=\'http://no.test\'>" href="{}">x</a>', "http://a.test/in", "http://a.test/in"),
    ('<a href="{}"class=b>x</a>', "http://a.test/tight", "http://a.test/tight"),
    ('<area shape="rect" coords="0,0,1,1" href="{}">', "http://a.test/area", "http://a.test/area"),
    ('<a href="{}">x</a>', "http://a.test/?a=1&amp;b=2&#38;c=3&#x26;d=4", "http://a.test/?a=1&b=2&c=3&d=4"),
    ('<a href="{}">x</a>', "http://a.test/?a=1&copy=2&lt=3&b", "http://a.test/?a=1&copy=2&lt=3&b"),
    ('<a href="{}">x</a>', "http://a.test/?a=&copy;&unknown;", "http://a.test/?a=©&unknown;"),
    ('<a href="{}">x</a>', "&#104;ttp://a.test/", "http://a.test/"),
    (
        '<a href="{}">x</a>',
        "https://s.test/k?X-Amz-Signature=0a%2Fb&amp;X-Amz-Expires=60#part",
        "https://s.test/k?X-Amz-Signature=0a%2Fb&X-Amz-Expires=60#part",
    ),
    ('<a href="{}">x</a>', "  http://a.test/blanks\n ", "http://a.test/blanks"),
    ('<a href="{}">x</a>', "http://a.test/fol\r\n\tded", "http://a.test/folded"),
    ('<a href="{}">x</a>', "http://a.test/ä/日本?ü", "http://a.test/ä/日本?ü"),
    ('<a href="{}" href="http://second.test/">x</a>', "http://a.test/first", "http://a.test/first"),
    ('<a href="{}">x', "http://a.test/unclosed", "http://a.test/unclosed"),
    ('<a href="{}"></a>', "http://user:pw@a.test:8080/;p?q#f", "http://user:pw@a.test:8080/;p?q#f"),
    ('<a href="{}">x</a>', "mailto:a@b.test?subject=http://x.test", None),
    ('<a href="{}">x</a>', "tel:+49123", None),
    ('<a href="{}">x</a>', "#top", None),
    ('<a href="{}">x</a>', "", None),
    ("<a href={}>x</a>", "", None),
    ('<a href="{}">x</a>', "/relative?u=http://x.test", None),
    ('<a href="{}">x</a>', "//a.test/", None),
    ('<a href="{}">x</a>', "cid:part@a.test", None),
    ('<a href="{}">x</a>', "javascript:location='http://x.test'", None),
    ('<a href="{}">x</a>', "app+open://a.test/", None),
    ('<a href="{}">x</a>', "ftp://a.test/", None),
    ('<a href="{}">x</a>', "http:", None),
    ('<a href="{}">x</a>', "http:///a.test", None),
    ('<a href="{}">x</a>', "{{url}}", None),
    ('<a href="{}">x</a>', "https://a.test/{{token}}", None),
    ('<a href="{}">x</a>', "http://a.test/\x00", None),
    ('<a href="{}">x</a>', "http://a.test/" + "x" * 17_000, None),
    ('<a data-href="{}">x</a>', "http://no.test/", None),
    ('<abbr href="{}">x</abbr>', "http://no.test/", None),
    ('<link href="{}">', "http://no.test/style.css", None),
    ('<img src="{}">', "http://no.test/i.png", None),
    ('<v:roundrect href="{}"></v:roundrect>', "http://no.test/vml", None),
    ('<!-- <a href="{}">x</a> -->', "http://no.test/", None),
    ('<!--[if mso]><a href="{}">x</a><![endif]-->', "http://no.test/", None),
    ('<!--[if !mso]><!--><a href="{}">x</a><!--<![endif]-->', "http://a.test/revealed", "http://a.test/revealed"),
    ('<![if !mso]><a href="{}">x</a><![endif]>', "http://a.test/revealed2", "http://a.test/revealed2"),
    ("<script>var a = '<a href=\"{}\">';</script>", "http://no.test/", None),
    ("<STYLE>a::after {{ content: '<a href=\"{}\">' }}</STYLE >", "http://no.test/", None),
    ('<textarea><a href="{}"></textarea>', "http://no.test/", None),
    ('<title><a href="{}"></title>', "http://no.test/", None),
    ('<![CDATA[ <a href="{}"> ]]>', "http://no.test/", None),
    ('<?xml <a href="{}"?>', "http://no.test/", None),
    ('</a href="{}">', "http://no.test/", None),
    ('< a href="{}">', "http://no.test/", None),
    ('&lt;a href="{}">', "http://no.test/", None),
]
SURROUNDINGS = [  # MSO conditionals, nested tables, upper case, unquoted values, stray markup
    "{}",
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1.dtd">\r\n'
    '<HTML xmlns:v="urn:schemas-microsoft-com:vml"><HEAD><TITLE>a < b & "c"</TITLE>\r\n'
    "<style>td > a { color: red } /* </styl */</style></HEAD><BODY bgcolor=#ffffff>{}</BODY></HTML>\r\n",
    "<table><tr><td><TABLE width=100% cellpadding='0'><tr><td align=\"center\"><!--[if mso | IE]><table><tr><td>"
    "<![endif]-->{}<!--[if mso | IE]></td></tr></table><![endif]--></td></tr></TABLE></td></tr></table>",
    '<p>price < 5 && > 3 <3 <> </> <!> <!---> <!----> text{}<br/><img alt="it\'s" src=x.png /></p>',
    "<div style=\"background:url('http://no.test/b.png')\" onclick=\"go('<a href=http://no.test>')\">{}</div>",
]


@pytest.mark.parametrize("surrounding", SURROUNDINGS)
@pytest.mark.parametrize("count", range(1, 4))
@pytest.mark.parametrize(("form", "value", "url"), FORMS)
def test_a_corpus_stays_byte_equal_but_for_its_links(
    form: str, value: str, url: str | None, count: int, surrounding: str
) -> None:
    written = form.replace("{{", "{").replace("}}", "}") if "STYLE" in form else form
    before, _, after = surrounding.partition("{}")
    whole = before + "".join(f"{written.replace('{}', value, 1)} " for _ in range(count)) + after
    asked = Replacements()
    result = mark(whole.encode(), "utf-8", replace=asked, limit=250, pixel=None)
    new = [f"http://t/{number + 1}" if url is not None else value for number in range(count)]
    expected = before + "".join(f"{written.replace('{}', one, 1)} " for one in new) + after
    assert result.html.decode() == expected
    assert asked.urls == [url] * (count if url is not None else 0)
    assert result.replaced == len(asked.urls)


def test_the_corpus_is_large() -> None:
    assert len(list(product(FORMS, range(3), SURROUNDINGS))) >= 200


class _Tokens(HTMLParser):
    """What an independent reader sees, with the links of its own finding apart."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, [(k, v) for k, v in attrs if k != "href"]))

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(tag)

    def handle_data(self, data: str) -> None:
        self.seen.append(("text", data))

    def handle_comment(self, data: str) -> None:
        self.seen.append(("comment", data))


def test_an_independent_reader_sees_the_same_document() -> None:
    whole = "".join(
        surrounding.replace("{}", "".join(form.replace("{}", value) for form, value, url in FORMS if url), 1)
        for surrounding in SURROUNDINGS[:3]
    )
    before, after = _Tokens(), _Tokens()
    before.feed(whole)
    after.feed(marked(whole).decode())
    assert before.seen == after.seen


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a ses:no-track href="http://a.test">x</a>', '<a href="http://a.test">x</a>'),
        ('<a href="http://a.test" SES:NO-TRACK>x</a>', '<a href="http://a.test">x</a>'),
        ('<a href="http://a.test" ses:no-track="" id=b>x</a>', '<a href="http://a.test" id=b>x</a>'),
        ('<a href=http://a.test ses:tags="k:v;" id=b>x</a>', "<a href=http://t/1 id=b>x</a>"),
        ("<a ses:tags='k:v' ses:no-track href='http://a.test'>x</a>", "<a href='http://a.test'>x</a>"),
        ("<a ses:no-track>x</a>", "<a>x</a>"),
        ("<b ses:no-track>x</b>", "<b ses:no-track>x</b>"),
    ],
)
def test_the_attributes_of_ses_are_honoured_and_go(html: str, expected: str) -> None:
    assert marked(html).decode() == expected


@pytest.mark.parametrize(
    ("tags", "read"),
    [
        ("k:v;k2:v2", {"k": ["v"], "k2": ["v2"]}),
        ("k:v;k:w;", {"k": ["v", "w"]}),
        (" a : b ; ; c; :d;e:f:g", {"a": ["b"], "e": ["f:g"]}),
        ("a:&quot;&amp;", {"a": ['"&']}),
        ("", {}),
    ],
)
def test_tags_of_a_link_are_read(tags: str, read: dict[str, list[str]]) -> None:
    asked = Replacements()
    mark(f'<a href="http://a.test" ses:tags="{tags}">'.encode(), "utf-8", replace=asked, limit=9, pixel=None)
    assert [link.tags for link in asked.links] == [read]


def test_only_so_many_links_are_replaced_and_the_attributes_of_all_go() -> None:
    link = '<a ses:tags="k:v" href="http://a.test">x</a>'
    result = marked(link * 260).decode()
    assert result.count("http://t/") == 250
    assert result.endswith('<a href="http://a.test">x</a>' * 10)
    assert "ses:" not in result
    assert marked(link, limit=0) == b'<a href="http://a.test">x</a>'


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (b"x", b"x%s"),
        (b"", b"%s"),
        (b"<html><body>x</body></html>\r\n", b"<html><body>x%s</body></html>\r\n"),
        (b"<p>x</HTML>", b"<p>x%s</HTML>"),
        (b"a</body>b</body >c", b"a</body>b%s</body >c"),
        (b"<!-- </body> -->x", b"<!-- </body> -->x%s"),
        (b"x<!-- unclosed", b"x%s<!-- unclosed"),
        (b"x<a href='unclosed", b"x%s<a href='unclosed"),
        (b"x<script>unclosed", b"x%s<script>unclosed"),
        (b"a{{ses:openTracker}}b{{ses:openTracker}}c</body>", b"a%sbc</body>"),
        (
            b"<!--{{ses:openTracker}}-->{{ses:opentracker}}{x{{y}}",
            b"<!--{{ses:openTracker}}-->{{ses:opentracker}}{x{{y}}%s",
        ),
    ],
)
def test_the_pixel_stands_where_it_is_asked_for_else_at_the_end_of_the_body(html: bytes, expected: bytes) -> None:
    assert marked(html, pixel=PIXEL) == expected.replace(b"%s", PIXEL)


def test_without_a_pixel_its_places_go() -> None:
    assert marked(b"a{{ses:openTracker}}b{{ses:openTracker}}") == b"ab"


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "shift_jis", "euc-jp", "gb18030", "big5", "utf-8"])
def test_a_url_is_read_in_the_charset_of_its_text(charset: str) -> None:
    letters = "ü" if charset in ("iso-8859-1", "windows-1252", "utf-8") else "本"
    html = f'{letters}<a href="http://a.test/{letters}">{letters}</a>'.encode(charset)
    assert urls(html, charset) == [f"http://a.test/{letters}"]
    assert marked(html, charset) == f'{letters}<a href="http://t/1">{letters}</a>'.encode(charset)


def test_two_octet_text_that_looks_like_markup_is_text() -> None:
    # In ISO-2022-JP these are made of "<", ">", quotes and letters.
    text = "‥ぢ次縞爾爾本日は晴天なり"
    html = f"{text}<a title='{text}' href=\"http://a.test/\">{text}</a>{text}".encode("iso-2022-jp")
    assert marked(html, "ISO-2022-JP") == html.replace(b"http://a.test/", b"http://t/1")


def test_charsets_that_hide_ascii_are_left_alone() -> None:
    for charset in ("utf-16", "UTF-16LE", "utf-32", "utf-7", "hz-gb-2312"):
        html = '<a href="http://a.test">{{ses:openTracker}}'.encode("utf-16")
        assert marked(html, charset, pixel=PIXEL) == html


def test_octets_that_are_no_text_stay_in_a_url() -> None:
    found = urls(b'<a href="http://a.test/\xff\xfe">')
    assert [url.encode("utf-8", "surrogateescape") for url in found] == [b"http://a.test/\xff\xfe"]
    assert urls(b'<a href="http://a.test/\x81">', "shift_jis") == [], "what cannot be read is not replaced"


MARKUP = r"""
< > <a </a> <a> href= href=" href=' http://u.test/ https://v.test/?a=b&c " ' = / <!-- --> --!> <![CDATA[ ]]> <script>
</script> <title> </title> <!x> <?x> <area a b= <td x='y'> {{ é text </body> </html> - <!- <![ <plaintext> <A
"""
BLOCKS = st.sampled_from([*MARKUP.split(), "\x00", "\x0c", "\n"])


@given(st.lists(BLOCKS, max_size=60))
def test_whatever_stands_around_links_stays(blocks: list[str]) -> None:
    html = " ".join(blocks).replace("  ", "")
    asked = Replacements()
    after = mark(html.encode(), "utf-8", replace=asked, limit=250, pixel=None).html.decode()
    restored, position = "", 0
    for number, link in enumerate(asked.links, 1):
        piece, _, after = after.partition(f"http://t/{number}")
        restored += piece
        position = len(restored)
        # Its end is what cannot stand in the value: the next octet of what came out.
        written = html[position : html.index(after[0], position)]
        assert written.strip("\t\n\f\r ").replace("\n", "") == link.url
        restored += written
    assert restored + after == html


@given(st.binary(max_size=400), st.sampled_from(["utf-8", "iso-2022-jp", "shift_jis", "", "x-unknown", "utf-16"]))
def test_nothing_raises_and_nothing_moves_in_any_octets(html: bytes, charset: str) -> None:
    after = mark(html, charset, replace=lambda link: None, limit=250, pixel=None).html
    assert after == html or b"ses:" in html


def _repeated(piece: bytes) -> Callable[[int], bytes]:
    return lambda size: piece * (size // len(piece))


@pytest.mark.parametrize(
    "text",
    [
        _repeated(piece)
        for piece in (
            *(
                b"<",
                b"<a ",
                b'<a href="',
                b"<!--",
                b"<!-- -",
                b"<![CDATA[>",
                b"{{",
                b"</",
                b"<a = ",
                b"&a",
                b"<a x",
                b"<!",
            ),
            *(
                b"<script>",
                b"<title>",
                b"<a title='",
                b"<b a=b",
                b"\x1b$",
                b"<a href=http:&",
                b"-->",
                b"</body",
                b"<a//",
            ),
        )
    ],
)
def test_hostile_texts_come_to_an_end(text: Callable[[int], bytes]) -> None:
    """A text of quadratic cost would take hours here."""
    html = text(4_000_000)
    result = mark(html, "iso-2022-jp", replace=lambda link: None, limit=250, pixel=None)
    assert result.html == html


def test_behind_a_thousand_ends_of_the_body_the_text_stays_as_it_is() -> None:
    html = b"</body>" * (MAX_BODY_ENDS + 5) + b"<a ses:no-track>"
    result = mark(html, "utf-8", replace=lambda link: None, limit=250, pixel=b"P")
    assert result.html == b"</body>" * (MAX_BODY_ENDS - 1) + b"P" + b"</body>" * 6 + b"<a ses:no-track>"


def test_a_text_of_very_many_marks_is_changed_at_its_beginning_only() -> None:
    html = b"<a ses:no-track>" * (MAX_EDITS + 10)
    assert marked(html) == b"<a>" * MAX_EDITS + b"<a ses:no-track>" * 10


def test_a_large_text_is_like_a_small_one() -> None:
    row = b'<tr><td class="a" style="color:#333">Text &amp; more <b>text</b><br></td></tr>\r\n'
    link = b'<a href="https://a.test/?n=1&amp;m=2">x</a>'
    rows = row * (20_000_000 // len(row))
    result = marked(link + rows + link, pixel=PIXEL)
    assert result == b'<a href="http://t/1">x</a>' + rows + b'<a href="http://t/2">x</a>' + PIXEL
