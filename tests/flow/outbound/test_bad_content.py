"""Bad content is found wherever a message is cut."""

from __future__ import annotations

import base64

import pytest

from hatobin.flow.outbound.bad_content import BadContentWatch, is_bad_content

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@pytest.mark.parametrize("bad", [EICAR, base64.b64encode(EICAR)], ids=["plain", "base64"])
@pytest.mark.parametrize("size", [1, 2, 30, 67, 68, 69, 75, 76, 77, 1_000])
def test_bad_content_is_found(bad: bytes, size: int) -> None:
    content = b"a" * 131 + bad + b"b" * 131
    watch = BadContentWatch()
    for start in range(0, len(content), size):
        watch.feed(content[start : start + size])
    assert is_bad_content(content)
    assert watch.found


def test_other_content_is_not_bad() -> None:
    watch = BadContentWatch()
    for piece in (EICAR[:30], b"", b" ", EICAR[30:]):
        watch.feed(piece)
    assert not watch.found
