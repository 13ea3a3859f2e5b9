"""Chance from the operating system."""

from __future__ import annotations

import re

from hatobin.adapters.entropy import OsEntropy


def test_tokens_have_their_length_and_do_not_repeat() -> None:
    entropy = OsEntropy()
    tokens = {entropy.token_bytes(16) for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {16}


def test_uuid_has_its_usual_form() -> None:
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", OsEntropy().uuid())


def test_numbers_stay_within_their_bounds() -> None:
    entropy = OsEntropy()
    assert {entropy.below(3) for _ in range(200)} == {0, 1, 2}
    assert all(2.0 <= entropy.uniform(2.0, 3.0) <= 3.0 for _ in range(100))
