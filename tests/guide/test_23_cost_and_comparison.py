"""Sample 23: what it costs, and how it compares with other services. Pages, not calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guide.marks import printed_form, there_must_be, waits_for

_DOCS = Path(__file__).resolve().parents[2] / "docs"


@printed_form("no code")
@waits_for("docs/cost.md")
@pytest.mark.parametrize("page", ["cost.md", "cost.ja.md"])
def test_a_page_says_what_it_costs(page: str) -> None:
    there_must_be((_DOCS / page).exists(), f"no docs/{page}")
    assert "|---" in (_DOCS / page).read_text()


@printed_form("no code")
@waits_for("docs/compare.md")
@pytest.mark.parametrize("page", ["compare.md", "compare.ja.md"])
def test_a_page_compares_the_services(page: str) -> None:
    there_must_be((_DOCS / page).exists(), f"no docs/{page}")
    text = (_DOCS / page).read_text()
    assert all(name in text for name in ("Amazon SES", "SendGrid", "Mailgun", "Postmark", "Resend"))
