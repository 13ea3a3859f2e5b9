"""What the HTML of a verification mail may hold, and what is added to it."""

from __future__ import annotations

import pytest

from hatobin.capabilities.custom_verification import InvalidContent, check_content, finished

LINK = "https://mail.test/verify/abc"


@pytest.mark.parametrize(
    "content",
    [
        "Just words, 1 < 2 and a <3",
        "<!DOCTYPE html>\n<html><head></head><body style='a>b'><p class=x id = \"y\">Hi<br/></p></body></html>",
        '<TABLE WIDTH="100%"><tr><td colspan=2 rowspan="1">x</td></tr></TABLE>',
        '<img src="https://a.example/x.png" alt="x" width=1 height=1/>',
    ],
)
def test_what_the_list_has_is_taken(content: str) -> None:
    check_content(content)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "The template content is empty."),
        ("<a href='https://x.example'>x</a>", "The HTML tag <a> is not allowed."),
        ("<ScRiPt>x</script>", "The HTML tag <script> is not allowed."),
        ("</style>", "The HTML tag <style> is not allowed."),
        ("<p onclick=x>", "The attribute onclick of the HTML tag <p> is not allowed."),
        ('<p title="a"onclick="x">', "The attribute onclick of the HTML tag <p> is not allowed."),
        ("<p/onclick=x>", "The attribute onclick of the HTML tag <p> is not allowed."),
        ("<p width=1>", "The attribute width of the HTML tag <p> is not allowed."),
        ('<p title="a>', "The HTML tag <p> is not closed."),
        ("<p title", "The HTML tag <p> is not closed."),
        ("x<!-- c -->", "Comment tags and declarations are not allowed."),
        ("<p><!doctype html>", "Comment tags and declarations are not allowed."),
        ("<?php ?>", "Comment tags and declarations are not allowed."),
        ('<img src="data:image/png;base64,AAA">', "An image of the template content is no base64."),
        ("x" * (10 * 1024 * 1024 + 1), "The template content is larger than 10485760 bytes."),
    ],
)
def test_what_the_list_does_not_have_is_refused(content: str, text: str) -> None:
    with pytest.raises(InvalidContent) as caught:
        check_content(content)
    assert str(caught.value) == text


def test_the_link_stands_before_the_end_of_the_body() -> None:
    html, images = finished("<html><body><p>Hi</p></body></html>", LINK)
    assert html.startswith("<html><body><p>Hi</p>\n")
    assert f'<a href="{LINK}">{LINK}</a>' in html
    assert html.endswith("</body></html>")
    assert images == []
    assert finished("Hi", LINK)[0].startswith("Hi\n<p><a ")


def test_many_images_are_too_many() -> None:
    image = '<img src="data:image/gif;base64,AAAA">'
    assert len(finished(image * 50, LINK)[1]) == 50
    with pytest.raises(InvalidContent):
        check_content(image * 51)


def test_hostile_html_costs_linear_time() -> None:
    for piece in ("<p ", '<p title="', "</", "<p title", "<<<<", "<p " + " " * 50):
        with pytest.raises(InvalidContent):
            check_content("<p>" + piece * 200_000 + "<a>")
