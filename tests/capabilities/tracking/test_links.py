"""The addresses of links and pixels: how they look, what they hold, and that nobody else can write one."""

from __future__ import annotations

import re
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.capabilities.queue import MessageKey
from hatobin.capabilities.tracking import LinkSeals, Tracking
from hatobin.capabilities.tracking.links import MAX_LINK_LENGTH
from hatobin.words.settings import Service, Settings

KEY = MessageKey("123456789012", "eu-west-1", "0102018bcfe56800-11111111-2222-4333-8444-555555555555-000000")
SETTINGS = Settings(service=Service(public_http="http://mail.test", public_https="https://mail.test:8443/"))
SEALS = LinkSeals({1: b"k" * 64}, SETTINGS)
OURS = Tracking("app", opens=True, clicks=True)


def link(url: str = "https://a.test/p?q=1&r=2#f", number: int = 7, tracking: Tracking = OURS, **tags: list[str]) -> str:
    written = SEALS.of(KEY, tracking).link(url, number, tags)
    assert written is not None
    return written


def after(address: str, path: str) -> str:
    return address.split(path, 1)[1]


def test_addresses_look_as_at_ses() -> None:
    seal = "[A-Za-z0-9_-]+=1"
    assert re.fullmatch(
        rf"https://mail\.test:8443/L0/https:%2F%2Fa\.test%2Fp%3Fq=1%26r=2%23f/7/{KEY.message_id}/{seal}", link()
    )
    assert re.fullmatch(rf"http://mail\.test/I0/{KEY.message_id}/{seal}", SEALS.of(KEY, OURS).pixel())


def test_an_address_gives_back_what_it_was_written_for() -> None:
    found = SEALS.read_link(after(link(tags=["a", "b"]), "/L0/"))
    assert found is not None
    assert (found.key, found.url, found.tags) == (KEY, b"https://a.test/p?q=1&r=2#f", {"tags": ["a", "b"]})
    pixel = SEALS.read_pixel(after(SEALS.of(KEY, OURS).pixel(), "/I0/"))
    assert pixel is not None
    assert (pixel.key, pixel.url) == (KEY, b"")


@given(st.text(min_size=1, max_size=200))
def test_any_url_comes_back_octet_for_octet(url: str) -> None:
    url = "http://" + url.encode("utf-8", "replace").decode()
    address = link(url)
    assert re.fullmatch(r"[!-~]+", address), "it needs no escape in a line"
    assert not set(address) & set("<>\"'`&;"), "nor in HTML"
    found = SEALS.read_link(after(address, "/L0/"))
    assert found is not None
    assert found.url.decode() == url


def test_octets_that_are_no_text_come_back_too() -> None:
    found = SEALS.read_link(after(link(b"http://a.test/\xff\xc3".decode("utf-8", "surrogateescape")), "/L0/"))
    assert found is not None
    assert found.url == b"http://a.test/\xff\xc3"


@pytest.mark.parametrize(
    ("policy", "links", "pixel"),
    [
        ("OPTIONAL", ("http", "https"), "http"),
        ("REQUIRE_OPEN_ONLY", ("http", "https"), "https"),
        ("REQUIRE", ("https", "https"), "https"),
    ],
)
def test_the_policy_chooses_the_scheme(policy: str, links: tuple[str, str], pixel: str) -> None:
    tracking = Tracking("app", opens=True, clicks=True, domain="Track.Example.com", https_policy=policy)
    for url, scheme in zip(("http://a.test", "HTTPS://a.test"), links, strict=True):
        assert link(url, tracking=tracking).startswith(f"{scheme}://track.example.com/L0/")
    assert SEALS.of(KEY, tracking).pixel().startswith(f"{pixel}://track.example.com/I0/")


def test_the_regions_name_may_stand_in_the_host() -> None:
    service = Service(tracking_http="http://r.{region}.mail.test", public_https="https://mail.test")
    assert (
        LinkSeals({1: b"k" * 64}, Settings(service=service))
        .of(KEY, OURS)
        .pixel()
        .startswith("http://r.eu-west-1.mail.test/I0/")
    )


def test_every_changed_octet_leads_nowhere() -> None:
    path = after(link(tags=["a"]), "/L0/")
    for place in range(len(path)):
        for octet in "Ab0/%=":
            changed = path[:place] + octet + path[place + 1 :]
            if changed == path or _says_the_same(changed, path):
                continue
            assert SEALS.read_link(changed) is None, changed
    for cut in range(len(path)):
        assert SEALS.read_link(path[:cut]) is None


def _says_the_same(changed: str, path: str) -> bool:
    """The last character of unpadded base64 has bits that nobody reads."""
    place = path.rindex("=") - 1
    return changed[:place] + changed[place + 1 :] == path[:place] + path[place + 1 :]


def test_a_link_is_not_a_pixel_and_not_another_messages() -> None:
    seal = link().rsplit("/", 1)[1]
    other = KEY.message_id.replace("1111", "2222")
    url = "https:%2F%2Fa.test%2Fp%3Fq=1%26r=2%23f"
    assert SEALS.read_link(f"{url}/7/{KEY.message_id}/{seal}") is not None
    assert SEALS.read_link(f"{url}/8/{KEY.message_id}/{seal}") is None
    assert SEALS.read_link(f"{url}/7/{other}/{seal}") is None
    assert SEALS.read_pixel(f"{KEY.message_id}/{seal}") is None
    assert LinkSeals({1: b"x" * 64}, SETTINGS).read_link(f"{url}/7/{KEY.message_id}/{seal}") is None
    assert LinkSeals({2: b"k" * 64}, SETTINGS).read_link(f"{url}/7/{KEY.message_id}/{seal}") is None


@given(st.text(max_size=300))
def test_whatever_is_asked_for_is_answered(path: str) -> None:
    assert SEALS.read_link(path) is None
    assert SEALS.read_pixel(path) is None


def test_the_senders_own_domain_is_known_again() -> None:
    tracking = Tracking("app", opens=True, clicks=True, domain="track.example.com")
    found = SEALS.read_link(after(link(tracking=tracking), "/L0/"))
    assert found is not None
    assert found.is_at("TRACK.example.com.")
    assert not found.is_at("other.example.com")
    ours = SEALS.read_link(after(link(), "/L0/"))
    assert ours is not None
    assert not ours.is_at("track.example.com")


def test_a_link_that_would_be_too_long_is_none() -> None:
    assert SEALS.of(KEY, OURS).link("http://a.test/" + "x" * 8000, 1, {}) is None
    assert SEALS.of(KEY, OURS).link("http://a.test/" + "/" * 3000, 1, {}) is None
    assert len(link("http://a.test/" + "x" * 7700)) < MAX_LINK_LENGTH


def test_tags_that_are_too_long_are_left_out() -> None:
    found = SEALS.read_link(after(link(tags=["x" * 2000]), "/L0/"))
    assert found is not None
    assert found.tags == {}


@given(st.text(st.sampled_from("aZ09_.-~:=/?&%#+ü ,;@!$'()*[]|\\\"<>"), max_size=30))
def test_a_url_is_escaped_alike_on_the_short_way_and_on_the_long_one(rest: str) -> None:
    url = f"https://a.test/{rest}"
    escaped = after(link(url), "/L0/").split("/")[0]
    assert escaped == quote_from_bytes(url.encode(), safe=":=")
