"""What opens and clicks cost: changing the HTML of a message, and answering a link."""

from __future__ import annotations

from benchmarks.stage_timing import Cost, measure
from benchmarks.stage_world import ACCOUNT, REGION
from hatobin.capabilities.queue import MessageKey
from hatobin.capabilities.tracking import LINK_PATH, LinkSeals, Tracking
from hatobin.flow.outbound.tracked import tracked
from hatobin.protocols.mail.html_links import mark
from hatobin.protocols.mail.rewrite import read_message
from hatobin.words.settings import Service, Settings

_KEY = MessageKey(ACCOUNT, REGION, "0100018bcfe56800-11111111-2222-4333-8444-555555555555-000000")
_BOTH = Tracking("app", opens=True, clicks=True)
_HEAD = b"From: a@example.com\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
_CELL = b'<td align="center" style="padding:0 10px;color:#333333">Some words &amp; <b>more</b> of them</td>\r\n'
_LINK = b'<a href="https://shop.example.com/item?id=1&amp;utm_source=mail" style="color:red">Buy</a>\r\n'
_HOSTILE = {
    "unclosed tags": b"<a ",
    "links without end": b'<a href="http://x/">',
    "attributes of ours": b"<a ses:no-track>",
    "open comments": b"<!-- ",
    "ends of the body": b"</body>",
}


def tracking_costs() -> list[Cost]:
    """Time one newsletter of 20 KB with 20 links, one click, and 1 MB of what is meant to be slow."""
    settings = Settings(service=Service(public_http="http://mail.test", public_https="https://mail.test"))
    seals = LinkSeals({1: b"k" * 64}, settings)
    message = read_message(_HEAD + (_CELL * 9 + _LINK) * 20)
    address = seals.of(_KEY, _BOTH).link("https://shop.example.com/item?id=1&utm_source=mail", 1, {})
    assert address is not None, "it is short"
    path = address.partition(LINK_PATH)[2]
    costs = [
        measure("track", "HTML of 20 KB: 20 links, a pixel", lambda: tracked(seals, _BOTH, message, _KEY)),
        measure("click", "read the address of a link", lambda: seals.read_link(path)),
    ]
    for name, piece in _HOSTILE.items():
        text = piece * ((1 << 20) // len(piece))

        def search(text: bytes = text) -> None:
            mark(text, "utf-8", replace=lambda link: "http://mail.test/", limit=250, pixel=b"<img>")

        costs.append(measure("track hostile", f"1 MiB: {name}", search))
    return costs
