"""Client suites that come from package indexes alone; the others need a folder (`make clients`, docs/clients.md)."""

from __future__ import annotations

import pytest

from tests.clients.places import MissingPlace, Places
from tests.clients.run import run_suite
from tests.clients.suites import FOLDER, read


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return Places(tmp_path_factory.mktemp("suites"))


@pytest.mark.parametrize("name", ["django_ses", "django_ses_backend", "nodemailer"])
def test_a_published_client_passes_its_suite(places: Places, name: str) -> None:
    try:
        verdict = run_suite(read(FOLDER / f"{name}.toml"), places)
    except MissingPlace as missing:
        pytest.skip(f"{name}: {missing}")
    assert verdict.ok, verdict.failed
    assert not verdict.now_pass
    assert not verdict.unknown
