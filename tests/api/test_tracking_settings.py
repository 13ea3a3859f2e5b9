"""Tracking under other settings than the usual ones."""

from __future__ import annotations

import pytest

from hatobin.words.settings import Service, Settings
from tests.api.harness import Api
from tests.api.tracked import Readers

WITHOUT_CLASS = Service(public_http="http://mail.test", public_https="https://mail.test", tracking_agents=False)
ELSEWHERE = Service(tracking_http="http://r.{region}.mail.test", tracking_https="https://r.{region}.mail.test")


@pytest.fixture
def readers(api: Api) -> Readers:
    return Readers(api)


@pytest.mark.parametrize("api", [Settings(service=WITHOUT_CLASS)], indirect=True)
def test_the_class_of_the_agent_can_be_switched_off(readers: Readers) -> None:
    readers.send('<a href="http://a.test">x</a>')
    link, pixel = readers.addresses()
    readers.ask(link)
    readers.ask(pixel)
    click, opened = (event.get("click") or event["open"] for event in readers.events())
    assert list(click) == ["ipAddress", "link", "linkTags", "timestamp", "userAgent"]
    assert click["linkTags"] is None
    assert list(opened) == ["ipAddress", "timestamp", "userAgent"]


@pytest.mark.parametrize("api", [Settings(service=ELSEWHERE)], indirect=True)
def test_tracked_addresses_may_have_a_host_of_their_own(readers: Readers) -> None:
    readers.send('<a href="https://a.test">x</a>')
    link, pixel = readers.addresses()
    assert link.startswith("https://r.us-east-1.mail.test/L0/")
    assert pixel.startswith("http://r.us-east-1.mail.test/I0/")
    assert (readers.ask(link).status, readers.ask(pixel).status) == (302, 200)
