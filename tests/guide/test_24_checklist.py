"""Sample 24: the checklist in four phases, as a page and as a command that checks a server against it."""

from __future__ import annotations

from pathlib import Path

from tests.guide.marks import printed_form, there_must_be, waits_for
from tests.guide.reader import Reader
from tests.running import ServerFailed

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "production.md"


@printed_form("no code")
@waits_for("docs/production.md")
def test_a_page_leads_through_four_phases() -> None:
    there_must_be(_PAGE.exists(), "no docs/production.md")
    text = _PAGE.read_text().lower()
    assert all(f"phase {number}" in text for number in (1, 2, 3, 4))


@waits_for("hatobin doctor")
def test_doctor_checks_each_phase(reader: Reader) -> None:
    for phase in ("1", "2", "3", "4"):
        try:
            found = reader.server.command("doctor", "--phase", phase)
        except ServerFailed as failed:
            there_must_be("No such command 'doctor'" not in str(failed), "no command hatobin doctor")
            raise
        assert found, f"phase {phase} has something to check"
